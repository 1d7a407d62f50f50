"""Tests of assay.training.calibration: scores are as frequent as the labels, also of rare ones.

Temperatures are fitted in test_temperature.py.
"""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from assay.runtime.linear import sigmoid
from assay.training.calibration import ScaleShift, fit_scale_shift


def draw(n_texts, n_with, *, size, centre=0.0, seed=0):
    """Return logits of one label and the texts that have it, which are two sizes higher."""
    rng = np.random.default_rng(seed)
    indicator = np.zeros(n_texts, dtype=np.int64)
    indicator[rng.permutation(n_texts)[:n_with]] = 1
    return centre + size * (rng.standard_normal(n_texts) + 2 * indicator), indicator


@pytest.mark.parametrize("size", [0.03, 1.0, 40.0])
@pytest.mark.parametrize("centre", [-4.0, 0.0, 2.0])
def test_scores_are_as_frequent_as_labels(size, centre):
    """Whatever the size of the logits: of 3,000 texts, 3 and 1,200 have the label."""
    columns = [draw(3_000, n, size=size, centre=centre * size, seed=n) for n in (3, 12, 90, 1_200)]
    logits, indicator = (np.stack(own, axis=1) for own in zip(*columns, strict=True))
    probs = sigmoid(fit_scale_shift(logits, indicator).apply(logits))
    n_with = indicator.sum(axis=0)
    smoothed = n_with * (n_with + 1) / (n_with + 2) + 1  # by the rule of succession
    assert probs.mean(axis=0) == pytest.approx(smoothed / 3_000, rel=0.01)
    assert np.all(probs[indicator > 0].mean() > 3 * probs[indicator == 0].mean())


def test_frequent_label_gets_what_scikit_learn_fits():
    """With many texts, neither the smoothing nor the pull to the common scale is felt."""
    logits, indicator = draw(20_000, 9_000, size=0.5, centre=-1.0)
    found = fit_scale_shift(logits[:, None], indicator[:, None])
    oracle = LogisticRegression(C=1e9).fit(logits[:, None], indicator)
    assert found.scale[0] == pytest.approx(oracle.coef_[0, 0], rel=0.01)
    assert found.shift[0] == pytest.approx(oracle.intercept_[0], rel=0.01)


def test_scale_of_a_rare_label_is_pulled_to_the_common_one():
    """Four texts say little about a scale, four thousand all that there is to say."""
    frequent, of_frequent = draw(10_000, 4_000, size=0.5)
    rare, of_rare = draw(10_000, 4, size=2.0)
    found = fit_scale_shift(
        np.stack([frequent, rare], axis=1), np.stack([of_frequent, of_rare], axis=1)
    )
    alone = fit_scale_shift(frequent[:, None], of_frequent[:, None])
    assert found.scale[0] == pytest.approx(alone.scale[0], rel=0.02)
    by_itself = fit_scale_shift(rare[:, None], of_rare[:, None])
    assert 1.1 * by_itself.scale[0] < found.scale[1] < found.scale[0]


def test_labels_that_no_text_or_all_texts_have_are_no_error():
    """Nothing is infinite, and logits that are all equal leave the share of the label."""
    logits = np.zeros((50, 3))
    indicator = np.zeros((50, 3), dtype=np.int64)
    indicator[:, 1] = 1
    indicator[:10, 2] = 1
    probs = sigmoid(fit_scale_shift(logits, indicator).apply(logits))
    assert probs[0] == pytest.approx([1 / 52, 51 / 52, 11 / 52], abs=0.01)


def test_no_text_changes_nothing():
    """Where nothing is held out, logits stay as they are."""
    found = fit_scale_shift(np.zeros((0, 2)), np.zeros((0, 2), dtype=np.int64))
    np.testing.assert_array_equal(found.apply(np.ones((3, 2))), np.ones((3, 2)))


def test_folded_layer_gives_the_calibrated_logits():
    """Scale and shift are part of the last layer of what is saved."""
    rng = np.random.default_rng(0)
    features, weights, bias = rng.random((5, 4)), rng.random((4, 3)), rng.random(3)
    calibration = ScaleShift(rng.random(3), rng.random(3))
    own_weights, own_bias = calibration.fold(weights, bias)
    np.testing.assert_allclose(
        features @ own_weights + own_bias, calibration.apply(features @ weights + bias)
    )
