"""Exact nearest rows: against scikit-learn, blocks, ties and rows without a direction."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from assay.maps import nearest
from assay.maps.nearest import nearest_rows


@pytest.mark.parametrize(("n_rows", "n"), [(40, 40), (40, 1), (300, 15), (3000, 15)])
def test_nearest_rows_are_those_of_scikit_learn(n_rows, n):
    """Brute force finds the same neighbours at the same distances, few rows or so many that a bound is used."""
    values = np.random.default_rng(n_rows).normal(size=(n_rows, 8))
    rows, distances = nearest_rows(values, n)
    index = NearestNeighbors(n_neighbors=n, metric="cosine", algorithm="brute").fit(values)
    expected, expected_rows = index.kneighbors(values)
    assert (rows[:, 0] == np.arange(n_rows)).all()
    np.testing.assert_array_equal(rows[:, 1:], expected_rows[:, 1:])
    np.testing.assert_allclose(distances, expected, atol=2e-6)


def test_blocks_do_not_change_the_result(monkeypatch):
    """Many small blocks, the last one shorter, find what one block finds."""
    values = np.random.default_rng(0).normal(size=(1000, 5))
    whole = nearest_rows(values, 10)
    monkeypatch.setattr(nearest, "CELLS", 7 * 1000)
    for found, expected in zip(nearest_rows(values, 10), whole, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("n_rows", [60, 2000])
def test_equal_rows_are_at_distance_zero(n_rows):
    """Where thousands are equally near, so many of them are found as are wanted, the row itself first."""
    values = np.repeat(np.eye(2), n_rows // 2, axis=0)
    rows, distances = nearest_rows(values, 15)
    assert not distances.any()
    assert (rows[:, 0] == np.arange(n_rows)).all()
    assert (rows // (n_rows // 2) == rows[:, :1] // (n_rows // 2)).all()
    assert all(len(set(row)) == 15 for row in rows.tolist())


def test_rows_of_zeros_are_far_from_all():
    """Without a direction the cosine is 0: distance 1, and no division by zero."""
    values = np.random.default_rng(0).normal(size=(20, 3))
    values[4] = 0
    _, distances = nearest_rows(values, 5)
    assert distances[4].tolist() == [0, 1, 1, 1, 1]
