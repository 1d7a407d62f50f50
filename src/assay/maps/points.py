"""The 2-D map of a split: the features of a frozen transformer, laid out on a plane.

A large split is represented by a stratified sample.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from assay.checkpoints.cache import cached_features, find_cached
from assay.checkpoints.folder import Checkpoint
from assay.data.split import limit_rows
from assay.data.texts import Splits
from assay.maps.projection import project
from assay.progress import Progress

if TYPE_CHECKING:
    from assay.checkpoints.frozen import FrozenEncoder

__all__ = ["MAX_POINTS", "SplitMap", "label_positions", "map_split"]

# More points do not make the panels clearer, and texts that are not cached have to be encoded.
MAX_POINTS = 4000


class SplitMap(TypedDict):
    """The map of a split.

    `points` is float32 of shape (n_points, 2); `label_ids` is int64 of shape (n_points,), or zeros
    and ones of shape (n_points, n_labels) where texts may have several labels; `rows` are the
    1-based lines of the texts; `n_texts` counts the whole split.
    """

    points: np.ndarray
    label_ids: np.ndarray
    rows: list[int]
    split: str
    checkpoint: str
    pooling: str
    n_texts: int


def map_split(
    splits: Splits,
    split: str,
    *,
    checkpoint: str | Checkpoint,
    pooling: str = "mean",
    seed: int,
    max_points: int = MAX_POINTS,
    progress: Progress,
) -> SplitMap:
    """Lay out the texts of a split on a plane.

    Parameters
    ----------
    splits : Splits
    split : str
    checkpoint : str or Checkpoint
    pooling : str
        The frozen transformer, and how it makes one vector of a text.
    seed : int
        Seed of the sample and of the layout.
    max_points : int
        A larger split is represented by a stratified sample of this size.
    progress : Progress
    """
    from assay.checkpoints.frozen import FrozenEncoder

    labelled = splits[split]
    encoder = FrozenEncoder(checkpoint, pooling=pooling)
    rows = _sample_rows(splits, split, max_points=max_points, seed=seed)
    # A run has the features of the whole split already. Otherwise only the texts that are drawn are
    # encoded.
    drawn = labelled.take(rows)
    whole = _find_whole(encoder, splits, split)
    if whole is not None:
        features = whole[rows]
    else:
        features = cached_features(encoder, drawn.texts, progress=progress)
    with progress.track("map", 1) as advance:
        points = project(features, seed=seed)
        advance(1)
    return {
        "points": points,
        "label_ids": splits.label_set.encode(drawn.labels),
        "rows": list(drawn.lines),
        "split": split,
        "checkpoint": encoder.resolved.name,
        "pooling": pooling,
        "n_texts": len(labelled),
    }


def _find_whole(encoder: FrozenEncoder, splits: Splits, split: str) -> np.ndarray | None:
    """Return the features of a split if the cache has them; None if not.

    Where methods were judged out of fold, it has those of train and validation together.
    """
    texts = splits[split].texts
    found = find_cached(encoder, texts)
    if found is None and split == "train" and "validation" in splits:
        both = find_cached(encoder, [*texts, *splits["validation"].texts])
        found = None if both is None else both[: len(texts)]
    return found


def label_positions(label_ids: np.ndarray) -> list[Any]:
    """Return the label of each text by its position, or where it may have several all of them.

    >>> label_positions(np.array([1, 0]))
    [1, 0]
    >>> label_positions(np.array([[1, 0, 1], [0, 0, 0]]))
    [[0, 2], []]
    """
    if label_ids.ndim == 1:
        return list(label_ids.tolist())
    return [np.flatnonzero(own).tolist() for own in label_ids]


def _sample_rows(splits: Splits, split: str, *, max_points: int, seed: int) -> np.ndarray:
    """Return 0-based rows of a split: all, or a stratified sample, in row order."""
    labelled = splits[split]
    if len(labelled) <= max_points:
        return np.arange(len(labelled))
    # Lines become row numbers: in a frame made of several files, the same line may occur twice.
    numbered = replace(labelled, lines=tuple(range(len(labelled))))
    only = Splits({"train": numbered}, splits.label_set, splits.source)
    limited = limit_rows(only, max_points, seed=seed)
    return np.asarray(limited["train"].lines, dtype=np.int64)
