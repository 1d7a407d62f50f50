"""Advice: the queue of texts, and what a model or the names of the labels suggest for each."""

import numpy as np
import pytest

from assay.review.advice import give_advice
from assay.review.guesses import Known


@pytest.fixture
def features():
    """Sixty texts of two kinds, at positions 100 and up."""
    rng = np.random.default_rng(0)
    kinds = np.arange(60) % 2
    return rng.normal(size=(60, 6)).astype(np.float32) + 5 * kinds[:, None].astype(np.float32)


def advise(features, known, is_open=None):
    """Ask for advice with a fixed seed."""
    is_open = np.ones(60, dtype=bool) if is_open is None else is_open
    rng = np.random.default_rng(0)
    return give_advice(features, np.arange(100, 160), is_open, known, rng=rng)


NOTHING = Known(np.zeros(0, dtype=int), ())


def test_without_labels_there_is_no_suggestion(features):
    """Texts are chosen for variety; positions are those of the pool."""
    advice = advise(features, NOTHING)
    assert len(set(advice.queue)) == len(advice.queue) > 1
    assert min(advice.queue) >= 100
    assert not advice.suggestions
    assert not advice.is_of_model


def test_names_of_labels_give_the_first_suggestions(features):
    """The label whose name is nearest, without a confidence."""
    names = {"even": features[::2].mean(axis=0), "odd": features[1::2].mean(axis=0)}
    advice = advise(features, Known(np.zeros(0, dtype=int), (), names))
    for position in advice.queue:
        found = advice.suggestions[position]
        assert (found.labels, found.confidence) == ((("even", "odd")[position % 2],), None)


def test_model_suggests_with_its_confidence(features):
    """From eight labels on; texts with a label are not in the queue."""
    rows = np.arange(10)
    is_open = np.arange(60) >= 10
    advice = advise(features, Known(rows, (("even",), ("odd",)) * 5), is_open)
    assert advice.is_of_model
    assert min(advice.queue) >= 110
    for position in advice.queue:
        found = advice.suggestions[position]
        assert found.labels == (("even", "odd")[position % 2],)
        assert 0.5 <= found.confidence <= 1.0


def test_texts_that_came_at_random_take_no_part_in_the_choice(features):
    """The queue is the same whatever their labels are; suggestions know them."""
    labels, is_open = (("even",), ("odd",)) * 5, np.arange(60) >= 18
    found = []
    for at_random in ((("even",), ("odd",)), (("odd",), ("third",))):
        known = Known(
            np.arange(18), (*labels, *at_random * 4), is_random=np.arange(18) >= len(labels)
        )
        basis = known.chosen()
        assert (basis.rows.tolist(), basis.labels) == (list(range(10)), labels)
        found.append(advise(features, known, is_open))
    one, other = found
    assert one.queue == other.queue
    assert one.suggestions != other.suggestions


@pytest.mark.parametrize("labels", [(("even",), ("odd",)), (("even",),) * 10])
def test_too_few_labels_make_no_model(features, labels):
    """Few texts, or one label only."""
    assert not Known(np.arange(len(labels)), labels).can_fit
    assert not advise(features, Known(np.arange(len(labels)), labels)).is_of_model
