"""Tests of assay.evaluation.intervals.

They equal a bootstrap of texts, and never claim certainty.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from _support.predictions import make_labels, one_hot, predictions
from assay.data.labels import LabelSet
from assay.evaluation.intervals import score_interval, worth_of_macro
from assay.evaluation.metrics import count_confusion, score_predictions


def test_intervals_equal_a_bootstrap_of_texts():
    """Drawing rows of the confusion matrix gives the same as drawing texts within a class."""
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
    known = [one.f1_interval for one in scores.per_class if one.f1_interval is not None]
    assert all(0 <= low <= high <= 1 for low, high in known)
    assert len(known) == len(set(true.tolist()) | set(predicted.tolist()))


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


def test_constant_answers_have_an_interval():
    """If all texts of a label get the same answer, the number of texts per label is drawn too."""
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
    """Without a mistake in 50 texts all intervals are Wilson's: one in fourteen may still be wrong.

    Those of a label know of its own texts alone.
    """
    label_ids = np.repeat([0, 1], 25)
    scores = score_predictions(label_ids, np.eye(2)[label_ids], LabelSet(("a", "b")), seed=0)
    for metric in ("accuracy", "f1_weighted", "f1_macro"):
        assert scores.intervals[metric] == (pytest.approx(0.9287, abs=1e-4), 1.0)
    for one in scores.per_class:
        assert one.f1_interval == (pytest.approx(0.8668, abs=1e-4), 1.0)
    assert str(scores.log_loss) == "0.0"


def test_no_label_is_proven_perfect_or_hopeless():
    """A label that is always right, or never, has an interval, also beside labels with mistakes."""
    label_ids = np.repeat([0, 1, 2], [8, 40, 8])
    predicted = np.concatenate([[0] * 8, [1] * 30, [2] * 10, [1] * 8])
    scores = score_predictions(label_ids, one_hot(predicted, 3), make_labels(3), seed=0)
    always, _, never = scores.per_class
    assert (always.f1, never.f1) == (1.0, 0.0)
    assert always.f1_interval == (pytest.approx(0.6756, abs=1e-4), 1.0)
    assert never.f1_interval == (0.0, pytest.approx(0.2992, abs=1e-4))  # nothing of 9 texts


def test_rare_labels_make_macro_f1_worth_few_texts():
    """Two labels of equal size are worth all texts, of unequal size fewer, an absent one none."""
    assert worth_of_macro(np.array([50, 50]), np.array([50, 50])) == pytest.approx(100)
    assert worth_of_macro(np.array([90, 10, 0]), np.array([90, 10, 0])) == pytest.approx(36)
    assert worth_of_macro(np.array([0, 0]), np.array([0, 0])) == 0.0


@pytest.mark.parametrize("n_texts", [2, 5, 20, 200])
def test_a_mistake_never_makes_an_interval_begin_higher(n_texts):
    """Five texts with one mistake began at 66.7 %, five without any at 56.6 %."""
    label_ids = np.repeat([0, 1], [n_texts, n_texts])
    without = score_predictions(label_ids, one_hot(label_ids, 2), make_labels(2), seed=0)
    predicted = label_ids.copy()
    predicted[0] = 1
    with_one = score_predictions(label_ids, one_hot(predicted, 2), make_labels(2), seed=0)
    for before, after in zip(without.per_class, with_one.per_class, strict=True):
        assert after.f1 < before.f1
        assert after.f1_interval[0] <= before.f1_interval[0]
        assert after.f1_interval[1] <= before.f1_interval[1]
    assert with_one.intervals["accuracy"][0] <= without.intervals["accuracy"][0]


def test_a_hit_never_makes_an_interval_end_lower():
    """The other way round: one right answer to five texts is no proof of less than none."""
    resampled = np.array([0.01, 0.02] * 50)
    assert score_interval(resampled, 0.0, n_texts=5)[1] == pytest.approx(0.4345, abs=1e-4)
    assert score_interval(resampled, 0.015, n_texts=5)[1] >= 0.4345


def test_intervals_of_few_texts_hold_those_of_wilson():
    """Five right answers to six texts had an interval from 61 % on; Wilson's is 43.6 to 97.0 %."""
    resampled = np.array([0.7, 0.8, 0.9, 1.0] * 25)
    assert score_interval(resampled, 5 / 6, n_texts=6) == pytest.approx((0.4365, 1.0), abs=1e-4)
    assert score_interval(resampled, 5 / 6, n_texts=600) == pytest.approx((0.7, 1.0), abs=1e-4)
