"""How right a model of the labels so far is, and what more labels would bring.

The estimate is out of fold, over the texts that were drawn at random: those that were chosen are
harder than most, and a text that a model was trained on says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assay.evaluation.growth import PART_NOISE
from assay.models.label_names import NamedLabels
from assay.runtime.limits.wilson import wilson_interval

__all__ = ["MIN_RANDOM", "Estimate", "Forecast", "Slope", "estimate_accuracy"]

MIN_RANDOM = 20  # random texts below which there is no estimate; the interval says how rough it is
N_FOLDS = 10
FEW_LABELS = 200  # up to so many, more folds: a model of nine tenths would know too little
N_FOLDS_OF_FEW = 20
CURVE_FRACTIONS = (0.25, 0.5)  # of the labels, beside all of them
N_CURVE_FOLDS = 5
N_MORE = 100  # labels of which the estimate says what they would bring; fewer where fewer are left
LEAST_MORE = 10  # fewer bring nothing that a forecast could tell from nothing
N_DRAWS = 1_000  # of the random texts, for the interval of the forecast
OUTSIDE = 0.025  # of the draws, on either side of the interval
SHOWN_DIGITS = 3  # of a fraction: as the page shows accuracy and forecast, they add up to 1 at most
LEAST_GAIN = 0.01  # below that at the upper end of the interval, it says that one can stop
MIN_LABELLED_TO_STOP = 100
C = 0.1  # as `features` has it


@dataclass(frozen=True)
class Slope:
    """How steeply accuracy rises with minus one over the root of the number of labels.

    Parameters
    ----------
    expected, low, high : float
        What fits the curve best, and the 95 % interval of that.
    """

    expected: float
    low: float
    high: float


@dataclass(frozen=True)
class Forecast:
    """What more labels would add to the accuracy, which never goes over 1.

    Expected gain and accuracy together are at most 1, and so are the upper end of the one and the
    lower end of the other.

    Parameters
    ----------
    n_more : int
        Labels: 100, or all texts that are left.
    gain, low, high : float
        Expected gain, 0 to 1, and its 95 % interval.
    """

    n_more: int
    gain: float
    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """What the labels so far are worth.

    Parameters
    ----------
    n_labelled : int
        Texts with a label.
    n_random : int
        Those of them that were drawn at random: the accuracy is measured on these.
    n_right : int
        Random texts that a model without them labels as the person did.
    curve : tuple of (int, float)
        Number of labels and accuracy of a model that was trained on so many of them.
    slope : Slope or None
        None where there is no curve.
    n_chosen : int
        Those of the random texts that had been chosen before it was their turn.
    """

    n_labelled: int
    n_random: int
    n_right: int
    curve: tuple[tuple[int, float], ...] = ()
    slope: Slope | None = None
    n_chosen: int = 0

    @property
    def accuracy(self) -> float:
        """Share of the random texts that are right."""
        return self.n_right / self.n_random

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy, after Wilson."""
        return wilson_interval(self.n_right, self.n_random)

    def forecast(self, n_left: int) -> Forecast | None:
        """Return what more labels would bring; None if few texts are left, or there is no curve.

        Parameters
        ----------
        n_left : int
            Texts without a label.
        """
        n_more = min(N_MORE, n_left)
        if self.slope is None or n_more < LEAST_MORE:
            return None
        rise = 1 / np.sqrt(self.n_labelled) - 1 / np.sqrt(self.n_labelled + n_more)
        most = 1 - round(self.accuracy, SHOWN_DIGITS)
        most_at_best = 1 - round(self.interval[0], SHOWN_DIGITS)
        gain = np.clip(self.slope.expected * rise, 0.0, most)
        low = np.clip(self.slope.low * rise, 0.0, most)
        high = np.clip(self.slope.high * rise, 0.0, most_at_best)
        return Forecast(n_more, float(gain), float(low), float(high))

    def can_stop(self, n_left: int) -> bool:
        """Tell whether as many more labels as `forecast` is about bring less than a point for sure.

        The expected gain alone is too rough to stop by: "When to stop" in dev/LOG.md.
        """
        forecast = self.forecast(n_left)
        if forecast is None or self.n_labelled < MIN_LABELLED_TO_STOP:
            return False
        return forecast.high < LEAST_GAIN


