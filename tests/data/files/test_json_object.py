"""JSON files that hold one object, or one object per line under a name that says JSON."""

from __future__ import annotations

import json

import pytest

from assay.data.files.readers import read_rows
from assay.data.files.reading import Reading
from assay.data.files.relabelled import write_relabelled
from assay.data.load import load_data
from assay.errors import DataError

ROWS = [{"text": f"so glad {i}", "label": "ab"[i % 2]} for i in range(6)]
COLUMNS = {name: [row[name] for row in ROWS] for name in ("text", "label")}
FORMS = {
    "columns": COLUMNS,
    "columns of a frame": {
        name: {str(i): cell for i, cell in enumerate(column)} for name, column in COLUMNS.items()
    },
    "cells of a frame": {
        "columns": ["text", "label"],
        "index": list(range(6)),
        "data": [list(row.values()) for row in ROWS],
    },
    "rows of a frame by index": {str(i): row for i, row in enumerate(ROWS)},
    "a table of a frame": {"schema": {"fields": [{"name": "text"}]}, "data": ROWS},
    "Rasa": {"rasa_nlu_data": {"common_examples": ROWS, "regex_features": []}},
    "a list beside a version": {"version": 3, "rows": ROWS},
}


def write(path, value):
    """Write a value as JSON."""
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


@pytest.mark.parametrize("form", FORMS)
def test_rows_of_an_object_are_found(tmp_path, form):
    """Each form holds the same six rows."""
    rows = list(read_rows(write(tmp_path / "a.json", FORMS[form])))
    assert [row.values for row in rows] == ROWS
    assert [row.line for row in rows] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("inside", [[[r["text"], r["label"]] for r in ROWS], ROWS, COLUMNS])
def test_lists_of_splits_are_splits(tmp_path, inside):
    """A key names a split by one of its words; a name beside the lists is no split."""
    value = {"name": "corpus", "train": inside, "oos_train": inside, "Test": inside}
    splits = load_data(write(tmp_path / "a.json", value))
    assert {split: len(own) for split, own in splits.items()} == {"train": 12, "test": 6}


@pytest.mark.parametrize(
    "value",
    [
        {"text": "a"},
        {"banking": ["a", "b"], "cards": ["c"]},
        {"train": ROWS, "domains": ROWS},
        {"train": [["a", "b", "c"]]},
        {"text": ["a", "b"], "label": ["x"]},
        {"a": ROWS, "b": ROWS},
        {},
    ],
)
def test_other_objects_are_refused(tmp_path, value):
    """What could be meant in several ways is not read in one of them."""
    with pytest.raises(DataError, match=r"a\.json holds one object without rows; an array of"):
        list(read_rows(write(tmp_path / "a.json", value)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"text": ["a",\n', r"a\.json is not JSON: .* \(line 2\)"),
        ('{"a":' * 5000 + "1" + "}" * 5000, r"nested deeper than 100"),
        ('{"a":' * 150 + "1" + "}" * 150, r"nested deeper than 100"),
        ('{"text": [' + "7" * 5000 + "]}", r"a whole number of more than"),
        (
            '{"text": ["' + "x" * 3000 + '"]}',
            r"more than 2,000 characters \(ASSAY_MAX_OBJECT_CHARS",
        ),
    ],
)
def test_broken_objects_are_refused(tmp_path, monkeypatch, content, said):
    """One sentence each; nothing is read without a bound."""
    if "2,000" in said:
        monkeypatch.setenv("ASSAY_MAX_OBJECT_CHARS", "2000")
    path = tmp_path / "a.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=said):
        list(read_rows(path))


def test_object_in_another_encoding_names_it(tmp_path):
    """With what its texts are there."""
    path = tmp_path / "a.json"
    content = json.dumps({"text": ["오늘은 날씨가 좋다"], "label": ["a"]}, ensure_ascii=False)
    path.write_bytes(content.encode("cp949"))
    with pytest.raises(DataError, match=r"may be cp949 \(.*오늘은") as caught:
        list(read_rows(path))
    assert "--encoding cp949" in caught.value.flags
    assert next(read_rows(path, encoding="cp949")).values["text"] == "오늘은 날씨가 좋다"


def test_lines_of_objects_are_read_under_the_name_json(tmp_path):
    """As published reviews are; rows are counted, and a broken one names its line too."""
    path = tmp_path / "a.json"
    path.write_text("\n".join([json.dumps(ROWS[0]), "", "{oops", json.dumps(ROWS[1])]))
    rows = list(read_rows(path))
    assert [row.line for row in rows] == [1, 2, 3]
    assert rows[1].problem.startswith("not JSON: ")
    assert rows[1].problem.endswith(" (line 3)")
    assert rows[2].values == ROWS[1]


def test_lines_of_objects_are_written_again(tmp_path):
    """Rows are counted without blank lines."""
    path = tmp_path / "a.json"
    path.write_text('{"text": "a", "label": "x"}\n\n{"text": "b",  "label": "y"}\n')
    write_relabelled(path, tmp_path / "b.json", {2: {"label": "x"}}, reading=Reading())
    written = (tmp_path / "b.json").read_text()
    assert written == '{"text": "a", "label": "x"}\n\n{"text": "b",  "label": "x"}\n'
