"""The classifier of `features` where a text may have several labels: one regression per label.

The regressions share their features, so all of them are fitted together: each step is two products
of matrices. One after the other they would take as many passes over the texts as there are labels.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import scipy.optimize
from sklearn.preprocessing import StandardScaler

from assay.data.labels import Task
from assay.models.head import AffineHead
from assay.runtime.linear import sigmoid
from assay.training.context import ClassWeight, weigh_labels
from assay.training.one_blas_thread import one_blas_thread

__all__ = ["HEADS", "SeveralHeads"]

MAX_ITERATIONS = 500
# Of the gradient's largest entry, for the mean loss of a text. A tenth of it takes two to three
# times as many steps and predicts other texts no better: "One regression per label" in dev/LOG.md.
TOLERANCE = 1e-4


class SeveralHeads:
    """Logistic regressions on features (n_texts, n_features), standardised.

    Parameters
    ----------
    C : float
        Inverse of the strength of the regularisation, as of `AffineHead`.
    class_weight : "balanced", mapping or None
        See `weigh_labels`.
    seed : int
        Accepted as `AffineHead` does; nothing is random here.

    Attributes
    ----------
    classes_ : int64 array of shape (n_labels,)
        The columns of the indicator.
    coef_ : float64 array of shape (n_labels, n_features)
        Weights of the features as they are, not standardised.
    intercept_ : float64 array of shape (n_labels,)
    n_features_in_ : int
    """

    def __init__(self, *, C: float = 0.1, class_weight: ClassWeight = None, seed: int = 0) -> None:
        self.C = C
        self.class_weight = class_weight
        self.seed = seed

    def fit(self, X: Any, y: np.ndarray) -> Self:
        """Learn the layer.

        Parameters
        ----------
        X : array of shape (n_texts, n_features)
        y : int array of shape (n_texts, n_labels)
            1 where a text has a label.
        """
        features = np.asarray(X)
        n_texts, n_labels = y.shape
        self.n_features_in_ = features.shape[1]
        self.classes_ = np.arange(n_labels)
        scaler = StandardScaler().fit(features)
        standard = scaler.transform(features)
        n_with = y.sum(axis=0)
        prior = np.log((n_with + 0.5) / (n_texts - n_with + 0.5))
        weights = weigh_labels(self.class_weight, self.classes_, y)
        problem = _Regressions(standard, y, weights, self.C)
        start = np.concatenate([np.zeros(n_labels * self.n_features_in_), prior])
        with one_blas_thread():
            found = scipy.optimize.minimize(
                problem.loss_and_slope,
                start,
                jac=True,
                method="L-BFGS-B",
                options={"maxiter": MAX_ITERATIONS, "gtol": TOLERANCE, "maxcor": 20},
            )
        coef, intercept = problem.split(found.x)
        # A label that all or no texts have has nothing to learn from: only the prior is known
        is_constant = (n_with == 0) | (n_with == n_texts)
        coef[is_constant], intercept[is_constant] = 0, prior[is_constant]
        self.coef_ = coef / scaler.scale_
        self.intercept_ = intercept - self.coef_ @ scaler.mean_
        return self

    def logits(self, X: Any) -> np.ndarray:
        """Return one logit per label, float64 of shape (n_texts, n_labels)."""
        logits: np.ndarray = np.asarray(X, dtype=np.float64) @ self.coef_.T + self.intercept_
        return logits


class _Regressions:
    """The loss of all regressions together, as a function of one long vector.

    Parameters
    ----------
    features : array of shape (n_texts, n_features)
    targets : array of shape (n_texts, n_labels)
    weights : array of shape (n_labels,), optional
        Weight of the texts that have each label.
    C : float
    """

    def __init__(
        self, features: np.ndarray, targets: np.ndarray, weights: np.ndarray | None, C: float
    ) -> None:
        self.features = features
        self.targets = targets.astype(features.dtype)
        self.weight_of_entry: Any = 1.0
        if weights is not None:
            self.weight_of_entry = 1 + self.targets * (weights - 1)
        self.pull = 1 / (C * len(features))
        self.n_labels = targets.shape[1]

    def split(self, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return weights of shape (n_labels, n_features) and the intercepts."""
        coef = vector[: -self.n_labels].reshape(self.n_labels, -1).copy()
        return coef, vector[-self.n_labels :].copy()

    def loss_and_slope(self, vector: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the mean log loss of a text with the pull on the weights, and its gradient."""
        coef, intercept = self.split(vector)
        dtype = self.features.dtype
        logits = self.features @ coef.T.astype(dtype) + intercept.astype(dtype)
        entries = np.logaddexp(0, logits) - self.targets * logits
        n_texts = len(logits)
        loss = (self.weight_of_entry * entries).sum(dtype=np.float64) / n_texts
        wrong = self.weight_of_entry * (sigmoid(logits) - self.targets) / n_texts
        slope = (self.features.T @ wrong.astype(dtype)).T + self.pull * coef
        loss += self.pull / 2 * float((coef**2).sum())
        return loss, np.concatenate([slope.ravel(), wrong.sum(axis=0, dtype=np.float64)])


HEADS: dict[Task, type[AffineHead | SeveralHeads]] = {
    "single": AffineHead,
    "multi": SeveralHeads,
}  # by task
