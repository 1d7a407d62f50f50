"""The results and their shape in results.json."""

import json

import numpy as np
import pytest

from assay.data.labels import LabelSet
from assay.evaluation.metrics import score_predictions
from assay.evaluation.result import ClassScores, SplitScores

LABELS = LabelSet(("기쁨", "10", 'a, "b"'))


@pytest.fixture
def scores():
    """Scores of a split in which one class is absent."""
    probs = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.6, 0.3, 0.1], [0.2, 0.7, 0.1]])
    return score_predictions(np.array([0, 1, 1, 1]), probs, LABELS, seed=0)


def test_split_scores_survive_json(scores):
    """What is written to JSON and read again is the same object."""
    assert (
        SplitScores.from_dict(json.loads(json.dumps(scores.to_dict(), ensure_ascii=False)))
        == scores
    )


def test_split_scores_have_the_documented_keys(scores):
    """The keys of results.json are the documented ones; there may be more."""
    plain = scores.to_dict()
    documented = [
        "n_texts",
        "accuracy",
        "f1_weighted",
        "f1_macro",
        "intervals",
        "per_class",
        "confusion",
    ]
    assert list(plain)[: len(documented)] == documented
    assert {"label", "n_texts", "precision", "recall", "f1"} <= set(plain["per_class"][0])
    assert set(plain["intervals"]) == {"accuracy", "f1_weighted", "f1_macro"}


def test_split_scores_read_documented_keys_alone(scores):
    """A results.json with nothing but the documented keys can be read."""
    plain = scores.to_dict()
    for extra in ("log_loss", "ece", "reliability"):
        del plain[extra]
    plain["per_class"] = [
        {k: v for k, v in row.items() if k != "f1_interval"} for row in plain["per_class"]
    ]
    read = SplitScores.from_dict(plain)
    assert read.accuracy == scores.accuracy
    assert read.log_loss is None
    assert read.per_class[0].f1_interval is None


def test_split_scores_ignore_unknown_keys(scores):
    """Keys that a later version adds do no harm."""
    assert SplitScores.from_dict({**scores.to_dict(), "later": 1}) == scores


def test_confusion_by_true_rows_sum_to_one_or_zero(scores):
    """Each row is the fractions of its true class; an absent class keeps zeros."""
    assert [sum(row) for row in scores.confusion_by_true] == pytest.approx([1.0, 1.0, 0.0])


def test_results_are_frozen(scores):
    """A result cannot be changed after the fact."""
    with pytest.raises(AttributeError, match="cannot assign"):
        scores.accuracy = 1.0
    with pytest.raises(AttributeError, match="cannot assign"):
        ClassScores("a", 1, 1.0, 1.0, 1.0).f1 = 0.0
