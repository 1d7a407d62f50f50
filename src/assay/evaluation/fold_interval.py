"""The interval of accuracy where texts were judged out of fold.

It is to hold the accuracy of the saved model on fresh texts. A label that has more texts than
usual, by chance, counts more among the judged texts, and its texts are the ones that are recognised
best: its own texts teach it. Fresh texts have no such luck. With five texts per label accuracy can
look points better than it is; with fifty this is nothing. The lower end is therefore that of an
accuracy in which each label counts as much as it is likely to among fresh texts.
"""

from __future__ import annotations

import numpy as np

from assay.evaluation.evidence import Answers
from assay.runtime.limits.wilson import wilson_bounds

__all__ = ["fold_interval", "weigh_labels"]


def fold_interval(answers: Answers, n_classes: int) -> tuple[float, float]:
    """Return the 95 % interval of accuracy; equal texts count as one piece of evidence.

    Parameters
    ----------
    answers : Answers
        Out of fold.
    n_classes : int
    """
    n_groups = len(np.unique(answers.groups))
    low, high = _interval(answers.accuracy, n_groups)
    weights = weigh_labels(answers.label_ids, n_classes)[answers.label_ids]
    weights /= weights.sum()
    is_right = (answers.predicted_ids == answers.label_ids).mean(axis=0)
    # So many texts of equal weight say as much; equal texts take away from them as before.
    n_equal = n_groups / answers.n_texts / float(weights @ weights)
    fresh_low, _ = _interval(float(weights @ is_right), n_equal)
    return min(low, fresh_low), high


def weigh_labels(label_ids: np.ndarray, n_classes: int) -> np.ndarray:
    """Return how much a text of each label counts, float64 of shape (n_classes,).

    The number of texts of a label is pulled to the mean of all labels, as far as chance explains
    how the numbers differ (the expected rate of a Poisson count; Robbins, 1956). The weight is the
    pulled number over the number itself.

    Examples
    --------
    Numbers that differ no more than by chance become equal, so that the texts of a large label
    count less; numbers that differ by much more stay:

    >>> weigh_labels(np.repeat([0, 1, 2], [4, 5, 6]), 3).round(2).tolist()
    [1.25, 1.0, 0.83]
    >>> weigh_labels(np.repeat([0, 1, 2], [10, 100, 400]), 3).round(2).tolist()
    [1.07, 1.0, 1.0]
    """
    counts = np.bincount(label_ids, minlength=n_classes).astype(np.float64)
    mean, variance = counts.mean(), counts.var(ddof=1)
    by_chance = min(1.0, mean / max(variance, 1e-12))
    pulled = by_chance * mean + (1 - by_chance) * counts
    weights = np.zeros(n_classes)
    np.divide(pulled, counts, out=weights, where=counts > 0)
    return weights


def _interval(accuracy: float, n_texts: float) -> tuple[float, float]:
    low, high = wilson_bounds(np.array([accuracy * n_texts]), np.array([n_texts]))
    return float(low[0]), float(high[0])
