"""`majority`: always the most frequent class, whatever the text.

It is the floor that every score is read against.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from assay.models.estimator import TextClassifier, WrittenParts
from assay.training.context import FitContext
from assay.training.targets import Fitted

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

    Where a text may have several labels, the shares of the texts that have each label, with the
    threshold of each label chosen for F1 on validation, as for every method. Giving a label to all
    texts has an F1 of 2p / (1 + p) where the share p of them has it, and giving it to none has 0,
    so that labels are given to all texts unless they are very rare.

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
        """Choose the threshold of each label; do nothing where a text has one label.

        The shares stay as they are: they are the calibrated answer of a model that reads no text.
        """
        check_is_fitted(self, "classes_")
        if self.targets_.task == "single":
            return self
        return super().calibrate(X, y)

    def _fit_held_out(self, logits: np.ndarray, targets: np.ndarray) -> Fitted:
        return self.targets_.choose(logits, targets)

    def write_parts(self, root: Path, order: np.ndarray) -> WrittenParts:
        """Keep the class shares in the manifest; there are no other files."""
        return WrittenParts(parameters={"priors": list(map(float, self.priors_[order]))})
