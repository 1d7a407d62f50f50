"""95 % intervals of scores: a bootstrap of the confusion matrix; Wilson's if it has no spread."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from assay.runtime.limits.wilson import wilson_bounds

__all__ = [
    "Rates",
    "label_intervals",
    "measure_rates",
    "percentile_interval",
    "resample_rates",
    "score_interval",
    "worth_of_macro",
]

QUANTILES = (0.025, 0.975)
# Of fewer texts a bootstrap is too narrow: 5 right answers to 6 texts have one from 0.61 to 1, and
# Wilson's from 0.44 to 0.97
FEW_TEXTS = 100


class Rates(NamedTuple):
    """Metrics of one confusion matrix, or of many at once along leading axes."""

    precision: np.ndarray  # (..., n_classes)
    recall: np.ndarray  # (..., n_classes)
    f1: np.ndarray  # (..., n_classes)
    accuracy: np.ndarray  # (...)
    f1_weighted: np.ndarray  # (...)
    f1_macro: np.ndarray  # (...)


def measure_rates(n_hit: np.ndarray, n_true: np.ndarray, n_predicted: np.ndarray) -> Rates:
    """Compute all metrics from counts per class.

    Parameters
    ----------
    n_hit, n_true, n_predicted : int arrays of shape (..., n_classes)
        Texts that are labelled right, that truly are of the class, that are predicted to be.
    """
    f1 = _divide(2 * n_hit, n_true + n_predicted)
    n_texts = n_true.sum(axis=-1)
    occurs = (n_true + n_predicted) > 0
    return Rates(
        precision=_divide(n_hit, n_predicted),
        recall=_divide(n_hit, n_true),
        f1=f1,
        accuracy=n_hit.sum(axis=-1) / n_texts,
        f1_weighted=(f1 * n_true).sum(axis=-1) / n_texts,
        f1_macro=f1.sum(axis=-1) / occurs.sum(axis=-1),
    )


def _divide(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide, with 0 where there is nothing to divide by."""
    return np.asarray(part / np.maximum(whole, 1))


def resample_rates(confusion: np.ndarray, *, seed: int, n_resamples: int) -> Rates:
    """Compute the metrics of resamples that draw texts with replacement within each true class.

    Every resample keeps the class counts of the split. For a class of n texts, how many of the n
    drawn texts carry each predicted label is exactly multinomial, with n draws and with the row of
    the confusion matrix, divided by n, as its probabilities; the metrics see nothing but those
    counts. Drawing the rows of the matrix is therefore the same as drawing texts, and needs neither
    the texts nor their order. For example, a class whose row is ``[8, 2]`` gives a row such as
    ``[7, 3]``: ten draws, each of the first label with probability 0.8.

    A class without any mistake has no spread in such a bootstrap: see `score_interval`. Where
    that is so of every class, as with `majority`, class counts are drawn too.

    Parameters
    ----------
    confusion : int array of shape (n_classes, n_classes), rows true, columns predicted
    seed : int
        Seed of the draws.
    n_resamples : int

    Returns
    -------
    Rates
        Arrays of shape (n_resamples, n_classes) and (n_resamples,).
    """
    rng = np.random.default_rng(seed)
    n_classes = len(confusion)
    n_true = np.broadcast_to(confusion.sum(axis=1), (n_resamples, n_classes))
    if np.count_nonzero(confusion, axis=1).max() <= 1:
        # All texts of a label got the same answer: nothing varies within labels, so the number of
        # texts per label is drawn as well.
        n_true = rng.multinomial(confusion.sum(), n_true[0] / confusion.sum(), size=n_resamples)
    n_hit = np.zeros((n_resamples, n_classes), dtype=np.int64)
    n_predicted = np.zeros_like(n_hit)
    for true_id, row in enumerate(confusion):
        columns = np.flatnonzero(row)  # a pair that never occurred cannot be drawn
        if len(columns) == 0:
            continue
        drawn = rng.multinomial(n_true[:, true_id], row[columns] / row.sum(), size=n_resamples)
        n_predicted[:, columns] += drawn
        if row[true_id]:
            n_hit[:, true_id] = drawn[:, np.searchsorted(columns, true_id)]
    return measure_rates(n_hit, n_true, n_predicted)


