"""Workbooks that are written: what they cannot hold is replaced, counted and said."""

from __future__ import annotations

import pytest

from assay.data.files.readers import read_rows
from assay.data.files.workbook_writer import MAX_CELL_CHARS, write_workbook

pytest.importorskip("openpyxl")


def test_what_a_workbook_cannot_hold_is_counted(tmp_path, caplog):
    """Control characters become U+FFFD, long texts lose their end; each is said once."""
    records = [
        {"text": "a\x07b\x00", "label": "x"},
        {"text": "c\x1b", "label": "y"},
        {"text": "d" * (MAX_CELL_CHARS + 1), "label": "z"},
    ]
    write_workbook(records, tmp_path / "a.xlsx", columns=("text", "label"))
    assert caplog.messages == [
        "the end of 1 text was cut off: a cell of a workbook holds at most 32,767 characters",
        "a workbook cannot hold control characters: U+FFFD is in their place in 2 cells; .csv and "
        ".jsonl keep them",
    ]
    found = [row.values["text"] for row in read_rows(tmp_path / "a.xlsx")]
    assert found == ["a\ufffdb\ufffd", "c\ufffd", "d" * MAX_CELL_CHARS]


def test_nothing_is_said_of_what_a_workbook_holds(tmp_path, caplog):
    """Tabs and line breaks are kept, and so is what looks like a formula."""
    texts = ["a\tb", "c\nd", "=1+1", "오늘 😀"]
    write_workbook(({"text": text} for text in texts), tmp_path / "a.xlsx", columns=("text",))
    assert caplog.messages == []
    assert [row.values["text"] for row in read_rows(tmp_path / "a.xlsx")] == texts
