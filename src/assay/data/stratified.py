"""Divide texts with several labels into subsets, stratified by labels and pairs of labels.

Sechidis, Tsoumakas, Vlahavas: On the stratification of multi-label data, ECML 2011; pairs as in
Szymański and Kajdanowicz, 2017. The rarest label (or pair) is shared out first, while there is most
freedom: every text that has it and is not placed yet goes where that label is most wanted. Texts
are placed by group, so that equal texts stay together.
"""

from __future__ import annotations

import numpy as np

__all__ = ["count_pairs", "share_out"]

MIN_PAIR = 10  # texts of a pair of labels that is shared out: fewer say little
MAX_PAIRS = 2000  # the most frequent ones; bounds time and memory where there are many labels
MAX_PAIRED_LABELS = 1000  # with more labels, counting pairs costs more than it gives


def share_out(
    indicator: np.ndarray, groups: np.ndarray, shares: np.ndarray, *, rng: np.random.Generator
) -> np.ndarray:
    """Return the subset of each text.

    Parameters
    ----------
    indicator : int array of shape (n_texts, n_labels)
        1 where a text has a label. Among labels of as many texts, the first is shared out first:
        callers give them in natural order, so that the order of the label set changes nothing.
    groups : int array of shape (n_texts,)
        Equal numbers, counted from 0 without gaps, mark texts that stay together.
    shares : float array of shape (n_subsets,)
        How large each subset is, with the sum 1.
    rng : numpy Generator

    Returns
    -------
    int64 array of shape (n_texts,)

    Examples
    --------
    Four texts have label 0, of which two have label 1 too. Label 1 is the rarest, and is shared
    out first; then the two other texts of label 0 are:

    >>> own = np.array([[1, 1], [1, 1], [1, 0], [1, 0]])
    >>> halves = np.array([0.5, 0.5])
    >>> subsets = share_out(own, np.arange(4), halves, rng=np.random.default_rng(0))
    >>> np.bincount(subsets[:2]), np.bincount(subsets[2:])
    (array([1, 1]), array([1, 1]))
    """
    keys = _with_pairs(indicator)
    n_groups = int(groups.max(initial=-1)) + 1
    sizes = np.bincount(groups, minlength=n_groups)
    weights = np.zeros((keys.shape[1], n_groups), dtype=np.int64)
    for key, column in enumerate(keys.T):
        weights[key] = np.bincount(groups[column > 0], minlength=n_groups)
    subset = np.full(n_groups, -1, dtype=np.int64)
    totals = weights.sum(axis=1)
    for key in np.argsort(totals, kind="stable"):
        candidates = np.flatnonzero((weights[key] > 0) & (subset < 0))
        wanted = totals[key] * shares - _placed(weights[key], subset, len(shares))
        subset[candidates] = _place(weights[key][candidates], wanted, rng)
    left = np.flatnonzero(subset < 0)  # texts without any label
    wanted = len(indicator) * shares - _placed(sizes, subset, len(shares))
    subset[left] = _place(sizes[left], wanted, rng)
    placed: np.ndarray = subset[groups]
    return placed


def _placed(weights: np.ndarray, subset: np.ndarray, n_subsets: int) -> np.ndarray:
    is_placed = subset >= 0
    counts = np.bincount(subset[is_placed], weights=weights[is_placed], minlength=n_subsets)
    return counts[:n_subsets]


def _place(sizes: np.ndarray, wanted: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give groups of these sizes to subsets, each to the one that wants most by then.

    Large groups come first, and groups of one size in random order.
    """
    order = rng.permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    still = wanted.astype(np.float64)
    chosen = np.empty(len(sizes), dtype=np.int64)
    ties = rng.permutation(len(still))
    for i in order.tolist():
        best = ties[still[ties].argmax()]
        chosen[i] = best
        still[best] -= sizes[i]
    return chosen


def _with_pairs(indicator: np.ndarray) -> np.ndarray:
    """Return the indicator with a column more for each pair of labels that is common enough."""
    n_labels = indicator.shape[1]
    if n_labels > MAX_PAIRED_LABELS:
        return indicator
    together = np.triu(count_pairs(indicator), k=1)
    first, second = np.nonzero(together >= MIN_PAIR)
    most = np.argsort(-together[first, second], kind="stable")[:MAX_PAIRS]
    pairs = indicator[:, first[most]] * indicator[:, second[most]]
    return np.hstack([indicator, pairs])


def count_pairs(indicator: np.ndarray) -> np.ndarray:
    """Return how many texts have both labels of each pair, int64 (n_labels, n_labels)."""
    cells = indicator.astype(np.float32)  # exact up to 16 million texts, and much faster
    counts: np.ndarray = np.rint(cells.T @ cells).astype(np.int64)
    return counts
