"""What giving every label scores, beside scikit-learn, and a method that is no better than that."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from assay.catalogue import open_language
from assay.data.labels import LabelSet
from assay.evaluation.several_floor import find_several_guess, score_every_label
from assay.evaluation.several_scores import score_several

LABELS = LabelSet(("joy", "fear", "anger"), "multi")


def scores(probs, truth):
    """Score answers that are given from 0.5 on."""
    predicted = (probs >= 0.5).astype(np.int64)
    return score_several(truth, probs, predicted, LABELS, np.full(3, 0.5), seed=0)


@pytest.fixture
def truth():
    """Draw a frequent label, a rare one and one that no text has."""
    return (np.random.default_rng(1).random((300, 3)) < [0.3, 0.05, 0.0]).astype(np.int64)


@pytest.mark.parametrize("metric", ["macro-f1", "micro-f1"])
def test_score_is_that_of_scikit_learn(truth, metric):
    """Macro F1 leaves out the label that no text has."""
    found = score_every_label(scores(truth * 0.8, truth), metric=metric)
    own = truth[:, :2] if metric == "macro-f1" else truth
    average = metric.removesuffix("-f1")
    assert found == pytest.approx(f1_score(own, np.ones_like(own), average=average))


@pytest.mark.parametrize("metric", ["macro-f1", "micro-f1", "accuracy"])
def test_only_a_method_that_knows_nothing_is_doubted(truth, metric):
    """A run without `majority` had no word on a macro F1 that guessing reaches."""
    guesses = np.random.default_rng(2).random((300, 3))
    (fact,) = find_several_guess(scores(guesses, truth), metric=metric)
    said = open_language("en").tell(fact)
    assert said.startswith("macro F1 is" if metric == "macro-f1" else "micro F1 is")
    assert "not shown to be better than giving every label to every text" in said
    assert not find_several_guess(scores(truth * 0.8, truth), metric=metric)
