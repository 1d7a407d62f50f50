"""Workbooks: cells come as they are seen; sheets are chosen; what is no workbook is said.

The module `workbook_writer` is tested here too: what it writes is read back.
"""

from __future__ import annotations

import datetime

import pytest

from assay.data.files.readers import read_rows
from assay.data.files.workbook_writer import write_workbook
from assay.errors import DataError, InputError

openpyxl = pytest.importorskip("openpyxl", reason="the extra xlsx is not installed")
pytest.importorskip("python_calamine", reason="the extra xlsx is not installed")


@pytest.fixture
def write_sheets(tmp_path):
    """Return a function that writes a workbook of named sheets."""

    def write(**sheets):
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for title, rows in sheets.items():
            sheet = workbook.create_sheet(title)
            for row in rows:
                sheet.append(row)
        workbook.save(tmp_path / "data.xlsx")
        return tmp_path / "data.xlsx"

    return write


def test_cells_are_read_as_they_are_seen(write_sheets):
    """Whole numbers have no decimals, days no time, and empty cells are empty texts."""
    day = datetime.datetime.fromisoformat("2026-11-26")
    path = write_sheets(
        Tickets=[
            ["Ticket", "text", "label", "day"],
            [17, "so glad\nreally", 1.0, day],
            [None, None, None, None],
            ["0017", 0.5, True, datetime.datetime.fromisoformat("2026-01-02T03:04:05")],
            [0, "=not run", None, None],
        ]
    )
    rows = list(read_rows(path))
    assert [row.line for row in rows] == [2, 4, 5]
    assert [tuple(row.values.values()) for row in rows][:2] == [
        ("17", "so glad\nreally", "1", "2026-11-26"),
        ("0017", "0.5", "TRUE", "2026-01-02 03:04:05"),
    ]


def test_sheets_are_chosen_by_name(write_sheets):
    """One sheet with rows is taken; of several, one must be named."""
    path = write_sheets(Train=[["text"], ["a"]], Empty=[], Test=[["text"], ["b"]])
    with pytest.raises(InputError, match="2 sheets with rows: Train, Test") as caught:
        read_rows(path)
    assert caught.value.flags == ("--sheet 'Train'", "--sheet 'Test'")
    assert next(read_rows(path, sheet="Test")).values == {"text": "b"}
    with pytest.raises(InputError, match=r"no sheet 'Tset'; sheets: .* Did you mean 'Test'"):
        read_rows(path, sheet="Tset")
    assert next(read_rows(write_sheets(A=[["text"], ["a"]], B=[]))).values == {"text": "a"}


def test_what_is_no_workbook_is_said(tmp_path, write_sheets):
    """A file of another kind, an empty one, a header that cannot be used."""
    (tmp_path / "bad.xlsx").write_text("text,label\n")
    with pytest.raises(DataError, match=r"bad\.xlsx cannot be read as a workbook"):
        read_rows(tmp_path / "bad.xlsx")
    with pytest.raises(DataError, match=r"data\.xlsx is empty"):
        read_rows(write_sheets(A=[]))
    with pytest.raises(DataError, match="column 'text' occurs twice"):
        list(read_rows(write_sheets(A=[["text", "text"], ["a", "b"]])))


CENTRAL = b"PK\x01\x02"  # how the entry of a file begins in the list at the end of a zip


@pytest.mark.parametrize(
    ("place", "change"),
    [
        pytest.param(6, b"\xff\x00", id="a version of zip that there is not"),
        pytest.param(8, b"\x01\x00", id="a password"),
        pytest.param(10, b"\x63\x00", id="a compression of the future"),
        pytest.param(10, b"\x0e\x00", id="another compression than it has"),
        pytest.param(16, b"\0\0\0\0", id="a wrong checksum"),
    ],
)
def test_archive_that_is_damaged_is_read_or_said(write_sheets, place, change):
    """Two libraries open it: what only one of them refuses means that less is known of the cells."""
    path = write_sheets(A=[["text", "label"], ["a", "x"], ["b", "y"]])
    content = bytearray(path.read_bytes())
    entry = -1
    while (entry := content.find(CENTRAL, entry + 1)) >= 0:
        content[entry + place : entry + place + len(change)] = change
    path.write_bytes(content)
    try:
        rows = [tuple(row.values.values()) for row in read_rows(path)]
    except DataError as err:
        rows = str(err)
    assert rows == [("a", "x"), ("b", "y")] or "cannot be read as a workbook" in rows


