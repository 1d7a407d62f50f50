"""Formulas without stored values: counted, with the first cell and what to do."""

from __future__ import annotations

import io
import zipfile

import pytest

from assay.data.files.workbook_formulas import fill_formulas
from assay.data.files.workbook_parts import read_parts
from assay.data.load import load_data
from assay.errors import DataError

ADVICE = "open the workbook in a spreadsheet program and save it once"


def _write(path, rows, sheet="Sheet"):
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    workbook.active.title = sheet
    for row in rows:
        workbook.active.append(row)
    workbook.save(path)
    return path


def _rows(n_formulas):
    rows = [["text", "label"]]
    for i in range(40):
        rows.append([f"word {i}", '=IF(A1="a","x","y")' if i < n_formulas else "ab"[i % 2]])
    return rows


def test_cells_are_counted_and_the_first_is_named(tmp_path, caplog):
    """The rows have no label, which is said where they are left out."""
    splits = load_data(_write(tmp_path / "d.xlsx", _rows(2)))
    assert len(splits["all"]) == 38
    assert caplog.messages[0] == (
        "d.xlsx: 2 cells with a formula that was not calculated yet, read as empty; "
        f"the first is B2: {ADVICE}"
    )


def test_table_of_formulas_alone_is_an_error_after_the_warning(tmp_path, caplog):
    """The sheet may have any name."""
    path = _write(tmp_path / "d.xlsx", _rows(40), sheet="Tickets & mehr")
    with pytest.raises(DataError, match="40 of 40 rows have no text or no label"):
        load_data(path)
    assert "40 cells with a formula that was not calculated yet" in caplog.messages[0]


def test_formula_that_is_a_text_is_read(tmp_path, caplog):
    """It needs no calculation, wherever the table begins; quotes in it are doubled."""
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for i in range(40):
        sheet.cell(i + 4, 3, f"word {i}")
        sheet.cell(i + 4, 4, '="003"' if i % 2 else '="a ""b"" & <c>"')
    sheet.cell(3, 3, "text"), sheet.cell(3, 4, "label")
    sheet.cell(4, 4, '="a"&"b"')
    workbook.save(tmp_path / "d.xlsx")
    splits = load_data(tmp_path / "d.xlsx")
    assert set(splits["all"].labels) == {"003", 'a "b" & <c>'}
    assert len(splits["all"]) == 39
    assert (
        "1 cell with a formula that was not calculated yet, read as empty; the first is D4"
        in (caplog.messages[0])
    )


def test_calculated_formulas_are_read_without_a_word(tmp_path, caplog):
    """What a spreadsheet program saved has values, an empty text among them."""
    path = _write(tmp_path / "d.xlsx", _rows(1))
    stream = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(stream, "w") as saved:
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith("sheet1.xml"):
                content = content.replace(b"<v></v>", b"<v />")
                assert content.count(b"<v />") == 1
                given = content.replace(b'<c r="B2">', b'<c r="B2" t="str">')
                content = given.replace(b"<v />", b"<v>a</v>")
            saved.writestr(name, content)
    path.write_bytes(stream.getvalue())
    assert load_data(path)["all"].labels[0] == "a"
    assert caplog.messages == []
    emptied = _replaced(path, b"<v>a</v>", b"<v></v>")
    fill_formulas([], read_parts(emptied, "Sheet").sheet, "d.xlsx", top=0, left=0)
    assert caplog.messages == []
    never_run = _replaced(path, b' t="str"', b"", b"<v>a</v>", b"")
    fill_formulas([], read_parts(never_run, "Sheet").sheet, "d.xlsx", top=0, left=0)
    assert "1 cell with a formula that was not calculated yet, read as empty" in caplog.text


def _replaced(path, *pairs):
    """Return a workbook with other bytes in its sheet."""
    stream = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(stream, "w") as saved:
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith("sheet1.xml"):
                for old, new in zip(pairs[::2], pairs[1::2], strict=True):
                    content = content.replace(old, new)
            saved.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize("content", [b"no zip", b""])
def test_what_is_no_workbook_is_not_looked_at(content, caplog):
    """Another sheet is none, either."""
    fill_formulas([], read_parts(content, "Sheet").sheet, "d.xlsx", top=0, left=0)
    assert caplog.messages == []


def test_long_white_space_behind_a_formula_is_passed_once(caplog):
    """In milliseconds: it took minutes where a value comes behind it."""
    space = b" " * 200_000
    cells = b'<c r="A1"><f>B1</f>' + space + b"<v>1</v></c>"
    cells += b'<c r="A2"><f>B1</f>' + space + b"<v> </v>" + space + b"</c>"
    fill_formulas([], cells, "d.xlsx", top=0, left=0)
    assert caplog.messages[0].startswith("d.xlsx: 1 cell with a formula")
    assert "the first is A2" in caplog.text
