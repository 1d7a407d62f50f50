"""Equal texts within a split and across splits."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from assay.data.duplicates import duplicate_groups, find_seen, number_equal, shared_groups
from assay.data.texts import LabelledTexts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("So Happy", "so happy"),
        ("so  happy\n", "so\thappy"),
        ("한국어", unicodedata.normalize("NFD", "한국어")),
        ("Straße", "STRASSE"),
        ("CAFÉ", unicodedata.normalize("NFD", "café")),
        ("a\u00a0b", "a b"),
    ],
)
def test_same_message_is_one_group(one, other):
    """Case, white space and Unicode form make no difference."""
    assert duplicate_groups([one, other]).tolist() == [0, 0]


def test_different_messages_are_different_groups():
    """Punctuation, order and word boundaries do; ids run in order of first sight."""
    texts = ["so happy", "so happy!", "sohappy", "happy so", "so happy", ""]
    groups = duplicate_groups(texts)
    assert groups.tolist() == [0, 1, 2, 3, 0, 4]
    assert groups.dtype == np.int64
    assert duplicate_groups([]).shape == (0,)


def test_seen_texts_are_those_that_read_the_same():
    """Case and white space make no other text."""
    assert find_seen(["So  HAPPY", "so sad", ""], ["so happy", "x"]).tolist() == [
        True,
        False,
        False,
    ]


def test_groups_of_several_splits_have_one_numbering():
    """A message has one number in all of them; a split without texts has no numbers."""
    train = LabelledTexts(("a", "b"), ("x", "y"))
    numbers = shared_groups([train, [], ["C", " B", "c"]])
    assert [own.tolist() for own in numbers] == [[0, 1], [], [2, 1, 2]]


def test_splits_and_plain_texts_give_the_same_answers():
    """A split is only quicker."""
    texts = ("So Happy", "so sad", "so  happy")
    labelled = LabelledTexts(texts, ("x", "y", "x"))
    assert duplicate_groups(labelled).tolist() == duplicate_groups(texts).tolist() == [0, 1, 0]
    assert number_equal(labelled.normalised).tolist() == [0, 1, 0]
    assert find_seen(labelled, ["SO SAD"]).tolist() == [False, True, False]
    assert find_seen(["SO SAD", "x"], labelled).tolist() == [True, False]
