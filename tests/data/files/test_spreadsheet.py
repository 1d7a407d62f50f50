"""Cells that could run as formulas: harmless in a spreadsheet, and exactly the same when read back."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assay.data.files.spreadsheet import guard_cell, unguard_cell

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "=cmd|' /C calc'!A0",
    " =1+1",
    "\u3000=1",
    "＝1+1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_formula_gets_an_apostrophe(text):
    """Whatever a spreadsheet would run starts with an apostrophe."""
    assert guard_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["so happy", "", "'quoted'", "3 - 2 = 1", "행복해", " so", "’=1"])
def test_plain_text_stays(text):
    """What no spreadsheet runs is written as it is."""
    assert guard_cell(text) == text


@given(st.text() | st.text(alphabet="'=+-@\t\r\n a＝"))
@example("'=1")
@example("''=1")
def test_reading_undoes_guarding_exactly(text):
    """No text changes on its way through the file, also one that starts like a guarded one."""
    assert unguard_cell(guard_cell(text)) == text


@given(st.text(alphabet="'=+-@\t\r\n a\"',;"))
def test_no_guarded_cell_starts_a_formula(text):
    """After the CSV reader too, the first character that counts is none that starts a formula."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerow([guard_cell(text), "end"])
    stream.seek(0)
    (cells,) = csv.reader(stream)
    assert not cells[0].lstrip().startswith(("=", "+", "-", "@"))
    assert not cells[0].startswith(("\t", "\r"))
    assert unguard_cell(cells[0]) == text
