"""`majority`: always the most frequent class, whatever the text.

It is the floor that every score is read against.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

from assay.models.estimator import TextClassifier, WrittenParts
from assay.training.context import FitContext

__all__ = ["Majority"]


class Majority(TextClassifier):
    """Give every text the class shares of the training set.

    The most frequent class has the highest score; where two are equally frequent, the first in
    `classes_` order wins, as in scikit-learn's ``DummyClassifier(strategy="prior")``.
    """

    method = "majority"

    def _fit(self, texts: list[str], label_ids: np.ndarray, context: FitContext) -> None:
        counts = np.bincount(label_ids, minlength=len(self.classes_))
        self.priors_ = counts / counts.sum()

    def decision_logits(self, X: Sequence[str]) -> np.ndarray:
        """Return the log of the class shares, the same row for each text."""
        return np.tile(np.log(self.priors_), (len(X), 1))

    def calibrate(self, X: Sequence[str], y: Sequence[object]) -> Self:
        """Do nothing: the shares are the calibrated answer of a model that reads no text."""
        return self

    def calibrate_on(self, logits: np.ndarray, label_ids: np.ndarray) -> Self:
        """Do nothing, as `calibrate`."""
        return self

    def write_parts(self, root: Path, order: np.ndarray) -> WrittenParts:
        """Keep the class shares in the manifest; there are no other files."""
        return WrittenParts(parameters={"priors": list(map(float, self.priors_[order]))})
