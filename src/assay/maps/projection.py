"""From features to a 2-D map, seeded.

Features are scaled to [0, 1] and projected on their principal axes; UMAP's graph and objective do
the rest. 16,000 x 384 features take about 6 s on one core. The time grows faster than the number
of texts, because all of them are compared with all.
"""

from __future__ import annotations

import logging

import numpy as np

from assay.errors import InputError
from assay.maps.layout import lay_out, neighbour_graph
from assay.maps.nearest import nearest_rows

__all__ = ["project", "scale_to_unit"]

# Neighbours are searched along at most this many principal axes: on tweets, that is closer to the
# neighbours among all features (dev/LOG.md, "With and without umap-learn").
N_AXES = 50
MIN_ROWS = 5  # fewer different rows have hardly any neighbours
START = 10.0  # largest coordinate of the initial layout, as in umap-learn
CONSTANT_SPREAD = 10 * np.finfo(np.float64).eps  # a column that varies less counts as constant
FLAT = 1e-6  # an axis along which scaled features reach no further holds rounding errors only

logger = logging.getLogger(__name__)


def scale_to_unit(features: np.ndarray) -> np.ndarray:
    """Scale every column to [0, 1].

    A constant column becomes 0, and so do values that are not finite, with a warning in the log.

    Parameters
    ----------
    features : array of shape (n_texts, n_features)

    Returns
    -------
    float32 array of the shape of `features`
    """
    values = np.array(features, dtype=np.float64)
    broken = ~np.isfinite(values)
    if broken.any():
        logger.warning(
            "%d of %d feature values are not finite; they count as 0",
            int(broken.sum()),
            values.size,
        )
        values[broken] = np.nan
        values[:, broken.all(axis=0)] = 0.0
    if not len(values):
        return values.astype(np.float32)
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    spread = np.where(high - low < CONSTANT_SPREAD, 1.0, high - low)
    scaled: np.ndarray = np.nan_to_num((values - low) / spread).astype(np.float32)
    return scaled


def project(
    features: np.ndarray, *, seed: int, n_neighbors: int = 15, min_dist: float = 0.1
) -> np.ndarray:
    """Lay texts out on a plane, texts with similar features close together.

    Parameters
    ----------
    features : array of shape (n_texts, n_features)
    seed : int
        The same seed, features and number of threads give the same map.
    n_neighbors : int
        How many neighbours count as near, the text itself among them; at most all other texts.
    min_dist : float
        Smallest distance that the layout aims for, in units of the map.

    Returns
    -------
    float32 array of shape (n_texts, 2), finite
        If fewer than five texts are different, the two principal axes.

    Raises
    ------
    InputError
        `features` is not two-dimensional, or `n_neighbors` is less than 2.
    """
    if np.ndim(features) != 2:
        raise InputError(
            f"features has {np.ndim(features)} dimensions; (n_texts, n_features) is accepted"
        )
    if n_neighbors < 2:
        raise InputError(f"n_neighbors is {n_neighbors}; at least 2 is accepted")
    scaled = scale_to_unit(features)
    if _count_distinct(scaled, enough=MIN_ROWS) < MIN_ROWS:
        return _principal_axes(scaled, n_axes=2)
    axes = _principal_axes(scaled, n_axes=max(2, min(N_AXES, scaled.shape[1])))
    # Few features are compared as they are: projecting would centre them, which changes their
    # cosines.
    compared = axes if scaled.shape[1] > N_AXES else scaled
    rows, distances = nearest_rows(compared, min(n_neighbors, len(scaled) - 1))
    start = axes[:, :2] * (START / np.abs(axes[:, :2]).max())
    return lay_out(neighbour_graph(rows, distances), start, seed=seed, min_dist=min_dist)


def _count_distinct(rows: np.ndarray, *, enough: int) -> int:
    """Count different rows, up to `enough`."""
    seen: set[bytes] = set()
    for row in rows:
        seen.add(row.tobytes())
        if len(seen) == enough:
            break
    return len(seen)


def _principal_axes(values: np.ndarray, *, n_axes: int) -> np.ndarray:
    """Project on the axes of largest variance; float32 of shape (n_texts, n_axes).

    The largest weight of each axis is made positive, so that signs do not depend on the machine.
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
