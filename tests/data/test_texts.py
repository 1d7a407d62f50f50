"""`LabelledTexts`, `Splits` and the check of what is a sequence of texts."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow
import pytest

from assay.data.labels import LabelSet
from assay.data.load import load_data
from assay.data.normal_form import normalise_text
from assay.data.texts import DroppedRow, LabelledTexts, Splits, check_texts
from assay.errors import DataError, InputError


@pytest.fixture
def splits():
    """One split of three rows."""
    part = LabelledTexts(("a", "b", "c"), ("x", "y", "x"), (2, 4, 5))
    return Splits(
        {"train": part},
        LabelSet(("y", "x")),
        source="memory",
        dropped=(DroppedRow("train", 3, "blank text"),),
    )


def test_labelled_texts_count_lines_from_one():
    """Without lines, rows are their own lines."""
    assert LabelledTexts(("a", "b"), ("x", "y")).lines == (1, 2)
    assert LabelledTexts((), ()).lines == ()


def test_labelled_texts_must_match():
    """A label for each text, and a line."""
    with pytest.raises(DataError, match="2 texts, 1 labels and 2 line numbers"):
        LabelledTexts(("a", "b"), ("x",))


def test_take_keeps_rows_together(splits):
    """Rows move as a whole, in the order asked for."""
    assert splits["train"].take([2, 0]) == LabelledTexts(("c", "a"), ("x", "x"), (5, 2))


def test_texts_are_normalised_once(monkeypatch):
    """The first use computes them; later uses and the rows that are taken get what is kept."""
    labelled = LabelledTexts(("So  Happy", "so sad", "OK"), ("x", "y", "x"))
    calls = []

    def counting(text):
        calls.append(text)
        return normalise_text(text)

    monkeypatch.setattr("assay.data.texts.normalise_text", counting)
    assert labelled.normalised == ("so happy", "so sad", "ok")
    assert labelled.normalised[1] is labelled.texts[1]
    assert labelled.take([2, 0]).take([1]).normalised == ("so happy",)
    assert len(calls) == 3


def test_normalised_texts_make_no_difference_to_equality():
    """What is kept is no part of the value."""
    one, other = LabelledTexts(("A",), ("x",)), LabelledTexts(("A",), ("x",))
    assert one.normalised == ("a",)
    assert one == other
    assert hash(one) == hash(other)


def test_reprs_are_one_short_line(splits):
    """A notebook or a traceback shows sizes, never all of the texts."""
    assert repr(splits["train"]) == "LabelledTexts(3 texts, 2 labels)"
    assert repr(splits) == "Splits('memory', texts: train 3; 2 labels)"
    assert repr(Splits({}, LabelSet(()), source="x")) == "Splits('x', texts: none; 0 labels)"
    two = replace(splits, parts={"train": splits["train"], "test": splits["train"].take([0])})
    assert repr(two) == "Splits('memory', texts: train 3, test 1; 2 labels)"


def test_sha256_is_over_json_lines():
    """The fingerprint is the one design.md defines, and takes any text, lone surrogates too."""
    part = LabelledTexts(("기쁘다", 'say "hi"\n'), ("기쁨", "x"))
    lines = "".join(
        json.dumps([t, y], ensure_ascii=False) + "\n"
        for t, y in zip(part.texts, part.labels, strict=True)
    )
    assert part.sha256() == hashlib.sha256(lines.encode()).hexdigest()
    assert len(LabelledTexts(("\ud800",), ("x",)).sha256()) == 64


def test_splits_name_what_is_missing(splits):
    """Asking for another split lists those there are; `in` answers without raising."""
    assert "test" not in splits
    with pytest.raises(DataError, match="there is no split 'test' in memory; splits: train"):
        splits["test"]


def test_splits_to_pandas_has_ids_and_names(splits):
    """Ids follow the label set's order; source lines are kept."""
    frame = splits.to_pandas()
    assert list(frame.columns) == ["split", "line", "text", "label", "label_name"]
    assert frame.iloc[1].tolist() == ["train", 4, "b", 0, "y"]
    assert frame["label"].tolist() == [1, 0, 1]


