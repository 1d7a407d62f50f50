"""Tests of assay.evaluation.calibration: log loss and calibration error equal their definitions."""

import numpy as np
import pytest

from _support.predictions import one_hot
from assay.evaluation.calibration import measure_calibration, measure_log_loss

oracle = pytest.importorskip("sklearn.metrics")


def test_log_loss_equals_sklearn():
    """The log loss is scikit-learn's, also where a true label got no score at all."""
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(4), size=50).astype(np.float32)
    probs[0] = [1, 0, 0, 0]
    true = rng.integers(0, 4, 50)
    true[0] = 2
    probs /= probs.sum(axis=1, keepdims=True)
    assert measure_log_loss(true, probs) == pytest.approx(
        oracle.log_loss(true, probs, labels=range(4)), rel=1e-5
    )


def test_calibration_error_is_zero_when_scores_are_frequencies():
    """80 % sure and right 8 times of 10 is perfectly calibrated."""
    probs = np.tile([0.8, 0.2], (10, 1))
    ece, bins = measure_calibration(np.array([0] * 8 + [1] * 2), probs)
    assert ece == pytest.approx(0)
    assert [(b.n_texts, b.confidence, b.accuracy) for b in bins] == [(10, pytest.approx(0.8), 0.8)]


def test_calibration_error_is_the_gap_of_an_overconfident_model():
    """Always sure and right half of the time is an error of one half."""
    assert measure_calibration(np.array([0, 1]), one_hot([0, 0], 2))[0] == pytest.approx(0.5)


def test_calibration_error_equals_a_loop_over_bins():
    """The sum over bins equals the definition, written out."""
    rng = np.random.default_rng(1)
    probs = rng.dirichlet(np.ones(5) * 0.5, size=300)
    true = rng.integers(0, 5, 300)
    confidence, correct = probs.max(axis=1), probs.argmax(axis=1) == true
    expected = 0.0
    for low in np.arange(15) / 15:
        inside = (confidence > low) & (confidence <= low + 1 / 15)
        if inside.any():
            expected += inside.mean() * abs(confidence[inside].mean() - correct[inside].mean())
    ece, bins = measure_calibration(true, probs)
    assert ece == pytest.approx(expected)
    assert sum(b.n_texts for b in bins) == 300
