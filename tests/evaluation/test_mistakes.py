"""The worst mistakes and the most frequent confusions."""

import math

import numpy as np
import pytest

from assay.data.labels import LabelSet
from assay.errors import InputError
from assay.evaluation.metrics import count_confusion
from assay.evaluation.mistakes import costly_confusions, surest_mistakes, worst_mistakes

LABELS = LabelSet(("a", "b", "c"))
PROBS = np.array(
    [[0.6, 0.3, 0.1], [0.9, 0.05, 0.05], [0.1, 0.2, 0.7], [0.5, 0.4, 0.1], [1.0, 0.0, 0.0]]
)
TRUE = np.array([0, 1, 0, 1, 2])
TEXTS = ["right", "sure and wrong", "wrong", "hardly wrong", "no score at all"]
LINES = [1, 3, 4, 5, 9]


def test_worst_mistakes_come_by_loss():
    """Wrong texts only, highest loss first, with their source lines, labels and scores."""
    found = worst_mistakes(TEXTS, LINES, TRUE, PROBS, LABELS)
    assert [m.line for m in found] == [9, 3, 4, 5]
    assert (found[1].text, found[1].label, found[1].predicted_label) == ("sure and wrong", "b", "a")
    assert (found[1].label_score, found[1].predicted_score) == (0.05, 0.9)
    assert found[1].loss == pytest.approx(-math.log(0.05))
    assert math.isfinite(found[0].loss)


def test_surest_mistakes_come_by_the_score_of_the_wrong_label():
    """Not by loss; each says its split, and whether the model was trained on it."""
    probs = np.array([[0.2, 0.8, 0.0], [0.01, 0.5, 0.49], [0.1, 0.9, 0.0], [0.6, 0.3, 0.1]])
    found = surest_mistakes(
        ["a", "b", "c", "d"],
        [5, 6, 7, 8],
        np.array([0, 0, 0, 0]),
        probs,
        LABELS,
        splits=["train", "train", "validation", "validation"],
        seen=np.array([True, False, False, False]),
    )
    assert [one.text for one in found] == ["c", "a", "b"]
    assert [one.split for one in found] == ["validation", "train", "train"]
    assert [one.is_trained_on for one in found] == [False, True, False]
    assert found[1].to_dict()["trained_on"] is True
    assert "trained_on" not in found[0].to_dict()


def test_worst_mistakes_are_limited_and_ties_keep_row_order():
    """At most n are returned; equal losses are in row order."""
    probs = np.tile([0.8, 0.1, 0.1], (4, 1))
    found = worst_mistakes(
        ["w", "x", "y", "z"], [4, 3, 2, 1], np.array([1, 0, 2, 1]), probs, LABELS, n=2
    )
    assert [m.text for m in found] == ["w", "y"]


def test_worst_mistakes_of_a_perfect_model_are_none():
    """Without a mistake the list is empty."""
    assert worst_mistakes(["x"], [1], np.array([0]), PROBS[:1], LABELS) == []


def test_worst_mistakes_refuses_lengths_that_differ():
    """Texts and line numbers must be as many as predictions."""
    with pytest.raises(InputError, match="1 texts, 5 line numbers and 5 label ids"):
        worst_mistakes(["x"], LINES, TRUE, PROBS, LABELS)


def test_mistake_to_dict_is_plain():
    """A mistake becomes plain values, text included."""
    plain = worst_mistakes(TEXTS, LINES, TRUE, PROBS, LABELS, n=1)[0].to_dict()
    assert plain["line"] == 9
    assert type(plain["loss"]) is float
    assert set(plain) == {
        "line",
        "text",
        "label",
        "predicted_label",
        "label_score",
        "predicted_score",
        "loss",
    }


def test_costly_confusions_come_by_count():
    """Pairs come by count with their fractions.

    The diagonal and pairs that never occurred are left out.
    """
    confusion = count_confusion([0, 0, 0, 0, 1, 1, 2], [0, 1, 1, 1, 1, 0, 2], n_classes=3)
    found = costly_confusions(confusion, LABELS)
    assert [(c.label, c.predicted_label, c.n_texts) for c in found] == [
        ("a", "b", 3),
        ("b", "a", 1),
    ]
    assert (found[0].fraction_of_label, found[0].fraction_of_mistakes) == (0.75, 0.75)
    assert (found[1].fraction_of_label, found[1].fraction_of_mistakes) == (0.5, 0.25)


def test_costly_confusions_leave_their_input_alone():
    """The confusion matrix that was passed keeps its diagonal."""
    confusion = np.array([[5, 1, 0], [0, 5, 0], [0, 0, 5]])
    costly_confusions(confusion, LABELS)
    assert confusion.trace() == 15


def test_costly_confusions_are_limited():
    """At most n pairs are returned, ties in LabelSet order."""
    found = costly_confusions(np.ones((3, 3), dtype=int), LABELS, n=2)
    assert [(c.label, c.predicted_label) for c in found] == [("a", "b"), ("a", "c")]


def test_costly_confusions_refuses_another_shape():
    """A matrix of other size than the labels is refused."""
    with pytest.raises(InputError, match=r"shape \(2, 2\); 3 rows"):
        costly_confusions([[1, 0], [0, 1]], LABELS)
