"""What a training aims at, and what is fitted on held-out texts.

This tests `thresholds` too.
"""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from assay.errors import DataError, InputError
from assay.training.calibration import ScaleShift, Temperature, fit_scale_shift
from assay.training.targets import SEVERAL, SINGLE, find_targets
from assay.training.thresholds import fit_thresholds


def draw(n_texts: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Return logits whose right scale and shift are (2, -1), (0.5, 0) and (1, -4), and labels."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(n_texts, 3)) * [1.0, 3.0, 1.0]
    right = logits * [2.0, 0.5, 1.0] + [-1.0, 0.0, -4.0]
    return logits, (rng.random((n_texts, 3)) < 1 / (1 + np.exp(-right))).astype(np.int64)


def test_tasks_are_told_by_the_labels() -> None:
    """Names are one label per text; matrices and lists of names are several."""
    assert find_targets(["a", "b"]) is SINGLE
    assert find_targets([["a"], []]) is SEVERAL
    assert find_targets(np.zeros((2, 2))) is SEVERAL


def test_several_labels_become_zeros_and_ones() -> None:
    """Names are sorted; a matrix has numbers as classes."""
    classes, targets = SEVERAL.learn([("b", "a"), (), ("b",)])
    assert classes.tolist() == ["a", "b"]
    assert targets.tolist() == [[1, 1], [0, 0], [0, 1]]
    classes, targets = SEVERAL.learn(np.array([[1, 0], [0, 1]]))
    assert classes.tolist() == [0, 1]


def test_what_cannot_be_learnt_is_refused() -> None:
    """No label at all, and other numbers than zeros and ones."""
    with pytest.raises(DataError, match="no text of 2 has any label"):
        SEVERAL.learn([(), ()])
    with pytest.raises(InputError, match="zeros and ones are accepted"):
        SEVERAL.learn(np.array([[2, 0]]))


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([["a"], "b", ["c"]], "text 1 has no list of labels, and text 0 has one"),
        (["b", ["a"]], "text 0 has no list of labels, and text 1 has one"),
        ([["a"], ["b", None]], "a label of text 1 is None"),
        ([["a"], [["b"]]], "a label of text 1 is itself a list"),
        ([["a", "b"], ["b"], ["b"]], "all texts have the label 'b'"),
    ],
)
def test_lists_of_labels_that_files_may_not_hold_are_refused(labels, sentence) -> None:
    """An estimator takes what a file may hold, and nothing is split into letters."""
    with pytest.raises((DataError, InputError), match=sentence):
        find_targets(labels).learn(labels)


def test_scale_and_shift_agree_with_logistic_regression() -> None:
    """Frequent labels get what a regression without regularisation finds."""
    logits, truth = draw()
    found = fit_scale_shift(logits, truth)
    for i in range(2):
        regression = LogisticRegression(C=1e9).fit(logits[:, [i]], truth[:, i])
        assert found.scale[i] == pytest.approx(regression.coef_[0, 0], rel=0.05)
        assert found.shift[i] == pytest.approx(regression.intercept_[0], abs=0.05)


def test_scale_of_a_rare_label_is_near_the_common_one() -> None:
    """Few texts cannot say that a label's logits are ten times too small."""
    logits, truth = draw()
    logits[:, 2] *= 0.1
    rare = truth.copy()
    rare[np.flatnonzero(truth[:, 2])[3:], 2] = 0
    common = fit_scale_shift(logits[:, :2], truth[:, :2]).scale
    own = fit_scale_shift(logits, rare).scale[2]
    assert own < 2 * common.max()


def test_folded_weights_give_calibrated_logits() -> None:
    """Both kinds of calibration are affine."""
    rng = np.random.default_rng(1)
    features, weights, bias = rng.normal(size=(5, 4)), rng.normal(size=(4, 3)), rng.normal(size=3)
    for one in (Temperature(2.5), ScaleShift(rng.random(3) + 0.5, rng.normal(size=3))):
        folded_weights, folded_bias = one.fold(weights, bias)
        expected = one.apply(features @ weights + bias)
        assert np.allclose(features @ folded_weights + folded_bias, expected)


def test_thresholds_give_a_higher_f1_than_a_half() -> None:
    """On other texts than those that they were chosen on."""
    logits, truth = draw(8000)
    probs = 1 / (1 + np.exp(-fit_scale_shift(logits, truth).apply(logits)))
    thresholds = fit_thresholds(probs[:4000], truth[:4000])
    given, by_half = thresholds.decide(probs[4000:]), probs[4000:] >= 0.5
    ours = f1_score(truth[4000:], given, average="macro", zero_division=0)
    assert ours > f1_score(truth[4000:], by_half, average="macro", zero_division=0) + 0.03


def test_no_texts_leave_everything_as_it_is() -> None:
    """Without held-out texts nothing is fitted."""
    none = np.zeros((0, 3))
    assert fit_scale_shift(none, none.astype(int)).scale.tolist() == [1, 1, 1]
    assert fit_thresholds(none, none.astype(int)).scores.tolist() == [0.5, 0.5, 0.5]
