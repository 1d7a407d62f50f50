"""Rows that were left out or mended have the names that a column gives them."""

from __future__ import annotations

import json

import pandas as pd

from assay.data.listed_rows import MAX_MENDED_LINES
from assay.data.load import load_data

HEADER = "ticket,text,label\n"
ROWS = "T-1,,a\nT-2,good, a\nT-3,bad,b\nT-4,x\nT-5,fine, a\n"


def write(path, rows=ROWS, n=120):
    path.write_text(HEADER + rows + "".join(f"N-{i},word {i},b\n" for i in range(n)))
    return path


def test_rows_are_named_by_the_column_that_was_asked_for(tmp_path):
    """Rows left out, rows that cannot be used, and rows that were mended."""
    splits = load_data(write(tmp_path / "d.csv"), id_column="ticket")
    assert [(row.line, row.id) for row in splits.dropped] == [(2, "T-1"), (5, "T-4")]
    assert splits.dropped[0].to_dict()["id"] == "T-1"
    (mended,) = splits.mended
    assert mended.ids == ("T-2", "T-5")
    assert mended.to_dict()["ids"] == ["T-2", "T-5"]
    assert mended.to_dict()["lines"] == [3, 6]


def test_rows_have_no_names_where_no_column_was_asked_for(tmp_path):
    """JSON has no key for them then."""
    splits = load_data(write(tmp_path / "d.csv"))
    assert "id" not in splits.dropped[0].to_dict()
    assert "ids" not in splits.mended[0].to_dict()


def test_names_come_from_each_file_of_a_folder(tmp_path):
    """Also from lines of JSON, where they may be numbers."""
    write(tmp_path / "train.csv")
    rows = [{"ticket": 7, "text": "", "label": "a"}]
    rows += [{"ticket": i, "text": f"good {i}", "label": "ab"[i % 2]} for i in range(20)]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    splits = load_data(tmp_path, id_column="ticket")
    assert [(row.split, row.id) for row in splits.dropped] == [
        ("train", "T-1"),
        ("train", "T-4"),
        ("test", "7"),
    ]


def test_as_many_rows_are_named_as_are_listed(tmp_path):
    """The others are counted."""
    rows = "".join(f"M-{i},word {i}, b\n" for i in range(MAX_MENDED_LINES + 20)) + ROWS
    splits = load_data(write(tmp_path / "d.csv", rows, n=600), id_column="ticket")
    entry = splits.mended[0].to_dict()
    assert entry["n_rows"] == MAX_MENDED_LINES + 22
    assert len(entry["ids"]) == len(entry["lines"]) == MAX_MENDED_LINES
    assert entry["ids"][0] == "M-0"


def test_rows_of_frames_have_no_names():
    """A frame is not read again."""
    frame = pd.DataFrame({"n": [1, 2, 3], "text": [None, "a", "b"], "label": ["x", "x", "y"]})
    frame = pd.concat([frame, *[frame[1:]] * 5])
    splits = load_data(frame, id_column="n")
    assert [row.id for row in splits.dropped] == [None]
