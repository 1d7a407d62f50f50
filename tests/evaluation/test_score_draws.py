"""Draws of the Bayesian bootstrap, held against plain formulas and scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from assay.evaluation.evidence import EvidencePredictions
from assay.evaluation.score_draws import draw_scores, score_evidence

RNG = np.random.default_rng(0)
LABEL_IDS = RNG.integers(0, 4, 400)
PREDICTED = np.where(RNG.random(400) < 0.7, LABEL_IDS, RNG.integers(0, 5, 400))


def test_scores_are_those_of_scikit_learn():
    """Accuracy and macro F1, also of a class that is only ever predicted."""
    predictions = EvidencePredictions.held_out(LABEL_IDS, PREDICTED)
    assert score_evidence(predictions, "accuracy") == np.mean(PREDICTED == LABEL_IDS)
    assert score_evidence(predictions, "micro-f1") == np.mean(PREDICTED == LABEL_IDS)
    expected = f1_score(LABEL_IDS, PREDICTED, average="macro", zero_division=0)
    assert score_evidence(predictions, "macro-f1") == pytest.approx(expected)


@pytest.mark.parametrize("metric", ["accuracy", "macro-f1"])
def test_draws_spread_around_the_score(metric):
    """Their mean is the score, and their spread that of a share of 400 texts."""
    predictions = EvidencePredictions.held_out(LABEL_IDS, PREDICTED)
    drawn = draw_scores({"linear": predictions}, metric, seed=0, n_draws=4000)["linear"]
    assert drawn.mean() == pytest.approx(score_evidence(predictions, metric), abs=0.01)
    assert 0.015 < drawn.std() < 0.04


def test_draws_of_accuracy_have_the_known_variance():
    """The variance of weighted shares is p (1 - p) / (n + 1)."""
    predictions = EvidencePredictions.held_out(LABEL_IDS, PREDICTED)
    drawn = draw_scores({"linear": predictions}, "accuracy", seed=1, n_draws=20_000)["linear"]
    p = predictions.accuracy
    assert drawn.var() == pytest.approx(p * (1 - p) / 401, rel=0.05)


@pytest.mark.parametrize("metric", ["accuracy", "macro-f1"])
def test_draws_are_paired(metric):
    """Two methods with the same predictions have the same score in every draw."""
    predictions = EvidencePredictions.held_out(LABEL_IDS, PREDICTED)
    drawn = draw_scores({"linear": predictions, "compact": predictions}, metric, seed=0, n_draws=50)
    assert np.array_equal(drawn["linear"], drawn["compact"])


def test_repeats_are_averaged():
    """A text that one of two divisions gets right counts half."""
    predictions = EvidencePredictions(
        "out_of_fold", np.zeros(4), np.array([[0] * 4, [1] * 4]), *[np.arange(4)] * 2
    )
    assert score_evidence(predictions, "accuracy") == 0.5
    drawn = draw_scores({"linear": predictions}, "accuracy", seed=0, n_draws=20)["linear"]
    assert drawn == pytest.approx(0.5)
