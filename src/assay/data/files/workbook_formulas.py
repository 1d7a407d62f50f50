"""Formulas of a workbook that were never calculated: programs write them without their values.

A spreadsheet stores with each formula what it gave. Libraries that write workbooks do not
calculate, so such a cell is read as empty until a spreadsheet program has saved the workbook once.
"""

from __future__ import annotations

import logging
import re

from assay.errors import plural

__all__ = ["warn_of_formulas"]

logger = logging.getLogger(__name__)

FORMULA = b"<f"  # how one begins, among the cells of a sheet
# A cell with a formula, and then an empty value or none.
WITHOUT_VALUE = re.compile(
    rb"<c\b(?P<cell>[^<>]*)>\s*<f\b(?:[^<>]*/>|[^<>]*>[^<]*</f>)\s*+"
    rb"(?:(?:<v\s*/>|<v>\s*</v>)\s*+)?</c>"
)
IS_TEXT = b't="str"'  # the formula was calculated, and gave a text: here an empty one
PLACE = re.compile(rb'\br="([A-Z]+[0-9]+)"')


def warn_of_formulas(cells: bytes, name: str) -> None:
    """Warn of cells of a sheet that hold formulas without values.

    Parameters
    ----------
    cells : bytes
        The XML of the sheet.
    name : str
        How messages call the file.
    """
    if FORMULA not in cells:
        return
    found = [one["cell"] for one in WITHOUT_VALUE.finditer(cells) if IS_TEXT not in one["cell"]]
    if not found:
        return
    place = PLACE.search(found[0])
    if place is None:
        return
    logger.warning(
        "%s: %s with a formula that was not calculated yet, read as empty; the first is %s: open "
        "the workbook in a spreadsheet program and save it once",
        name,
        plural(len(found), "cell"),
        place[1].decode(),
    )
