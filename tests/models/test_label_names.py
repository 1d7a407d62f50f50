"""Names of labels that are words become rows of the head's training."""

import numpy as np
import pytest

from assay.errors import InputError
from assay.models.label_names import NAME_WEIGHT, NamedLabels, names_of_labels, read_name


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("Refund_not_showing_up", "Refund not showing up"),
        ("science/technology", "science technology"),
        ("apple-pay.or--google", "apple pay or google"),
        ("lostCard", "lost Card"),
        ("IT과학", "IT과학"),
        ("돈", "돈"),
        ("書", "書"),
        ("ok", "ok"),
        ("ที่อยู่_จัดส่ง", "ที่อยู่ จัดส่ง"),
        ("कार्ड-भुगतान", "कार्ड भुगतान"),
        ("❤️ love", "love"),
        ("❤️", ""),
        ("5", ""),
        ("-1.5", ""),
        ("A", ""),
        ("c3", ""),
        ("LABEL_12", ""),
        ("class 7", ""),
        ("", ""),
    ],
)
def test_words_of_a_name(label, words):
    """Signs and inner capitals divide words; numbers, lone letters and counters say nothing."""
    assert read_name(label) == words


def test_names_of_labels_with_texts_are_added():
    """A label that no text has gets no row: a fold must not know what its texts do not show."""
    given = []

    def encode(texts):
        given.extend(texts)
        return np.arange(2 * len(texts), dtype=np.float32).reshape(-1, 2)

    named = NamedLabels.read(["joy", "7", "anger", "fear"], encode)
    assert given == ["joy", "anger", "fear"]
    assert named.label_ids.tolist() == [0, 2, 3]
    features, label_ids, weights = named.add_to(np.full((3, 2), -1.0), np.array([0, 0, 2]))
    assert label_ids.tolist() == [0, 0, 2, 0, 2]
    assert weights.tolist() == [1, 1, 1, NAME_WEIGHT, NAME_WEIGHT]
    assert features[3:].tolist() == [[0, 1], [2, 3]]


def test_names_that_are_no_words_are_not_read():
    """Nor is a lone name: it would speak for one label only."""
    assert NamedLabels.read(["1", "2"], lambda _: pytest.fail("was read")) is None
    assert NamedLabels.read(["joy", "2"], lambda _: pytest.fail("was read")) is None
    assert NamedLabels.read([], lambda _: pytest.fail("was read")) is None


def test_names_of_the_same_words_are_not_read():
    """They would say of one text that it has each of these labels."""
    given = []

    def encode(texts):
        given.extend(texts)
        return np.zeros((len(texts), 2))

    named = NamedLabels.read(["C++ code", "c# code", "travel", "card_fee"], encode)
    assert (given, named.label_ids.tolist()) == (["travel", "card fee"], [2, 3])


def test_many_texts_per_label_need_no_names():
    """From some dozens of texts per label on, names add nothing."""
    named = NamedLabels(np.array([0, 1]), np.zeros((2, 3)))
    assert named.help_few(100)
    assert not named.help_few(101)


def test_labels_that_are_texts_are_their_names():
    """Numbers have names only where they are given; an empty list takes names away."""
    assert names_of_labels(["joy", "fear"], None) == ["joy", "fear"]
    assert names_of_labels([0, 2], None) is None
    assert names_of_labels([0, 2], ("joy", "anger", "fear")) == ["joy", "fear"]
    assert names_of_labels(["joy", "fear"], ()) is None


@pytest.mark.parametrize("labels", [["joy", "fear"], [0, 2], [-1, 0], [0.5, 1.5], [0, None]])
def test_names_that_do_not_fit_are_refused(labels):
    """A label without a name of its own would get that of another."""
    with pytest.raises(InputError, match="label_names has 2 names, and a label is "):
        names_of_labels(labels, ("joy", "anger"))
