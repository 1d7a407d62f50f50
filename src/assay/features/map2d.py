"""Features to a 2-D map: scaled to [0, 1], on their principal axes, then UMAP with cosine distance, seeded.

Cost: with a seed UMAP runs on one thread, and its time grows a little faster than the texts do (16,000 x 384 features,
all of them given to UMAP: 71 s on a 2-core machine). Of larger data draw a sample.
"""

from __future__ import annotations

import logging
import warnings

import numpy as np

from assay._optional import require
from assay.errors import InputError

__all__ = ["project", "scale_to_unit"]

# UMAP gets this many principal axes at most. On 2,000 tweets (minilm, mean pooling, seeds 0 to 2) the map's
# trustworthiness at 15 neighbours, against all 384 features, is 0.75 with them and 0.70 without, in less time.
N_AXES = 50

MIN_UMAP_ROWS = 5  # below, there are hardly neighbours, and the spectral start of UMAP has no solution

CONSTANT_SPREAD = 10 * np.finfo(np.float64).eps  # columns that vary less are constant, as scikit-learn scales them

FLAT = 1e-6  # an axis along which scaled features reach no further holds rounding only

# Warnings of umap-learn about data that is small or holds many like texts. It goes on well after each.
EXPECTED_WARNINGS = (
    "Spectral initialisation failed",
    "A few of your vertices were disconnected",
    "A large number of your vertices were disconnected",
)

logger = logging.getLogger(__name__)


def scale_to_unit(features: np.ndarray) -> np.ndarray:
    """Scale every column to [0, 1]; a constant column becomes 0, and so does what is not finite.

    Returns
    -------
    float32 array of the shape of `features`
    """
    values = np.array(features, dtype=np.float64)
    broken = ~np.isfinite(values)
    if broken.any():
        logger.warning("%d of %d feature values are not finite; they count as 0", int(broken.sum()), values.size)
        values[broken] = np.nan
        values[:, broken.all(axis=0)] = 0.0
    if not len(values):
        return values.astype(np.float32)
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    spread = np.where(high - low < CONSTANT_SPREAD, 1.0, high - low)
    scaled: np.ndarray = np.nan_to_num((values - low) / spread).astype(np.float32)
    return scaled


def project(features: np.ndarray, *, seed: int, n_neighbors: int = 15, min_dist: float = 0.1) -> np.ndarray:
    """Lay texts out on a plane so that texts with like features stand together.

    Parameters
    ----------
    features : array of shape (n_texts, n_features)
    seed : int
        The same seed and features give the same map.
    n_neighbors : int
        Neighbours that count as near; at most all other texts.
    min_dist : float
        How tightly points may stand, in units of the map.

    Returns
    -------
    float32 array of shape (n_texts, 2), finite
        Of fewer than five texts, or of texts that are all alike: the two principal axes.

    Raises
    ------
    InputError
        `features` is not two-dimensional, or `n_neighbors` is less than 2.
    """
    if np.ndim(features) != 2:
        raise InputError(f"features has {np.ndim(features)} dimensions; (n_texts, n_features) is accepted")
    if n_neighbors < 2:
        raise InputError(f"n_neighbors is {n_neighbors}; at least 2 is accepted")
    scaled = scale_to_unit(features)
    n_distinct = len(np.unique(scaled, axis=0))
    if n_distinct < MIN_UMAP_ROWS:
        return _principal_axes(scaled, n_axes=2)
    n_texts, n_features = scaled.shape
    reduced = scaled if n_features <= N_AXES else _principal_axes(scaled, n_axes=N_AXES)
    with warnings.catch_warnings():
        for message in EXPECTED_WARNINGS:
            warnings.filterwarnings("ignore", message=message, category=UserWarning)
        warnings.filterwarnings("ignore", message="Tensorflow not installed", category=ImportWarning)
        reducer = require("umap").UMAP(
            n_components=2,
            metric="cosine",
            n_neighbors=min(n_neighbors, n_texts - 1),
            min_dist=min_dist,
            init="spectral" if n_texts > n_neighbors + 1 else "random",
            random_state=seed,
            n_jobs=1,
        )
        points = np.asarray(reducer.fit_transform(reduced), dtype=np.float32)
    lost = ~np.isfinite(points).all(axis=1)  # vertices that UMAP left without any neighbour
    points[lost] = points[~lost].mean(axis=0) if not lost.all() else 0.0
    return points


def _principal_axes(values: np.ndarray, *, n_axes: int) -> np.ndarray:
    """Project on the axes of largest variance, signs fixed; float32 of shape (n_texts, n_axes).

    Axes along which the values do not vary are 0.
    """
    points = np.zeros((len(values), n_axes), dtype=np.float32)
    if not values.size:
        return points
    centred = values - values.mean(axis=0, dtype=np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :n_axes]
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    projected = centred @ axes
    projected[:, np.abs(projected).max(axis=0) < FLAT] = 0.0
    points[:, : projected.shape[1]] = projected
    return points
