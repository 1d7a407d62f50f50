"""Rows of a sheet of an .xlsx workbook, through python-calamine, with cells as they are seen."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from assay._optional import require
from assay.data.columns import tell_apart
from assay.data.files.decoding import open_bytes
from assay.data.files.reading import Reading
from assay.data.files.row import Row
from assay.errors import DataError, InputError, did_you_mean, first_line

__all__ = ["read_workbook"]

Cells = Sequence[Any]


def read_workbook(path: Path, reading: Reading) -> Iterator[Row]:
    """Stream the rows of one sheet; `Row.line` is the number that the spreadsheet shows.

    Blank rows are left out. A number without decimals has none, a date is ``2026-11-26``, and an
    empty cell is an empty text.

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
        sheet = workbook.get_sheet_by_name(_choose_sheet(workbook, path, reading.sheet))
        first = sheet.start[0] + 1 if sheet.start else 1
        rows = list(enumerate(sheet.to_python(), first))
    except (calamine.CalamineError, OSError) as err:
        raise DataError(
            f"{path.name} cannot be read as a workbook: {first_line(err)}",
            hint="open it in a spreadsheet program and save it as .xlsx",
        ) from err
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
    if not filled:
        raise DataError(f"{path.name} is empty; a header and rows are accepted")
    if len(filled) > 1:
        raise InputError(
            f"{path.name} has {len(filled)} sheets with rows: {', '.join(filled)}",
            hint="name one with --sheet",
            flags=[f"--sheet '{name}'" for name in filled],
        )
    return filled[0]


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
