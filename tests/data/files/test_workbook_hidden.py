"""What a person does not see in a workbook, or sees once for several cells, is said in one line."""

from __future__ import annotations

import pytest

from assay.data.files.readers import read_rows

openpyxl = pytest.importorskip("openpyxl", reason="the extra xlsx is not installed")
pytest.importorskip("python_calamine", reason="the extra xlsx is not installed")


@pytest.fixture
def change_sheet(tmp_path):
    """Return a function that writes a table of six rows, changed by another function."""

    def write(change):
        workbook = openpyxl.Workbook()
        sheet = workbook.active
        sheet.append(["text", "label", "note"])
        for number in range(2, 8):
            sheet.append([f"word {number}", "ab"[number % 2], "n"])
        change(sheet)
        workbook.save(tmp_path / "d.xlsx")
        return tmp_path / "d.xlsx"

    return write


def _hide(sheet, *numbers):
    for number in numbers:
        sheet.row_dimensions[number].hidden = True


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (
            (3, 5, 40),
            "d.xlsx: read too: 2 hidden rows, the first in row 3; delete what is hidden if you",
        ),
        ((7,), "d.xlsx: read too: 1 hidden row, the first in row 7; delete what is hidden if you"),
    ],
)
def test_hidden_rows_are_read_and_counted(change_sheet, caplog, numbers, said):
    """A filter hides rows as a person does; blank ones are not counted."""
    path = change_sheet(lambda sheet: _hide(sheet, *numbers))
    assert len(list(read_rows(path))) == 6
    assert len(caplog.messages) == 1
    assert said in caplog.text


def test_hidden_columns_are_no_rows(change_sheet, caplog):
    """They are named where columns are chosen."""

    def change(sheet):
        sheet.column_dimensions["C"].hidden = True

    assert len(list(read_rows(change_sheet(change)))) == 6
    assert caplog.messages == []


def test_merged_cells_over_several_columns_are_said(change_sheet, caplog):
    """Only the first column has their value; those of a header are titles."""

    def change(sheet):
        sheet.merge_cells("A1:B1")
        sheet.merge_cells("A4:B4")
        sheet.merge_cells("B6:C7")

    assert len(list(read_rows(change_sheet(change)))) == 6
    assert caplog.messages == [
        "d.xlsx: 2 merged cells over several columns, first in row 4: only the first column has "
        "the value"
    ]


def test_hidden_sheet_that_is_read_is_named(change_sheet, caplog):
    """It was asked for, or no other one has rows."""

    def change(sheet):
        sheet.title = "Old"
        sheet.sheet_state = "hidden"
        sheet.parent.create_sheet("Seen")
        sheet.parent.active = 1

    path = change_sheet(change)
    assert len(list(read_rows(path, sheet="Old"))) == 6
    assert len(list(read_rows(path))) == 6
    assert caplog.messages == [
        "d.xlsx: the sheet 'Old' is hidden",
        "d.xlsx: all sheets with rows are hidden: Old",
    ]