def test_workbooks_without_a_header(write_sheets):
    """Columns are called by their numbers."""
    rows = list(read_rows(write_sheets(A=[["so glad", "joy"]]), header=False))
    assert rows[0].values == {"1": "so glad", "2": "joy"}


def test_written_workbooks_are_read_back(tmp_path):
    """Texts are never run, and what no workbook can hold is replaced or cut off."""
    from assay.data.files.writers import open_writer

    out = tmp_path / "out.xlsx"
    with open_writer(out, like=out) as writer:
        writer.write({"text": "=1+1", "n": 1, "labels": ["a"]})
        writer.write({"text": "a\x00" + "b" * 40_000, "n": 2.5, "labels": None})
    first, second = (tuple(row.values.values()) for row in read_rows(out))
    assert first == ("=1+1", "1", "['a']")
    assert second == ("a\ufffd" + "b" * 32_765, "2.5", "")


def test_written_workbooks_can_be_read_by_people(tmp_path):
    """The header stays in sight, and columns are as wide as what they hold, within reason."""
    records = [{"id": "1", "내용": "환불해 주세요" * 3, "note": "a" * 500}]
    write_workbook(records, tmp_path / "out.xlsx", columns=("id", "내용", "note"))
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert sheet.freeze_panes == "A2"
    widths = [sheet.column_dimensions[letter].width for letter in "ABC"]
    assert widths == [9, 41, 70]


def test_hidden_sheets_are_left_out(tmp_path, write_sheets, caplog):
    """Where another one has rows; they can be named."""
    path = write_sheets(Lists=[["x"]], Data=[["text"], ["a"]])
    workbook = openpyxl.load_workbook(path)
    workbook.active = 1
    workbook["Lists"].sheet_state = "hidden"
    workbook.save(path)
    assert next(read_rows(path)).values == {"text": "a"}
    assert "hidden sheets are not read: Lists" in caplog.text
    assert list(read_rows(path, sheet="Lists")) == []


def test_sheet_of_merged_cells_without_values_is_empty(tmp_path):
    """It has cells that are merged, and no row to fill."""
    workbook = openpyxl.Workbook()
    workbook.active.append(["text"])
    workbook.create_sheet("Frame").merge_cells("A1:A3")
    workbook.save(tmp_path / "d.xlsx")
    with pytest.raises(DataError, match=r"d\.xlsx is empty"):
        list(read_rows(tmp_path / "d.xlsx", sheet="Frame"))


def test_cells_that_are_merged_below_each_other_are_one_value(write_sheets):
    """As they are seen; a title over several columns stays where it is."""
    path = write_sheets(A=[["text", "label"], ["a", "x"], ["b", None], ["c", "y"], ["d", None]])
    workbook = openpyxl.load_workbook(path)
    workbook.active.merge_cells("B2:B3")
    workbook.active.merge_cells("A5:B5")
    workbook.save(path)
    labels = [row.values["label"] for row in read_rows(path)]
    assert labels == ["x", "x", "y", ""]


def test_sheet_of_too_many_columns_is_refused(write_sheets):
    """A stray cell far to the right would make all rows as wide."""
    path = write_sheets(A=[["text", "label"], ["a", "x"]])
    workbook = openpyxl.load_workbook(path)
    workbook.active.cell(row=2, column=16_000, value="stray")
    workbook.save(path)
    with pytest.raises(DataError, match="has 16,000 columns; up to 10,000 are accepted"):
        read_rows(path)
