"""The head of `features` keeps scikit-learn's contract and is its scaler and regression, folded."""

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from assay.errors import DataError, InputError
from assay.models.head import AffineHead

# Every check passes; what may fail would be listed here with its reason.
EXPECTED_FAILURES: dict[str, str] = {}


@parametrize_with_checks(
    [AffineHead(), AffineHead(C=1.0, class_weight="balanced")],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
)
def test_head_keeps_the_contract(estimator, check):
    """All of scikit-learn's checks of a classifier over features."""
    check(estimator)


@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_head_is_the_scaled_regression(n_classes, class_weight):
    """Folding the scaler into the weights changes no probability, for two classes and for more."""
    X, y = make_classification(
        300,
        12,
        n_informative=6,
        n_classes=n_classes,
        weights=[0.7, *[0.3 / (n_classes - 1)] * (n_classes - 1)],
        random_state=0,
    )
    X = X * np.linspace(0.01, 100, 12) + 5
    pipeline = make_pipeline(
        StandardScaler(),
        LogisticRegression(
            C=0.1, class_weight=class_weight, max_iter=500, tol=1e-3, random_state=0
        ),
    ).fit(X, y)
    head = AffineHead(class_weight=class_weight).fit(X, y)
    np.testing.assert_allclose(head.predict_proba(X), pipeline.predict_proba(X), atol=1e-9)
    np.testing.assert_allclose(head.decision_function(X), pipeline.decision_function(X), atol=1e-7)


def test_one_class_and_unknown_weights_are_refused():
    """What cannot be learnt is said."""
    with pytest.raises(
        DataError, match="there is 1 class in 3 rows; at least 2 classes are accepted"
    ):
        AffineHead().fit(np.eye(3), ["joy"] * 3)
    with pytest.raises(
        InputError,
        match="class_weight is 'rare'; 'balanced', one weight per label, or None is accepted",
    ):
        AffineHead(class_weight="rare").fit(np.eye(4), ["joy", "sadness"] * 2)
