"""What the columns of a saved network are: labels in their order, calibrated logits, scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.data.labels import Task
from assay.runtime.limits.thresholds import Thresholds
from assay.training.calibration import Calibration

__all__ = ["Outputs"]


@dataclass(frozen=True)
class Outputs:
    """The columns of a saved network.

    Parameters
    ----------
    labels : tuple of str
        One per column.
    order : int array of shape (n_labels,)
        Which class of the trained network each column is.
    calibration : Calibration
        What calibrates the classes of the trained network, in their order.
    task : {"single", "multi"}
        Whether the scores of a text are those of one label, or of each label by itself.
    thresholds : Thresholds, optional
        From which score each label is given; None where a text has one label.
    """

    labels: tuple[str, ...]
    order: np.ndarray
    calibration: Calibration
    task: Task = "single"
    thresholds: Thresholds | None = None

    def fold(self, weights: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the last layer in the order of the columns, with the calibration inside.

        Parameters
        ----------
        weights : array of shape (n_classes, n_features)
        bias : array of shape (n_classes,)
        """
        folded, shifted = self.calibration.fold(weights.T, bias)
        return folded.T[self.order], shifted[self.order]
