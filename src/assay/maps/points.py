"""The 2-D map of a split: frozen features on a plane.

Where the split is large, a stratified sample of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from assay.checkpoints.cache import cached_features, find_cached
from assay.data.split import limit_rows
from assay.data.texts import LabelledTexts, Splits
from assay.maps.projection import project
from assay.progress import Progress

__all__ = ["MAX_POINTS", "map_split"]

MAX_POINTS = (
    4000  # more points do not make the panels clearer, and what is not cached must be encoded
)


def map_split(
    splits: Splits,
    split: str,
    *,
    checkpoint: str,
    pooling: str = "mean",
    seed: int,
    max_points: int = MAX_POINTS,
    progress: Progress,
) -> dict[str, Any]:
    """Lay out the texts of a split on a plane.

    Returns
    -------
    dict
        `points`, float32 of shape (n_points, 2); `label_ids`, int64 of shape (n_points,); `rows`,
        the 1-based lines; `split`, `checkpoint`, `pooling`, `n_texts` (of the whole split).
    """
    from assay.checkpoints.frozen import FrozenEncoder

    part = splits[split]
    encoder = FrozenEncoder(checkpoint, pooling=pooling)
    rows = _sample_rows(splits, split, max_points=max_points, seed=seed)
    # A run has the features of the whole split already; else only what is drawn is worth the
    # encoder's time.
    whole = find_cached(encoder, part.texts)
    drawn = [part.texts[i] for i in rows]
    features = (
        whole[rows] if whole is not None else cached_features(encoder, drawn, progress=progress)
    )
    with progress.track("map", 1) as advance:
        points = project(features, seed=seed)
        advance(1)
    return {
        "points": points,
        "label_ids": splits.label_set.ids([part.labels[i] for i in rows]),
        "rows": [part.lines[i] for i in rows],
        "split": split,
        "checkpoint": encoder.resolved.name,
        "pooling": pooling,
        "n_texts": len(part),
    }


def _sample_rows(splits: Splits, split: str, *, max_points: int, seed: int) -> np.ndarray:
    """Return 0-based rows of a split: all, or a stratified sample, in row order."""
    part = splits[split]
    if len(part) <= max_points:
        return np.arange(len(part))
    # Numbered anew: in a frame of several files the same line may stand twice.
    numbered = LabelledTexts(part.texts, part.labels, tuple(range(len(part))))
    limited = limit_rows(
        Splits({"train": numbered}, splits.label_set, splits.source), max_points, seed=seed
    )
    return np.asarray(limited["train"].lines, dtype=np.int64)
