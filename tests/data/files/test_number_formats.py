"""Numbers of a workbook that are shown with zeros or letters before them are read as seen.

The module `assay.data.files.workbook_parts` is tested here too.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from itertools import product

import pytest

from assay.data.files.number_formats import parse_format, show_numbers
from assay.data.files.readers import read_rows
from assay.data.files.reading import Reading
from assay.data.files.relabelled import write_relabelled
from assay.data.files.workbook_parts import WorkbookParts, read_parts

openpyxl = pytest.importorskip("openpyxl", reason="the extra xlsx is not installed")
pytest.importorskip("python_calamine", reason="the extra xlsx is not installed")

SEEN = [
    (1, "000", "001"),
    (1234, "000", "1234"),
    (0, "00", "00"),
    (7, "00000", "00007"),
    (3, '"T-"0000', "T-0003"),
    (3, '"T-"0', "T-3"),
    (3, "\\T\\-00", "T-03"),
    (123456789, "00000\\-0000", "12345-6789"),
    (1012345678, "000-0000-0000", "010-1234-5678"),
    (5, "[Red]000;[Blue]-000", "005"),
    (5, "[$-409]000", "005"),
    (5, '000_);"a;b"', "005 "),
    (5, '00"점"', "05점"),
]
AS_NUMBERS = [
    (0.5, "0%", "0.5"),
    (12.5, "$#,##0.00", "12.5"),
    (1234567, "#,##0", "1234567"),
    (5, '0"점"', "5"),
    (5, '"₩"0', "5"),
    (5, "0", "5"),
    (5, "0.00", "5"),
    (5, "[<=99]000;0", "5"),
    (5, "[$€-2]000", "5"),
    (-5, "000", "-5"),
    (3.7, "000", "3.7"),
    (True, "000", "TRUE"),
    ("x", "000", "x"),
]


@pytest.fixture(scope="module")
def workbook_path(tmp_path_factory):
    """Return a workbook whose table begins in C3, with one number format per row."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet["C3"], sheet["D3"] = "text", "label"
    for number, (value, code, _) in enumerate(SEEN + AS_NUMBERS, 4):
        sheet.cell(number, 3, f"word {number}")
        sheet.cell(number, 4, value).number_format = code
    path = tmp_path_factory.mktemp("formats") / "d.xlsx"
    workbook.save(path)
    return path


def test_numbers_are_read_as_they_are_seen(workbook_path):
    """Zeros and letters before a number; percent, currency and units leave it a number."""
    read = [row.values["label"] for row in read_rows(workbook_path)]
    assert read == [seen for _, _, seen in SEEN + AS_NUMBERS]


def test_corrected_workbook_is_read_with_the_new_labels(tmp_path):
    """The new label is a number of the same format."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in (["text", "label"], ["a", 1], ["b", 2]):
        sheet.append(row)
    for place in ("B2", "B3"):
        sheet[place].number_format = "000"
    workbook.save(tmp_path / "d.xlsx")
    write_relabelled(
        tmp_path / "d.xlsx", tmp_path / "e.xlsx", {2: {"label": "007"}}, reading=Reading()
    )
    read = [row.values["label"] for row in read_rows(tmp_path / "e.xlsx")]
    assert read == ["007", "002"]


@pytest.mark.parametrize("code", ["", "@", "General", "yyyy", "00/00", "00.0", "0E+00", '"T', "a0"])
def test_other_formats_are_not_followed(code):
    """Nothing is guessed about a format that is not known whole."""
    assert parse_format(code) is None


def test_places_that_are_not_written_are_counted():
    """Some programs leave them out, or name the tags otherwise."""
    styles = (
        b'<x:s xmlns:x="u"><x:numFmts><x:numFmt numFmtId="164" formatCode="000"/></x:numFmts>'
        b'<x:cellXfs><x:xf numFmtId="0"/><x:xf numFmtId="164"/></x:cellXfs></x:s>'
    )
    sheet = b'<x:row><x:c/><x:c s="1"/></x:row><x:row><x:c s="1"/><x:c s="1"/><x:c s="1"/></x:row>'
    rows = [["a", 1.0], [float("inf"), 2.0]]
    show_numbers(rows, WorkbookParts(sheet, styles), top=0, left=0)
    assert rows == [["a", "001"], [float("inf"), "002"]]


def test_files_that_are_not_as_expected_tell_nothing(workbook_path):
    """Values were read before: nothing here ends in an error."""
    content = workbook_path.read_bytes()
    assert read_parts(b"no zip", "Sheet") == WorkbookParts()
    assert read_parts(content, "Other") == WorkbookParts()
    assert read_parts(content[:-30], "Sheet") == WorkbookParts()
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(stream, "w") as saved:
        for name in archive.namelist():
            if name != "xl/styles.xml":
                saved.writestr(name, archive.read(name))
    parts = read_parts(stream.getvalue(), "Sheet")
    assert parts.sheet
    assert parts.styles == b""
    rows = [[1.0]]
    show_numbers(rows, WorkbookParts(parts.sheet, b'<broken formatCode="000"'), top=0, left=0)
    assert rows == [[1.0]]


def test_file_that_says_it_is_huge_is_not_unpacked(monkeypatch, workbook_path):
    """A zip of a few bytes may unpack to all memory."""
    monkeypatch.setattr("assay.data.files.workbook_parts.MAX_SHEET_BYTES", 100)
    assert read_parts(workbook_path.read_bytes(), "Sheet") == WorkbookParts()


BEFORE = [
    None,
    "x",
    "001",
    7,
    7.0,
    1.5,
    True,
    dt.date(2026, 1, 1),
    dt.time(9, 30),
    '="3"',
    -3,
    1e20,
]
LABELS = [
    "12",
    "012",
    "1",
    "1.0",
    "1.5",
    "TRUE",
    "2026-01-02",
    "T-007",
    "=x",
    "50%",
    "1e5",
    "1e400",
]
LABELS += ["nan", "inf", "007", "-3", "½", "0x10", "1_000", "+5", "-0", "12345678901234567890"]


@pytest.mark.parametrize("code", ["General", "000", '"T-"000', "0%", "0.00", "@", "yyyy-mm-dd"])
def test_any_label_in_any_cell_is_read_back(tmp_path, code):
    """Whatever a cell held, and whatever its format makes of numbers."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.append(["text", "label"])
    labels = {}
    for number, (before, label) in enumerate(product(BEFORE, LABELS), 2):
        sheet.append([f"word {number}", before])
        if code != "yyyy-mm-dd" or before != 1e20:  # no day
            sheet.cell(number, 2).number_format = code
        labels[number] = label
    workbook.save(tmp_path / "d.xlsx")
    changes = {number: {"label": label} for number, label in labels.items()}
    write_relabelled(tmp_path / "d.xlsx", tmp_path / "out.xlsx", changes, reading=Reading())
    found = {row.line: row.values["label"] for row in read_rows(tmp_path / "out.xlsx")}
    assert found == labels
