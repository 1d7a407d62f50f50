"""Tests of assay.maps.neighbours."""

from __future__ import annotations

import numpy as np
import pytest

from assay.maps.neighbours import nearest_texts

REFERENCES = [
    "the parcel came late",
    "so happy with the shoes",
    "배송이 너무 늦었어요",
    "",
    "happy happy shoes",
]


def test_nearest_texts_finds_itself_first():
    """A text that is among the references is nearest to itself, with similarity 1."""
    rows, similarity = nearest_texts(REFERENCES[:3], REFERENCES, n=2)
    assert rows[:, 0].tolist() == [0, 1, 2]
    assert similarity[:, 0] == pytest.approx([1, 1, 1], abs=1e-5)


def test_nearest_texts_finds_forms_of_a_word():
    """Character n-grams find other forms of Korean words."""
    rows, _ = nearest_texts(["배송 늦었네요"], REFERENCES, n=1)
    assert rows.tolist() == [[2]]


def test_nearest_texts_returns_at_most_all_references():
    """More neighbours than there are references is all of them."""
    rows, similarity = nearest_texts(["shoes"], REFERENCES, n=50)
    assert rows.shape == similarity.shape == (1, 5)
    assert np.all(np.diff(similarity) <= 0)


@pytest.mark.parametrize("references", [[], ["", " "]])
def test_nearest_texts_of_empty_references_is_legal(references):
    """Nothing to be like is no error."""
    rows, similarity = nearest_texts(["text"], references, n=2)
    assert rows.shape == (1, len(references))
    assert not similarity.any()
