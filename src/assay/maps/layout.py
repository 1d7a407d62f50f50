"""UMAP's graph of neighbours and its layout on a plane, in numpy over whole arrays.

McInnes, Healy, Melville: UMAP, arXiv:1802.03426. The graph equals that of umap-learn, and so does
the objective: edges pull, randomly drawn pairs push. umap-learn draws single edges and moves their
two ends; here all edges pull in every epoch with their weight, and a step is the mean over the
edges of a text, with momentum. No compiler is needed (dev/LOG.md, "With and without umap-learn").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from assay._optional import require

__all__ = ["curve_parameters", "lay_out", "neighbour_graph"]

N_HALVINGS = 64  # of the interval that a bandwidth lies in
MIN_BANDWIDTH = 1e-3  # as a share of the mean distance

# Rate and epochs were chosen on tweets (dev/LOG.md, "With and without umap-learn").
RATE = 0.1  # step size in the first epoch; it falls linearly to 0
MOMENTUM = 0.8
N_EPOCHS = 300
N_DRAWN = 5  # texts that are drawn per epoch to push each text away
# Weight of those pushes together, against the pull: umap-learn draws five negative samples per
# edge, and an edge pulls at both ends.
PUSH = 2.5
MAX_PUSH = 4.0  # bound on one push, as in umap-learn
NEAR = np.float32(1e-3)  # keeps the push of texts in the same place finite, as in umap-learn
TINY = np.float32(1e-8)


def neighbour_graph(rows: np.ndarray, distances: np.ndarray) -> Any:
    """Weigh the edges between neighbours: UMAP's fuzzy simplicial set.

    Parameters
    ----------
    rows : int array of shape (n_texts, n_neighbors)
        Neighbours of each text, the text itself first.
    distances : float array of shape (n_texts, n_neighbors)
        Ascending, 0 for the text itself.

    Returns
    -------
    float64 sparse CSR matrix of shape (n_texts, n_texts), symmetric, weights 0 to 1
        An edge from i to j has the weight exp(-(d - r) / s), where r is the distance of i's nearest
        neighbour, and s makes i's weights sum to log2(n_neighbors). The weights p and q of the two
        directions become p + q - pq.
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
    """Return the bandwidth of each text, by halving intervals, with a lower bound.

    Parameters
    ----------
    beyond : array of shape (n_texts, n_neighbors)
        How much farther than the nearest neighbour each neighbour is.
    distances : array of shape (n_texts, n_neighbors)
    nearest : array of shape (n_texts,)
        Distance of the nearest neighbour; 0 if all are in the same place.
    """
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
    """Fit UMAP's curve of attraction over distance.

    Parameters
    ----------
    min_dist : float

    Returns
    -------
    a, b : float
        Such that 1 / (1 + a d^2b) is closest to: 1 up to `min_dist`, then exp(min_dist - d).
    """
    d = np.linspace(0, 3, 300)
    wanted = np.where(d < min_dist, 1.0, np.exp(min_dist - d))
    (a, b), _ = require("scipy.optimize").curve_fit(
        lambda d, a, b: 1 / (1 + a * d ** (2 * b)), d, wanted
    )
    return float(a), float(b)


def lay_out(graph: Any, start: np.ndarray, *, seed: int, min_dist: float = 0.1) -> np.ndarray:
    """Move points until those with heavy edges are near each other and others are apart.

    Parameters
    ----------
    graph : sparse CSR matrix of shape (n_texts, n_texts), symmetric
        What `neighbour_graph` returns.
    start : array of shape (n_texts, 2)
        Where the points begin, some units apart.
    seed : int
        Seed of the texts that are drawn to push others away.
    min_dist : float
        Smallest distance that the layout aims for.

    Returns
    -------
    float32 array of shape (n_texts, 2)
    """
    a, b = map(np.float32, curve_parameters(min_dist))
    edges = _Edges.of(graph)
    rng, n_texts = np.random.default_rng(seed), graph.shape[0]
    points = np.ascontiguousarray(start.T, dtype=np.float32)  # (2, n_texts): each axis in one piece
    speed = np.zeros_like(points)
    for epoch in range(N_EPOCHS):
        drawn = rng.integers(0, n_texts, (N_DRAWN, n_texts))
        step = _pull(points, edges, a, b) + _push(points, drawn, a, b)
        speed *= np.float32(MOMENTUM)
        speed += np.float32(RATE * (1 - epoch / N_EPOCHS)) * step
        points += speed
    return np.ascontiguousarray(points.T)


@dataclass(frozen=True)
class _Edges:
    """The edges of a graph, sorted by the text that they start from.

    Parameters
    ----------
    heads, tails : int arrays of shape (n_edges,)
        The two texts of each edge.
    shares : float32 array of shape (n_edges,)
        Weight of each edge, divided by the sum over its text's edges where that is above 1.
    joined : int array of shape (n_joined,)
        Texts that have an edge; others are only pushed.
    firsts : int array of shape (n_joined,)
        Position of the first edge of each of them: `np.add.reduceat` sums from one to the next.
    """

    heads: np.ndarray
    tails: np.ndarray
    shares: np.ndarray
    joined: np.ndarray
    firsts: np.ndarray

    @classmethod
    def of(cls, graph: Any) -> _Edges:
        """Read the edges of a sparse CSR matrix."""
        heaviest = max(graph.data.max(initial=0.0), float(TINY))
        weights = (graph.data / heaviest).astype(np.float32)
        counts = np.diff(graph.indptr)
        joined = np.flatnonzero(counts)
        firsts = graph.indptr[joined]
        sums = np.zeros(0, dtype=np.float32)
        if len(joined):
            sums = np.add.reduceat(weights, firsts)
        shares = weights / np.repeat(np.maximum(sums, 1), counts[joined])
        heads = np.repeat(np.arange(graph.shape[0]), counts)
        return cls(heads, graph.indices, shares, joined, firsts)


def _pull(points: np.ndarray, edges: _Edges, a: np.float32, b: np.float32) -> np.ndarray:
    """Return how the edges pull each text, of shape (2, n_texts)."""
    pulls = np.zeros_like(points)
    if not len(edges.joined):
        return pulls
    apart = points[:, edges.heads] - points[:, edges.tails]
    squared = (apart * apart).sum(axis=0) + TINY
    power = np.exp(b * np.log(squared))  # squared ** b, several times faster
    apart *= edges.shares * (-2 * a * b) * power / (squared * (1 + a * power))
    pulls[:, edges.joined] = np.add.reduceat(apart, edges.firsts, axis=1)
    return pulls


def _push(points: np.ndarray, drawn: np.ndarray, a: np.float32, b: np.float32) -> np.ndarray:
    """Return how the drawn texts push each text, of shape (2, n_texts).

    Parameters
    ----------
    points : array of shape (2, n_texts)
    drawn : int array of shape (n_drawn, n_texts)
    """
    apart = points[:, None] - points[:, drawn]  # (2, n_drawn, n_texts)
    squared = (apart * apart).sum(axis=0)
    power = np.exp(b * np.log(squared + TINY))
    apart *= 2 * b / ((NEAR + squared) * (1 + a * power))
    bounded = np.clip(apart, -MAX_PUSH, MAX_PUSH)
    pushes: np.ndarray = bounded.sum(axis=1) * np.float32(PUSH / len(drawn))
    return pushes
