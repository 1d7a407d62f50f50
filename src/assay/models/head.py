"""The classifier of `features`: logistic regression on standardised features.

Standardising and regression are both affine, so that one affine layer holds them:
``coef @ ((x - mean) / scale) + intercept`` is ``(coef / scale) @ x`` plus a constant.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from assay.errors import DataError
from assay.runtime.linear import softmax
from assay.training.context import ClassWeight, weigh_classes
from assay.training.one_blas_thread import one_blas_thread

__all__ = ["AffineHead"]

MAX_ITERATIONS = 500
TOLERANCE = 1e-3


class AffineHead(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression on features (n_texts, n_features), standardised.

    Parameters
    ----------
    C : float
        Inverse of the strength of the regularisation of the standardised features' weights.
    class_weight : "balanced", mapping or None
        See `weigh_classes`.
    seed : int
        Seed of the solver.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        ``np.unique(y)``.
    coef_ : float64 array of shape (n_classes, n_features)
        Weights of the features as they are, not standardised.
    intercept_ : float64 array of shape (n_classes,)
    n_features_in_ : int

    Notes
    -----
    For two classes scikit-learn learns one row, the log-odds of the second class. Here each class
    has a row: minus half of the log-odds for the first, plus half for the second.

    Examples
    --------
    >>> head = AffineHead().fit([[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"])
    >>> head.predict([[0.5], [2.5]]).tolist()
    ['low', 'high']
    """

    def __init__(self, *, C: float = 0.1, class_weight: ClassWeight = None, seed: int = 0) -> None:
        self.C = C
        self.class_weight = class_weight
        self.seed = seed

    def fit(self, X: Any, y: Any, sample_weight: np.ndarray | None = None) -> Self:
        """Learn the layer.

        Parameters
        ----------
        X : array of shape (n_texts, n_features)
        y : array of shape (n_texts,)
        sample_weight : float array of shape (n_texts,), optional
            What each text counts, beside the weight of its class; 0 or more.

        Raises
        ------
        DataError
            There is only one class.
        ValueError
            The features are no matrix of finite numbers, or their rows are not as many as the
            labels.
        """
        features, labels = validate_data(self, X, y)
        check_classification_targets(labels)
        counts = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        scaler = StandardScaler().fit(features, sample_weight=counts)  # refuses bad weights
        features = scaler.transform(features)
        if counts is not None and counts.any():  # a text that counts nothing is as good as none
            features, labels, counts = (rows[counts > 0] for rows in (features, labels, counts))
        self.classes_, label_ids = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(
                f"there is 1 class in {len(labels):,} rows; at least 2 classes are accepted"
            )
        weights = weigh_classes(self.class_weight, self.classes_, label_ids, sample_weight=counts)
        weight_of_id = None if weights is None else dict(enumerate(weights))
        regression = LogisticRegression(
            C=self.C,
            class_weight=weight_of_id,
            max_iter=MAX_ITERATIONS,
            tol=TOLERANCE,
            random_state=self.seed,
        )
        with one_blas_thread():
            regression.fit(features, label_ids, sample_weight=counts)
        coef = regression.coef_ / scaler.scale_
        intercept = regression.intercept_ - coef @ scaler.mean_
        if len(coef) == 1:
            coef = np.concatenate([-coef / 2, coef / 2])
            intercept = np.concatenate([-intercept / 2, intercept / 2])
        self.coef_, self.intercept_ = coef, intercept
        return self

    def logits(self, X: Any) -> np.ndarray:
        """Return one logit per class, float64 of shape (n_texts, n_classes)."""
        check_is_fitted(self, "coef_")
        features = np.asarray(validate_data(self, X, reset=False), dtype=np.float64)
        logits: np.ndarray = features @ self.coef_.T + self.intercept_
        return logits

    def decision_function(self, X: Any) -> np.ndarray:
        """Return `logits`; for two classes the difference of the two, of shape (n_texts,).

        It is above 0 where the second class is more probable, as in scikit-learn's classifiers.
        """
        logits = self.logits(X)
        if len(self.classes_) == 2:
            difference: np.ndarray = logits[:, 1] - logits[:, 0]
            return difference
        return logits

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities, float64 of shape (n_texts, n_classes).

        Rows sum to 1; columns are in the order of `classes_`.
        """
        return softmax(self.logits(X))

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row."""
        best = self.logits(X).argmax(axis=1)
        predicted: np.ndarray = self.classes_[best]
        return predicted
