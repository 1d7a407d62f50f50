"""What formulas gave, carried from a workbook into a changed copy of it.

The library that writes workbooks keeps formulas and drops what they gave, which is stored beside
them. A reader that does not calculate, as assay's, then finds empty cells. So these values are
copied as they are written, from file to file; a spreadsheet program calculates them anew.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from assay.data.files.workbook_parts import attributes, find_sheet_files, read_parts

__all__ = ["Results", "keep_results", "read_results"]

FORMULA = rb"<f\b(?:[^<>]*/>|[^<>]*>[^<]*</f>)"
WITH_VALUE = re.compile(
    rb"<c\b(?P<cell>[^<>]*)>\s*" + FORMULA + rb"\s*+<v\b[^<>]*>(?P<value>[^<]+)</v>\s*+</c>"
)
WRITTEN = re.compile(
    rb"<c\b(?P<cell>[^<>]*)>(?P<formula>" + FORMULA + rb")(?:<v\s*/>|<v>\s*</v>)?</c>"
)
TYPE = re.compile(rb"""\s+t\s*=\s*(?:"[^"]*"|'[^']*')""")
SHARED = b"s"  # the value is a number in a table of texts, which is another one in the copy

# Place of a cell, such as B2 -> its type, such as str, and its value, as XML has them.
Results = dict[bytes, tuple[bytes, bytes]]


def read_results(content: bytes, sheets: list[str]) -> dict[str, Results]:
    """Return what the formulas of some sheets gave, by sheet; what is not known is left out."""
    found: dict[str, Results] = {}
    for sheet in sheets:
        results: Results = {}
        for one in WITH_VALUE.finditer(read_parts(content, sheet).sheet):
            given = attributes(one["cell"])
            kind = given.get(b"t", b"")
            if b"r" in given and kind != SHARED:
                results[given[b"r"]] = (kind, one["value"])
        found[sheet] = results
    return found


def keep_results(out: Path, results: Mapping[str, Results]) -> None:
    """Write into a workbook what its formulas gave before it was changed.

    Parameters
    ----------
    out : Path
        The workbook; it is replaced.
    results : mapping of sheet to Results
    """
    if not any(results.values()):
        return
    content = out.read_bytes()
    files = find_sheet_files(content)
    by_file = {files[sheet]: own for sheet, own in results.items() if sheet in files}
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for item in source.infolist():
            part = source.read(item)
            part = _filled(part, by_file.get(item.filename, {}))
            target.writestr(item, part, zipfile.ZIP_DEFLATED)
    out.write_bytes(written.getvalue())


def _filled(sheet: bytes, results: Results) -> bytes:
    """Return the XML of a sheet with the values of its formulas."""
    if not results:
        return sheet

    def fill(cell: re.Match[bytes]) -> bytes:
        known = results.get(attributes(cell["cell"]).get(b"r", b""))
        if known is None:
            return cell[0]
        kind, value = known
        typed = TYPE.sub(b"", cell["cell"])
        if kind:
            typed += b' t="' + kind + b'"'
        return b"<c" + typed + b">" + cell["formula"] + b"<v>" + value + b"</v></c>"

    return WRITTEN.sub(fill, sheet)
