"""What makes logits probabilities: a temperature for all classes, or a scale and shift per label.

Both are affine, so that they are folded into the last layer of what is saved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from assay.runtime.linear import sigmoid
from assay.training.one_blas_thread import one_blas_thread

__all__ = ["Calibration", "ScaleShift", "Temperature", "fit_scale_shift"]

# Strength of the pull of a label's scale towards the common one, in texts that have the label
PRIOR_TEXTS = 20.0
MAX_STEPS = 200  # of the minimiser, which mostly takes fewer than 30
TOLERANCE = 1e-3  # of the slope, in units of curvature: a thousandth of a standard error
RANGE = (0.01, 100.0)  # of a scale: beyond, the logits carry nothing to calibrate
TINY = 1e-9  # keeps from dividing by zero where all logits of a label are equal


class Calibration(Protocol):
    """An affine map of logits."""

    def apply(self, logits: np.ndarray) -> np.ndarray:
        """Return calibrated logits, of the same shape (n_texts, n_classes)."""

    def fold(self, weights: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the last layer with the map inside.

        Parameters
        ----------
        weights : array of shape (n_features, n_classes)
        bias : array of shape (n_classes,)
        """


@dataclass(frozen=True)
class Temperature:
    """Divides all logits by one number."""

    value: float = 1.0

    def apply(self, logits: np.ndarray) -> np.ndarray:
        """Return the logits over the temperature."""
        divided: np.ndarray = logits / self.value
        return divided

    def fold(self, weights: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return weights and bias over the temperature."""
        return weights / self.value, bias / self.value


@dataclass(frozen=True)
class ScaleShift:
    """Multiplies the logits of each label by its scale and adds its shift.

    Parameters
    ----------
    scale, shift : float64 arrays of shape (n_labels,)
    """

    scale: np.ndarray
    shift: np.ndarray

    @classmethod
    def none(cls, n_labels: int) -> ScaleShift:
        """Return the map that changes nothing."""
        return cls(np.ones(n_labels), np.zeros(n_labels))

    def apply(self, logits: np.ndarray) -> np.ndarray:
        """Return ``scale * logits + shift``."""
        moved: np.ndarray = logits * self.scale + self.shift
        return moved

    def fold(self, weights: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return weights and bias of the scaled and shifted logits."""
        return weights * self.scale, bias * self.scale + self.shift


def fit_scale_shift(logits: np.ndarray, indicator: np.ndarray) -> ScaleShift:
    """Fit a scale and a shift per label, so that the labels are most likely (Platt, 1999).

    First one scale for all labels, with a shift for each; then each label gets a scale of its own,
    which is pulled towards the common one as if `PRIOR_TEXTS` texts more had the label and spoke
    for that. So a rare label keeps nearly the common scale, and a frequent one its own. A shift
    needs no such pull: it follows from how many texts have the label.

    Parameters
    ----------
    logits : array of shape (n_texts, n_labels)
    indicator : int array of shape (n_texts, n_labels)
        1 where a text has a label.
    """
    logits = np.asarray(logits, dtype=np.float64)
    n_texts, n_labels = logits.shape
    if not n_texts:
        return ScaleShift.none(n_labels)
    problem = _Platt(logits, _smoothed(indicator))
    width = max(float(problem.centred.std()), TINY)
    scale = np.full(n_labels, np.clip(1 / width, *RANGE))
    common, offset = problem.minimise(scale, problem.log_odds)
    stiffness = PRIOR_TEXTS / np.maximum(indicator.sum(axis=0), 1)
    stiffness *= problem.curvature(common, offset)
    scale, offset = problem.minimise(common, offset, stiffness=stiffness)
    return ScaleShift(scale, offset - scale * problem.centre)


def _smoothed(indicator: np.ndarray) -> np.ndarray:
    """Return targets that are never quite 0 or 1, by the rule of succession, as Platt has them."""
    n_with = indicator.sum(axis=0)
    n_without = len(indicator) - n_with
    high, low = (n_with + 1) / (n_with + 2), 1 / (n_without + 2)
    smoothed: np.ndarray = np.where(indicator > 0, high, low)
    return smoothed


class _Platt:
    """The log loss of all labels together, as a function of scales and shifts. It is convex.

    Logits are centred and parameters are given in units of their own curvature, so that a label of
    ten texts and one of ten thousand converge in the same steps. Steps of Newton did not: where a
    label was rare, they left the minimum for good.

    Parameters
    ----------
    logits : float64 array of shape (n_texts, n_labels)
    targets : float64 array of the same shape
        Above 0 and below 1.
    """

    def __init__(self, logits: np.ndarray, targets: np.ndarray) -> None:
        self.centre = logits.mean(axis=0)
        self.centred = logits - self.centre
        self.targets = targets
        share = targets.mean(axis=0)
        self.log_odds = np.log(share / (1 - share))
        self._weight = len(logits) * share * (1 - share)  # curvature of the loss along a shift

    def minimise(
        self, scale: np.ndarray, offset: np.ndarray, *, stiffness: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the scales and offsets (shifts of centred logits) with the smallest loss.

        Parameters
        ----------
        scale, offset : arrays of shape (n_labels,)
            Where to begin.
        stiffness : array of shape (n_labels,), optional
            How strongly each scale is drawn to where it began. None: all labels share one scale.
        """
        import scipy.optimize  # only training needs it

        n_labels = len(scale)
        n_scales = 1 if stiffness is None else n_labels
        weight = self._weight.sum(keepdims=True) if stiffness is None else self._weight
        start = scale[:n_scales]
        unit = np.concatenate([start / np.sqrt(weight), 1 / np.sqrt(self._weight)])

        def loss_and_slope(vector: np.ndarray) -> tuple[float, np.ndarray]:
            own = vector * unit
            scales, offsets = own[:n_scales], own[n_scales:]
            z = self.centred * scales + offsets
            # One exponential for both: exp(-|z|) never overflows, log(1 + exp(z)) is
            # max(z, 0) + log(1 + exp(-|z|)), and the sigmoid of z is 1 or exp(z) over 1 + exp(-|z|)
            small = np.exp(-np.abs(z))
            wrong = np.where(z >= 0, 1.0, small) / (1 + small) - self.targets
            loss = float((np.maximum(z, 0) + np.log1p(small) - self.targets * z).sum())
            slope = (wrong * self.centred).sum(axis=0)
            if stiffness is None:
                slope = slope.sum(keepdims=True)
            else:
                moved = scales - start
                loss += float((stiffness * moved**2).sum()) / 2
                slope = slope + stiffness * moved
            return loss, np.concatenate([slope, wrong.sum(axis=0)]) * unit

        begin = np.concatenate([start, offset]) / unit
        free = (None, None)
        bounds = [(low / u, high / u) for u in unit[:n_scales] for low, high in [RANGE]]
        with one_blas_thread():
            found = scipy.optimize.minimize(
                loss_and_slope,
                begin,
                jac=True,
                method="L-BFGS-B",
                bounds=[*bounds, *[free] * n_labels],
                options={"maxiter": MAX_STEPS, "gtol": TOLERANCE, "ftol": 0.0},
            )
        own = found.x * unit
        return np.broadcast_to(own[:n_scales], (n_labels,)).copy(), own[n_scales:]

    def curvature(self, scale: np.ndarray, offset: np.ndarray) -> np.ndarray:
        """Return the curvature of the loss along each scale once the shift has followed it."""
        probs = sigmoid(self.centred * scale + offset)
        spread = probs * (1 - probs)
        h_aa = (spread * self.centred**2).sum(axis=0)
        h_ab = (spread * self.centred).sum(axis=0)
        left: np.ndarray = np.maximum(h_aa - h_ab**2 / (spread.sum(axis=0) + TINY), 0) + TINY
        return left
