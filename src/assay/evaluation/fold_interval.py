"""Intervals of scores where texts were judged out of fold.

It is to hold the accuracy of the saved model on fresh texts. Accuracy out of fold varies more from
one data set to the next than as many fresh texts would make it vary: each text is judged by models
that the others taught, so that their mistakes have a common part. The variance of a mean over
folds is larger by the factor of Nadeau and Bengio (Inference for the generalization error, Machine
Learning 52, 2003). Measured: dev/LOG.md, "Folds with few texts per label".

That is so of every mean over texts, and nearly of F1, which is a ratio of two of them: its interval
is a bootstrap, and reaches as many times as far as the standard deviation grows. Measured:
dev/LOG.md, "Intervals of F1 out of fold".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from assay.evaluation.evidence import EvidencePredictions
from assay.runtime.limits.wilson import wilson_bounds

__all__ = ["fold_interval", "fold_spread", "widen_interval", "widen_intervals"]


def fold_interval(predictions: EvidencePredictions) -> tuple[float, float]:
    """Return the 95 % interval of accuracy: Wilson's, for fewer texts than there are.

    Equal texts count as one. The variance of the mean of k independent folds would be 1/k of that
    of one fold; it is 1/k plus the share of judged to fitted texts, 1/(k - 1). So with five folds,
    225 texts say as much as 100 fresh ones. That the texts were divided several times makes no
    difference.

    Parameters
    ----------
    predictions : EvidencePredictions
        Out of fold.
    """
    n_worth = len(predictions.groups) / fold_spread(predictions.groups, predictions.n_folds) ** 2
    low, high = wilson_bounds(np.array([predictions.accuracy * n_worth]), np.array([n_worth]))
    return float(low[0]), float(high[0])


def fold_spread(groups: np.ndarray, n_folds: int) -> float:
    """Return how many times the standard deviation of a score is that on as many fresh texts.

    >>> fold_spread(np.arange(225), 5)
    1.5

    Parameters
    ----------
    groups : int array of shape (n_texts,)
        Equal numbers mark equal texts, which are one piece of evidence.
    n_folds : int
    """
    n_per_distinct = len(groups) / len(np.unique(groups))
    return float(np.sqrt(n_per_distinct * (1 + n_folds / (n_folds - 1))))


def widen_interval(
    interval: tuple[float, float], score: float, *, spread: float, moved: float = 0.0
) -> tuple[float, float]:
    """Return an interval whose ends are `spread` times as far from the score, within 0 and 1.

    >>> widen_interval((0.5, 0.8), 0.6, spread=1.5)
    (0.45, 0.9)

    Parameters
    ----------
    interval : pair of float
        That of as many fresh texts.
    score : float
        Inside of it.
    spread : float
        See `fold_spread`.
    moved : float
        How far the interval is moved afterwards.
    """
    low, high = interval
    wide_low = round(score - spread * (score - low), 12) + moved
    wide_high = round(score + spread * (high - score), 12) + moved
    return min(1.0, max(0.0, wide_low)), min(1.0, max(0.0, wide_high))


def widen_intervals(first: Any, scores: Any, *, spread: float) -> dict[str, tuple[float, float]]:
    """Return the intervals of all divisions, as wide as the texts of the first one deserve.

    Parameters
    ----------
    first, scores : SplitScores or SeveralScores
        Scores of the first division, and of all.
    spread : float
    """
    found: dict[str, tuple[float, float]] = {}
    intervals: Mapping[str, tuple[float, float]] = first.intervals
    for metric, interval in intervals.items():
        own = float(getattr(first, metric))
        moved = float(getattr(scores, metric)) - own
        found[metric] = widen_interval(interval, own, spread=spread, moved=moved)
    return found
