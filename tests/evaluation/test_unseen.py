"""Scores of the texts that a model was not trained on."""

import numpy as np
import pytest

from assay.evaluation.slices import score_slices
from assay.evaluation.unseen import UnseenScores
from assay.runtime.limits.wilson import wilson_interval

IS_IN = np.array([True, True, True, False])
CORRECT = np.array([True, False, True, True])


def test_only_new_texts_of_the_part_count():
    """Of three texts one was trained on; of the other two, one is right."""
    found = UnseenScores.among(IS_IN, CORRECT, np.array([True, False, False, False]))
    assert found == UnseenScores(2, 1)
    assert found.to_dict() == {
        "n_texts": 2,
        "accuracy": 0.5,
        "interval": list(wilson_interval(1, 2)),
    }


def test_part_without_new_texts_has_no_accuracy():
    """None, not zero."""
    found = UnseenScores.among(IS_IN, CORRECT, np.array([True, True, True, False]))
    assert found.to_dict() == {"n_texts": 0, "accuracy": None, "interval": None}


@pytest.mark.parametrize("seen", [None, np.zeros(4, dtype=bool)])
def test_nothing_is_said_where_nothing_was_trained_on(seen):
    """Then the score of the part is that of new texts."""
    assert UnseenScores.among(IS_IN, CORRECT, seen) is None


def test_slices_carry_the_scores_of_new_texts():
    """Every slice, whatever it is told apart by."""
    texts = ["one two", "it is not one two three four five"] * 20
    correct, seen = np.arange(40) % 3 > 0, np.arange(40) < 30
    found = score_slices(texts, correct, seen=seen)
    assert {one.kind for one in found} == {"length", "negation"}
    for one in found:
        assert one.n_texts == 20
        assert one.unseen.n_texts == 5
        assert "unseen" in one.to_dict()
    assert all(one.unseen is None for one in score_slices(texts, correct))
