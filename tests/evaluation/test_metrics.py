"""Scores against scikit-learn's, and intervals against a bootstrap of texts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.data.labels import LabelSet
from assay.errors import InputError
from assay.evaluation.metrics import (
    count_confusion,
    measure_calibration,
    measure_log_loss,
    score_predictions,
)

oracle = pytest.importorskip("sklearn.metrics")


def make_labels(n_classes):
    """Names that sort differently as text and as numbers."""
    return LabelSet(tuple(str(i) for i in range(n_classes)))


def one_hot(predicted_ids, n_classes):
    """Probabilities that put everything on the predicted label."""
    return np.eye(n_classes)[predicted_ids]


@st.composite
def predictions(draw):
    """Draw true and predicted ids over 2-13 classes, of which some may never occur."""
    n_classes = draw(st.integers(2, 13))
    ids = st.lists(st.tuples(*[st.integers(0, n_classes - 1)] * 2), min_size=1, max_size=60)
    pairs = np.array(draw(ids))
    return n_classes, pairs[:, 0], pairs[:, 1]


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
    """A class without texts and without predictions is listed, with zeros."""
    scores = score_predictions(np.array([0, 1]), one_hot([0, 1], 3), make_labels(3), seed=0)
    absent = scores.per_class[2]
    assert (absent.n_texts, absent.precision, absent.recall, absent.f1, absent.f1_interval) == (
        0,
        0,
        0,
        0,
        (0.0, 0.0),
    )
    assert scores.f1_macro == 1.0


def test_intervals_equal_a_bootstrap_of_texts():
    """Drawing rows of the confusion matrix gives the intervals that drawing texts within a class gives."""
    rng = np.random.default_rng(3)
    true = np.repeat([0, 1, 2], [400, 150, 50])
    predicted = np.where(rng.random(600) < 0.8, true, rng.integers(0, 3, 600))
    scores = score_predictions(
        true, one_hot(predicted, 3), make_labels(3), seed=0, n_resamples=4000
    )
    drawn = {"accuracy": [], "f1_weighted": [], "f1_macro": []}
    for _ in range(1500):
        rows = np.concatenate(
            [rng.choice(np.flatnonzero(true == c), int((true == c).sum())) for c in range(3)]
        )
        confusion = count_confusion(true[rows], predicted[rows], n_classes=3)
        hits, n_true, n_predicted = (
            np.diagonal(confusion),
            confusion.sum(axis=1),
            confusion.sum(axis=0),
        )
        f1 = 2 * hits / (n_true + n_predicted)
        drawn["accuracy"].append(hits.sum() / 600)
        drawn["f1_weighted"].append((f1 * n_true).sum() / 600)
        drawn["f1_macro"].append(f1.mean())
    for metric, values in drawn.items():
        assert scores.intervals[metric] == pytest.approx(
            np.quantile(values, [0.025, 0.975]), abs=0.006
        )


@settings(max_examples=40, deadline=None)
@given(predictions(), st.integers(0, 2**31))
def test_intervals_are_ordered_seeded_and_row_order_free(case, seed):
    """Intervals are within [0, 1], the same for the same seed, and do not depend on the order of texts."""
    n_classes, true, predicted = case
    labels = make_labels(n_classes)
    scores = score_predictions(
        true, one_hot(predicted, n_classes), labels, seed=seed, n_resamples=50
    )
    turned = score_predictions(
        true[::-1], one_hot(predicted[::-1], n_classes), labels, seed=seed, n_resamples=50
    )
    assert scores.intervals == turned.intervals
    assert all(0 <= low <= high <= 1 for low, high in scores.intervals.values())
    assert all(0 <= c.f1_interval[0] <= c.f1_interval[1] <= 1 for c in scores.per_class)


def test_intervals_narrow_with_more_texts():
    """A hundred times the texts give an interval about ten times narrower."""
    widths = []
    for n in (100, 10_000):
        true = np.arange(n) % 2
        predicted = np.where(np.arange(n) % 10 < 8, true, 1 - true)
        low, high = score_predictions(
            true, one_hot(predicted, 2), make_labels(2), seed=0
        ).intervals["accuracy"]
        widths.append(high - low)
    assert widths[0] / widths[1] == pytest.approx(10, rel=0.2)


def test_log_loss_equals_sklearn():
    """The log loss is scikit-learn's, also where a true label got no score at all."""
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(4), size=50).astype(np.float32)
    probs[0] = [1, 0, 0, 0]
    true = rng.integers(0, 4, 50)
    true[0] = 2
    probs /= probs.sum(axis=1, keepdims=True)
    assert measure_log_loss(true, probs) == pytest.approx(
        oracle.log_loss(true, probs, labels=range(4)), rel=1e-5
    )


