"""Formulas of a workbook that were never calculated: programs write them without their values.

A spreadsheet stores with each formula what it gave. Libraries that write workbooks do not
calculate, so such a cell is read as empty until a spreadsheet program has saved the workbook once.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile
from xml.etree import ElementTree  # what is read was opened as a workbook before

from assay.errors import plural

__all__ = ["warn_of_formulas"]

logger = logging.getLogger(__name__)

FORMULA = b"<f"  # how one begins, among the cells of a sheet
# A cell with a formula, and then an empty value or none.
WITHOUT_VALUE = re.compile(
    rb"<c\b(?P<cell>[^<>]*)>\s*<f\b(?:[^<>]*/>|[^<>]*>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
)
IS_TEXT = b't="str"'  # the formula was calculated, and gave a text: here an empty one
PLACE = re.compile(rb'\br="([A-Z]+[0-9]+)"')
SHEETS, LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
LINK_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def warn_of_formulas(content: bytes, sheet: str, name: str) -> None:
    """Warn of cells of a sheet that hold formulas without values.

    Parameters
    ----------
    content : bytes
        The workbook.
    sheet : str
        The name of the sheet that is read.
    name : str
        How messages call the file.
    """
    cells = _read_sheet(content, sheet)
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


def _read_sheet(content: bytes, sheet: str) -> bytes:
    """Return the XML of a sheet; empty where it is not found, as in workbooks of another kind."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            place = _find_sheet(archive.read(SHEETS), archive.read(LINKS), sheet)
            return archive.read(place)
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError, ValueError):
        return b""


def _find_sheet(sheets: bytes, links: bytes, sheet: str) -> str:
    """Return where a workbook keeps a sheet, by its two tables of contents.

    Raises
    ------
    KeyError
        There is no such sheet.
    """
    ids = {}
    for one in ElementTree.fromstring(sheets).iter():  # noqa: S314
        if one.tag.endswith("}sheet"):
            ids[one.get("name")] = one.get(LINK_ID)
    targets = {}
    for link in ElementTree.fromstring(links):  # noqa: S314
        targets[link.get("Id")] = link.get("Target", "")
    target = targets[ids[sheet]]
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
