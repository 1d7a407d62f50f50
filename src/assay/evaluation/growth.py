"""What more training texts would bring, from how accuracy grew so far.

With every doubling of the texts the log-odds of a right answer rise by about the same amount: a
little more where half of the answers are right, a little less where nearly all are. The rise of the
last two doublings is carried on. Powers of the number of texts with a floor (Hestness et al., 2017)
have three numbers to fit, and predict worse from a few noisy accuracies: "What more texts bring" in
dev/LOG.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from assay.evaluation.learning_curve import LearningCurve
from assay.runtime.linear import sigmoid

__all__ = ["Growth", "GrowthEntry", "predict_growth"]

# What the last doubling brought counts so much, what the one before it brought the rest.
LAST_DOUBLING = 0.75
# The next doubling brings so much of that minus the accuracy, give or take: with an accuracy of 0.6
# all of it, with 0.9 seven tenths.
CARRIED_ON, SPREAD = 1.6, 0.25
# Accuracy also depends on which texts a part holds, by about so much times the square root of 1000
# over their number.
PART_NOISE = 0.006
# What the form itself is off by, beside what chance in the judged texts and in the parts explains:
# added to both halves of the interval as independent errors add up. By conformal prediction over
# draws from five data sets: "What more texts bring" in dev/LOG.md.
FORM_ERROR = 0.031
N_DRAWS = 4000
OUTSIDE = 0.025  # of the draws, on either side of the interval


class GrowthEntry(TypedDict):
    """A `Growth` as JSON holds it."""

    n_before: int
    n_after: int
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Growth:
    """How much accuracy grows from one number of training texts to another.

    Parameters
    ----------
    n_before, n_after : int
        Training texts.
    gain : float
        Expected growth of accuracy, a fraction.
    low, high : float
        95 % interval of the growth. `low` may be negative: other texts, or other settings for more
        of them, cost a point now and then.
    """

    n_before: int
    n_after: int
    gain: float
    low: float
    high: float

    def to_dict(self) -> GrowthEntry:
        """Return plain values."""
        return {
            "n_before": self.n_before,
            "n_after": self.n_after,
            "gain": self.gain,
            "low": self.low,
            "high": self.high,
        }


def predict_growth(
    curve: LearningCurve,
    n_before: int,
    n_after: int,
    *,
    rows: np.ndarray | None = None,
    seed: int = 0,
) -> Growth:
    """Predict how much accuracy grows.

    Parameters
    ----------
    curve : LearningCurve
    n_before, n_after : int
        Training texts.
    rows : bool array of shape (n_judged,), optional
        Only these judged texts, such as those of one label: then it is their recall. None: all.
    seed : int
        Seed of the draws behind the interval.
    """
    correct = curve.correct
    if rows is not None:
        correct = correct[:, rows]
    n_judged = correct.shape[1]
    # Half a text is added to the right and to the wrong ones, for the logarithm.
    shares = (correct.sum(axis=1) + 0.5) / (n_judged + 1)
    log_odds = np.log(shares / (1 - shares))
    sizes = np.array(curve.n_fitted, dtype=np.float64)
    of_parts = _weights_of_parts(sizes)
    rise, last = float(of_parts @ log_odds), log_odds[-1]
    spread = _spread(correct, shares, sizes, of_parts)
    carried_on = CARRIED_ON - shares[-1]

    def grow(rises: np.ndarray) -> np.ndarray:
        # No learner of ours gets worse with more texts: a fall is chance.
        upwards = np.maximum(0.0, rises)
        before = last + upwards * np.log2(n_before / sizes[-1])
        after = last + upwards * np.log2(n_after / sizes[-1])
        grown: np.ndarray = sigmoid(after) - sigmoid(before)
        return grown

    gain = float(grow(np.array(carried_on * rise)))
    rng = np.random.default_rng(seed)
    drawn = rng.normal(rise, spread, N_DRAWS) * rng.normal(carried_on, SPREAD, N_DRAWS)
    quantiles = np.quantile(grow(drawn), [OUTSIDE, 1 - OUTSIDE])
    below, above = gain - min(gain, float(quantiles[0])), max(gain, float(quantiles[1])) - gain
    # All that can be gained is the share of wrong answers
    most = max(gain, 1 - float(sigmoid(last)))
    low, high = gain - math.hypot(below, FORM_ERROR), gain + math.hypot(above, FORM_ERROR)
    return Growth(n_before, n_after, gain, low, min(high, most))


def _weights_of_parts(sizes: np.ndarray) -> np.ndarray:
    """Return what the log-odds of each part count in their rise per doubling.

    For parts of 1, 2 and 4 texts the rise is 0.75 times (third - second) plus 0.25 times (second -
    first): the weights are -0.25, -0.5 and 0.75.
    """
    weights = np.zeros(len(sizes))
    counts = np.append(np.zeros(len(sizes) - 3), [1 - LAST_DOUBLING, LAST_DOUBLING])
    for i, weight in enumerate(counts / np.diff(np.log2(sizes))):
        weights[i] -= weight
        weights[i + 1] += weight
    return weights


def _spread(
    correct: np.ndarray, shares: np.ndarray, sizes: np.ndarray, of_parts: np.ndarray
) -> float:
    """Return the standard deviation of the rise per doubling, in log-odds.

    Models of all parts answer the same texts, so that most of the chance is shared and falls out of
    their differences.
    """
    covariance = np.cov(correct.astype(np.float64)) / correct.shape[1]
    covariance += np.diag(PART_NOISE**2 * 1000 / sizes)
    slopes = of_parts / (shares * (1 - shares))
    return float(np.sqrt(slopes @ covariance @ slopes))
