"""Tests of assay.evaluation.folds: stratified, seeded, equal texts in one fold."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.evaluation.folds import deal_folds


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 25)), min_size=2, max_size=60),
    st.integers(2, 6),
)
def test_folds_keep_groups_whole(rows, n_folds):
    """Rows of one group are in one fold, and every row is in a fold."""
    label_ids, groups = np.array([a for a, _ in rows]), np.array([b for _, b in rows])
    folds = deal_folds(label_ids, groups, n_folds=n_folds, seed=0)
    assert ((folds >= 0) & (folds < n_folds)).all()
    assert all(len(set(folds[groups == g])) == 1 for g in set(groups))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=10, max_size=200), st.integers(2, 6), st.integers(0, 5))
def test_folds_are_stratified_where_no_text_repeats(labels, n_folds, seed):
    """Each fold has each label as often as any other fold, but for one row."""
    label_ids = np.array(labels)
    folds = deal_folds(label_ids, np.arange(len(labels)), n_folds=n_folds, seed=seed)
    for label in set(labels):
        counts = np.bincount(folds[label_ids == label], minlength=n_folds)
        assert counts.max() - counts.min() <= 1


def test_folds_are_seeded():
    """The same seed deals the same folds, another seed others."""
    label_ids, groups = np.arange(200) % 3, np.arange(200)
    one, same, other = (deal_folds(label_ids, groups, n_folds=5, seed=s) for s in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()
