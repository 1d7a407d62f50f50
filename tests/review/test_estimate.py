"""The estimate is out of fold, over the random texts, with Wilson's interval; none below twenty."""

import numpy as np
import pytest

from assay.review.estimate import Estimate, estimate_accuracy
from assay.runtime.limits.wilson import wilson_interval


@pytest.fixture
def separable():
    """Sixty texts of two labels that features tell apart, and which are random."""
    rng = np.random.default_rng(0)
    ids = np.arange(60) % 2
    features = rng.normal(size=(60, 4)) + 6 * ids[:, None]
    return features, ids, np.arange(60) < 40


def test_random_texts_are_counted(separable):
    """All are right; the interval is Wilson's."""
    estimate = estimate_accuracy(*separable)
    assert (estimate.n_labelled, estimate.n_random, estimate.n_right) == (60, 40, 40)
    assert estimate.interval == wilson_interval(40, 40)
    assert [n for n, _ in estimate.curve] == [12, 24, 57]
    assert estimate.gain == pytest.approx(0.0, abs=0.01)


def test_text_that_was_trained_on_says_nothing():
    """Labels without any sense: about one half is right, though a model could learn all by heart."""
    rng = np.random.default_rng(0)
    features, ids = rng.normal(size=(200, 150)), rng.integers(2, size=200)
    estimate = estimate_accuracy(features, ids, np.ones(200, dtype=bool), with_curve=False)
    assert 0.35 < estimate.accuracy < 0.65
    assert estimate.gain is None


def test_no_estimate_below_twenty_random_texts(separable):
    """Nor with one label only."""
    features, ids, is_random = separable
    assert estimate_accuracy(features, ids, np.arange(60) < 19) is None
    assert estimate_accuracy(features, ids, np.arange(60) < 20).n_random == 20
    assert estimate_accuracy(features, np.zeros(60, dtype=int), is_random) is None


@pytest.mark.parametrize(
    ("n", "gain", "can_stop"),
    [(200, 0.001, True), (200, 0.02, False), (50, 0.0, False), (200, None, False)],
)
def test_one_can_stop_when_little_is_to_be_gained(n, gain, can_stop):
    """Less than a point for 100 more labels, and not before 100 labels."""
    assert Estimate(n, 40, 30, gain=gain).can_stop is can_stop


def test_rare_label_does_not_stop_the_estimate(separable):
    """A label with one text is in no training of its own fold."""
    features, ids, is_random = separable
    ids = ids.copy()
    ids[0] = 2
    assert estimate_accuracy(features, ids, is_random).n_right == 39
