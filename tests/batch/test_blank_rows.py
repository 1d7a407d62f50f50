"""Rows without a text: they are scored, counted, named and marked, and `strict` refuses them."""

import pytest

from assay.batch import open_rows, predict_file, predict_rows
from assay.batch.blank_rows import BlankRows
from assay.data.files.readers import read_rows
from assay.data.files.writers import open_writer
from assay.errors import DataError

TEXTS = ["happy day", "", "so sad", " \u200b", "오늘 화나요", None, *["\t"] * 4]
LINES = [2, 4, 6, 7, 8, 9, 10]


@pytest.fixture
def source(tmp_path):
    """Write the texts with their numbers."""
    path = tmp_path / "in.jsonl"
    with open_writer(path, like=path) as writer:
        for i, text in enumerate(TEXTS):
            writer.write({"id": i, "text": text})
    return path


def test_summary_counts_blank_rows_and_names_the_first(trained_model, source, tmp_path):
    """Every row is scored; the summary says how many hold no text, and where the first five are."""
    summary = predict_file(trained_model, source, tmp_path / "out.jsonl")
    assert summary.blank == BlankRows(len(LINES), tuple(LINES[:5]))
    assert summary.to_dict() == {
        "out": str(tmp_path / "out.jsonl"),
        "n_texts": len(TEXTS),
        "n_rejected": 0,
        "rejected": None,
        "n_blank": 7,
        "blank_lines": LINES[:5],
    }
    assert summary.blank.describe() == (
        "7 rows hold no text (lines 2, 4, 6, 7, 8 ...): their labels and scores say nothing about them"
    )


def test_blank_rows_are_never_in_scope(trained_model, source):
    """What cannot be read does not look like the training data."""
    rows, column = open_rows(source)
    found = list(predict_rows(trained_model, rows, text_column=column, with_scope=True))
    assert [one.line for one in found if one.has_no_text] == LINES
    assert not any(one.record["in_scope"] for one in found if one.has_no_text)
    assert found[0].record["in_scope"]


def test_workbook_says_that_there_is_no_text(trained_model, source, tmp_path):
    """In a table for people, the column that says how sure a label is says that instead."""
    pytest.importorskip("openpyxl")
    out = tmp_path / "out.xlsx"
    predict_file(trained_model, source, out)
    found = [row.values["confidence"] for row in read_rows(out)]
    marked = [i for i, word in enumerate(found, start=1) if word == "no text"]
    assert marked == LINES


def test_strict_refuses_a_blank_row(trained_model, source, tmp_path):
    """With `strict` the first blank row is an error that names its line, and nothing is written."""
    with pytest.raises(DataError, match=r"^in\.jsonl line 2: the text is blank$"):
        predict_file(trained_model, source, tmp_path / "out.csv", strict=True)
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl"}


@pytest.mark.parametrize(
    ("blank", "sentence"),
    [
        (
            BlankRows(1, (3,)),
            "1 row holds no text (line 3): its label and scores say nothing about it",
        ),
        (BlankRows(1), "1 row holds no text: its label and scores say nothing about it"),
        (
            BlankRows(1200),
            "1,200 rows hold no text: their labels and scores say nothing about them",
        ),
    ],
)
def test_sentence_counts_and_names_lines(blank, sentence):
    """Singular and plural, with lines and without."""
    assert blank.describe() == sentence
