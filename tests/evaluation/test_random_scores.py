"""Scores of random probabilities, against scikit-learn and against the definitions, text by text."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.data.labels import LabelSet
from assay.evaluation.calibration import measure_calibration
from assay.evaluation.metrics import score_predictions
from assay.evaluation.result import SplitScores

oracle = pytest.importorskip("sklearn.metrics")


@st.composite
def predictions(draw):
    """Draw labels and probabilities over 2-15 classes, sharp or flat, also of classes that no text has."""
    n_classes, n_texts = draw(st.integers(2, 15)), draw(st.integers(1, 80))
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    probs = rng.dirichlet(
        np.full(n_classes, draw(st.sampled_from([0.05, 1.0, 20.0]))), size=n_texts
    )
    probs = np.maximum(probs, 1e-6)
    return rng.integers(0, draw(st.integers(1, n_classes)), n_texts), probs / probs.sum(
        axis=1, keepdims=True
    )


def score(case):
    """Score a case with few resamples."""
    labels = LabelSet(tuple(str(i) for i in range(case[1].shape[1])))
    return score_predictions(*case, labels, seed=0, n_resamples=5)


@settings(max_examples=80, deadline=None)
@given(predictions())
def test_scores_of_probabilities_equal_scikit_learns(case):
    """Of the label with the highest score: accuracy, F1 of three kinds, confusion.

    Of the scores: log loss.
    """
    label_ids, probs = case
    predicted, ids = probs.argmax(axis=1), list(range(probs.shape[1]))
    found = score(case)
    assert found.n_texts == len(label_ids)
    assert found.accuracy == pytest.approx(oracle.accuracy_score(label_ids, predicted))
    for average in ("weighted", "macro"):
        expected = oracle.f1_score(label_ids, predicted, average=average, zero_division=0)
        assert getattr(found, f"f1_{average}") == pytest.approx(expected)
    by_class = oracle.f1_score(label_ids, predicted, average=None, labels=ids, zero_division=0)
    assert [one.f1 for one in found.per_class] == pytest.approx(by_class.tolist())
    np.testing.assert_array_equal(
        found.confusion, oracle.confusion_matrix(label_ids, predicted, labels=ids)
    )
    assert found.log_loss == pytest.approx(oracle.log_loss(label_ids, probs, labels=ids), rel=1e-6)


@settings(max_examples=80, deadline=None)
@given(predictions(), st.integers(1, 20))
def test_calibration_error_is_its_definition(case, n_bins):
    """Bin by bin, open below and closed above.

    The share of texts times the gap of mean score and accuracy.
    """
    label_ids, probs = case
    top, is_right = probs.max(axis=1), probs.argmax(axis=1) == label_ids
    error, kept = 0.0, []
    for i in range(n_bins):
        inside = (top > i / n_bins + 1e-10) & (top <= (i + 1) / n_bins + 1e-10)
        if inside.any():
            error += inside.mean() * abs(top[inside].mean() - is_right[inside].mean())
            kept.append(int(inside.sum()))
    found, bins = measure_calibration(label_ids, probs, n_bins=n_bins)
    assert found == pytest.approx(error, abs=1e-9)
    assert [one.n_texts for one in bins] == kept
    assert 0 <= found <= 1


@settings(max_examples=40, deadline=None)
@given(predictions(), st.integers(0, 1000))
def test_names_in_another_order_are_the_same_scores(case, seed):
    """Turning the order of the classes turns the rows by class and the confusion, and changes nothing else."""
    label_ids, probs = case
    order = np.random.default_rng(seed).permutation(probs.shape[1])
    position = np.argsort(order)
    here, there = score(case), score((position[label_ids], probs[:, order]))
    for metric in ("accuracy", "f1_weighted", "f1_macro", "log_loss", "ece"):
        assert getattr(there, metric) == pytest.approx(getattr(here, metric))
    np.testing.assert_array_equal(there.confusion, np.asarray(here.confusion)[np.ix_(order, order)])
    assert [one.f1 for one in there.per_class] == pytest.approx(
        [here.per_class[i].f1 for i in order]
    )


@settings(max_examples=40, deadline=None)
@given(predictions())
def test_any_scores_survive_json(case):
    """What results.json holds is read back as the same scores."""
    found = score(case)
    assert SplitScores.from_dict(found.to_dict()).to_dict() == found.to_dict()
