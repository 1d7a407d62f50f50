"""The linear machines of `linear` where a text may have several labels: one per label.

LIBLINEAR's L2 support vector machines, as for one label per text. Logistic regression was slower
and no better: "Several labels per text" in dev/LOG.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score
from sklearn.svm import LinearSVC

from assay.data.labels import Task
from assay.errors import InputError
from assay.models.machine import (
    COMPARED_TEXTS,
    DEFAULT_C,
    NOISY_C,
    TOLERANCE,
    TRIAL_TEXTS,
    Machine,
    fit_by_gradient,
    is_huge,
)
from assay.models.term_settings import LARGE_TEXTS
from assay.training.context import ClassWeight

__all__ = ["MACHINES", "SeveralMachines"]

TRIAL_LABELS = 20  # the most frequent labels, by which C is chosen


class SeveralMachines:
    """One machine per label.

    Parameters
    ----------
    class_weight : "balanced", mapping or None
        Balanced: texts with a label count as much as those without it. A mapping gives the weight
        of the texts that have each label.
    classes : array of shape (n_labels,)
    indicator : int64 array of shape (n_texts, n_labels)
    seed : int
    """

    def __init__(
        self, class_weight: ClassWeight, classes: np.ndarray, indicator: np.ndarray, seed: int
    ) -> None:
        self.indicator = indicator
        self.seed = seed
        self._weights = [_weight_of(class_weight, label) for label in classes.tolist()]

    def choose_c(self, matrix: Any) -> float:
        """Choose C by mean average precision on training texts that the trial did not train on.

        Small sets take the default: few texts decide nothing. Huge ones take the stronger
        regularisation, see `assay.models.machine.choose_c`.
        """
        if is_huge(matrix):
            return NOISY_C
        n_texts = len(self.indicator)
        if n_texts < LARGE_TEXTS:
            return DEFAULT_C
        order = np.random.default_rng(self.seed).permutation(n_texts)
        n_trial = min(TRIAL_TEXTS, n_texts // 2)
        trial, compared = order[:n_trial], order[n_trial : n_trial + COMPARED_TEXTS]
        frequent = np.argsort(-self.indicator.sum(axis=0), kind="stable")[:TRIAL_LABELS]
        # Cut once: each cut copies all terms of its texts, and there are two fits per label
        trial_rows, compared_rows = matrix[trial], matrix[compared]
        precision = {}
        for C in (DEFAULT_C, NOISY_C):
            found = []
            for label in frequent.tolist():
                coef, bias = self._fit_one(trial_rows, label, rows=trial, C=C)
                truth = self.indicator[compared, label]
                if truth.any():
                    margins = compared_rows @ coef + bias
                    found.append(average_precision_score(truth, margins))
            precision[C] = float(np.mean(found)) if found else 0.0
        return NOISY_C if precision[NOISY_C] > precision[DEFAULT_C] else DEFAULT_C

    def fit(self, matrix: Any, *, C: float) -> tuple[np.ndarray, np.ndarray]:
        """Return weights of shape (n_labels, n_terms) and the bias of each label."""
        rows = np.arange(len(self.indicator))
        n_labels = self.indicator.shape[1]
        coef, bias = np.zeros((n_labels, matrix.shape[1]), dtype=np.float32), np.zeros(n_labels)
        for label in range(n_labels):
            coef[label], bias[label] = self._fit_one(matrix, label, rows=rows, C=C)
        return coef, bias

    def _fit_one(
        self, matrix: Any, label: int, *, rows: np.ndarray, C: float
    ) -> tuple[np.ndarray, float]:
        """Fit one machine; a label that all or no texts have gets a constant answer."""
        truth = self.indicator[rows, label]
        if truth.all() or not truth.any():
            return np.zeros(matrix.shape[1]), 1.0 if truth.all() else -1.0
        weight = self._weights[label]
        if is_huge(matrix):
            fitted = fit_by_gradient(matrix, truth, C=C, class_weight=weight, seed=self.seed)
            return fitted.coef_[0], float(fitted.intercept_[0])
        machine = LinearSVC(
            C=C,
            tol=TOLERANCE,
            class_weight=weight,
            dual=True,  # see `fit_machine`
            random_state=self.seed,
        )
        machine.fit(matrix, truth)
        return machine.coef_[0], float(machine.intercept_[0])


def _weight_of(class_weight: ClassWeight, label: Any) -> str | dict[int, float] | None:
    if class_weight is None or class_weight == "balanced":
        return class_weight  # type: ignore[return-value]
    if not isinstance(class_weight, Mapping):
        raise InputError(
            f"class_weight is {class_weight!r}; "
            "'balanced', one weight per label, or None is accepted"
        )
    return {0: 1.0, 1: float(class_weight.get(label, 1.0))}


MACHINES: dict[Task, type[Machine | SeveralMachines]] = {
    "single": Machine,
    "multi": SeveralMachines,
}  # by task
