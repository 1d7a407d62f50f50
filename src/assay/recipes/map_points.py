"""The 2-D map of a split: frozen features, scaled, UMAP. Where the split is large, a stratified sample of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from assay.data.split import limit_rows
from assay.data.texts import Splits
from assay.features.cache import cached_features
from assay.features.map2d import project
from assay.progress import Progress

__all__ = ["MAX_POINTS", "map_split"]

MAX_POINTS = 4000  # more points do not make the panels clearer, and UMAP's time grows faster than their number


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
        `points`, float32 of shape (n_points, 2); `label_ids`, int64 of shape (n_points,); `rows`, the 1-based lines;
        `split`, `checkpoint`, `pooling`, `n_texts` (of the whole split).
    """
    from assay.features.frozen import FrozenEncoder

    part = splits[split]
    encoder = FrozenEncoder(checkpoint, pooling=pooling)
    features = cached_features(encoder, part.texts, progress=progress)
    rows = np.arange(len(part))
    if len(part) > max_points:
        lines = Splits({"train": part}, splits.label_set, splits.source)
        kept = set(limit_rows(lines, max_points, seed=seed)["train"].lines)
        rows = np.flatnonzero([line in kept for line in part.lines])
    with progress.track("map", 1) as advance:
        points = project(features[rows], seed=seed)
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
