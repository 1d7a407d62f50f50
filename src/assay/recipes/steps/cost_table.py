"""`read_cost_table`: a table of costs as spreadsheets write it, whatever separates its cells."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from assay.data.files.delimiters import named_separator
from assay.errors import InputError, cut

__all__ = ["clean_label", "read_cost_table", "read_cost_text", "refuse_twice"]

Cell = TypeVar("Cell")
Rows = Sequence[list[str]]

SEPARATORS = ",;\t"  # of the cells; the first one where none is there
# Between tabs a comma may be that of thousands, where three digits follow.
DECIMAL_COMMA = {";": re.compile(r"[^,]*,[^,]*"), "\t": re.compile(r"\s*\d*,(?!\d{3}\s*$)\d*\s*")}


def read_cost_text(path: Path) -> str:
    """Return a file of costs as text: UTF-8, or what Excel calls Unicode text.

    Raises
    ------
    ValueError
        It is neither.
    """
    data = path.read_bytes()
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        raise ValueError("it is not UTF-8; save it as that") from err


def read_cost_table(text: str) -> dict[str, dict[str, float]]:
    """Read a table whose header and first column are labels; an empty cell is left out.

    Semicolons and tabs between cells go with decimal commas.

    Raises
    ------
    ValueError, InputError
        It is no such table.
    """
    mark, rows = _split(text)
    if len(rows) < 2:
        raise ValueError("it has no rows below its header")
    if len(rows[0]) < 2:
        raise ValueError("its header names no label behind the first column")
    header = [clean_label(cell) for cell in rows[0][1:]]
    refuse_twice([(label, 0.0) for label in header])
    table = []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(rows[0]):
            raise ValueError(f"row {number} has {len(row)} cells, its header {len(rows[0])}")
        cells = zip(header, row[1:], strict=True)
        costs = {
            label: _read_cost(cell, label, number, mark) for label, cell in cells if cell.strip()
        }
        table.append((clean_label(row[0]), costs))
    return refuse_twice(table)


def _split(text: str) -> tuple[str, Rows]:
    """Return what separates the cells, and the rows that are not empty.

    Raises
    ------
    ValueError
        A quotation mark is not closed, whatever separates the cells.
    """
    first, _, rest = text.partition("\n")
    named = named_separator(first)
    if named is not None and named in SEPARATORS:
        return named, _split_cells(rest, named)
    possible: dict[str, Rows] = {}
    reason = ""
    for mark in SEPARATORS:
        try:
            possible[mark] = _split_cells(text, mark)
        except csv.Error as err:
            reason = reason or str(err)
    if not possible:
        raise ValueError(reason)
    mark = max(possible, key=lambda one: _fit_table(possible[one]))
    return mark, possible[mark]


def _split_cells(text: str, mark: str) -> Rows:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    return [row for row in rows if any(cell.strip(SEPARATORS + " ") for cell in row)]


def _fit_table(rows: Rows) -> tuple[int, int]:
    """Return how much rows look like a table, and how many cells the first one has.

    2 for a square of cells, 1 if all rows have as many and several cells, else 0.
    """
    if not rows:
        return 0, 0
    n_cells = len(rows[0])
    if len(set(map(len, rows))) != 1 or n_cells < 2:
        return 0, n_cells
    return (2 if len(rows) == n_cells else 1), n_cells


def _read_cost(cell: str, label: str, number: int, mark: str) -> float:
    pattern = DECIMAL_COMMA.get(mark)
    with_point = cell
    if pattern is not None and pattern.fullmatch(cell):
        with_point = cell.replace(",", ".")
    try:
        return float(with_point)
    except ValueError:
        raise ValueError(
            f"row {number} has '{cut(cell)}' in the column '{cut(label)}', which is no number"
        ) from None


def refuse_twice(pairs: Sequence[tuple[str, Cell]]) -> dict[str, Cell]:
    """Return pairs as a mapping.

    Raises
    ------
    InputError
        A name is there twice.
    """
    found: dict[str, Cell] = {}
    for name, value in pairs:
        cleaned = clean_label(name)
        if cleaned in found:
            raise InputError(
                f"'{cut(cleaned)}' is there twice; each row and column needs a name of its own"
            )
        found[cleaned] = value
    return found


def clean_label(label: str) -> str:
    """Return a label as data are read: without space around it, in one Unicode form."""
    return unicodedata.normalize("NFC", label).strip()
