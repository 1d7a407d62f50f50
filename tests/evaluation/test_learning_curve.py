"""Tests of assay.evaluation.learning_curve: nested parts, equal texts together, no judged text seen."""

import numpy as np

from assay.evaluation.fold_predictions import FoldTexts
from assay.evaluation.learning_curve import measure_curve
from assay.progress import Progress

N = 80
LABELS = np.arange(N) % 2
GROUPS = np.arange(N) // 2  # pairs of equal texts


def measure(folds, *, label_ids=LABELS, may_go_on=lambda: True):
    """Measure a learner that notes what it was fitted on, and always answers its first label."""
    texts = FoldTexts(tuple(map(str, range(N))), label_ids, GROUPS, 2)
    seen = []

    def predict(is_inside, is_outside):
        seen.append((is_inside.copy(), is_outside.copy()))
        return np.tile([1.0, 0.0], (int(is_outside.sum()), 1)), np.array([0, 1])

    whole = label_ids[folds >= 0]
    curve = measure_curve(
        texts,
        folds,
        whole,
        predict,
        method="linear",
        seed=0,
        may_go_on=may_go_on,
        progress=Progress(),
    )
    return curve, seen


def test_parts_are_nested_and_leave_the_fold_out():
    """The quarter is in the half; no judged text is in any."""
    folds = GROUPS % 5
    curve, seen = measure(folds)
    assert curve.n_fitted == (16, 32, 64)
    assert len(seen) == 10
    for fold in range(5):
        parts = seen[2 * fold : 2 * fold + 2]
        for inside, outside in parts:
            assert (outside == (folds == fold)).all()
            assert not (inside & outside).any()
        (quarter, _), (half, _) = parts
        assert (quarter <= half).all()


def test_accuracy_is_of_the_judged_texts():
    """Here parts answer 0 to everything, and the whole is always right."""
    curve, _ = measure(GROUPS % 5)
    assert curve.accuracy.tolist() == [0.5, 0.5, 1.0]
    assert curve.recall(1).tolist() == [0.0, 0.0, 1.0]
    assert curve.groups.tolist() == GROUPS.tolist()


def test_texts_in_no_fold_are_fitted_on_and_never_judged():
    """As train is where validation is the evidence."""
    folds = np.where(np.arange(N) < 60, -1, 0)
    curve, seen = measure(folds)
    assert curve.n_fitted == (15, 30, 60)
    assert len(curve.label_ids) == 20
    assert all(outside[60:].all() and not outside[:60].any() for _, outside in seen)


def test_a_part_of_one_label_answers_that():
    """Nothing can be fitted on it."""
    label_ids = np.zeros(N, dtype=np.int64)
    label_ids[-2:] = 1
    folds = np.where(np.arange(N) < 60, -1, 0)
    curve, seen = measure(folds, label_ids=label_ids)
    assert seen == []
    assert curve.accuracy[0] == 18 / 20


def test_no_time_is_no_curve():
    """Half of the folds say nothing."""
    assert measure(GROUPS % 5, may_go_on=lambda: False)[0] is None