def test_check_texts_takes_sequences_only():
    """A lone text is an error with a hint, not a list of characters."""
    assert check_texts(iter(("a", ""))) == ["a", ""]
    with pytest.raises(InputError, match=r"texts is one text; .*write \[text\]"):
        check_texts("abc")
    with pytest.raises(InputError, match="docs is int"):
        check_texts(3, name="docs")
    with pytest.raises(InputError, match=r"texts\[1\] is NoneType"):
        check_texts(["a", None])


def test_dropped_rows_are_plain_values():
    """A dropped row never holds its text."""
    assert DroppedRow("train", 3, "blank text").to_dict() == {
        "split": "train",
        "line": 3,
        "reason": "blank text",
    }


TABLE = pyarrow.table({"n": [1], "Text": ["a"]})


@pytest.mark.parametrize(
    ("texts", "problem", "hint"),
    [
        (
            pd.DataFrame({"Review": ["a"], "n": [1]}),
            "DataFrame with Review, n",
            r"texts\['Review'\]",
        ),
        (pd.DataFrame({"a": ["a"], "b": [1]}), "DataFrame with a, b", r"texts\['COLUMN'\]"),
        ({"text": ["a"], "label": ["b"]}, "dict with text, label", r"texts\['text'\]"),
        ({}, "dict with no columns", r"texts\['COLUMN'\]"),
        ({"a", "b"}, "set, which has no order", r"sorted\(texts\)"),
        (frozenset("a"), "frozenset, which has no order", r"sorted\(texts\)"),
        (TABLE, "Table with n, Text", r"texts\['Text'\]"),
        (TABLE.to_batches()[0], "RecordBatch with n, Text", r"texts\['Text'\]"),
        (
            np.array([(1, "a")], dtype=[("n", int), ("text", "U1")]),
            "ndarray with n, text",
            r"texts\['text'\]",
        ),
    ],
)
def test_frame_mapping_and_set_are_no_texts(texts, problem, hint):
    """Iterating over them gives names of columns, or texts in any order: the error says what to pass."""
    with pytest.raises(InputError, match=problem) as caught:
        check_texts(texts)
    assert re.search(hint, caught.value.hint)


@pytest.mark.parametrize("is_read", [True, False])
def test_frames_of_polars_are_no_texts(is_read):
    """One that is not read yet has to be collected before it has a column."""
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"n": [1], "text": ["a"]})
    with pytest.raises(InputError, match="Frame with n, text; one column") as caught:
        check_texts(frame if is_read else frame.lazy())
    passed = "texts['text']" if is_read else "texts.collect()['text']"
    assert caught.value.hint == f"pass the column of the texts: {passed}"


@pytest.mark.parametrize(
    "texts",
    [pd.Series(["a", "b"]), np.array(["a", "b"]), ("a", "b"), pd.Index(["a", "b"])],
)
def test_columns_are_texts(texts):
    """What has one order and one value per row is taken as it is."""
    assert check_texts(texts) == ["a", "b"]


def test_rows_are_known_by_line_in_files_of_text_alone(tmp_path):
    """A workbook and a frame have rows."""
    (tmp_path / "d.csv").write_text("text,label\na,x\nb,y\n", encoding="utf-8")
    (tmp_path / "d.json").write_text('[{"text": "a", "label": "x"}]', encoding="utf-8")
    assert load_data(tmp_path / "d.csv").unit == "line"
    assert load_data(tmp_path / "d.json").unit == "row"
    assert load_data((["a", "b"], ["x", "y"])).unit == "row"


@pytest.mark.parametrize("given", [str, pd.Series(["a"]).str, len, 3])
def test_what_cannot_be_gone_through_is_no_sequence(given):
    """Also where its type looks as if it could."""
    with pytest.raises(InputError, match="a sequence of texts is accepted"):
        check_texts(given)
