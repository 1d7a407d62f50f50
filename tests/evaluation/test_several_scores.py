"""Scores of several labels per text, against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics

from assay.data.labels import LabelSet
from assay.evaluation.several_scores import AnswerCounts, average_precision, draw_f1, score_several

LABELS = LabelSet(("a", "b", "c", "d"), "multi")
THRESHOLDS = np.full(4, 0.5)


def draw(seed: int, n_texts: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return truth, scores with ties, and predictions; one label is never true."""
    rng = np.random.default_rng(seed)
    truth = (rng.random((n_texts, 4)) < [0.5, 0.2, 0.05, 0.0]).astype(np.int64)
    probs = np.round(np.clip(0.3 * truth + 0.7 * rng.random((n_texts, 4)), 0, 1), 2)
    return truth, probs, (probs >= 0.5).astype(np.int64)


@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_scikit_learn(seed: int) -> None:
    """Every score, of all labels and of each."""
    truth, probs, predicted = draw(seed)
    scores = score_several(truth, probs, predicted, LABELS, THRESHOLDS, seed=0, n_resamples=5)
    for average in ("micro", "macro", "weighted"):
        expected = metrics.f1_score(truth, predicted, average=average, zero_division=0)
        assert getattr(scores, f"f1_{average}") == pytest.approx(expected, abs=1e-6)
    assert scores.exact_match == pytest.approx(metrics.accuracy_score(truth, predicted), abs=1e-6)
    assert scores.hamming_loss == pytest.approx(metrics.hamming_loss(truth, predicted))
    ranking = metrics.label_ranking_average_precision_score(truth, probs)
    assert scores.ranking_precision == pytest.approx(ranking)
    table = metrics.precision_recall_fscore_support(truth, predicted, zero_division=0)
    for i, one in enumerate(scores.per_label):
        found = (one.precision, one.recall, one.f1, one.n_texts)
        assert found == pytest.approx([column[i] for column in table], abs=1e-6)
    for i in range(3):
        expected = metrics.average_precision_score(truth[:, i], probs[:, i])
        assert average_precision(truth[:, i], probs[:, i]) == pytest.approx(expected)
    assert scores.per_label[3].average_precision is None


def test_intervals_hold_the_score_and_shrink_with_texts() -> None:
    """The interval is around the score; four times the texts halve it, nearly."""
    widths = []
    for n_texts in (300, 1200):
        truth, probs, predicted = draw(0, n_texts)
        scores = score_several(truth, probs, predicted, LABELS, THRESHOLDS, seed=0)
        low, high = scores.intervals["f1_micro"]
        assert low < scores.f1_micro < high
        widths.append(high - low)
    assert widths[0] / widths[1] == pytest.approx(2, rel=0.35)


def test_draws_of_two_methods_are_paired() -> None:
    """The same seed gives the same weights: equal answers have equal draws."""
    truth, _, predicted = draw(1)
    groups = np.arange(len(truth)) // 2
    one = draw_f1(AnswerCounts(truth, predicted), seed=3, n_draws=20, groups=groups)
    other = draw_f1(AnswerCounts(truth, predicted), seed=3, n_draws=20, groups=groups)
    assert np.array_equal(one.macro, other.macro)


def test_perfect_answers_are_perfect() -> None:
    """Texts without any label can be right too."""
    truth = np.array([[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 1]])
    scores = score_several(truth, truth * 1.0, truth, LABELS, THRESHOLDS, seed=0, n_resamples=5)
    assert (scores.exact_match, scores.f1_micro, scores.f1_macro) == (1.0, 1.0, 1.0)
    assert scores.ece == 0.0


def test_perfect_answers_are_not_proven_perfect() -> None:
    """Without a mistake in 20 texts no interval has the width zero, that of a label of 5 is wide."""
    truth = np.zeros((20, 2), dtype=np.int64)
    truth[:5, 0] = truth[5:, 1] = 1
    labels = LabelSet(("rare", "frequent"), "multi")
    scores = score_several(truth, truth * 0.9, truth, labels, np.full(2, 0.5), seed=0)
    low = {metric: interval[0] for metric, interval in scores.intervals.items()}
    assert low["f1_micro"] == low["exact_match"] == pytest.approx(0.8389, abs=1e-4)
    assert low["f1_macro"] == pytest.approx(0.7961, abs=1e-4)  # worth 15 texts
    rare, frequent = scores.per_label
    assert rare.f1_interval == (pytest.approx(0.5655, abs=1e-4), 1.0)
    assert frequent.f1_interval == (pytest.approx(0.7961, abs=1e-4), 1.0)


def test_label_without_texts_says_nothing() -> None:
    """It has no interval, and macro F1 is the mean over the labels that some text has or is given."""
    truth = np.zeros((20, 3), dtype=np.int64)
    truth[:10, 0] = truth[10:, 1] = 1
    labels = LabelSet(("a", "b", "absent"), "multi")
    scores = score_several(truth, truth * 0.9, truth, labels, np.full(3, 0.5), seed=0)
    assert scores.f1_macro == 1.0
    assert scores.per_label[2].f1_interval is None
    assert scores.to_dict()["per_label"][2]["f1_interval"] is None
    given = truth.copy()
    given[0, 2] = 1  # now it is given once, and wrongly
    scores = score_several(truth, truth * 0.9, given, labels, np.full(3, 0.5), seed=0)
    assert scores.f1_macro == pytest.approx(2 / 3)
