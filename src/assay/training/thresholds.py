"""The score from which a label is given: chosen for F1 on texts that took no part in training."""

from __future__ import annotations

import numpy as np

__all__ = ["DEFAULT_THRESHOLD", "fit_thresholds"]

DEFAULT_THRESHOLD = 0.5
# A label's own curve of F1 over the threshold counts as much as the common one if so many texts
# have the label. Chosen on validation of GoEmotions: "Thresholds of several labels" in dev/LOG.md.
PRIOR_TEXTS = 2.0
GRID = np.unique(np.concatenate([np.geomspace(0.005, 0.5, 60), np.linspace(0.05, 0.95, 91)]))


def fit_thresholds(probs: np.ndarray, indicator: np.ndarray) -> np.ndarray:
    """Return the threshold of each label with the highest F1, for rare labels near the common one.

    F1 is computed from a label's own counts, to which the counts of all labels together are added,
    scaled to `PRIOR_TEXTS` texts that have the label. With calibrated scores the best threshold is
    half of the F1 that it reaches, so that labels that are told apart badly get low ones.

    Parameters
    ----------
    probs : array of shape (n_texts, n_labels)
        Calibrated.
    indicator : int array of shape (n_texts, n_labels)

    Returns
    -------
    float64 array of shape (n_labels,)
        `DEFAULT_THRESHOLD` for all where there are no texts.
    """
    n_labels = probs.shape[1]
    n_with = indicator.sum(axis=0).astype(np.float64)
    if not n_with.sum():
        return np.full(n_labels, DEFAULT_THRESHOLD)
    n_hit, n_given = _count_over_grid(probs, indicator)
    share = PRIOR_TEXTS / n_with.sum()
    hit = n_hit + share * n_hit.sum(axis=1, keepdims=True)
    either = n_given + n_with + share * (n_given.sum(axis=1, keepdims=True) + n_with.sum())
    f1 = 2 * hit / either
    return _middle_of_best(f1)


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
