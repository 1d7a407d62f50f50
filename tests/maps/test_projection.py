"""The 2-D map: scaling, seeds, neighbours kept, few rows and broken features."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.preprocessing import MinMaxScaler

from assay.errors import InputError
from assay.maps.projection import _principal_axes, project, scale_to_unit


def three_groups(n_each, *, seed=0):
    """Points around three far centres, and the group of each."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(3), n_each)
    return (rng.normal(scale=0.3, size=(3 * n_each, 12)) + 4 * np.eye(12)[groups]).astype(
        np.float32
    ), groups


@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 8), st.integers(1, 4)),
        elements=st.floats(-1e6, 1e6, width=32),
    )
)
def test_scaling_is_that_of_scikit_learn(values):
    """Columns go to [0, 1] as MinMaxScaler takes them; a constant column goes to 0."""
    scaled = scale_to_unit(values)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, MinMaxScaler().fit_transform(values), atol=1e-6)


def test_scaling_survives_what_is_not_finite(caplog):
    """NaN and infinity count as 0, the finite rest of a column is scaled, and it is said once."""
    scaled = scale_to_unit(
        np.array([[np.nan, 2.0, np.inf], [1.0, 4.0, np.nan], [3.0, 3.0, -np.inf]])
    )
    assert scaled.tolist() == [[0, 0, 0], [0, 1, 0], [1, 0.5, 0]]
    assert [record.getMessage() for record in caplog.records] == [
        "4 of 9 feature values are not finite; they count as 0"
    ]


@pytest.mark.parametrize("n_texts", [0, 1, 2, 3, 4])
def test_hardly_any_texts_get_their_principal_axes(n_texts):
    """Too few points for neighbours still have places.

    Distances are kept as far as two axes can.
    """
    rng = np.random.default_rng(1)
    features = rng.normal(size=(n_texts, 6))
    points = project(features, seed=0)
    assert (points.shape, points.dtype) == ((n_texts, 2), np.float32)
    np.testing.assert_array_equal(points, project(features, seed=0))
    if n_texts == 3:  # three points lie in a plane: nothing is lost
        scaled = scale_to_unit(features)
        expected = np.linalg.norm(scaled[:, None] - scaled[None], axis=2)
        np.testing.assert_allclose(
            np.linalg.norm(points[:, None] - points[None], axis=2), expected, atol=1e-5
        )


@pytest.mark.parametrize("shape", [(9, 4), (4, 9), (7, 1), (60, 20)])
def test_principal_axes_are_those_of_scikit_learn(shape):
    """Projections equal PCA's up to the sign of an axis; axes that do not exist are 0."""
    values = np.random.default_rng(2).normal(size=shape).astype(np.float32)
    n_axes = min(3, *shape)
    expected = PCA(n_axes).fit_transform(values)
    found = _principal_axes(values, n_axes=3)
    np.testing.assert_allclose(np.abs(found[:, :n_axes]), np.abs(expected), atol=1e-4)
    assert not found[:, n_axes:].any()


def test_texts_that_are_all_alike_share_one_place():
    """Constant features have no directions; every text is at the origin."""
    assert not project(np.full((50, 8), 3.0), seed=0).any()


@pytest.mark.parametrize(
    ("features", "options", "message"),
    [
        (np.zeros(5), {}, r"features has 1 dimensions; \(n_texts, n_features\)"),
        (np.zeros((5, 2)), {"n_neighbors": 1}, "n_neighbors is 1; at least 2"),
    ],
)
def test_impossible_input_is_refused(features, options, message):
    """Wrong shapes and parameters are named."""
    with pytest.raises(InputError, match=message):
        project(features, seed=0, **options)


@pytest.mark.slow
def test_map_keeps_groups_together_and_is_seeded():
    """Neighbours stay neighbours.

    The same seed gives the same map to the bit, another seed another one.
    """
    features, groups = three_groups(30)
    points = project(features, seed=3)
    assert (points.shape, points.dtype) == ((90, 2), np.float32)
    np.testing.assert_array_equal(points, project(features, seed=3))
    assert not np.array_equal(points, project(features, seed=4))
    assert trustworthiness(features, points, n_neighbors=15) > 0.9
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (groups[distances.argmin(axis=1)] == groups).all()


@pytest.mark.slow
@pytest.mark.parametrize("n_texts", [30, 120])
def test_wide_features_keep_their_groups(n_texts):
    """More features than axes are kept, with more and with fewer texts than axes.

    Groups stay together.
    """
    features, groups = three_groups(n_texts // 3)
    turned = features @ np.linalg.qr(np.random.default_rng(5).normal(size=(200, 12)))[0].T
    points = project(turned, seed=0)
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (groups[distances.argmin(axis=1)] == groups).all()


@pytest.mark.slow
@pytest.mark.parametrize("n_texts", [5, 6, 15, 16, 17, 18])
def test_fewer_texts_than_neighbours_still_have_a_map(n_texts):
    """The neighbourhood shrinks with the data, without a warning."""
    points = project(np.random.default_rng(0).normal(size=(n_texts, 7)), seed=0)
    assert points.shape == (n_texts, 2)
    assert np.isfinite(points).all()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["doubled", "mostly zero", "broken"])
def test_awkward_features_have_a_finite_map(kind):
    """Many equal texts, all-zero rows (no direction for a cosine), NaN: every text has a place."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 8))
    if kind == "doubled":
        features = np.repeat(features[:6], 10, axis=0)
    elif kind == "mostly zero":
        features[6:] = features.min(axis=0)
    else:
        features[3, 2], features[:, 5] = np.nan, np.inf
    assert np.isfinite(project(features, seed=0)).all()
