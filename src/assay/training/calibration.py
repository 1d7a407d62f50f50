"""What makes logits probabilities: a temperature for all classes, or a scale and shift per label.

Both are affine, so that they are folded into the last layer of what is saved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

__all__ = ["Calibration", "ScaleShift", "Temperature", "fit_scale_shift"]

# Strength of the pull of a label's scale towards the common one, in texts that have the label
PRIOR_TEXTS = 20.0
N_STEPS = 50  # of Newton; it converges in fewer than 20
RANGE = (0.01, 100.0)  # of a scale: beyond, the logits carry nothing to calibrate
LARGEST_SHIFT = 30.0
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
    targets = _smoothed(indicator)
    spread = max(float(np.abs(logits).mean()), TINY)
    scale, shift = np.full(n_labels, np.clip(1 / spread, *RANGE)), np.zeros(n_labels)
    scale, shift = _newton(logits, targets, scale, shift, pull=None)
    scale, shift = _newton(logits, targets, scale, shift, pull=_strength(indicator))
    return ScaleShift(scale, shift)


def _smoothed(indicator: np.ndarray) -> np.ndarray:
    """Return targets that are never quite 0 or 1, by the rule of succession, as Platt has them."""
    n_with = indicator.sum(axis=0)
    n_without = len(indicator) - n_with
    high, low = (n_with + 1) / (n_with + 2), 1 / (n_without + 2)
    smoothed: np.ndarray = np.where(indicator > 0, high, low)
    return smoothed


def _strength(indicator: np.ndarray) -> np.ndarray:
    """Return the weight of the pull relative to the texts that have each label, (n_labels,)."""
    strength: np.ndarray = PRIOR_TEXTS / np.maximum(indicator.sum(axis=0), 1)
    return strength


def _newton(
    logits: np.ndarray,
    targets: np.ndarray,
    scale: np.ndarray,
    shift: np.ndarray,
    *,
    pull: np.ndarray | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Minimise the log loss over scales and shifts with damped steps of Newton, all labels at once.

    Parameters
    ----------
    pull : array of shape (n_labels,), optional
        How strongly each scale is drawn to where it began, in the curvature of the loss there.
        None: all labels share one scale.
    """
    start, stiffness = scale, None
    for _ in range(N_STEPS):
        z = np.clip(logits * scale + shift, -LARGEST_SHIFT, LARGEST_SHIFT)
        probs = 1 / (1 + np.exp(-z))
        wrong, spread = probs - targets, probs * (1 - probs)
        slope_a, slope_b = (wrong * logits).sum(axis=0), wrong.sum(axis=0)
        h_aa = (spread * logits**2).sum(axis=0)
        h_ab, h_bb = (spread * logits).sum(axis=0), spread.sum(axis=0) + TINY
        # What is left of the scale's slope and curvature once the shift has followed it
        slope = slope_a - h_ab / h_bb * slope_b
        curve = h_aa - h_ab**2 / h_bb + TINY
        if pull is None:
            slope, curve = np.full_like(slope, slope.sum()), np.full_like(curve, curve.sum())
        else:
            stiffness = pull * curve if stiffness is None else stiffness
            slope = slope + stiffness * (scale - start)
            curve = curve + stiffness
        step = np.clip(slope / curve, -scale / 2, scale)
        scale = np.clip(scale - step, *RANGE)
        across = (slope_b - h_ab * step) / h_bb
        shift = np.clip(shift - np.clip(across, -1, 1), -LARGEST_SHIFT, LARGEST_SHIFT)
    return scale, shift
