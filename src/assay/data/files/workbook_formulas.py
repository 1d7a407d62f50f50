"""Formulas of a workbook that were never calculated: programs write them without their values.

A spreadsheet stores with each formula what it gave. Libraries that write workbooks do not
calculate, so such a cell is read as empty until a spreadsheet program has saved the workbook once.
A formula that is nothing but a text, ``="003"``, needs no calculation.
"""

from __future__ import annotations

import logging
import re
from typing import Any
from xml.sax.saxutils import unescape

from assay.data.files.workbook_parts import column_number
from assay.errors import plural

__all__ = ["fill_formulas"]

logger = logging.getLogger(__name__)

FORMULA = b"<f"  # how one begins, among the cells of a sheet
# A cell with a formula, and then an empty value or none.
WITHOUT_VALUE = re.compile(
    rb"<c\b(?P<cell>[^<>]*)>\s*<f\b(?:[^<>]*/>|[^<>]*>(?P<formula>[^<]*)</f>)\s*+"
    rb"(?:(?:<v\s*/>|<v>\s*</v>)\s*+)?</c>"
)
IS_TEXT = b't="str"'  # the formula was calculated, and gave a text: here an empty one
PLACE = re.compile(rb'\br="([A-Z]+)([0-9]+)"')
LONE_TEXT = re.compile(r'\s*"((?:[^"]|"")*)"\s*')  # a quote in it is doubled


def fill_formulas(rows: list[list[Any]], cells: bytes, name: str, *, top: int, left: int) -> None:
    """Read formulas without values that are nothing but a text, in place, and warn of the others.

    Parameters
    ----------
    rows : list of list
        The values of the sheet.
    cells : bytes
        The XML of the sheet.
    name : str
        How messages call the file.
    top, left : int
        Row and column, counted from 0, of the first value in the sheet.
    """
    if FORMULA not in cells:
        return
    unknown = []
    for one in WITHOUT_VALUE.finditer(cells):
        place = PLACE.search(one["cell"])
        if place is None or IS_TEXT in one["cell"]:
            continue
        y, x = int(place[2]) - 1 - top, column_number(place[1]) - 1 - left
        text = _lone_text(one["formula"])
        if text is not None and 0 <= y < len(rows) and 0 <= x < len(rows[0]):
            rows[y][x] = text
        else:
            unknown.append(place)
    if unknown:
        logger.warning(
            "%s: %s with a formula that was not calculated yet, read as empty; the first is %s: "
            "open the workbook in a spreadsheet program and save it once",
            name,
            plural(len(unknown), "cell"),
            b"".join(unknown[0].groups()).decode(),
        )


def _lone_text(formula: bytes | None) -> str | None:
    """Return the text that a formula is; None if it is another one.

    >>> _lone_text(b'"003"'), _lone_text(b'&quot;a&quot;'), _lone_text(b'"a"&amp;B1')
    ('003', 'a', None)
    """
    if formula is None:
        return None
    found = LONE_TEXT.fullmatch(unescape(formula.decode("utf-8", "replace"), {"&quot;": '"'}))
    return None if found is None else found[1].replace('""', '"')
