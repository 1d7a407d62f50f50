"""The linear support vector machine of `linear`, and the choice of its regularisation.

LIBLINEAR (Fan et al., 2008) through scikit-learn, and stochastic gradient descent (Zhang, 2004)
where LIBLINEAR's copies of the matrix would take gigabytes. Measurements behind the numbers:
dev/LOG.md, "Settings of linear", "Regularisation chosen by the data" and "A million texts".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import SGDClassifier
from sklearn.svm import LinearSVC

from assay import _env
from assay.models.term_settings import LARGE_TEXTS, MANY_CLASSES
from assay.training.context import ClassWeight, weigh_classes

__all__ = ["Machine", "choose_c", "fit_by_gradient", "fit_machine", "is_huge"]

TOLERANCE = 0.3  # of LIBLINEAR: as accurate as scikit-learn's 1e-4 in a quarter of the passes
# Of the one machine that separates many classes (Crammer and Singer, 2001), instead of one machine
# for each class against the rest
MANY_TOLERANCE = 0.5
# Texts times classes, at most, for one machine of many classes: it holds 12 bytes for each of them
MOST_CELLS = 30_000_000
# Inverse strengths of the regularisation to choose from. Noisy labels want the stronger one.
DEFAULT_C, NOISY_C = 1.0, 0.2
# Cells of the matrix, at most, for LIBLINEAR, which copies them twice: 28 bytes for each. About
# 250,000 tweets.
LIBLINEAR_CELLS = 40_000_000
GRADIENT_EPOCHS = 5
# The choice trains on so many texts, at most half of all, and compares on so many others
TRIAL_TEXTS, COMPARED_TEXTS = 8_000, 16_000
TRIAL_TOLERANCE = 1.0


class Machine:
    """One machine for texts with one label each.

    Parameters
    ----------
    class_weight : "balanced", mapping or None
    classes : array of shape (n_classes,)
    label_ids : int64 array of shape (n_texts,)
    seed : int
    """

    def __init__(
        self, class_weight: ClassWeight, classes: np.ndarray, label_ids: np.ndarray, seed: int
    ) -> None:
        weights = weigh_classes(class_weight, classes, label_ids)
        self.class_weight = None if weights is None else dict(enumerate(weights.tolist()))
        self.label_ids = label_ids
        self.seed = seed

    def choose_c(self, matrix: Any) -> float:
        """Choose C; see the function `choose_c`."""
        return choose_c(matrix, self.label_ids, class_weight=self.class_weight, seed=self.seed)

    def fit(self, matrix: Any, *, C: float) -> tuple[np.ndarray, np.ndarray]:
        """Return weights of shape (n_classes, n_terms) and the bias of each class."""
        machine = fit_machine(
            matrix, self.label_ids, C=C, class_weight=self.class_weight, seed=self.seed
        )
        bias = np.atleast_1d(machine.intercept_)[:, None]
        return _per_class(machine.coef_), _per_class(bias)[:, 0]


def _per_class(rows: np.ndarray) -> np.ndarray:
    """Return one row of weights per class.

    A machine of two classes has a single row: its margin is split in two halves.
    """
    return np.concatenate([-rows / 2, rows / 2]) if len(rows) == 1 else rows


def is_huge(matrix: Any) -> bool:
    """Say whether the texts are too many for LIBLINEAR."""
    return bool(matrix.nnz > LIBLINEAR_CELLS)


def fit_by_gradient(
    matrix: Any,
    truth: np.ndarray,
    *,
    C: float,
    class_weight: str | dict[int, float] | None,
    seed: int,
) -> SGDClassifier:
    """Fit one machine for each class without a copy of the matrix.

    Parameters
    ----------
    matrix : float32 CSR matrix of shape (n_texts, n_terms)
    truth : int array of shape (n_texts,)
        Classes of the texts.
    C : float
        Inverse of the regularisation's strength, as LIBLINEAR counts it.
    class_weight : "balanced" or dict of int to float, optional
    seed : int
    """
    machine = SGDClassifier(
        loss="modified_huber",  # LIBLINEAR's squared hinge, without its large steps
        alpha=1 / (C * matrix.shape[0]),
        max_iter=GRADIENT_EPOCHS,
        tol=None,
        class_weight=class_weight,
        n_jobs=_env.n_threads(),
        random_state=seed,
    )
    return machine.fit(matrix, truth)


def fit_machine(
    matrix: Any,
    label_ids: np.ndarray,
    *,
    C: float,
    class_weight: dict[int, float] | None,
    seed: int,
    tolerance: float | None = None,
) -> LinearSVC | SGDClassifier:
    """Fit one machine for each class, or one for all if there are many classes.

    So many texts and classes that one machine would take too much memory get one for each class.
    A huge matrix gets machines of the same kind from another solver.

    Parameters
    ----------
    matrix : CSR matrix of shape (n_texts, n_terms)
    label_ids : int array of shape (n_texts,)
    C : float
        Inverse of the regularisation's strength.
    class_weight : dict of int to float, optional
    seed : int
    tolerance : float, optional
        LIBLINEAR's stopping tolerance. None: chosen by the number of classes.
    """
    if is_huge(matrix):
        return fit_by_gradient(matrix, label_ids, C=C, class_weight=class_weight, seed=seed)
    n_classes = _n_classes(label_ids)
    is_many = n_classes > MANY_CLASSES and n_classes * len(label_ids) <= MOST_CELLS
    if tolerance is None:
        tolerance = MANY_TOLERANCE if is_many else TOLERANCE
    machine = LinearSVC(
        C=C,
        tol=tolerance,
        class_weight=class_weight,
        multi_class="crammer_singer" if is_many else "ovr",
        dual=True,  # the other, for more texts than terms, may learn a bias alone
        random_state=seed,
    )
    return machine.fit(matrix, label_ids)


def choose_c(
    matrix: Any, label_ids: np.ndarray, *, class_weight: dict[int, float] | None, seed: int
) -> float:
    """Choose C by accuracy on training texts that the trial did not train on.

    Small sets and many classes take the default: few texts decide nothing, and a machine for many
    classes is expensive. Huge ones take the stronger regularisation: gradient descent needs it
    where labels are noisy, and loses next to nothing where they are not.
    """
    if is_huge(matrix):
        return NOISY_C
    n_texts = len(label_ids)
    if n_texts < LARGE_TEXTS or _n_classes(label_ids) > MANY_CLASSES:
        return DEFAULT_C
    order = np.random.default_rng(seed).permutation(n_texts)
    n_trial = min(TRIAL_TEXTS, n_texts // 2)
    trial, compared = order[:n_trial], order[n_trial : n_trial + COMPARED_TEXTS]
    if len(np.unique(label_ids[trial])) < _n_classes(label_ids):
        return DEFAULT_C
    n_right = {}
    for C in (DEFAULT_C, NOISY_C):
        machine = fit_machine(
            matrix[trial],
            label_ids[trial],
            C=C,
            class_weight=class_weight,
            seed=seed,
            tolerance=TRIAL_TOLERANCE,
        )
        n_right[C] = int((machine.predict(matrix[compared]) == label_ids[compared]).sum())
    return NOISY_C if n_right[NOISY_C] > n_right[DEFAULT_C] else DEFAULT_C


def _n_classes(label_ids: np.ndarray) -> int:
    return int(label_ids.max()) + 1
