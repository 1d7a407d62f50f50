"""The score from which a label is given: chosen for F1 on texts that took no part in training."""

from __future__ import annotations

import numpy as np

from assay.runtime.limits.thresholds import Thresholds

__all__ = ["DEFAULT_THRESHOLD", "find_min_labels", "fit_thresholds"]

DEFAULT_THRESHOLD = 0.5
# A label's own curve of F1 over the threshold counts as much as the common one if so many texts
# have the label. Chosen on validation of GoEmotions: "Thresholds of several labels" in dev/LOG.md.
PRIOR_TEXTS = 2.0
GRID = np.unique(np.concatenate([np.geomspace(0.005, 0.5, 60), np.linspace(0.05, 0.95, 91)]))


def find_min_labels(indicator: np.ndarray) -> int:
    """Return 1 where every text has a label, and 0 where one has none, or there are no texts."""
    return int(len(indicator) > 0 and bool((np.asarray(indicator) > 0).any(axis=1).all()))


def fit_thresholds(
    probs: np.ndarray, indicator: np.ndarray, *, min_labels: int | None = None
) -> Thresholds:
    """Return the threshold of each label with the highest F1, for rare labels near the common one.

    F1 is computed from a label's own counts, to which the counts of all labels together are added,
    scaled to `PRIOR_TEXTS` texts that have the label. With calibrated scores the best threshold is
    half of the F1 that it reaches, so that labels that are told apart badly get low ones.

    Where every text has a label, the best label of each is given whatever its score is, and
    thresholds are chosen knowing that.

    Parameters
    ----------
    probs : array of shape (n_texts, n_labels)
        Calibrated.
    indicator : int array of shape (n_texts, n_labels)
    min_labels : {0, 1}, optional
        How many labels each text is given at least. None: as `find_min_labels` says of `indicator`.

    Returns
    -------
    Thresholds
        `DEFAULT_THRESHOLD` for all labels where no text has one.
    """
    n_labels = probs.shape[1]
    if min_labels is None:
        min_labels = find_min_labels(indicator)
    n_with = indicator.sum(axis=0).astype(np.float64)
    if not n_with.sum():
        return Thresholds(np.full(n_labels, DEFAULT_THRESHOLD), min_labels)
    counted = _raise_best(probs) if min_labels else probs
    n_hit, n_given = _count_over_grid(counted, indicator)
    share = PRIOR_TEXTS / n_with.sum()
    hit = n_hit + share * n_hit.sum(axis=1, keepdims=True)
    either = n_given + n_with + share * (n_given.sum(axis=1, keepdims=True) + n_with.sum())
    f1 = 2 * hit / either
    return Thresholds(_middle_of_best(f1), min_labels)


def _raise_best(probs: np.ndarray) -> np.ndarray:
    """Return scores of which the best of each text is 1: above every threshold of the grid."""
    raised = np.array(probs, dtype=np.float64)
    raised[np.arange(len(raised)), raised.argmax(axis=1)] = 1.0
    return raised


def _count_over_grid(probs: np.ndarray, indicator: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many texts get each label rightly, and how many get it, (n_grid, n_labels)."""
    n_hit = np.empty((len(GRID), probs.shape[1]))
    n_given = np.empty_like(n_hit)
    for label in range(probs.shape[1]):
        n_below = np.searchsorted(np.sort(probs[:, label]), GRID)
        own = np.sort(probs[indicator[:, label] > 0, label])
        n_given[:, label] = len(probs) - n_below
        n_hit[:, label] = len(own) - np.searchsorted(own, GRID)
    return n_hit, n_given


def _middle_of_best(f1: np.ndarray) -> np.ndarray:
    """Return the grid's value in the middle of those with the highest F1, for each label."""
    thresholds = np.empty(f1.shape[1])
    for label, column in enumerate(f1.T):
        best = np.flatnonzero(column >= column.max() - 1e-12)
        thresholds[label] = GRID[best[len(best) // 2]]
    return thresholds
