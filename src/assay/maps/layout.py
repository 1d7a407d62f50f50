"""UMAP's graph of neighbours and its layout on a plane, in whole arrays instead of one edge after another.

McInnes, Healy, Melville: UMAP, arXiv:1802.03426. The graph is that of umap-learn, edge by edge. The
objective is its own too: edges pull, randomly drawn pairs push. umap-learn draws edges and moves
their two ends at once; here all edges pull in each epoch with their weight, and a step is the mean
over a text's edges, with momentum. That vectorises: numpy needs 4 s for 16,000 texts where
umap-learn's loop needs a compiler, 40 s of it in every process, and 45 s more.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from assay._optional import require

__all__ = ["curve_parameters", "lay_out", "neighbour_graph"]

N_HALVINGS = 64  # of the interval that a bandwidth lies in
MIN_BANDWIDTH = 1e-3  # of the mean distance

# Chosen on 16,000 tweets (minilm, 384 features on 50 axes; trustworthiness at 15 neighbours,
# umap-learn: 0.728). A rate of 0.05 gives 0.737 after 200 epochs, 0.1: 0.753, 0.2: 0.751, 0.3:
# 0.750; 300 epochs at 0.1 give 0.765.
RATE = 0.1  # of the step, in the first epoch; it falls linearly to 0
MOMENTUM = 0.8
N_EPOCHS = 300
N_DRAWN = 5  # texts drawn to push each text away, an epoch
# Of those together beside the pull: umap-learn's five negative samples an edge, which pulls at both
# ends
PUSH = 2.5
MAX_PUSH = 4.0  # umap-learn's bound on one push
NEAR = np.float32(1e-3)  # umap-learn's: keeps the push of texts in one place finite
TINY = np.float32(1e-8)


def neighbour_graph(rows: np.ndarray, distances: np.ndarray) -> Any:
    """Weigh the edges between neighbours: UMAP's fuzzy simplicial set.

    Parameters
    ----------
    rows : int array of shape (n_texts, n_neighbors)
        Neighbours of each text, itself first.
    distances : float array of shape (n_texts, n_neighbors)
        Sorted, 0 for the text itself.

    Returns
    -------
    float64 sparse CSR matrix of shape (n_texts, n_texts), symmetric, weights 0 to 1
        An edge from i to j has exp(-(d - r) / s), where r is the distance of i's nearest neighbour
        and s is such that i's weights sum to log2(n_neighbors); of the two directions, p + q - pq.
    """
    sparse = require("scipy.sparse")
    n_texts, n_neighbors = rows.shape
    distances = np.asarray(distances, dtype=np.float64)
    nearest = np.where(distances > 0, distances, np.inf).min(axis=1)
    nearest[np.isinf(nearest)] = 0.0
    beyond = np.maximum(distances - nearest[:, None], 0.0)
    weights = np.exp(-beyond / _bandwidths(beyond, distances, nearest)[:, None])
    weights[rows == np.arange(n_texts)[:, None]] = 0.0
    starts = np.repeat(np.arange(n_texts), n_neighbors)
    one_way = sparse.csr_matrix((weights.ravel(), (starts, rows.ravel())), shape=(n_texts, n_texts))
    other_way = one_way.T.tocsr()
    graph = (one_way + other_way - one_way.multiply(other_way)).tocsr()
    graph.eliminate_zeros()
    return graph


def _bandwidths(beyond: np.ndarray, distances: np.ndarray, nearest: np.ndarray) -> np.ndarray:
    """Return the bandwidth of each text, by halving intervals; not below a share of the mean distance."""
    wanted = np.log2(distances.shape[1])
    low, high, middle = np.zeros(len(beyond)), np.full(len(beyond), np.inf), np.ones(len(beyond))
    for _ in range(N_HALVINGS):
        too_wide = np.exp(-beyond[:, 1:] / middle[:, None]).sum(axis=1) > wanted
        high, low = np.where(too_wide, middle, high), np.where(too_wide, low, middle)
        middle = np.where(np.isinf(high), 2 * middle, (low + high) / 2)
    floor = MIN_BANDWIDTH * np.where(nearest > 0, distances.mean(axis=1), distances.mean())
    bounded: np.ndarray = np.maximum(middle, floor)
    return bounded


def curve_parameters(min_dist: float) -> tuple[float, float]:
    """Return a and b of 1 / (1 + a d^2b), the closest such curve to: 1 up to `min_dist`, then exp(min_dist - d)."""
    d = np.linspace(0, 3, 300)
    wanted = np.where(d < min_dist, 1.0, np.exp(min_dist - d))
    (a, b), _ = require("scipy.optimize").curve_fit(
        lambda d, a, b: 1 / (1 + a * d ** (2 * b)), d, wanted
    )
    return float(a), float(b)


def lay_out(graph: Any, start: np.ndarray, *, seed: int, min_dist: float = 0.1) -> np.ndarray:
    """Move points until those with heavy edges are near and others are apart.

    Parameters
    ----------
    graph : sparse CSR matrix of shape (n_texts, n_texts), symmetric
        What `neighbour_graph` returns.
    start : array of shape (n_texts, 2)
        Where the points begin, some units apart.
    seed : int
        Of the texts that are drawn to push others away.
    min_dist : float
        How tightly points may stand.

    Returns
    -------
    float32 array of shape (n_texts, 2)
    """
    a, b = map(np.float32, curve_parameters(min_dist))
    rng, n_texts = np.random.default_rng(seed), graph.shape[0]
    weights = (graph.data / max(graph.data.max(initial=0.0), float(TINY))).astype(np.float32)
    counts = np.diff(graph.indptr)
    heads, tails = np.repeat(np.arange(n_texts), counts), graph.indices
    joined = np.flatnonzero(counts)  # a text without any edge is only pushed
    firsts = graph.indptr[joined]
    sums = np.add.reduceat(weights, firsts) if len(joined) else np.zeros(0, dtype=np.float32)
    shares = weights / np.repeat(np.maximum(sums, 1), counts[joined])
    points = np.ascontiguousarray(start.T, dtype=np.float32)  # (2, n_texts): each axis in one piece
    speed = np.zeros_like(points)
    for epoch in range(N_EPOCHS):
        apart = points[:, heads] - points[:, tails]
        squared = (apart * apart).sum(axis=0) + TINY
        power = np.exp(b * np.log(squared))  # squared ** b, several times faster
        apart *= shares * (-2 * a * b) * power / (squared * (1 + a * power))
        step = np.zeros_like(points)
        if len(joined):
            step[:, joined] = np.add.reduceat(apart, firsts, axis=1)
        step += _push(points, rng.integers(0, n_texts, (N_DRAWN, n_texts)), a, b)
        speed *= np.float32(MOMENTUM)
        speed += np.float32(RATE * (1 - epoch / N_EPOCHS)) * step
        points += speed
    return np.ascontiguousarray(points.T)


def _push(points: np.ndarray, drawn: np.ndarray, a: np.float32, b: np.float32) -> np.ndarray:
    """Return how the drawn texts push each text, of shape (2, n_texts)."""
    apart = points[:, None] - points[:, drawn]  # (2, N_DRAWN, n_texts)
    squared = (apart * apart).sum(axis=0)
    power = np.exp(b * np.log(squared + TINY))
    apart *= 2 * b / ((NEAR + squared) * (1 + a * power))
    pushes: np.ndarray = np.clip(apart, -MAX_PUSH, MAX_PUSH).sum(axis=1) * np.float32(
        PUSH / len(drawn)
    )
    return pushes
