"""What more training texts would bring, from how accuracy grew so far.

With every doubling of the texts the log-odds of a right answer rise by about the same amount, a
little less each time. The rise of the last two doublings is carried on. Powers of the number of
texts with a floor (Hestness et al., 2017) have three numbers to fit, and predict worse from a few
noisy accuracies: "What more texts bring" in dev/LOG.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from assay.evaluation.learning_curve import LearningCurve
from assay.runtime.linear import sigmoid

__all__ = ["Growth", "GrowthEntry", "predict_growth"]

# The next doubling brings so much of the mean of the last two, give or take.
CARRIED_ON, SPREAD = 0.8, 0.25
# Accuracy also depends on which texts a part holds, by about so much times the square root of 1000
# over their number.
PART_NOISE = 0.006
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
        95 % interval of the growth.
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
    correct = curve.correct[[0, -1]]
    if rows is not None:
        correct = correct[:, rows]
    sizes = np.array([curve.n_fitted[0], curve.n_fitted[-1]], dtype=np.float64)
    n_judged = correct.shape[1]
    # Half a text is added to the right and to the wrong ones, for the logarithm.
    shares = (correct.sum(axis=1) + 0.5) / (n_judged + 1)
    first, last = np.log(shares / (1 - shares))
    n_doublings = np.log2(sizes[1] / sizes[0])
    rise = (last - first) / n_doublings
    spread = _spread(correct, shares, sizes) / n_doublings

    def grow(rises: np.ndarray) -> np.ndarray:
        # No learner of ours gets worse with more texts: a fall is chance.
        upwards = np.maximum(0.0, rises)
        before = last + upwards * np.log2(n_before / sizes[1])
        after = last + upwards * np.log2(n_after / sizes[1])
        grown: np.ndarray = sigmoid(after) - sigmoid(before)
        return grown

    gain = float(grow(np.array(CARRIED_ON * rise)))
    rng = np.random.default_rng(seed)
    drawn = rng.normal(rise, spread, N_DRAWS) * rng.normal(CARRIED_ON, SPREAD, N_DRAWS)
    low, high = np.quantile(grow(drawn), [OUTSIDE, 1 - OUTSIDE])
    return Growth(n_before, n_after, gain, min(gain, float(low)), max(gain, float(high)))


def _spread(correct: np.ndarray, shares: np.ndarray, sizes: np.ndarray) -> float:
    """Return the standard deviation of the rise from the first to the last part, in log-odds.

    Models of both parts answer the same texts, so that most of the chance is shared and falls out
    of their difference.
    """
    covariance = np.cov(correct.astype(np.float64)) / correct.shape[1]
    covariance += np.diag(PART_NOISE**2 * 1000 / sizes)
    slopes = np.array([-1.0, 1.0]) / (shares * (1 - shares))
    return float(np.sqrt(slopes @ covariance @ slopes))
