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


def _class_shares(label_ids: np.ndarray, n_classes: int) -> np.ndarray:
    counts = np.bincount(label_ids, minlength=n_classes)
    shares: np.ndarray = counts / counts.sum()
    return shares


def _label_shares(indicator: np.ndarray, n_labels: int) -> np.ndarray:
    """Return the share of the texts that have each label, never quite 0 or 1."""
    shares: np.ndarray = (indicator.sum(axis=0) + 0.5) / (len(indicator) + 1)
    return shares


SHARES = {"single": _class_shares, "multi": _label_shares}  # by task


class Majority(TextClassifier):
    """Give every text the class shares of the training set.

    Where a text may have several labels, the shares of the texts that have each label: labels that
    more than half of the texts have are given to all.

    The most frequent class has the highest score; where two are equally frequent, the first in
    `classes_` order wins, as in scikit-learn's ``DummyClassifier(strategy="prior")``.
    """

    method = "majority"

    def _fit(self, texts: list[str], label_ids: np.ndarray, context: FitContext) -> None:
        self.priors_ = SHARES[self.targets_.task](label_ids, len(self.classes_))

    def decision_logits(self, X: Sequence[str]) -> np.ndarray:
        """Return the logits of the class shares, the same row for each text."""
        logits = np.log(self.priors_)
        if self.targets_.task == "multi":
            logits = logits - np.log1p(-self.priors_)
        return np.tile(logits, (len(X), 1))

    def calibrate(self, X: Sequence[str], y: Sequence[object]) -> Self:
        """Do nothing: the shares are the calibrated answer of a model that reads no text."""
        return self

    def calibrate_on(
        self, logits: np.ndarray, label_ids: np.ndarray, *, names: Sequence[str]
    ) -> Self:
        """Do nothing, as `calibrate`."""
        return self

    def write_parts(self, root: Path, order: np.ndarray) -> WrittenParts:
        """Keep the class shares in the manifest; there are no other files."""
        return WrittenParts(parameters={"priors": list(map(float, self.priors_[order]))})
