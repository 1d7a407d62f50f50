"""Columns that hold no labels, and labels that are ratings."""

from __future__ import annotations

import random

import pytest

from assay.data.label_columns import (
    check_label_column,
    find_separator,
    is_all_different,
    rating_values,
)
from assay.data.texts import LabelledTexts
from assay.errors import DataError

draw = random.Random(0)
EMOTIONS = ["joy", "anger", "fear", "love"]


def check(labels, texts=None, **options):
    """Look at a column of labels beside short texts that all differ."""
    texts = (
        [f"a text of some length, number {i}" for i in range(len(labels))]
        if texts is None
        else texts
    )
    check_label_column(
        LabelledTexts(tuple(texts), tuple(labels)),
        source="a.csv",
        text_column="text",
        label_column="label",
        **options,
    )


def test_exchanged_columns_are_named_without_their_texts():
    """Forty whole texts as labels beside two different texts: the columns were exchanged."""
    labels = [f"{'long private words ' * 300}{i}" for i in range(40)]
    with pytest.raises(
        DataError, match=r"^40 labels in 40 rows of a.csv: are the columns exchanged"
    ) as err:
        check(labels, texts=["pos", "neg"] * 20)
    assert "private" not in str(err.value)
    with pytest.raises(DataError, match=r"40 labels in 40 rows"):
        check([f"review number {i} is fine" for i in range(40)], texts=["pos", "neg"] * 20)


def test_few_long_labels_are_no_exchanged_columns():
    """Labels may be longer than texts such as stars and emoji, and small data may be all different."""
    check(["very satisfied", "not at all satisfied"] * 20, texts=["★★★★★", "★☆☆☆☆"] * 20)
    check([f"l{i}" for i in range(10)])


@pytest.mark.parametrize("separator", [",", ";", "|", ", "])
def test_joined_labels_are_refused_with_the_way_out(separator):
    """Cells that join a few labels in many ways hold several; --single-label takes them."""
    labels = [separator.join(draw.sample(EMOTIONS, draw.randint(1, 3))) for _ in range(300)]
    with pytest.raises(
        DataError, match=rf"several labels joined by '\{separator.strip()}' in \d+ of 300"
    ) as err:
        check(labels)
    assert "--single-label" in err.value.hint
    check(labels, single_label=True)


@pytest.mark.parametrize(
    "labels",
    [
        ["Home, Garden", "Books, Music", "Sports, Outdoors"],
        ["yes; really", "no"],
        ["a|b", "c|d", "e|f", "g"],
        ["Health, Safety", "Health, Beauty", "Home, Garden"],
        [],
    ],
)
def test_names_with_a_separator_are_left_alone(labels):
    """A comma inside a name joins nothing."""
    assert find_separator(labels) is None


@pytest.mark.parametrize(
    "labels",
    [
        [str(i / 10) for i in range(10, 51)] * 3,
        [f"{i / 10}".replace(".", ",") for i in range(10, 51)] * 3,
        [str(i * 37) for i in range(120)] * 3,
        [str(draw.randint(0, 10**6)) for _ in range(60)],
        [f"{i}e-3" for i in range(30)],
    ],
)
def test_measurements_are_refused(labels):
    """Many different numbers are measured and not labelled."""
    with pytest.raises(DataError, match=r"these are measurements, and labels are accepted"):
        check(labels)


@pytest.mark.parametrize(
    "labels",
    [
        [str(i) for i in range(150)] * 3,
        [str(i) for i in range(1, 78)] * 3,
        [str(i / 2) for i in range(11)] * 3,
        [str(2000 + i) for i in range(26)] * 3,
        [*map(str, range(50)), "other"] * 3,
    ],
)
def test_numbers_that_count_classes_are_labels(labels):
    """Ids of classes, half stars and years are labels."""
    check(labels)


@pytest.mark.parametrize(
    ("labels", "values"),
    [
        (("1", "2", "3", "4", "5"), (1, 2, 3, 4, 5)),
        (("1.0", "2.0", "3.0"), (1, 2, 3)),
        (("-1", "0", "1"), (-1, 0, 1)),
        (tuple(map(str, range(11))), tuple(range(11))),
        (("1 star", "2 stars", "3 stars"), (1, 2, 3)),
        (("1점", "2점", "3점"), (1, 2, 3)),
        (("0", "1", "2"), None),
        (("1", "2"), None),
        (("1", "2", "4"), None),
        (("1", "2.5", "4"), None),
        (("1", "2", "x"), None),
        (tuple(map(str, range(1, 20))), None),
    ],
)
def test_rating_values_tell_ratings_from_ids(labels, values):
    """Ratings count up from one, from below zero, or from 0 to 10."""
    assert rating_values(labels) == values


def test_is_all_different_needs_rows():
    """Of fewer than twenty rows no share means anything."""
    assert is_all_different(15, 20)
    assert not is_all_different(15, 19)
    assert not is_all_different(10, 20)


@pytest.mark.parametrize("labels", [["a|b", "a", "b|c"], ["joy;fear", "joy", "fear;anger", "sad"]])
def test_two_cells_are_enough_where_no_name_holds_the_separator(labels):
    """A label by itself that is also a piece, and most pieces in several cells: they are joined."""
    assert find_separator(labels) == ("|" if "|" in labels[0] else ";")
    assert find_separator([label.replace("|", ",").replace(";", ",") for label in labels]) is None


@pytest.mark.parametrize(
    "labels", [["food|fruit", "food|roots", "food"], ["yes|no", "yes"], ["a|x", "b|x", "a|y"]]
)
def test_levels_of_names_are_not_joined(labels):
    """Kinds of one thing, one cell alone, and pairs of which no part is a label by itself."""
    assert find_separator(labels) is None
