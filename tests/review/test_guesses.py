"""What a model of few labels says: one label each, or all that are probable enough."""

import numpy as np
import pytest

from assay.review.guesses import Guesses, Known, Suggestion, fit_guesses


@pytest.fixture
def features():
    """Forty texts; the first feature is high for one half, the second for every second one."""
    rng = np.random.default_rng(0)
    places = np.arange(40)
    highs = np.stack([places < 20, places % 2 == 0, np.zeros(40)], axis=1)
    return (rng.normal(size=(40, 3)) + 8 * highs).astype(np.float32)


def labels_of(i):
    """Return the labels that the features tell, and one that no other text has."""
    found = [name for name, has in (("low", i < 20), ("even", i % 2 == 0)) if has]
    return (*found, "rare") if i == 39 else tuple(found)


def test_several_labels_have_a_classifier_each(features):
    """Both, one or none are suggested; a label that one text has never, one that all have always."""
    rows = np.arange(6, 40)
    labels = tuple((*labels_of(i), "always") for i in rows)
    known = Known(rows, labels, several=True)
    assert known.names == ("always", "even", "low")
    guesses = fit_guesses(features, known)
    for i in range(6):
        assert guesses.suggest(i).labels == tuple(sorted((*labels_of(i), "always")))
        assert 0.5 <= guesses.suggest(i).confidence <= 1.0
    assert guesses.unsure().shape == (40,)


def test_no_label_is_an_answer_where_there_are_several():
    """Without a confidence: there is no label to be sure of."""
    guesses = Guesses(np.array([[0.4, 0.1], [0.9, 0.6]]), ("a", "b"), several=True)
    assert guesses.suggest(0) == Suggestion(())
    assert guesses.suggest(1) == Suggestion(("a", "b"), 0.6)
    single = Guesses(np.array([[0.4, 0.6]]), ("a", "b"), several=False)
    assert single.suggest(0) == Suggestion(("b",), 0.6)


@pytest.mark.parametrize(
    ("labels", "can_fit"),
    [
        ((("a",), ()) * 4, True),
        ((("a",), ()) * 3, False),
        (((), ()) * 5, False),
        ((("a",),) * 10, True),
        ((("a",), *((),) * 9), False),
    ],
)
def test_several_labels_need_two_texts_with_one(labels, can_fit):
    """And eight texts that have been decided."""
    assert Known(np.arange(len(labels)), labels, several=True).can_fit is can_fit
