"""Rows of a sheet of an .xlsx workbook, through python-calamine, with cells as they are seen."""

from __future__ import annotations

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
from assay.data.files.shown_times import show_time
from assay.errors import DataError, InputError, did_you_mean, first_line, plural

__all__ = ["read_workbook", "sheet_of"]

logger = logging.getLogger(__name__)

Cells = Sequence[Any]
Range: TypeAlias = tuple[tuple[int, int], tuple[int, int]]  # row and column of two corners, from 0


def read_workbook(path: Path, reading: Reading) -> Iterator[Row]:
    """Stream the rows of one sheet; `Row.line` is the number that the spreadsheet shows.

    Blank rows are left out. A number without decimals has none, 1 in the number format ``000`` is
    ``001``, a date is ``2026-11-26``, an empty cell is an empty text, and cells that are merged
    below each other all hold what is seen there. Hidden rows are read, with a warning.

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
        cells = sheet.to_python()
        ranges = sheet.merged_cell_ranges or ()
    except (calamine.CalamineError, OSError) as err:
        raise DataError(
            f"{path.name} cannot be read as a workbook: {first_line(err)}",
            hint="open it in a spreadsheet program and save it as .xlsx",
        ) from err
    # Here: they take libraries that reading a table of text does without.
    from assay.data.files.number_formats import show_numbers
    from assay.data.files.workbook_formulas import fill_formulas
    from assay.data.files.workbook_hidden import warn_of_hidden_rows
    from assay.data.files.workbook_parts import read_parts

    parts = read_parts(content.getvalue(), chosen)
    fill_formulas(cells, parts.sheet, path.name, top=first, left=column)
    show_numbers(cells, parts, top=first, left=column)
    _warn_of_wide_merges(ranges, first, path.name)
    rows = list(enumerate(_fill_merged(cells, ranges, first, column), first + 1))
    warn_of_hidden_rows(rows, parts.sheet, path.name)
    return _rows(rows, path.name, has_header=reading.header)


def sheet_of(path: Path, reading: Reading) -> str:
    """Return the name of the sheet of a workbook that is read."""
    calamine = require("python_calamine")
    with open_bytes(path) as stream:
        workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(stream.read()))
    return _choose_sheet(workbook, path, reading.sheet)


def _choose_sheet(workbook: Any, path: Path, asked: str | None) -> str:
    """Return the sheet that was asked for, else the only one that holds anything."""
    names: list[str] = list(workbook.sheet_names)
    if asked is not None:
        if asked not in names:
            raise InputError(
                f"{path.name} has no sheet '{asked}'; sheets: {', '.join(names)}."
                f"{did_you_mean(asked, names)}"
            )
        if asked in _hidden_sheets(workbook):
            logger.warning("%s: the sheet '%s' is hidden", path.name, asked)
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
    unseen = _hidden_sheets(workbook)
    seen = [one for one in filled if one not in unseen]
    hidden = sorted(unseen.intersection(filled))
    if not hidden:
        return filled
    if not seen:
        logger.warning("%s: all sheets with rows are hidden: %s", name, ", ".join(hidden))
        return filled
    logger.warning("%s: hidden sheets are not read: %s", name, ", ".join(hidden))
    return seen


def _hidden_sheets(workbook: Any) -> set[str]:
    """Return the names of the sheets that a person does not see."""
    visible = require("python_calamine").SheetVisibleEnum.Visible
    return {one.name for one in workbook.sheets_metadata if one.visible != visible}


def _check_width(sheet: Any, name: str) -> None:
    """Refuse a sheet of more columns than a table may have: it is held in memory, blanks too."""
    bounds = FileBounds.from_environment()
    if sheet.width > bounds.columns:
        raise DataError(
            f"{name} has {sheet.width:,} columns; up to {bounds.columns:,} are accepted "
            "(ASSAY_MAX_COLUMNS)",
            hint="clear the cells to the right of the table",
        )


def _warn_of_wide_merges(ranges: Sequence[Range], top: int, name: str) -> None:
    """Say how many merged cells span several columns: only the first column has their value."""
    wide = [one for one in ranges if one[0][1] != one[1][1] and one[0][0] > top]
    if wide:
        logger.warning(
            "%s: %s over several columns, first in row %d: only the first column has the value",
            name,
            plural(len(wide), "merged cell"),
            min(first for (first, _), _ in wide) + 1,
        )


def _fill_merged(rows: list[list[Any]], ranges: Sequence[Range], top: int, left: int) -> Cells:
    """Return the rows of a sheet with the value of merged cells in each row that they span.

    Cells beside each other that are merged are a title, which is left in the first one. A sheet
    without any value has no rows.
    """
    if not rows:
        return rows
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
        shown = list(map(_shown, cells))
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
    return show_time(cell) or str(cell)
