"""Sharing out texts with several labels: by label, by pair, and with equal texts on one side."""

import numpy as np
import pytest

from assay import load_data
from assay.data.split import cut_missing, limit_rows
from assay.data.stratified import share_out
from assay.data.trainable import check_trainable
from assay.errors import DataError


def draw(n_texts: int = 2000) -> np.ndarray:
    """Return an indicator with frequent and rare labels, and texts without any."""
    rng = np.random.default_rng(3)
    return (rng.random((n_texts, 6)) < [0.4, 0.2, 0.1, 0.05, 0.02, 0.01]).astype(np.int64)


def test_labels_and_pairs_are_shared_out_as_asked() -> None:
    """Each label is within two texts of its share, and frequent pairs are close to theirs."""
    own = draw()
    shares = np.array([0.8, 0.1, 0.1])
    subsets = share_out(own, np.arange(len(own)), shares, rng=np.random.default_rng(0))
    for i, share in enumerate(shares):
        inside = own[subsets == i]
        assert np.abs(inside.sum(axis=0) - share * own.sum(axis=0)).max() <= 3
        both, inside_both = own[:, 0] * own[:, 1], inside[:, 0] * inside[:, 1]
        assert abs(inside_both.sum() - share * both.sum()) <= 3


def test_groups_stay_together() -> None:
    """Texts of one group are in one subset."""
    own = draw()
    groups = np.random.default_rng(1).integers(0, 700, len(own))
    groups = np.unique(groups, return_inverse=True)[1]
    halves = np.array([0.5, 0.5])
    subsets = share_out(own, groups, halves, rng=np.random.default_rng(0))
    for group in range(int(groups.max()) + 1):
        assert len(set(subsets[groups == group])) == 1


def labels_of(indicator: np.ndarray) -> list[list[str]]:
    """Return names in place of numbers."""
    return [[f"label {j}" for j in np.flatnonzero(row)] for row in indicator]


def test_order_of_the_labels_changes_no_cut() -> None:
    """Labels of as many texts are shared out in natural order, however the data list them."""
    rows = [[f"label {i % 5}", f"label {i // 5 % 5}"] for i in range(200)]
    texts = [f"text {i}" for i in range(200)]
    names = [f"label {i}" for i in (3, 1, 4, 0, 2)]
    usual, other = (load_data((texts, rows)), load_data((texts, rows), labels=names))
    assert list(other.label_set) == names
    for change in (lambda one: cut_missing(one, seed=0), lambda one: limit_rows(one, 50, seed=0)):
        found, expected = change(other), change(usual)
        for name, labelled in expected.items():
            assert found[name].texts == labelled.texts


def test_missing_splits_are_cut_and_rows_limited() -> None:
    """Every label is in each split, and equal texts are on one side."""
    own = draw(1000)
    texts = [f"text {i % 900}" for i in range(1000)]
    splits = load_data((texts, labels_of(own)))
    cut = cut_missing(splits, seed=0)
    assert [len(cut[name]) for name in ("validation", "test")] == pytest.approx([100, 100], abs=8)
    for name in ("train", "validation", "test"):
        assert len(cut[name].counts()) == 6
    assert not set(cut["train"].texts) & set(cut["test"].texts)
    limited = limit_rows(cut, 300, seed=0)
    assert [len(labelled) for labelled in limited.values()] == [
        300,
        len(cut["validation"]),
        len(cut["test"]),
    ]
    assert len(limited["train"].counts()) == 6


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([["a", "b"], ["a"], ["a", "b"]], "all texts of train have the label 'a'"),
        ([["b", "c"], ["b"], []], None),
    ],
)
def test_labels_that_cannot_be_learnt_are_named(labels: list[list[str]], message: str) -> None:
    """A label that every text has teaches nothing; texts without any label are legal."""
    texts = ["x", "y", "z"]
    splits = load_data({"train": (texts, labels), "test": (texts, [["b", "c"], [], ["b"]])})
    if message is None:
        check_trainable(splits)
        return
    with pytest.raises(DataError, match=message):
        check_trainable(splits)


def test_split_without_any_label_is_refused() -> None:
    """Texts without labels only: nothing can be measured."""
    texts = ["x", "y"]
    splits = load_data({"train": (texts, [["b", "a"], []]), "test": (texts, [[], []])})
    with pytest.raises(DataError, match="no text of test has any label"):
        check_trainable(splits)


def test_label_that_train_lacks_is_named() -> None:
    """A label of another split that no text of train has."""
    texts = ["x", "y"]
    splits = load_data({"train": (texts, [["b", "a"], []]), "test": (texts, [["c"], ["b"]])})
    with pytest.raises(
        DataError, match=r"no text of train has the label 'c', which is in test \(1\)"
    ):
        check_trainable(splits)
