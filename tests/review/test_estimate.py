"""The estimate is out of fold, over the random texts, with Wilson's interval; none below twenty."""

import numpy as np
import pytest

from assay.review.estimate import Estimate, Slope, estimate_accuracy
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
    assert estimate.forecast(100).gain == pytest.approx(0.0, abs=0.01)


def test_text_that_was_trained_on_says_nothing():
    """Labels without any sense: about one half is right, though a model could learn all by heart."""
    rng = np.random.default_rng(0)
    features, ids = rng.normal(size=(200, 150)), rng.integers(2, size=200)
    estimate = estimate_accuracy(features, ids, np.ones(200, dtype=bool), with_curve=False)
    assert 0.35 < estimate.accuracy < 0.65
    assert estimate.forecast(100) is None


def test_no_estimate_below_twenty_random_texts(separable):
    """Nor with one label only."""
    features, ids, is_random = separable
    assert estimate_accuracy(features, ids, np.arange(60) < 19) is None
    assert estimate_accuracy(features, ids, np.arange(60) < 20).n_random == 20
    assert estimate_accuracy(features, np.zeros(60, dtype=int), is_random) is None


@pytest.mark.parametrize(
    ("n", "slope", "n_left", "can_stop"),
    [
        (200, 0.1, 100, True),
        (200, 2.0, 100, False),
        (50, 0.0, 100, False),
        (200, None, 100, False),
        (200, 2.0, 10, True),
        (200, 2.0, 9, False),
        (200, 0.1, 0, False),
    ],
)
def test_one_can_stop_when_little_is_to_be_gained(n, slope, n_left, can_stop):
    """Less than a point for 100 more labels or all that are left, and not before 100 labels."""
    found = None if slope is None else Slope(slope, slope, slope)
    assert Estimate(n, 40, 30, slope=found).can_stop(n_left) is can_stop


def test_one_goes_on_while_the_gain_is_unsure():
    """An expected gain of nothing is no reason to stop where it may be more than a point."""
    unsure, sure = Slope(0.0, -1.0, 1.0), Slope(0.0, -0.5, 0.5)
    assert not Estimate(200, 40, 30, slope=unsure).can_stop(100)
    assert Estimate(200, 40, 30, slope=sure).can_stop(100)
    few_random = Estimate(100, 25, 25, slope=Slope(0.0, -0.4, 0.4))  # all right, of few
    assert few_random.forecast(100).gain == 0.0
    assert not few_random.can_stop(100)


def test_forecast_never_goes_over_all_right():
    """The gain of a steep curve ends where all is right; its upper end, where the accuracy is low."""
    estimate = Estimate(91, 98, 96, slope=Slope(1.5, -1.0, 4.0))
    forecast = estimate.forecast(1_000)
    assert forecast.n_more == 100
    assert round(forecast.gain + estimate.accuracy, 3) == 1.0
    assert forecast.low == 0.0
    assert round(forecast.high + estimate.interval[0], 3) == 1.0


def test_forecast_is_about_the_texts_that_are_left():
    """Of fewer than 100, about so many, which bring less; nothing is said where hardly any is left."""
    estimate = Estimate(91, 40, 20, slope=Slope(1.0, 0.5, 2.0))
    few, many = estimate.forecast(10), estimate.forecast(500)
    assert (few.n_more, many.n_more) == (10, 100)
    assert 0 < few.low < few.gain < few.high < many.high
    assert few.gain < many.gain / 4
    assert estimate.forecast(9) is None
    assert estimate.forecast(0) is None


def test_interval_of_the_forecast_says_how_rough_it_is():
    """The fewer random texts, the wider; what it expects lies inside."""
    rng = np.random.default_rng(1)
    ids = np.arange(400) % 2
    features = rng.normal(size=(400, 20)) + 0.7 * ids[:, None]
    widths = []
    for n_random in (25, 100, 400):
        slope = estimate_accuracy(features, ids, np.arange(400) < n_random).slope
        assert slope.low < slope.expected < slope.high
        widths.append(slope.high - slope.low)
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 1.5 * widths[-1]


def test_rare_label_does_not_stop_the_estimate(separable):
    """A label with one text is in no training of its own fold."""
    features, ids, is_random = separable
    ids = ids.copy()
    ids[0] = 2
    assert estimate_accuracy(features, ids, is_random).n_right == 39
