"""A title above the header: the line of the header is named, whatever its columns are called."""

import openpyxl
import pytest

from assay import load_data
from assay.errors import DataError

HEADER = ["レビューID", "投稿日", "レビュー本文", "分類"]
BODY = [[f"R{i:03}", "2026-11-01", f"文字が小さくて読みにくい {i}", "ab"[i % 2]] for i in range(30)]


def write_lines(path, rows, *, delimiter=","):
    """Write rows as lines."""
    path.write_text("\n".join(delimiter.join(row) for row in rows), encoding="utf-8")
    return path


def hint_of(path):
    """Return what the error says to do."""
    with pytest.raises(DataError) as caught:
        load_data(path)
    return caught.value.hint


@pytest.mark.parametrize(
    "title",
    [[["アプリレビュー 2026年11月"], []], [["アプリレビュー", "", "", ""], ["", "", "", ""]]],
    ids=["alone", "padded"],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_header_below_a_title_is_named(tmp_path, title, delimiter):
    """Its names are not among the well-known ones."""
    path = write_lines(tmp_path / "d.csv", [*title, HEADER, *BODY], delimiter=delimiter)
    assert "line 3 seems to be the header: delete what is above it" in hint_of(path)


def test_header_of_a_workbook_is_named(tmp_path):
    """As a program exports it."""
    book = openpyxl.Workbook()
    for row in (["アプリレビュー 2026年11月"], [], HEADER, *BODY):
        book.active.append(row)
    book.save(tmp_path / "d.xlsx")
    assert "line 3 seems to be the header" in hint_of(tmp_path / "d.xlsx")


@pytest.mark.parametrize(
    "rows",
    [
        [["説明"], *BODY],  # no header at all: its labels are below it again
        [["説明"], HEADER],  # nothing below it
        [["説明", "日付", "評価"], *BODY],  # a header with fewer names than columns
        # sentences with commas
        [["notes"], ["so"], *[[f"well {i}", *"abcde"[: i % 4]] for i in range(17)]],
    ],
    ids=["none", "alone", "short", "sentences"],
)
def test_other_tables_have_no_late_header(tmp_path, rows):
    """What is wrong with them is something else."""
    path = write_lines(tmp_path / "d.csv", rows)
    assert "seems to be the header" not in hint_of(path)
