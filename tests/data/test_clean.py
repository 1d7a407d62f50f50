"""Which rows are dropped, which refused, what becomes of labels that are no texts."""

from __future__ import annotations

import datetime
from decimal import Decimal

import numpy as np
import pytest

from assay._optional import require
from assay.data.cell_values import label_as_text, text_or_problem
from assay.data.clean import clean_rows, drop_long_labels
from assay.data.files.readers import Row
from assay.data.texts import DroppedRow, LabelledTexts, MendedRows


def clean(*pairs, **options):
    """Clean (text, label) pairs, rows counted from 1."""
    rows = [Row(i, {"t": text, "y": label}) for i, (text, label) in enumerate(pairs, 1)]
    return clean_rows(rows, split="train", text_column="t", label_column="y", **options)


def test_clean_drops_and_lists_rows_without_text_or_label():
    """Blank or null texts and null labels are left out with line and reason; the others keep their lines."""
    cleaned = clean(
        ("a", "x"),
        ("", "x"),
        (" \n", "x"),
        (None, "x"),
        ("b", None),
        ("c", " "),
        (float("nan"), None),
        ("d", "y"),
    )
    assert cleaned.texts == LabelledTexts(("a", "d"), ("x", "y"), (1, 8))
    assert cleaned.dropped == (
        DroppedRow("train", 2, "blank text"),
        DroppedRow("train", 3, "blank text"),
        DroppedRow("train", 4, "null text"),
        DroppedRow("train", 5, "null label"),
        DroppedRow("train", 6, "null label"),
        DroppedRow("train", 7, "null text"),
    )
    assert cleaned.problems == ()
    assert cleaned.n_rows == 8


def test_clean_leaves_texts_unaltered():
    """No normalisation, no trimming: decomposed Hangul, carriage returns and spaces stay."""
    text = "  \u1112\u1161\u11ab \r\n ﬁ\0 "
    assert clean((text, "x")).texts == LabelledTexts((text,), ("x",))


def test_clean_mends_and_counts_white_space_and_unicode_form_of_labels():
    """Nobody sees them, so they make no class; each kind is listed with its rows."""
    cleaned = clean(
        ("a", " x"), ("b", "x"), ("c", "x\u00a0"), ("d", "\u1112\u1161\u11ab"), ("e", "\ufeff")
    )
    assert cleaned.texts.labels == ("x", "x", "x", "한")
    assert cleaned.mended == (
        MendedRows(
            "train", "label_space", "white space or invisible characters around the label", (1, 3)
        ),
        MendedRows("train", "label_form", "label in another Unicode form", (4,)),
    )
    assert cleaned.dropped == (DroppedRow("train", 5, "null label"),)


def test_clean_leaves_published_names_as_they_are():
    """A name of the source's own list keeps the space that the list has."""
    assert clean(("a", " x"), class_names=[" x", "y"]).texts.labels == (" x",)


def test_clean_takes_list_cells_of_text_files():
    """A list of one is its label; of several it is refused, or one label if that is asked for."""
    pairs = [("a", '["x"]'), ("b", "['x', 'y']"), ("c", "[]"), ("d", "['x' 'y']"), ("e", "[sic]")]
    cleaned = clean(*pairs)
    assert cleaned.texts.labels == ("x", "[sic]")
    assert [row.line for row in cleaned.bad] == [2, 4]
    assert [row.line for row in cleaned.dropped] == [3]
    taken = clean(*pairs, ("f", ["x", "y"]), single_label=True)
    assert taken.texts.labels == ('["x"]', "['x', 'y']", "[]", "['x' 'y']", "[sic]", '["x", "y"]')


def test_clean_cuts_long_texts_and_lists_them():
    """The end that no method reads is cut off, unless every change is forbidden."""
    cleaned = clean(("abcdef", "x"), ("abc", "y"), max_chars=5)
    assert cleaned.texts.texts == ("abcde", "abc")
    assert cleaned.mended == (
        MendedRows("train", "text_cut", "text cut to its first 5 characters", (1,)),
    )
    assert len(clean(("abcdef", "x"), max_chars=5, strict=True).bad) == 1


def test_clean_tells_lone_bad_rows_from_rows_that_put_a_file_in_doubt():
    """A ragged row is bad by itself; bytes in another encoding make every other row doubtful."""
    rows = [
        Row(2, {}, "3 fields where the header has 2"),
        Row(3, {}, "bytes that are not UTF-8 (0x92 at character 6)"),
        Row(4, {}, "a quoted field that is never closed"),
        Row(5, {}, "not JSON: Expecting value at character 1"),
        Row(6, {}, "not JSON: ',' or ']' expected; nothing after it can be read"),
    ]
    cleaned = clean_rows(rows, split="train", text_column="t", label_column="y")
    assert [row.line for row in cleaned.bad] == [2, 5]
    assert len(cleaned.doubts) == 3


def test_clean_refuses_labels_that_are_texts_or_endless_numbers():
    """A label of 5,000 characters is a bad row, and so is an integer that Python will not write."""
    cleaned = drop_long_labels(clean(("a", "1" * 5000), ("b", "y"), ("c", 10**5000)), split="train")
    assert cleaned.texts.labels == ("y",)
    assert sorted(row.line for row in cleaned.bad) == [1, 3]