def test_calibration_error_is_zero_when_scores_are_frequencies():
    """80 % sure and right 8 times of 10 is perfectly calibrated."""
    probs = np.tile([0.8, 0.2], (10, 1))
    ece, bins = measure_calibration(np.array([0] * 8 + [1] * 2), probs)
    assert ece == pytest.approx(0)
    assert [(b.n_texts, b.confidence, b.accuracy) for b in bins] == [(10, pytest.approx(0.8), 0.8)]


def test_calibration_error_is_the_gap_of_an_overconfident_model():
    """Always sure and right half of the time is an error of one half."""
    assert measure_calibration(np.array([0, 1]), one_hot([0, 0], 2))[0] == pytest.approx(0.5)


def test_calibration_error_equals_a_loop_over_bins():
    """The sum over bins equals the definition, written out."""
    rng = np.random.default_rng(1)
    probs = rng.dirichlet(np.ones(5) * 0.5, size=300)
    true = rng.integers(0, 5, 300)
    confidence, correct = probs.max(axis=1), probs.argmax(axis=1) == true
    expected = 0.0
    for low in np.arange(15) / 15:
        inside = (confidence > low) & (confidence <= low + 1 / 15)
        if inside.any():
            expected += inside.mean() * abs(confidence[inside].mean() - correct[inside].mean())
    ece, bins = measure_calibration(true, probs)
    assert ece == pytest.approx(expected)
    assert sum(b.n_texts for b in bins) == 300


@pytest.mark.parametrize(
    ("ids", "probs", "match"),
    [
        ([], np.empty((0, 2)), "at least one text"),
        ([0, 2], np.eye(2), "whole numbers from 0 to 1"),
        ([0, -1], np.eye(2), "whole numbers from 0 to 1"),
        ([0.0, 1.0], np.eye(2), "dtype float64"),
        ([0, 1], np.eye(3), r"shape \(3, 3\); \(2, 2\) is accepted"),
        ([0, 1], np.array([[4.0, -3.0], [0.5, 0.5]]), "no probabilities"),
        ([0, 1], np.array([[np.nan, 1.0], [0.5, 0.5]]), "no probabilities"),
        ([0, 1], np.array([[97.0, 3.0], [50.0, 50.0]]), "no probabilities"),
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


def test_constant_answers_have_an_interval():
    """Where a method answers the same to every text of a label, how many texts a label has is drawn too."""
    label_ids = np.repeat([0, 1], [600, 400])
    scores = score_predictions(
        label_ids, np.tile([0.6, 0.4], (1000, 1)), LabelSet(("a", "b")), seed=0
    )
    low, high = scores.intervals["accuracy"]
    standard_error = np.sqrt(0.6 * 0.4 / 1000)
    assert low == pytest.approx(0.6 - 1.96 * standard_error, abs=0.005)
    assert high == pytest.approx(0.6 + 1.96 * standard_error, abs=0.005)
    assert (
        scores.intervals["f1_weighted"][0] < scores.f1_weighted < scores.intervals["f1_weighted"][1]
    )


def test_perfect_answers_are_not_proven_perfect():
    """Without a mistake in 50 texts the interval of accuracy is Wilson's: one in fourteen may still be wrong."""
    label_ids = np.repeat([0, 1], 25)
    scores = score_predictions(label_ids, np.eye(2)[label_ids], LabelSet(("a", "b")), seed=0)
    assert scores.intervals["accuracy"] == (pytest.approx(0.9287, abs=1e-4), 1.0)
    assert str(scores.log_loss) == "0.0"
