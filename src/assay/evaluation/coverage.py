"""How many texts a model answers, and how right it is, at each threshold of the top score.

El-Yaniv and Wiener: On the Foundations of Noise-free Selective Classification, JMLR 2010; Geifman
and El-Yaniv: Selective Classification for Deep Neural Networks, 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from assay.errors import InputError
from assay.runtime.limits.abstain import AbstainRule, CoverageCurve

__all__ = [
    "TARGETS",
    "Answered",
    "AnsweredEntry",
    "measure_answered",
    "measure_coverage",
]

TARGETS = (0.95, 0.98, 0.99)  # the accuracies that a report looks up


class AnsweredEntry(TypedDict):
    """An `Answered` as JSON holds it, with its fractions."""

    n_texts: int
    n_answered: int
    n_right: int
    coverage: float
    accuracy: float | None


@dataclass(frozen=True)
class Answered:
    """What a rule does to a split.

    Parameters
    ----------
    n_texts : int
        All texts of the split, at least one.
    n_answered : int
        Texts that get an answer.
    n_right : int
        Texts that get the right answer.
    """

    n_texts: int
    n_answered: int
    n_right: int

    @property
    def coverage(self) -> float:
        """Fraction of the texts that is answered."""
        return self.n_answered / self.n_texts

    @property
    def accuracy(self) -> float | None:
        """Fraction of the answers that is right; None where nothing is answered."""
        if not self.n_answered:
            return None
        return self.n_right / self.n_answered

    def to_dict(self) -> AnsweredEntry:
        """Return plain values, the fractions among them."""
        return {
            "n_texts": self.n_texts,
            "n_answered": self.n_answered,
            "n_right": self.n_right,
            "coverage": self.coverage,
            "accuracy": self.accuracy,
        }


def measure_coverage(
    label_ids: np.ndarray, probs: np.ndarray, *, split: str = "validation"
) -> CoverageCurve:
    """Count answered and right texts at every threshold of the top score that makes a difference.

    Parameters
    ----------
    label_ids : int array of shape (n_texts,)
        True labels as positions of columns.
    probs : float array of shape (n_texts, n_classes)
    split : str
        Where the texts come from; recorded in the curve.

    Returns
    -------
    CoverageCurve
        One point per distinct top score. A threshold lies halfway to the next lower score, so that
        the noise of another machine's arithmetic moves no text to the other side.

    Raises
    ------
    InputError
        There are no texts, or the number of labels is not that of the rows.
    """
    label_ids, top, is_right = _top_scores(label_ids, probs)
    order = np.argsort(top, kind="stable")
    scores, first = np.unique(top[order], return_index=True)
    n_right_from = np.cumsum(is_right[order][::-1])[::-1]
    between = (scores[:-1] + scores[1:]) / 2
    # The middle of two neighbouring floats may round to the lower one, which must stay below the
    # threshold.
    between = np.where(between > scores[:-1], between, scores[1:])
    thresholds = np.concatenate([[0.0], between])
    return CoverageCurve(
        thresholds=tuple(thresholds.tolist()),
        n_answered=tuple((len(top) - first).tolist()),
        n_right=tuple(n_right_from[first].tolist()),
        split=split,
    )


def measure_answered(label_ids: np.ndarray, probs: np.ndarray, rule: AbstainRule) -> Answered:
    """Count what a rule, chosen elsewhere, answers on a split, and how much of that is right.

    Parameters
    ----------
    label_ids : int array of shape (n_texts,)
    probs : float array of shape (n_texts, n_classes)
    rule : AbstainRule
    """
    label_ids, _, is_right = _top_scores(label_ids, probs)
    is_answered = rule.answers(probs)
    return Answered(len(label_ids), int(is_answered.sum()), int(is_right[is_answered].sum()))


def _top_scores(
    label_ids: np.ndarray, probs: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return label ids, the score of each predicted label, and whether that label is right."""
    label_ids, probs = np.asarray(label_ids), np.asarray(probs, dtype=np.float64)
    if not len(label_ids) or probs.ndim != 2 or len(probs) != len(label_ids):
        raise InputError(
            f"{len(label_ids):,} labels and scores of shape {probs.shape}; one row per label is "
            "accepted"
        )
    return label_ids, probs.max(axis=1), probs.argmax(axis=1) == label_ids
