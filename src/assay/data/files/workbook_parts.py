"""What the files inside a workbook say about a sheet, beside its values: its XML and its styles.

A workbook is a zip of XML files. The library that reads the values opened it before, so a file that
is not found here, or is of another kind, only means that nothing more is known.
"""

from __future__ import annotations

import io
import lzma
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree  # what is read was opened as a workbook before

__all__ = [
    "UNREADABLE",
    "WorkbookParts",
    "attributes",
    "column_number",
    "find_sheet_files",
    "read_parts",
    "walk_cells",
    "walk_rows",
]

SHEETS, LINKS, STYLES = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"
LINK_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
MAX_SHEET_BYTES = 1 << 30  # unpacked; a million rows of sentences are about 200 MB
MAX_OTHER_BYTES = 1 << 26  # of the other files, which list sheets and styles
ATTRIBUTE = re.compile(rb"""(?<![\w:])([A-Za-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
ROW_OR_CELL = re.compile(rb"<(?:\w+:)?(row|c)\b([^<>]*)>")
ROW = re.compile(rb"<(?:\w+:)?row\b([^<>]*)>")
PLACE = re.compile(rb"([A-Z]{1,3})([0-9]{1,7})")
NUMBER = re.compile(rb"[0-9]{1,7}")
# What zipfile, its codecs and the reader of XML raise. A damaged archive may ask for a version that
# does not exist (NotImplementedError), or for a password (RuntimeError).
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ElementTree.ParseError,
    EOFError,
    KeyError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True)
class WorkbookParts:
    """Two of the files inside a workbook.

    Parameters
    ----------
    sheet : bytes
        The XML of the sheet that is read; empty where it is not found or too large.
    styles : bytes
        The XML of the styles of all sheets; empty in the same cases.
    """

    sheet: bytes = b""
    styles: bytes = b""


def read_parts(content: bytes, sheet: str) -> WorkbookParts:
    """Return the parts of a workbook that tell about one sheet.

    Parameters
    ----------
    content : bytes
        The workbook.
    sheet : str
        The name of the sheet.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            sheets = _read(archive, SHEETS, MAX_OTHER_BYTES)
            links = _read(archive, LINKS, MAX_OTHER_BYTES)
            cells = _read(archive, _sheet_files(sheets, links)[sheet], MAX_SHEET_BYTES)
            styles = b""
            if STYLES in archive.namelist():
                styles = _read(archive, STYLES, MAX_OTHER_BYTES)
    except UNREADABLE:
        return WorkbookParts()
    return WorkbookParts(cells, styles)


def _read(archive: zipfile.ZipFile, name: str, max_bytes: int) -> bytes:
    """Return one file of a zip, which never unpacks to more than it says.

    Raises
    ------
    ValueError
        It says that it is larger than `max_bytes`.
    """
    size = archive.getinfo(name).file_size
    if size > max_bytes:
        msg = f"{name} unpacks to {size:,} bytes"
        raise ValueError(msg)
    return archive.read(name)


def find_sheet_files(content: bytes) -> dict[str, str]:
    """Return where a workbook keeps each of its sheets; nothing where that is not found."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _sheet_files(
                _read(archive, SHEETS, MAX_OTHER_BYTES), _read(archive, LINKS, MAX_OTHER_BYTES)
            )
    except UNREADABLE:
        return {}


def _sheet_files(sheets: bytes, links: bytes) -> dict[str, str]:
    """Return where a workbook keeps each sheet, by its two tables of contents."""
    targets = {}
    for link in ElementTree.fromstring(links):  # noqa: S314
        targets[link.get("Id")] = link.get("Target", "")
    files = {}
    for one in ElementTree.fromstring(sheets).iter():  # noqa: S314
        if one.tag.endswith("}sheet") and one.get(LINK_ID) in targets:
            target = targets[one.get(LINK_ID)]
            files[one.get("name", "")] = posixpath.join("/xl", target).removeprefix("/")
    return files


def attributes(tag: bytes) -> dict[bytes, bytes]:
    """Return the attributes inside a tag of XML.

    >>> attributes(b' r="A1" s="3"')
    {b'r': b'A1', b's': b'3'}
    """
    return {name: double or single for name, double, single in ATTRIBUTE.findall(tag)}


def walk_rows(sheet: bytes) -> Iterator[tuple[int, dict[bytes, bytes]]]:
    """Yield the number of each row of a sheet, counted from 1, and its attributes.

    Where a number is not written, it is the next one.

    >>> list(walk_rows(b'<row r="4"/><row hidden="1"/>'))
    [(4, {b'r': b'4'}), (5, {b'hidden': b'1'})]
    """
    row = 0
    for found in ROW.finditer(sheet):
        given = attributes(found[1])
        row = _row_number(given, row)
        yield row, given


def walk_cells(sheet: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield row and column of each cell of a sheet, counted from 1, and the number of its style.

    Where a place is not written, it is the next one.

    >>> list(walk_cells(b'<row r="4"><c r="B4" s="2"/><c/></row>'))
    [(4, 2, b'2'), (4, 3, b'')]
    """
    row = column = 0
    for tag in ROW_OR_CELL.finditer(sheet):
        given = attributes(tag[2])
        if tag[1] == b"row":
            row, column = _row_number(given, row), 0
            continue
        place = PLACE.fullmatch(given.get(b"r", b""))
        if place is None:
            column += 1
        else:
            row, column = int(place[2]), column_number(place[1])
        yield row, column, given.get(b"s", b"")


def _row_number(given: dict[bytes, bytes], before: int) -> int:
    """Return the number of a row by its attributes, else the one after the row before."""
    written = NUMBER.fullmatch(given.get(b"r", b""))
    if written is None:
        return before + 1
    return int(written[0])


def column_number(letters: bytes) -> int:
    """Return the number of a column.

    >>> column_number(b"A"), column_number(b"AA")
    (1, 27)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
