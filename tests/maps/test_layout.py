"""UMAP's graph by its formula, UMAP's curve, and what the layout does with both."""

import numpy as np
import pytest
import scipy.sparse
from scipy.optimize import brentq

from assay.maps.layout import curve_parameters, lay_out, neighbour_graph
from assay.maps.nearest import nearest_rows


def weigh_by_hand(rows, distances):
    """The fuzzy simplicial set, one text and one edge after another."""
    one_way = np.zeros((len(rows), len(rows)))
    for i, (near, d) in enumerate(zip(rows, distances.astype(float), strict=True)):
        first = d[d > 0].min()
        excess = np.maximum(d - first, 0)
        width = brentq(
            lambda s, e=excess: np.exp(-e[1:] / s).sum() - np.log2(len(e)), 1e-6, 1e6, xtol=1e-14
        )
        one_way[i, near[1:]] = np.exp(-excess[1:] / width)
    return one_way + one_way.T - one_way * one_way.T


def test_graph_is_the_fuzzy_simplicial_set():
    """Every edge has the weight that the paper's formula gives it."""
    rows, distances = nearest_rows(np.random.default_rng(0).normal(size=(80, 6)), 10)
    graph = neighbour_graph(rows, distances)
    np.testing.assert_allclose(graph.toarray(), weigh_by_hand(rows, distances), atol=1e-6)


def test_graph_of_equal_rows_has_edges_of_weight_one():
    """Where all neighbours are in one place no bandwidth exists; their edges have full weight."""
    graph = neighbour_graph(*nearest_rows(np.ones((6, 3)), 4))
    assert set(graph.data.tolist()) == {1.0}
    assert not graph.diagonal().any()


@pytest.mark.parametrize(
    ("min_dist", "a", "b"),
    [(0.1, 1.5769434602697, 0.8950608779109), (0.5, 0.5830300203414, 1.3341669924314)],
)
def test_curve_is_that_of_umap_learn(min_dist, a, b):
    """The parameters that umap-learn's find_ab_params gives for a spread of 1."""
    assert curve_parameters(min_dist) == pytest.approx((a, b), rel=1e-5)


def test_joined_texts_come_together_and_others_go_apart():
    """Two cliques that begin mixed end as two heaps.

    A text without an edge is pushed away from both.
    """
    clique = np.ones((20, 20)) - np.eye(20)
    graph = scipy.sparse.csr_matrix(scipy.sparse.block_diag([clique, clique, np.zeros((1, 1))]))
    start = np.random.default_rng(0).uniform(-5, 5, size=(41, 2))
    points = lay_out(graph, start, seed=0)
    middles = points[:20].mean(axis=0), points[20:40].mean(axis=0)
    spread = max(points[:20].std(), points[20:40].std())
    assert np.linalg.norm(middles[0] - middles[1]) > 2 * spread
    assert all(np.linalg.norm(points[40] - middle) > spread for middle in middles)


def test_graph_without_edges_has_a_layout():
    """Nothing pulls, everything pushes: finite points, further apart than they began."""
    start = np.random.default_rng(0).normal(size=(30, 2))
    points = lay_out(scipy.sparse.csr_matrix((30, 30)), start, seed=0)
    assert np.isfinite(points).all()
    assert np.ptp(points) > np.ptp(start)


def test_points_stand_as_tight_as_asked():
    """A larger min_dist leaves more room between neighbours."""
    rows, distances = nearest_rows(np.random.default_rng(1).normal(size=(200, 4)), 10)
    graph = neighbour_graph(rows, distances)
    start = np.random.default_rng(2).uniform(-5, 5, size=(200, 2))

    def nearest_gap(min_dist):
        points = lay_out(graph, start, seed=0, min_dist=min_dist)
        gaps = np.linalg.norm(points[:, None] - points[None], axis=2) + np.diag(
            np.full(200, np.inf)
        )
        return np.median(gaps.min(axis=1))

    assert nearest_gap(0.9) > 1.5 * nearest_gap(0.05)
