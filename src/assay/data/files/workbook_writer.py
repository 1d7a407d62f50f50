"""Records to an .xlsx workbook, through openpyxl. Every text is stored as text: none is run."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from assay._optional import require
from assay.data.files.row import Record
from assay.errors import plural

__all__ = ["SHEET", "write_workbook"]

logger = logging.getLogger(__name__)

SHEET = "predictions"
MAX_CELL_CHARS = 32_767
N_MEASURED = 100  # rows by which the widths of columns are chosen
MIN_WIDTH, MAX_WIDTH = 9, 70
# What XML cannot hold: control characters, and surrogates without their other half.
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def write_workbook(
    records: Iterable[Record], out: Path, *, columns: Sequence[str], title: str = SHEET
) -> None:
    """Write one sheet with a header.

    A character that a workbook cannot hold becomes U+FFFD; a text that is too long for a cell is
    cut with a warning.
    """
    openpyxl = require("openpyxl")
    cell_of = require("openpyxl.cell").WriteOnlyCell
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet(title)
    sheet.freeze_panes = "A2"  # the header stays in sight
    records = iter(records)
    head = list(islice(records, N_MEASURED))
    letter_of = require("openpyxl.utils").get_column_letter
    for number, name in enumerate(columns, start=1):
        sheet.column_dimensions[letter_of(number)].width = _width(name, head)
    texts = _TextCells(cell_of, sheet)
    sheet.append([texts.make(name) for name in columns])
    for record in chain(head, records):
        cells = []
        for name in columns:
            value = record.get(name)
            if isinstance(value, str | list | dict):
                value = texts.make(str(value))
            cells.append(value)
        sheet.append(cells)
    texts.say()
    workbook.save(out)


class _TextCells:
    """Makes cells that hold text, and counts those that do not hold all of it."""

    def __init__(self, cell_of: Any, sheet: Any) -> None:
        self._cell_of = cell_of
        self._sheet = sheet
        self._n_cut = self._n_replaced = 0

    def make(self, text: str) -> Any:
        """Return a cell with a text, or with what a workbook can hold of it."""
        self._n_cut += len(text) > MAX_CELL_CHARS
        kept, n_illegal = ILLEGAL.subn("\ufffd", text[:MAX_CELL_CHARS])
        self._n_replaced += n_illegal > 0
        cell = self._cell_of(self._sheet, kept)
        cell.data_type = "s"  # not a formula, whatever it begins with
        return cell

    def say(self) -> None:
        """Warn of cells that do not hold all of their text."""
        if self._n_cut:
            logger.warning(
                "the end of %s was cut off: a cell of a workbook holds at most %s characters",
                plural(self._n_cut, "text"),
                f"{MAX_CELL_CHARS:,}",
            )
        if self._n_replaced:
            logger.warning(
                "a workbook cannot hold control characters: U+FFFD is in their place in %s; .csv "
                "and .jsonl keep them",
                plural(self._n_replaced, "cell"),
            )


def _width(name: str, head: Sequence[Record]) -> int:
    """Return how wide a column is, in characters, by its name and its first cells."""
    shown = [name, *(str(record.get(name, "")) for record in head)]
    widest = max(_n_columns(text[:MAX_WIDTH]) for text in shown)
    return min(max(MIN_WIDTH, widest + 2), MAX_WIDTH)


def _n_columns(text: str) -> int:
    """Count the columns that a text takes: letters of Korean, Chinese and Japanese take two."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
