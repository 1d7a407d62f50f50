"""How much of the evidence is memory: its texts that are nearly the same as one that was fitted on.

Equal texts are always in one fold, texts that differ by a word are not. Where texts are made from
templates, or copied with small changes, a model has met nearly all of a text that it is judged on,
and the score promises more than texts hold that are written anew. Folds are left as they are: where
new texts will come from the same templates, the score is theirs. Both scores are told instead.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypedDict, TypeVar

import numpy as np

from assay.catalogue import Fact
from assay.evaluation.evidence import HELD_OUT, EvidencePredictions
from assay.evaluation.several_choice import SeveralEvidencePredictions
from assay.runtime.entries import NearClaim

__all__ = [
    "NearEvidence",
    "NearEvidenceEntry",
    "find_near",
    "measure_near_evidence",
]

Predictions = TypeVar("Predictions", EvidencePredictions, SeveralEvidencePredictions)

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

    @property
    def is_notable(self) -> bool:
        """Whether they are so many that no score of these texts promises anything of new ones."""
        return self.n_near >= MIN_SHARE * (self.n_near + self.n_others)

    def claim(self) -> NearClaim:
        """Return what a model says about them in its assay.json."""
        return {
            "n_near": self.n_near,
            "n_others": self.n_others,
            "accuracy": self.without["accuracy"],
        }

    def facts(
        self, *, metric: str, score: float, kind: str = "caveats.near_evidence"
    ) -> list[Fact]:
        """State it, if it concerns many texts.

        Parameters
        ----------
        metric : str
            By which methods were chosen.
        score : float
            That of all texts of the evidence.
        kind : str
            Kind of the fact, where enough other texts are left.
        """
        n_texts = self.n_near + self.n_others
        without = self.without.get(
            metric, self.without["accuracy"]
        )  # which micro F1 of one label is
        if not self.is_notable:
            return []
        if without is None or self.n_others < FEWEST_OTHERS:
            return [Fact.of("caveats.near_evidence_all", n=self.n_near, n_texts=n_texts)]
        return [
            Fact.of(
                kind,
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


def measure_near_evidence(
    predictions: Predictions,
    near: np.ndarray,
    *,
    metrics: Collection[str],
    score: Callable[[Predictions, str], float],
) -> NearEvidence:
    """Count the texts that are nearly the same as a fitted one, and score the others.

    Parameters
    ----------
    predictions : EvidencePredictions or SeveralEvidencePredictions
    near : int64 array of shape (n_texts,)
        For each text of train and validation, in this order, the number of its group of near
        duplicates.
    metrics : collection of str
    score : callable
        ``(predictions, metric) -> score``
    """
    is_near = find_near(predictions, near)
    n_near = int(is_near.sum())
    without: dict[str, float | None] = dict.fromkeys(metrics)
    if n_near < len(is_near):
        others = predictions.only(predictions.rows[~is_near])
        without = {metric: score(others, metric) for metric in metrics}
    return NearEvidence(n_near, len(is_near) - n_near, without)


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
