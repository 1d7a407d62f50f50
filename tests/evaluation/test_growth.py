"""Tests of assay.evaluation.growth: what more texts bring, where it is known how accuracy grows."""

import numpy as np
import pytest

from assay.evaluation.growth import FORM_ERROR, predict_growth
from assay.evaluation.learning_curve import LearningCurve

SIZES = (200, 400, 800)


def made_up_curve(accuracies, *, n_judged=20_000, seed=0):
    """Make the answers of models with these accuracies; what one gets right, better ones do too."""
    luck = np.random.default_rng(seed).permutation(n_judged) / n_judged
    predicted = np.array([(luck >= one).astype(np.int64) for one in accuracies])
    zeros = np.zeros(n_judged, dtype=np.int64)
    return LearningCurve("linear", SIZES, predicted, zeros, np.arange(n_judged))


def power_law(n_texts, exponent, *, best=0.9, slope=2.0):
    """Return the accuracy of a learner whose errors fall as a power of the number of texts."""
    return best - slope * float(n_texts) ** -exponent


@pytest.mark.parametrize("exponent", [0.4, 0.5, 0.7])
def test_growth_by_a_power_is_predicted(exponent):
    """Within a point and a half, and within the interval."""
    curve = made_up_curve([power_law(n, exponent) for n in SIZES])
    found = predict_growth(curve, 1000, 2000)
    truth = power_law(2000, exponent) - power_law(1000, exponent)
    assert found.gain == pytest.approx(truth, abs=0.015)
    assert found.low <= truth <= found.high
    assert (found.n_before, found.n_after) == (1000, 2000)


def test_growth_is_never_negative_and_never_more_than_all_mistakes():
    """A curve that falls by chance promises nothing, one that rises steeply no more than there is.

    The interval is around that: a learner may also lose a little.
    """
    falling = predict_growth(made_up_curve([0.79, 0.78, 0.77], n_judged=300), 1000, 2000)
    assert -0.05 < falling.low <= 0 <= falling.gain <= falling.high
    assert falling.gain < 0.02
    steep = predict_growth(made_up_curve([0.5, 0.8, 0.99]), 1000, 100_000)
    assert steep.high <= 0.011


def test_fewer_judged_texts_give_a_wider_interval():
    """What few texts say is less sure."""
    accuracies = [power_law(n, 0.5) for n in SIZES]
    few = predict_growth(made_up_curve(accuracies, n_judged=200), 1000, 2000)
    many = predict_growth(made_up_curve(accuracies), 1000, 2000)
    assert few.high - few.low > many.high - many.low


def test_even_a_smooth_curve_of_many_texts_leaves_the_error_of_the_form():
    """Chance is small there; what doublings bring still differs from set to set."""
    found = predict_growth(made_up_curve([power_law(n, 0.5) for n in SIZES]), 1000, 2000)
    assert found.gain - found.low >= FORM_ERROR
    assert found.high - found.gain >= FORM_ERROR


def test_growth_of_some_rows_is_of_those_alone():
    """Rows that are always right gain nothing."""
    curve = made_up_curve([0.6, 0.7, 0.8], n_judged=1000)
    easy = curve.correct.all(axis=0)
    assert predict_growth(curve, 1000, 2000, rows=easy).gain == pytest.approx(0.0, abs=1e-9)
    assert predict_growth(curve, 1000, 2000, rows=~easy).gain > 0.02


def test_the_same_seed_gives_the_same_growth():
    """Results can be made again."""
    curve = made_up_curve([0.6, 0.7, 0.75], n_judged=500)
    assert predict_growth(curve, 800, 1600, seed=3) == predict_growth(curve, 800, 1600, seed=3)
    assert set(predict_growth(curve, 800, 1600).to_dict()) == {
        "n_before",
        "n_after",
        "gain",
        "low",
        "high",
    }
