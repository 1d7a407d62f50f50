"""What a model of few labels says: one label each, or all that are probable enough."""

from dataclasses import replace

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


def test_names_are_learnt_from_where_they_help():
    """Few noisy texts per label, and names that are in the middle of each: more texts are told right."""
    rng = np.random.default_rng(0)
    centres = 1.2 * rng.normal(size=(6, 40)).astype(np.float32)
    ids = np.arange(300) % 6
    features = (centres[ids] + 2.5 * rng.normal(size=(300, 40))).astype(np.float32)
    labels = tuple((f"label {'abcdef'[i]}",) for i in ids[:30])
    names = [f"label {letter}" for letter in "abcdef"]
    plain = Known(np.arange(30), labels)
    helpful = replace(plain, name_vectors=dict(zip(names, centres, strict=True)))
    rights = []
    for known in (plain, helpful):
        guesses = fit_guesses(features, known)
        assert guesses.names == tuple(names)
        rights.append(float((guesses.probs[30:].argmax(axis=1) == ids[30:]).mean()))
    assert rights[1] > rights[0] + 0.05


def test_names_that_mislead_are_left_out():
    """Each name is far from its texts: the model is that of the texts alone."""
    rng = np.random.default_rng(0)
    ids = np.arange(60) % 2
    features = (rng.normal(size=(60, 8)) + 3 * ids[:, None]).astype(np.float32)
    known = Known(np.arange(60), tuple(("ab"[i],) for i in ids))
    vectors = {"a": np.full(8, 3.0, np.float32), "b": np.zeros(8, np.float32)}
    misled = fit_guesses(features, replace(known, name_vectors=vectors))
    np.testing.assert_array_equal(misled.probs, fit_guesses(features, known).probs)