def estimate_accuracy(
    features: np.ndarray,
    label_ids: Sequence[int] | np.ndarray,
    is_random: Sequence[bool] | np.ndarray,
    *,
    seed: int = 0,
    with_curve: bool = True,
    named: NamedLabels | None = None,
) -> Estimate | None:
    """Estimate the accuracy on texts of the pool.

    Parameters
    ----------
    features : array of shape (n_labelled, n_features)
    label_ids : int array of shape (n_labelled,)
    is_random : bool array of shape (n_labelled,)
        Which texts were drawn at random.
    seed : int
        Seed of the folds.
    with_curve : bool
        Also fit on parts of the labels, which takes as long again.
    named : NamedLabels, optional
        The names of labels, where models learn from them, too.

    Returns
    -------
    Estimate or None
        None below 20 random texts, and while there is one label only.
    """
    ids = np.asarray(label_ids)
    drawn = np.asarray(is_random, dtype=bool)
    if drawn.sum() < MIN_RANDOM or len(np.unique(ids)) < 2:
        return None
    rng = np.random.default_rng(seed)
    n_folds = N_FOLDS_OF_FEW if len(ids) <= FEW_LABELS else N_FOLDS
    is_right = _right_out_of_fold(
        features, ids, n_folds=n_folds, fraction=1.0, rng=rng, named=named
    )
    estimate = Estimate(len(ids), int(drawn.sum()), int(is_right[drawn].sum()))
    if not with_curve:
        return estimate
    points, of_drawn = [], []
    for fraction in CURVE_FRACTIONS:
        right = _right_out_of_fold(
            features, ids, n_folds=N_CURVE_FOLDS, fraction=fraction, rng=rng, named=named
        )
        n_fitted = round(fraction * len(ids) * (1 - 1 / N_CURVE_FOLDS))
        points.append((n_fitted, float(right[drawn].mean())))
        of_drawn.append(right[drawn])
    points.append((round(len(ids) * (1 - 1 / n_folds)), estimate.accuracy))
    of_drawn.append(is_right[drawn])
    slope = _fit_slope([size for size, _ in points], np.stack(of_drawn), rng)
    return replace(estimate, curve=tuple(points), slope=slope)


def _right_out_of_fold(
    features: np.ndarray,
    ids: np.ndarray,
    *,
    n_folds: int,
    fraction: float,
    rng: np.random.Generator,
    named: NamedLabels | None,
) -> np.ndarray:
    """Tell which texts a model labels right that was fitted on a fraction of the other folds."""
    is_right = np.zeros(len(ids), dtype=bool)
    for inside, outside in _folds(len(ids), n_folds, rng):
        fitted = inside[: max(2, round(fraction * len(inside)))]
        is_right[outside] = (
            _predict(features[fitted], ids[fitted], features[outside], named) == ids[outside]
        )
    return is_right


def _folds(
    n: int, n_folds: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the rows inside and outside of each fold's training, in random order."""
    order = rng.permutation(n)
    for fold in range(min(n_folds, n)):
        is_outside = np.arange(n) % n_folds == fold
        yield order[~is_outside], order[is_outside]


def _predict(
    features: np.ndarray, ids: np.ndarray, others: np.ndarray, named: NamedLabels | None
) -> np.ndarray:
    from assay.models.head import AffineHead  # here: it loads scikit-learn

    if len(np.unique(ids)) < 2:
        return np.full(len(others), ids[0])
    parts = (features, ids) if named is None else named.add_to(features, ids)
    return AffineHead(C=C).fit(*parts).predict(others)


def _fit_slope(sizes: Sequence[int], is_right: np.ndarray, rng: np.random.Generator) -> Slope:
    """Fit how accuracy rises: errors fall with one over the root of the number of labels.

    The interval is that of drawing the random texts again, the same ones for all sizes, and of
    how much the choice of some labels matters.

    Parameters
    ----------
    sizes : sequence of int
        Labels that the models of each point of the curve were fitted on.
    is_right : bool array of shape (n_sizes, n_random)
    rng : numpy.random.Generator
    """
    n_random = is_right.shape[1]
    roots = -1 / np.sqrt(np.array(sizes, dtype=np.float64))
    counts = rng.multinomial(n_random, np.full(n_random, 1 / n_random), size=N_DRAWS)
    drawn = counts @ is_right.T / n_random  # shape (N_DRAWS, n_sizes)
    drawn += rng.normal(size=drawn.shape) * PART_NOISE * np.sqrt(1000 / np.array(sizes))
    slopes = np.polyfit(roots, drawn.T, 1)[0]
    low, high = np.quantile(slopes, [OUTSIDE, 1 - OUTSIDE])
    expected = np.polyfit(roots, is_right.mean(axis=1), 1)[0]
    return Slope(float(expected), float(low), float(high))
