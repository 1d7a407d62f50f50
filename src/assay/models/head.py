"""The classifier of `features`: logistic regression on standardised features.

Both steps are folded into one affine layer.
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

__all__ = ["AffineHead"]

MAX_ITERATIONS = 500
TOLERANCE = 1e-3


class AffineHead(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic regression on features (n_texts, n_features), standardised.

    Parameters
    ----------
    C : float
        Inverse of the regularisation's strength, on standardised features.
    class_weight : "balanced", mapping or None
        See `weigh_classes`.
    seed : int

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        ``np.unique(y)``.
    coef_ : float64 array of shape (n_classes, n_features)
    intercept_ : float64 array of shape (n_classes,)
        For features that are not standardised. Two classes have two rows: the log-odds, split in
        two halves.
    n_features_in_ : int

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

    def fit(self, X: Any, y: Any) -> Self:
        """Learn the layer.

        Raises
        ------
        DataError
            There is one class.
        ValueError
            The features are no finite matrix, or another number than the labels.
        """
        features, labels = validate_data(self, X, y)
        check_classification_targets(labels)
        self.classes_, label_ids = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise DataError(
                f"there is 1 class in {len(labels):,} rows; at least 2 classes are accepted"
            )
        weights = weigh_classes(self.class_weight, self.classes_, label_ids)
        scaler = StandardScaler().fit(features)
        regression = LogisticRegression(
            C=self.C,
            class_weight=None if weights is None else dict(enumerate(weights)),
            max_iter=MAX_ITERATIONS,
            tol=TOLERANCE,
            random_state=self.seed,
        )
        regression.fit(scaler.transform(features), label_ids)
        coef = regression.coef_ / scaler.scale_
        intercept = regression.intercept_ - coef @ scaler.mean_
        if len(coef) == 1:
            coef, intercept = (
                np.concatenate([-coef / 2, coef / 2]),
                np.concatenate([-intercept / 2, intercept / 2]),
            )
        self.coef_, self.intercept_ = coef, intercept
        return self

    def logits(self, X: Any) -> np.ndarray:
        """Return one logit per class, float64 of shape (n_texts, n_classes)."""
        check_is_fitted(self, "coef_")
        features = np.asarray(validate_data(self, X, reset=False), dtype=np.float64)
        logits: np.ndarray = features @ self.coef_.T + self.intercept_
        return logits

    def decision_function(self, X: Any) -> np.ndarray:
        """Return `logits`. For two classes, return the lead of the second, of shape (n_texts,).

        scikit-learn's classifiers do the same.
        """
        logits = self.logits(X)
        return logits[:, 1] - logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities.

        Float64 of shape (n_texts, n_classes). Rows sum to 1; columns are as `classes_`.
        """
        return softmax(self.logits(X))

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row."""
        best = self.logits(X).argmax(axis=1)
        predicted: np.ndarray = self.classes_[best]
        return predicted
