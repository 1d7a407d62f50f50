"""`EvidencePredictions`: which texts, how often, and how many of them right."""

import numpy as np

from assay.evaluation.evidence import HELD_OUT, EvidencePredictions


def test_held_out_answers_count_their_rows():
    """Rows begin where the caller says, and texts are different unless groups say otherwise."""
    predictions = EvidencePredictions.held_out(
        np.array([0, 1, 1]), np.array([0, 0, 1]), first_row=10
    )
    assert (predictions.kind, predictions.n_texts, predictions.n_repeats) == (HELD_OUT, 3, 1)
    assert predictions.rows.tolist() == predictions.groups.tolist() == [10, 11, 12]
    assert predictions.correct.tolist() == [True, False, True]
    assert predictions.accuracy == 2 / 3


def test_only_keeps_the_rows_that_are_asked_for():
    """In their order, with groups."""
    predictions = EvidencePredictions.held_out(
        np.array([0, 1, 1]), np.array([0, 0, 1]), groups=np.array([5, 5, 7])
    )
    few = predictions.only(np.array([2, 0, 9]))
    assert few.rows.tolist() == [0, 2]
    assert few.groups.tolist() == [5, 7]
    assert few.correct.tolist() == [True, True]
