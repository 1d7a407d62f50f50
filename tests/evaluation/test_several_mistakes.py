"""Where a model of several labels is wrong, on answers made by hand."""

import numpy as np
import pytest

from assay.data.labels import LabelSet
from assay.data.several_texts import SeveralLabelledTexts
from assay.evaluation.several_mistakes import find_missed_pairs, find_surprising, trace_thresholds
from assay.evaluation.several_scores import score_several
from assay.evaluation.several_scoring import SeveralScored

LABELS = LabelSet(("rude", "fun", "sad"), "multi")
TRUTH = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]] * 3)
PROBS = np.array([[0.9, 0.8, 0.1], [0.8, 0.3, 0.1], [0.1, 0.2, 0.05], [0.95, 0.1, 0.2]] * 3)


def scored() -> SeveralScored:
    """Return the answers at a threshold of one half."""
    predicted = (PROBS >= 0.5).astype(np.int64)
    names = tuple(tuple(LABELS.names[i] for i in np.flatnonzero(row)) for row in TRUTH)
    labelled = SeveralLabelledTexts(tuple(f"text {i}" for i in range(12)), names)
    scores = score_several(TRUTH, PROBS, predicted, LABELS, np.full(3, 0.5), seed=0)
    return SeveralScored(labelled, TRUTH, PROBS, predicted, scores, 1.0)


def test_most_surprising_texts_come_first():
    """Labels that are probably missing, then those that are probably too many."""
    found = find_surprising(scored(), LABELS.names)
    first = found[0]
    assert (first["kind"], first["label"], first["score"]) == ("missing", "rude", 0.95)
    assert (first["text"], first["labels"], first["predicted_labels"]) == ("text 3", [], ["rude"])
    extra = [one for one in found if one["kind"] == "extra"]
    assert [one["label"] for one in extra] == ["sad"] * 3 + ["fun"] * 3
    assert extra[0]["score"] == pytest.approx(0.05)


def test_pairs_that_are_missed_together_are_counted():
    """Six texts have both, three of them get both, and none gets none of the two."""
    (pair,) = find_missed_pairs(TRUTH, scored().predicted, LABELS.names)
    assert pair == {"labels": ["rude", "fun"], "n_texts": 6, "n_both": 3, "n_none": 0}


def test_pairs_without_a_miss_are_shown_after_the_others():
    """A report that left them out said that test has no other texts with two labels."""
    truth = np.array([[1, 1, 0]] * 2 + [[0, 1, 1]] * 3 + [[1, 0, 0]] * 2)
    predicted = truth.copy()
    predicted[0, 0] = 0
    pairs = find_missed_pairs(truth, predicted, LABELS.names)
    assert [(one["n_texts"], one["n_both"]) for one in pairs] == [(2, 1), (3, 3)]
    assert pairs[1]["labels"] == list(LABELS.names[1:])


def test_curves_are_of_the_worst_labels_with_enough_texts():
    """Recall falls with the threshold, and precision is unknown where nothing is given."""
    curves = trace_thresholds(TRUTH, PROBS, scored().scores.per_label)
    assert [curve["label"] for curve in curves] == ["fun", "rude"]  # sad has three texts
    recall = curves[0]["recall"]
    assert recall[0] == 1
    assert recall == sorted(recall, reverse=True)
    assert curves[0]["precision"][-1] is None
    half = next(i for i, one in enumerate(curves[0]["thresholds"]) if one >= 0.5)
    assert (curves[0]["precision"][half], recall[half]) == (1.0, 0.5)


def test_labels_without_a_mistake_have_no_threshold_to_look_at():
    """Panels of labels that are all right were called those with the lowest F1."""
    probs = np.where(TRUTH > 0, 0.9, 0.1)
    predicted = TRUTH.astype(np.int64)
    scores = score_several(TRUTH, probs, predicted, LABELS, np.full(3, 0.5), seed=0)
    assert trace_thresholds(TRUTH, probs, scores.per_label) == []
