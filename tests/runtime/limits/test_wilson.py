"""Tests of assay.runtime.limits.wilson."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from assay.runtime.limits.wilson import wilson_bounds, wilson_interval


@given(st.integers(1, 10_000), st.data())
def test_interval_equals_scipys(n_texts, data):
    """One share and many shares give what scipy gives."""
    n_right = data.draw(st.integers(0, n_texts))
    expected = binomtest(n_right, n_texts).proportion_ci(method="wilson")
    assert wilson_interval(n_right, n_texts) == pytest.approx(
        (expected.low, expected.high), abs=1e-12
    )
    low, high = wilson_bounds(np.array([n_right, n_right]), np.array([n_texts, n_texts]))
    assert low == pytest.approx([expected.low] * 2, abs=1e-12)
    assert high == pytest.approx([expected.high] * 2, abs=1e-12)


@pytest.mark.parametrize("n_texts", range(1, 200))
def test_interval_holds_a_share_of_none_and_of_all(n_texts):
    """No rounding puts the share outside its own interval."""
    assert wilson_interval(0, n_texts)[0] == 0.0
    assert wilson_interval(n_texts, n_texts)[1] == 1.0


def test_interval_of_nothing_is_everything():
    """Without texts nothing is known."""
    assert wilson_interval(0, 0) == (0.0, 1.0)
