"""Which labels are given, where a text may have several."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from assay.runtime.limits.thresholds import Thresholds

PROBS = arrays(np.float64, st.tuples(st.integers(0, 6), st.just(3)), elements=st.floats(0, 1))


@given(PROBS, st.sampled_from([0, 1]))
def test_labels_reach_their_thresholds_or_are_the_best_of_a_text_without(probs, min_labels):
    """With at least one label, only texts that would have none get another."""
    thresholds = np.array([0.2, 0.5, 0.9])
    found = Thresholds(thresholds, min_labels).decide(probs)
    for row, own in zip(probs, found, strict=True):
        reached = row >= thresholds
        if min_labels:
            reached[row.argmax()] = True
        assert own.tolist() == reached.astype(int).tolist()
    assert found.dtype == np.int64


def test_other_orders_of_labels_change_nothing():
    """Columns are taken along with their thresholds."""
    one, order = Thresholds(np.array([0.2, 0.5, 0.9]), 1), np.array([2, 0, 1])
    probs = np.random.default_rng(0).random((20, 3))
    assert np.array_equal(one.take(order).decide(probs[:, order]), one.decide(probs)[:, order])
