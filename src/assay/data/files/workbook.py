"""Rows of a sheet of an .xlsx workbook, through python-calamine, with cells as they are seen."""

from __future__ import annotations

import datetime
import io
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from assay._optional import require
from assay.data.columns import tell_apart
from assay.data.files.bounds import FileBounds
from assay.data.files.decoding import open_bytes
from assay.data.files.reading import Reading
from assay.data.files.row import Row
from assay.errors import DataError, InputError, did_you_mean, first_line

__all__ = ["read_workbook"]

logger = logging.getLogger(__name__)

Cells = Sequence[Any]
Range: TypeAlias = tuple[tuple[int, int], tuple[int, int]]  # row and column of two corners, from 0


def read_workbook(path: Path, reading: Reading) -> Iterator[Row]:
    """Stream the rows of one sheet; `Row.line` is the number that the spreadsheet shows.

    Blank rows are left out. A number without decimals has none, a date is ``2026-11-26``, an empty
    cell is an empty text, and cells that are merged below each other all hold what is seen there.

    Raises
    ------
    InputError
        There is no such sheet, or there are several and none is named.
    DataError
        It is no workbook, or its header cannot be used.
    """
    calamine = require("python_calamine")
    with open_bytes(path) as stream:
        content = io.BytesIO(stream.read())
    try:
        workbook = calamine.CalamineWorkbook.from_filelike(content)
        chosen = _choose_sheet(workbook, path, reading.sheet)
        sheet = workbook.get_sheet_by_name(chosen)
        _check_width(sheet, path.name)
        first, column = sheet.start or (0, 0)
        cells = _fill_merged(sheet.to_python(), sheet.merged_cell_ranges or (), first, column)
        rows = list(enumerate(cells, first + 1))
    except (calamine.CalamineError, OSError) as err:
        raise DataError(
            f"{path.name} cannot be read as a workbook: {first_line(err)}",
            hint="open it in a spreadsheet program and save it as .xlsx",
        ) from err
    # Here: it takes libraries that reading a table of text does without.
    from assay.data.files.workbook_formulas import warn_of_formulas

    warn_of_formulas(content.getvalue(), chosen, path.name)
    return _rows(rows, path.name, has_header=reading.header)


def _choose_sheet(workbook: Any, path: Path, asked: str | None) -> str:
    """Return the sheet that was asked for, else the only one that holds anything."""
    names: list[str] = list(workbook.sheet_names)
    if asked is not None:
        if asked not in names:
            raise InputError(
                f"{path.name} has no sheet '{asked}'; sheets: {', '.join(names)}."
                f"{did_you_mean(asked, names)}"
            )
        return asked
    filled = [name for name in names if workbook.get_sheet_by_name(name).to_python(nrows=1)]
    filled = _without_hidden(filled, workbook, path.name)
    if not filled:
        raise DataError(f"{path.name} is empty; a header and rows are accepted")
    if len(filled) > 1:
        raise InputError(
            f"{path.name} has {len(filled)} sheets with rows: {', '.join(filled)}",
            hint="name one with --sheet",
            flags=[f"--sheet '{name}'" for name in filled],
        )
    return filled[0]


def _without_hidden(filled: list[str], workbook: Any, name: str) -> list[str]:
    """Return the sheets that can be seen; all of them if none can."""
    visible = require("python_calamine").SheetVisibleEnum.Visible
    is_seen = {one.name: one.visible == visible for one in workbook.sheets_metadata}
    seen = list(filter(is_seen.get, filled))
    hidden = sorted(set(filled).difference(seen))
    if not seen or not hidden:
        return filled
    logger.warning("%s: hidden sheets are not read: %s", name, ", ".join(hidden))
    return seen


def _check_width(sheet: Any, name: str) -> None:
    """Refuse a sheet of more columns than a table may have: it is held in memory, blanks too."""
    bounds = FileBounds.from_environment()
    if sheet.width > bounds.columns:
        raise DataError(
            f"{name} has {sheet.width:,} columns; up to {bounds.columns:,} are accepted "
            "(ASSAY_MAX_COLUMNS)",
            hint="clear the cells to the right of the table",
        )


def _fill_merged(rows: list[list[Any]], ranges: Sequence[Range], top: int, left: int) -> Cells:
    """Return the rows of a sheet with the value of merged cells in each row that they span.

    Cells beside each other that are merged are a title, which is left in the first one.
    """
    for (first, column), (last, last_column) in ranges:
        is_inside = first >= top and 0 <= column - left < len(rows[0])
        if column != last_column or not is_inside:
            continue
        for number in range(first + 1 - top, min(last + 1 - top, len(rows))):
            rows[number][column - left] = rows[first - top][column - left]
    return rows


def _rows(rows: Sequence[tuple[int, Cells]], name: str, *, has_header: bool) -> Iterator[Row]:
    filled = []
    for number, cells in rows:
        shown = [_shown(cell) for cell in cells]
        if any(shown):
            filled.append((number, shown))
    if not filled:
        raise DataError(f"{name} is empty; a header and rows are accepted")
    width = len(filled[0][1])
    columns = tuple(str(i) for i in range(1, width + 1))
    if has_header:
        titles = filled.pop(0)[1]
        named = [title.strip() or f"unnamed_{i}" for i, title in enumerate(titles, 1)]
        columns = tell_apart(named, source=name, flags=("--no-header",))
    for number, cells in filled:
        yield Row(number, dict(zip(columns, cells, strict=True)))


def _shown(cell: Any) -> str:
    """Return a cell as a person sees it in the sheet."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime):
        is_day = cell.time() == datetime.time()
        return cell.date().isoformat() if is_day else cell.isoformat(sep=" ")
    return str(cell)
