"""How much of the evidence is memory: its texts that are nearly the same as one that was fitted on.

Equal texts are always in one fold, texts that differ by a word are not. Where texts are made from
templates, or copied with small changes, a model has met nearly all of a text that it is judged on,
and the score promises more than texts hold that are written anew. Folds are left as they are: where
new texts will come from the same templates, the score is theirs. Both scores are told instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from assay.catalogue import Fact
from assay.evaluation.evidence import HELD_OUT, EvidencePredictions
from assay.evaluation.score_draws import MACRO_F1, score_evidence
from assay.evaluation.several_choice import SeveralEvidencePredictions

__all__ = [
    "NearEvidence",
    "NearEvidenceEntry",
    "find_near",
    "find_several_near",
    "measure_near_evidence",
]

MIN_SHARE = 0.05  # of the texts; a smaller one is of no account
FEWEST_OTHERS = 20  # texts below which their score says nothing


class NearEvidenceEntry(TypedDict):
    """A `NearEvidence` as results.json holds it."""

    n_near: int
    n_others: int
    without: dict[str, float | None]


@dataclass(frozen=True)
class NearEvidence:
    """The texts of the evidence that are nearly the same as a fitted one, and scores without them.

    Parameters
    ----------
    n_near, n_others : int
        Texts that are, and that are not.
    without : mapping of metric to float or None
        What the method scores on the others; None where there are none.
    """

    n_near: int
    n_others: int
    without: Mapping[str, float | None]

    def facts(self, *, metric: str, score: float) -> list[Fact]:
        """State it, if it concerns many texts.

        Parameters
        ----------
        metric : str
            By which methods were chosen.
        score : float
            That of all texts of the evidence.
        """
        n_texts = self.n_near + self.n_others
        without = self.without[MACRO_F1 if metric == MACRO_F1 else "accuracy"]
        if self.n_near < MIN_SHARE * n_texts:
            return []
        if without is None or self.n_others < FEWEST_OTHERS:
            return [Fact.of("caveats.near_evidence_all", n=self.n_near, n_texts=n_texts)]
        return [
            Fact.of(
                "caveats.near_evidence",
                n=self.n_near,
                n_texts=n_texts,
                n_others=self.n_others,
                metric=metric,
                without=without,
                score=score,
            )
        ]

    def to_dict(self) -> NearEvidenceEntry:
        """Return plain values."""
        return {
            "n_near": self.n_near,
            "n_others": self.n_others,
            "without": {name.replace("-", "_"): one for name, one in self.without.items()},
        }


def measure_near_evidence(predictions: EvidencePredictions, near: np.ndarray) -> NearEvidence:
    """Count the texts that are nearly the same as a fitted one, and score the others.

    Parameters
    ----------
    predictions : EvidencePredictions
    near : int64 array of shape (n_texts,)
        For each text of train and validation, in this order, the number of its group of near
        duplicates.
    """
    is_near = find_near(predictions, near)
    others = predictions.only(predictions.rows[~is_near])
    without: dict[str, float | None] = dict.fromkeys(("accuracy", MACRO_F1))
    if others.n_texts:
        without = {metric: score_evidence(others, metric) for metric in without}
    return NearEvidence(int(is_near.sum()), others.n_texts, without)


def find_several_near(
    predictions: SeveralEvidencePredictions, groups: Mapping[str, np.ndarray], *, metric: str
) -> list[Fact]:
    """State how many texts are nearly the same as a fitted one, where texts have several labels.

    Parameters
    ----------
    predictions : SeveralEvidencePredictions
    groups : mapping of split to int64 array of shape (n_texts,)
        For each text, the number of its group of near duplicates.
    metric : str
        By which methods were chosen.
    """
    is_near = find_near(predictions, np.concatenate([groups["train"], groups["validation"]]))
    n_near, n_texts = int(is_near.sum()), len(is_near)
    if n_near < MIN_SHARE * n_texts:
        return []
    if n_texts - n_near < FEWEST_OTHERS:
        return [Fact.of("caveats.near_evidence_all", n=n_near, n_texts=n_texts)]
    return [
        Fact.of(
            "caveats.several_near_evidence",
            n=n_near,
            n_texts=n_texts,
            n_others=n_texts - n_near,
            metric=metric,
            without=predictions.only(predictions.rows[~is_near]).score(metric),
            score=predictions.score(metric),
        )
    ]


def find_near(
    predictions: EvidencePredictions | SeveralEvidencePredictions, near: np.ndarray
) -> np.ndarray:
    """Tell which texts of the evidence are nearly the same as a fitted one.

    Out of fold, those that have a near duplicate among the other texts: with five folds, four in
    five of these are in another fold. Two equal texts, which share a fold, are none by themselves.

    Returns
    -------
    bool array of shape (n_judged,)
    """
    own = near[predictions.rows]
    if predictions.kind == HELD_OUT:
        return np.isin(own, np.delete(near, predictions.rows))
    different = np.unique(np.column_stack([own, predictions.groups]), axis=0)
    n_different = np.bincount(different[:, 0])
    found: np.ndarray = n_different[own] > 1
    return found
