"""Which labels texts have together: for data in which a text may have several."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from assay.data.labels import LabelSet
from assay.data.stratified import count_pairs

__all__ = ["LabelPair", "TogetherSummary", "describe_together"]

MAX_PAIRS = 30  # that are listed


class LabelPair(TypedDict):
    """Two labels that texts have together.

    `lift` is how many times more often than if the two were independent.
    """

    labels: list[str]
    n_texts: int
    lift: float


class TogetherSummary(TypedDict):
    """How many labels the texts of a split have, and which ones together.

    `labels_per_text` maps a number of labels to how many texts have so many; `pairs` are the most
    frequent ones; `counts` is the matrix of all pairs in LabelSet order, with the number of texts
    of each label on its diagonal.
    """

    mean: float
    labels_per_text: dict[str, int]
    pairs: list[LabelPair]
    counts: list[list[int]]


def describe_together(indicator: np.ndarray, label_set: LabelSet) -> TogetherSummary:
    """Count labels per text, and pairs of labels.

    Parameters
    ----------
    indicator : int array of shape (n_texts, n_labels)
    label_set : LabelSet
    """
    n_texts = max(1, len(indicator))
    per_text = np.bincount(indicator.sum(axis=1)) if len(indicator) else np.zeros(0, int)
    counts = count_pairs(indicator)
    alone = np.diagonal(counts)
    pairs: list[LabelPair] = []
    first, second = np.nonzero(np.triu(counts, k=1))
    order = np.argsort(-counts[first, second], kind="stable")[:MAX_PAIRS]
    for i, j in zip(first[order].tolist(), second[order].tolist(), strict=True):
        expected = alone[i] * alone[j] / n_texts
        names = [label_set[i], label_set[j]]
        n_both = int(counts[i, j])
        pairs.append({"labels": names, "n_texts": n_both, "lift": float(n_both / expected)})
    return {
        "mean": float(indicator.sum() / n_texts),
        "labels_per_text": {str(n): int(count) for n, count in enumerate(per_text) if count},
        "pairs": pairs,
        "counts": counts.tolist(),
    }