def percentile_interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 2.5 % and the 97.5 % quantile of resampled values."""
    low, high = np.quantile(values, QUANTILES)
    return float(low), float(high)


def score_interval(
    resampled: np.ndarray, score: float, *, n_texts: float, n_perfect: float | None = None
) -> tuple[float, float]:
    """Return the 95 % interval of one score.

    A score of 1 (or 0) comes out of every resample, which says nothing about fresh texts: ten right
    answers to ten texts are no proof of perfection. There, the interval is Wilson's. A mistake is
    no proof of more: the lower end is never above that of a score of 1 on as many texts, nor the
    upper end below that of a score of 0. Of fewer than 100 texts it holds Wilson's, too.

    Parameters
    ----------
    resampled : float array of shape (n_resamples,)
    score : float
        The score of the texts themselves, 0 to 1.
    n_texts : float
        How many texts the score is worth, above 0.
    n_perfect : float, optional
        How many a score of 1 would be worth; `n_texts` if left out.
    """
    worth = np.array([n_texts, n_texts, n_perfect or n_texts])
    ends_low, ends_high = wilson_bounds(np.array([0.0, score, 1.0]) * worth, worth)
    low, high = percentile_interval(resampled)
    if low == high or score >= 1.0:  # where class counts are drawn, a rare label may lack texts
        low, high = float(ends_low[1]), float(ends_high[1])
    elif n_texts < FEW_TEXTS:
        low, high = min(low, float(ends_low[1])), max(high, float(ends_high[1]))
    return min(low, float(ends_low[2])), max(high, float(ends_high[0]))


def label_intervals(
    resampled: np.ndarray, n_hit: np.ndarray, n_true: np.ndarray, n_predicted: np.ndarray
) -> list[tuple[float, float] | None]:
    """Return the 95 % interval of F1 of each label.

    F1 is a share: that of the hits among the mean of `n_true` and `n_predicted`. For example, 8
    texts of a label that are all found, and no others, give 1.0 with an interval from 0.68.

    Parameters
    ----------
    resampled : float array of shape (n_resamples, n_labels)
        F1 of each resample.
    n_hit, n_true, n_predicted : int arrays of shape (n_labels,)
        As in `measure_rates`.

    Returns
    -------
    list of (low, high) or None
        None for a label that neither occurs nor is predicted: nothing is known of its F1.
    """
    worth = (n_true + n_predicted) / 2
    found: list[tuple[float, float] | None] = []
    for i, n_texts in enumerate(worth.tolist()):
        if not n_texts:
            found.append(None)
            continue
        score = float(n_hit[i]) / n_texts
        n_perfect = min(n_texts, float(n_true[i])) or n_texts
        found.append(score_interval(resampled[:, i], score, n_texts=n_texts, n_perfect=n_perfect))
    return found


def worth_of_macro(n_true: np.ndarray, n_predicted: np.ndarray) -> float:
    """Return how many texts macro F1 is worth: rare labels count as much as frequent ones.

    The variance of a mean of shares of m texts each is that of one share of ``k**2 / sum(1 / m)``
    texts. Two labels of 90 and 10 texts are worth 36, two of 50 are worth 100.

    Parameters
    ----------
    n_true, n_predicted : int arrays of shape (n_labels,)

    Returns
    -------
    float
        0.0 if no label occurs or is predicted.
    """
    worth = (n_true + n_predicted) / 2
    occurring = worth[worth > 0]
    if len(occurring) == 0:
        return 0.0
    return float(len(occurring) ** 2 / (1 / occurring).sum())
