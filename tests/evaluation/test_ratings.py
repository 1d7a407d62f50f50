"""Ratings: held to scikit-learn, and left out where labels are no ratings."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, confusion_matrix, mean_absolute_error

from assay.evaluation.ratings import score_ratings
from assay.evaluation.result import ClassScores, SplitScores

LABELS = ("1", "2", "3", "4", "5")


def test_scores_of_ratings_are_those_of_scikit_learn():
    """On random predictions that are often near the truth."""
    rng = np.random.default_rng(0)
    true = rng.integers(1, 6, 200)
    predicted = np.clip(true + rng.integers(-1, 3, 200), 1, 5)
    confusion = confusion_matrix(true, predicted, labels=[1, 2, 3, 4, 5])
    found = score_ratings(confusion, LABELS)
    assert found.mean_absolute_error == pytest.approx(mean_absolute_error(true, predicted))
    kappa = cohen_kappa_score(true, predicted, weights="quadratic")
    assert found.quadratic_weighted_kappa == pytest.approx(kappa)


def test_one_rating_alone_agrees():
    """There is nothing to disagree about."""
    found = score_ratings([[3, 0, 0], [0, 0, 0], [0, 0, 0]], ("1", "2", "3"))
    assert (found.mean_absolute_error, found.quadratic_weighted_kappa) == (0, 1)


def test_other_labels_have_no_such_scores():
    """Names, ids of classes, and a split without texts."""
    assert score_ratings([[1, 0], [0, 1]], ("neg", "pos")) is None
    assert score_ratings([[1, 0, 0], [0, 1, 0], [0, 0, 1]], ("0", "1", "2")) is None
    assert score_ratings([[0] * 3] * 3, ("1", "2", "3")) is None


def test_scores_of_a_split_tell_them():
    """They follow from the confusion matrix, so that old results have them too."""
    per_class = tuple(ClassScores(label, 1, 1.0, 1.0, 1.0) for label in ("1", "2", "3"))
    confusion = ((1, 0, 0), (0, 1, 0), (1, 0, 0))
    scores = SplitScores(3, 2 / 3, 0.6, 0.6, {}, per_class, confusion)
    assert scores.to_dict()["mean_absolute_error"] == pytest.approx(2 / 3)
    assert SplitScores.from_dict(scores.to_dict()) == scores
