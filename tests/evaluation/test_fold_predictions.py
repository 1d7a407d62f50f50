"""Predictions out of fold: who saw what, how often, and what happens where folds lack a class."""

import numpy as np
import pytest

from _support.small_models import small_data
from assay.errors import DataError
from assay.evaluation.fold_predictions import (
    FoldPredictions,
    FoldTexts,
    count_folds,
    count_repeats,
    predict_folds,
)
from assay.models.linear import Linear
from assay.progress import Progress


def fold_texts(texts, label_ids, groups=None):
    """Number the groups of texts that are all different."""
    groups = np.arange(len(texts)) if groups is None else np.asarray(groups)
    return FoldTexts(tuple(texts), np.asarray(label_ids), groups, int(max(label_ids)) + 1)


@pytest.fixture(scope="module")
def small():
    """Sixty texts of three classes, of which the last ten repeat the first ten."""
    texts, labels = small_data(50, seed=0)
    texts, labels = [*texts, *texts[:10]], [*labels, *labels[:10]]
    ids = np.unique(labels, return_inverse=True)[1]
    return fold_texts(texts, ids, [*range(50), *range(10)])


def predict(texts, **changes):
    """Predict with `linear` in five folds, once."""
    given = {"n_folds": 5, "n_repeats": 1, "seed": 0, "progress": Progress(), **changes}
    return predict_folds(texts, Linear, **given)


def test_every_text_is_predicted_by_a_model_that_did_not_see_it(small):
    """Its fold is left out, with every text that equals it."""
    found = predict(small)
    inside = found.folds[0] != found.folds[0][7]
    model = Linear().fit([small.texts[i] for i in np.flatnonzero(inside)], small.label_ids[inside])
    assert np.array_equal(found.logits[0, 7], model.decision_logits([small.texts[7]])[0])
    assert np.array_equal(found.folds[0][:10], found.folds[0][50:])
    assert found.is_known.all()


def test_divisions_differ_and_are_seeded(small):
    """Repeats are other divisions; the same seed gives the same ones."""
    first, again = predict(small, n_repeats=2), predict(small, n_repeats=2)
    assert not np.array_equal(first.folds[0], first.folds[1])
    assert np.array_equal(first.folds, again.folds)
    assert np.array_equal(first.logits, again.logits)


def test_rows_decide_how_much_is_done():
    """Few texts need repeats."""
    assert [count_repeats(n) for n in (60, 200, 201, 1000, 1001, 10**6)] == [5, 5, 2, 2, 1, 1]


@pytest.mark.parametrize(
    ("n_per_class", "n_folds"),
    [([2, 2], 2), ([30, 30, 2], 5), ([4, 4, 30], 4), ([1, 3], 2), ([9, 9], 5)],
)
def test_folds_are_fewer_where_most_classes_are_small(n_per_class, n_folds):
    """A single small class takes no folds away; there are two at least."""
    ids = np.repeat(np.arange(len(n_per_class)), n_per_class)
    assert count_folds(fold_texts([str(i) for i in range(len(ids))], ids), 5) == n_folds


def test_a_class_that_a_fold_lacks_is_never_its_answer(small):
    """The one text of the class counts as wrong, and no temperature is fitted on it."""
    alone = fold_texts([*small.texts, "ein einzelnes wort"], [*small.label_ids, 3])
    found = predict(alone)
    assert not found.is_known[0, -1]
    assert found.logits[0, -1].argmax() != 3
    logits, ids = found.calibration_pairs(alone.label_ids)
    assert (len(logits), 3 in ids) == (60, False)


def test_two_classes_of_which_one_repeats_a_text_cannot_be_divided():
    """No model could be fitted on the fold without it."""
    texts = fold_texts(["up", "up", "one", "two", "three"], [0, 0, 1, 1, 1], [0, 0, 1, 2, 3])
    with pytest.raises(DataError, match="there is 1 class"):
        predict(texts, n_folds=2)


def test_texts_that_are_all_the_same_cannot_be_divided():
    """Equal texts are in one fold, so that no model could be fitted without them."""
    texts = fold_texts(["the same"] * 40, np.arange(40) % 2, groups=np.zeros(40, dtype=int))
    with pytest.raises(DataError, match="all 40 texts are the same, and equal texts are never in"):
        predict(texts)


def test_without_time_for_one_division_there_are_no_predictions(small):
    """Whole divisions are kept, the one that was begun is not."""
    assert predict(small, may_go_on=lambda: False) is None
    left = iter([True] * 7)
    found = predict(small, n_repeats=3, may_go_on=lambda: next(left, False))
    assert len(found.folds) == 1


def test_predictions_are_read_back(small, tmp_path):
    """A file holds everything; a damaged one is no file."""
    found = predict(small)
    found.save(tmp_path / "folds" / "linear.npz")
    read = FoldPredictions.load(tmp_path / "folds" / "linear.npz")
    assert np.array_equal(read.logits, found.logits)
    assert (read.n_folds, read.fit_s) == (5, found.fit_s)
    (tmp_path / "bad.npz").write_bytes(b"PK")
    assert FoldPredictions.load(tmp_path / "bad.npz") is None
