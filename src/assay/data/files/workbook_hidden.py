"""Rows of a sheet that a person does not see, hidden by a filter or by hand: read, and counted."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from assay.data.files.workbook_parts import walk_rows
from assay.errors import plural

__all__ = ["warn_of_hidden_rows"]

logger = logging.getLogger(__name__)

HIDDEN = b"hidden="  # of rows and of columns
YES = (b"1", b"true", b"on")


def warn_of_hidden_rows(rows: Sequence[tuple[int, Sequence[Any]]], sheet: bytes, name: str) -> None:
    """Warn of hidden rows that hold anything.

    Parameters
    ----------
    rows : sequence of (int, sequence)
        The number of each row, as the spreadsheet shows it, and its cells.
    sheet : bytes
        The XML of the sheet.
    name : str
        How messages call the file.
    """
    hidden = _hidden_rows(sheet)
    found = [number for number, cells in rows if number in hidden and any(map(_is_filled, cells))]
    if found:
        logger.warning(
            "%s: read too: %s, the first in row %d; delete what is hidden if you want only what "
            "is seen",
            name,
            plural(len(found), "hidden row"),
            found[0],
        )


def _hidden_rows(sheet: bytes) -> set[int]:
    """Return the numbers of the rows that are hidden."""
    if HIDDEN not in sheet:
        return set()
    return {row for row, given in walk_rows(sheet) if given.get(b"hidden") in YES}


def _is_filled(cell: Any) -> bool:
    return cell not in ("", None)
