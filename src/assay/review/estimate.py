"""How right a model of the labels so far is, and what more labels would bring.

The estimate is out of fold, over the texts that were drawn at random: those that were chosen are
harder than most, and a text that a model was trained on says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assay.models.label_names import NamedLabels
from assay.runtime.limits.wilson import wilson_interval

__all__ = ["Estimate", "estimate_accuracy"]

MIN_RANDOM = 20  # random texts below which there is no estimate; the interval says how rough it is
N_FOLDS = 10
FEW_LABELS = 200  # up to so many, more folds: a model of nine tenths would know too little
N_FOLDS_OF_FEW = 20
CURVE_FRACTIONS = (0.25, 0.5)  # of the labels, beside all of them
N_CURVE_FOLDS = 5
N_MORE = 100  # labels of which the estimate says what they would bring
LEAST_GAIN = 0.01  # below that, it says that one can stop
MIN_LABELLED_TO_STOP = 100
C = 0.1  # as `features` has it


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
    gain : float or None
        What 100 more labels would add to the accuracy, 0 to 1; None where the curve does not tell.
    """

    n_labelled: int
    n_random: int
    n_right: int
    curve: tuple[tuple[int, float], ...] = ()
    gain: float | None = None

    @property
    def accuracy(self) -> float:
        """Share of the random texts that are right."""
        return self.n_right / self.n_random

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy, after Wilson."""
        return wilson_interval(self.n_right, self.n_random)

    @property
    def can_stop(self) -> bool:
        """Whether 100 more labels are expected to bring less than a point."""
        if self.gain is None or self.n_labelled < MIN_LABELLED_TO_STOP:
            return False
        return self.gain < LEAST_GAIN


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
    points = []
    for fraction in CURVE_FRACTIONS:
        right = _right_out_of_fold(
            features, ids, n_folds=N_CURVE_FOLDS, fraction=fraction, rng=rng, named=named
        )
        n_fitted = round(fraction * len(ids) * (1 - 1 / N_CURVE_FOLDS))
        points.append((n_fitted, float(right[drawn].mean())))
    points.append((round(len(ids) * (1 - 1 / n_folds)), estimate.accuracy))
    gain = _gain(points, len(ids))
    return Estimate(estimate.n_labelled, estimate.n_random, estimate.n_right, tuple(points), gain)


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


def _gain(points: Sequence[tuple[int, float]], n: int) -> float:
    """Return what more labels would bring: errors fall with one over the root of their number."""
    sizes = np.array([size for size, _ in points], dtype=np.float64)
    accuracies = np.array([accuracy for _, accuracy in points])
    slope, _ = np.polyfit(1 / np.sqrt(sizes), accuracies, 1)
    gain = slope * (1 / np.sqrt(n + N_MORE) - 1 / np.sqrt(n))
    return float(max(0.0, gain))
