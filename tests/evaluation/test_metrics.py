"""Tests of assay.evaluation.metrics: scores equal scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given, settings

from _support.predictions import make_labels, one_hot, predictions
from assay.errors import InputError
from assay.evaluation.metrics import score_predictions

oracle = pytest.importorskip("sklearn.metrics")


@settings(max_examples=80, deadline=None)
@given(predictions())
def test_scores_equal_sklearn(case):
    """Every metric equals scikit-learn's under zero_division=0, absent classes included."""
    n_classes, true, predicted = case
    scores = score_predictions(
        true, one_hot(predicted, n_classes), make_labels(n_classes), seed=0, n_resamples=5
    )
    precision, recall, f1, support = oracle.precision_recall_fscore_support(
        true, predicted, labels=range(n_classes), zero_division=0
    )
    assert scores.accuracy == pytest.approx(oracle.accuracy_score(true, predicted))
    assert scores.f1_weighted == pytest.approx(
        oracle.f1_score(true, predicted, average="weighted", zero_division=0)
    )
    assert scores.f1_macro == pytest.approx(
        oracle.f1_score(true, predicted, average="macro", zero_division=0)
    )
    assert [c.precision for c in scores.per_class] == pytest.approx(precision.tolist())
    assert [c.recall for c in scores.per_class] == pytest.approx(recall.tolist())
    assert [c.f1 for c in scores.per_class] == pytest.approx(f1.tolist())
    assert [c.n_texts for c in scores.per_class] == support.tolist()
    assert np.array_equal(
        scores.confusion, oracle.confusion_matrix(true, predicted, labels=range(n_classes))
    )


def test_per_class_absent_class_keeps_zeros():
    """A class without texts and without predictions is listed, with zeros and no interval."""
    scores = score_predictions(np.array([0, 1]), one_hot([0, 1], 3), make_labels(3), seed=0)
    absent = scores.per_class[2]
    assert (absent.n_texts, absent.precision, absent.recall, absent.f1, absent.f1_interval) == (
        0,
        0,
        0,
        0,
        None,
    )
    assert scores.f1_macro == 1.0


@pytest.mark.parametrize(
    ("ids", "probs", "match"),
    [
        ([], np.empty((0, 2)), "at least one text"),
        ([0, 2], np.eye(2), "whole numbers from 0 to 1"),
        ([0, -1], np.eye(2), "whole numbers from 0 to 1"),
        ([0.0, 1.0], np.eye(2), "dtype float64"),
        ([0, 1], np.eye(3), r"shape \(3, 3\); \(2, 2\) is accepted"),
        ([0, 1], np.array([[4.0, -3.0], [0.5, 0.5]]), "not probabilities"),
        ([0, 1], np.array([[np.nan, 1.0], [0.5, 0.5]]), "not probabilities"),
        ([0, 1], np.array([[97.0, 3.0], [50.0, 50.0]]), "not probabilities"),
    ],
)
def test_score_predictions_refuses_what_is_no_prediction(ids, probs, match):
    """Empty splits, foreign ids, wrong shapes, logits, NaN and percentages are refused with a sentence."""
    with pytest.raises(InputError, match=match):
        score_predictions(np.array(ids), probs, make_labels(2), seed=0)


def test_score_predictions_refuses_no_resamples():
    """A bootstrap needs at least one resample."""
    with pytest.raises(InputError, match="n_resamples is 0"):
        score_predictions(np.array([0]), np.eye(2)[:1], make_labels(2), seed=0, n_resamples=0)


def test_score_predictions_takes_lists_and_float32():
    """Lists and float32 are as good as arrays of float64."""
    probs = np.array([[0.9, 0.1], [0.4, 0.6]], dtype=np.float32)
    scores = score_predictions([0, 1], probs, make_labels(2), seed=0)
    assert scores.accuracy == 1.0
    assert isinstance(scores.confusion[0][0], int)
