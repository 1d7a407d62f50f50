"""The largest values of rows: against a full stable sort, whichever way they are found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.runtime.top_n import GROUP, largest_columns


def sorted_columns(values, n):
    """Return what a full stable sort says."""
    return np.argsort(-values, axis=1, kind="stable")[:, :n]


@settings(max_examples=60)
@given(
    n_rows=st.integers(1, 5),
    n_columns=st.integers(1, 5 * GROUP),
    n=st.integers(1, 20),
    n_distinct=st.sampled_from([1, 2, 5, 1000]),
    seed=st.integers(0, 99),
)
def test_columns_are_those_of_a_stable_sort(n_rows, n_columns, n, n_distinct, seed):
    """Many or few columns, many or no equal values: largest first, equal ones in their order."""
    values = np.random.default_rng(seed).integers(0, n_distinct, size=(n_rows, n_columns)) / 7
    n = min(n, n_columns)
    np.testing.assert_array_equal(largest_columns(values, n), sorted_columns(values, n))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_many_columns_are_searched_by_a_bound(dtype):
    """A matrix as large as the blocks of a map gives what the sort gives."""
    values = np.random.default_rng(0).normal(size=(50, 4000)).astype(dtype)
    np.testing.assert_array_equal(largest_columns(values, 15), sorted_columns(values, 15))


def test_no_rows_give_no_rows():
    """An empty block is answered in shape."""
    assert largest_columns(np.zeros((0, 9)), 3).shape == (0, 3)