def test_clean_counts_a_missing_column_as_null():
    """A JSON row that leaves the label out has none."""
    cleaned = clean_rows([Row(1, {"t": "a"})], split="test", text_column="t", label_column="y")
    assert cleaned.dropped == (DroppedRow("test", 1, "null label"),)


@pytest.mark.parametrize(
    ("value", "text"),
    [(5, "5"), (5.0, "5"), (1.5, "1.5"), (np.int64(7), "7"), (True, "True"), (np.str_("a"), "a")],
)
def test_clean_takes_numbers_as_texts(value, text):
    """A text column of numbers is read as what it shows."""
    texts = clean((value, "x")).texts.texts
    assert texts == (text,)
    assert type(texts[0]) is str


def test_clean_collects_all_problems():
    """Every row that cannot be used is named; a row's own problem wins."""
    rows = [
        Row(2, {"t": ["a"], "y": "x"}),
        Row(3, {"t": {"a": 1}, "y": "x"}),
        Row(4, {"t": b"a", "y": "x"}),
        Row(5, {"t": "abcdef", "y": "x"}),
        Row(6, {"t": "a", "y": {"x": 1}}),
        Row(7, {"t": "a", "y": ["x", "y"]}),
        Row(1008, {}, "3 fields where the header has 2"),
    ]
    cleaned = clean_rows(
        rows, split="train", text_column="t", label_column="y", max_chars=5, strict=True
    )
    assert cleaned.problems == (
        "line 2: the text is a list; a text is accepted",
        "line 3: the text is an object; a text is accepted",
        "line 4: the text is bytes; a text is accepted",
        "line 5: a text of 6 characters; at most 5 are accepted (--max-chars)",
        "line 6: the label is an object; a text or a number is accepted",
        "line 7: several labels in a row, where the column is read as one label per text; several "
        'per text are lists in every row, such as ["a"] '
        "(--single-label takes what is written there as one label)",
        "line 1,008: 3 fields where the header has 2",
    )
    assert len(cleaned.texts) == 0


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("joy", "joy"),
        ("Re: a, \"b\" 'c'; 기쁨", "Re: a, \"b\" 'c'; 기쁨"),
        (3, "3"),
        (3.0, "3"),
        (0.5, "0.5"),
        (-1, "-1"),
        (Decimal("3"), "3"),
        (True, "True"),
        (np.bool_(False), "False"),
        (np.int64(3), "3"),
        (np.float32(3), "3"),
        (np.str_("joy"), "joy"),
        (["joy"], "joy"),
        (np.array([2]), "2"),
        ([], None),
        (None, None),
        ("", None),
        (float("nan"), None),
        (np.float32("nan"), None),
    ],
)
def test_label_as_text_names_every_kind_of_label(value, name):
    """Numbers lose a spurious .0, missing values of every library are none, a list of one is its element."""
    named = label_as_text(value)
    assert named == name
    assert named is None or type(named) is str


def test_missing_values_of_pandas_are_none():
    """NA and NaT are known by their class, without importing pandas."""
    pandas = require("pandas")
    assert [label_as_text(value) for value in (pandas.NA, pandas.NaT)] == [None, None]
    assert clean((pandas.NA, "x")).dropped == (DroppedRow("train", 1, "null text"),)


def test_text_or_problem_says_what_cleaning_would():
    """Prediction rejects a row with the sentence that training refuses it with; empty text is a text."""
    assert text_or_problem("") == ("", None)
    assert text_or_problem("abc", max_chars=2) == (
        None,
        "a text of 3 characters; at most 2 are accepted (--max-chars)",
    )


def test_label_as_text_names_class_ids():
    """Ids become names, -1 is the Hub's custom for no label, names pass."""
    names = ["sad", "happy"]
    assert [label_as_text(v, class_names=names) for v in (0, 1.0, np.int64(1), -1, "sad", [1])] == [
        "sad",
        "happy",
        "happy",
        None,
        "sad",
        "happy",
    ]
    assert clean(("a", 2), class_names=names).problems == (
        "line 1: label id 2; ids from 0 to 1 are accepted",
    )


def test_dates_are_labels_as_they_are_seen():
    """A value that is neither text, number nor time is no class name."""
    assert clean(("a", datetime.date(2026, 1, 1))).texts.labels == ("2026-01-01",)
    assert "of type object" in clean(("a", object())).problems[0]


def test_cells_that_keep_their_text_by_a_formula_are_unwrapped():
    """Spreadsheets keep 001 as a text in this way; rows are counted for texts and for labels."""
    rows = [
        Row(2, {"text": '="so ""good"""', "label": '="001"'}),
        Row(3, {"text": "=A1", "label": "001"}),
        Row(4, {"text": '="', "label": '= "1"'}),
    ]
    cleaned = clean_rows(rows, split="train", text_column="text", label_column="label")
    assert cleaned.texts.texts == ('so "good"', "=A1", '="')
    assert cleaned.texts.labels == ("001", "001", '= "1"')
    kinds = {one.kind: (one.reason, one.lines) for one in cleaned.mended}
    assert kinds == {
        "text_formula": ('text written as ="..."', (2,)),
        "label_formula": ('label written as ="..."', (2,)),
    }
