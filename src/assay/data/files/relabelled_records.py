"""Parquet and workbooks again with other labels in some rows, everything else as it was."""

from __future__ import annotations

import json
import logging
import math
import warnings
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from assay._optional import require
from assay.data.files.number_formats import parse_format
from assay.data.files.parquet import read_class_names
from assay.data.files.reading import Reading
from assay.data.files.relabelled_arrow import make_array, relabel_column
from assay.data.files.relabelled_values import (
    OF_TOOLS,
    Changes,
    NewLabel,
    SeveralNames,
    of_same_type,
)
from assay.data.files.workbook_parts import UNREADABLE
from assay.data.files.workbook_results import Results, keep_results, read_results
from assay.data.label_forms import trim, unwrap_formula
from assay.errors import DataError, InputError, first_line, plural

__all__ = ["find_place", "write_parquet", "write_sheet"]

logger = logging.getLogger(__name__)

EXACT_DIGITS = 15  # of a number in a cell
PANDAS = b"pandas"  # its key in the metadata of a schema
# How openpyxl says that it leaves a sheet out, which would be lost.
LOST_SHEET = "File contains an invalid specification"
FORMULA = "f"  # as openpyxl calls the type of such a cell


def write_parquet(path: Path, out: Path, changes: Changes) -> None:
    """Write a Parquet file with other labels in some rows; its metadata stay.

    So does its schema, except for a column whose type cannot hold a new label: see
    `relabel_column`.

    Raises
    ------
    InputError
        A label is none of the class names that the file publishes.
    """
    parquet = require("pyarrow.parquet")
    with parquet.ParquetFile(path) as file:
        table = file.read()
    by_column: dict[str, dict[int, NewLabel]] = {}
    for number, cells in changes.items():
        for column, label in cells.items():
            by_column.setdefault(column, {})[number] = label
    for column, labels in by_column.items():
        table = _with_labels(table, column, labels, path)
    parquet.write_table(table, out)


def _with_labels(table: Any, column: str, labels: dict[int, NewLabel], path: Path) -> Any:
    """Return a table of Arrow with other values in some rows of a column."""
    if column not in table.column_names:
        raise InputError(OF_TOOLS)
    names = read_class_names(path).get(column)
    values = table[column].to_pylist()
    place = table.column_names.index(column)
    field = table.schema.field(place)
    if names:
        for number, label in labels.items():
            values[number - 1] = _class_numbers(label, names, path)
        return table.set_column(place, field, make_array(values, field.type))
    own, changed = relabel_column(field, values, labels, source=path.name)
    table = table.set_column(place, own, changed)
    return table if own.type == field.type else _forget_type(table, column)


def _forget_type(table: Any, column: str) -> Any:
    """Take out what pandas noted about a column that has another type now."""
    metadata = dict(table.schema.metadata or {})
    noted = json.loads(metadata.get(PANDAS, b"{}"))
    if "columns" in noted:
        noted["columns"] = [one for one in noted["columns"] if one.get("name") != column]
        metadata[PANDAS] = json.dumps(noted).encode()
    return table.replace_schema_metadata(metadata or None)


def _class_numbers(label: NewLabel, names: Sequence[str], path: Path) -> int | list[int]:
    """Return the number of a label among the class names, or the numbers of several."""
    if isinstance(label, SeveralNames):
        return [names.index(_known(one, names, path)) for one in label.names]
    return names.index(_known(str(label), names, path))


def _known(name: str, names: Sequence[str], path: Path) -> str:
    if name not in names:
        raise InputError(f"'{name}' is none of the class names of {path.name}: {', '.join(names)}")
    return name


def write_sheet(path: Path, out: Path, changes: Changes, reading: Reading) -> None:
    """Write a workbook with other labels in some rows; other cells and sheets stay.

    Formulas keep what they gave; ``="003"`` becomes the text that it gave. Those that were never
    calculated are counted in a warning.

    Parameters
    ----------
    path, out : Path
    changes : mapping of int to mapping of str to label
        Number of the row as the spreadsheet shows it -> title of a column, or its number where
        there is no header -> its label.
    reading : Reading
    """
    workbook = _open_workbook(path)
    sheet = workbook[reading.sheet] if reading.sheet else _filled_sheet(workbook)
    for number, cells in changes.items():
        for column, label in cells.items():
            place = int(column) if not reading.header else _column_of(sheet, column, path.name)
            _write_cell(_own_cell(sheet, number, place), label)
    results = read_results(path.read_bytes(), [sheet.title for sheet in workbook.worksheets])
    _settle_formulas(workbook, path.name, results)
    try:
        workbook.save(out)
    except (AttributeError, IndexError, TypeError, ValueError) as err:  # no sheet can be seen
        raise _unchangeable(path, err) from err
    keep_results(out, results)


def _open_workbook(path: Path) -> Any:
    """Open a workbook to change it, with a library that is stricter than the one that reads it."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", LOST_SHEET, UserWarning)
            return require("openpyxl").load_workbook(path)
    except (*UNREADABLE, AttributeError, IndexError, TypeError, UserWarning) as err:
        raise _unchangeable(path, err) from err


def _unchangeable(path: Path, err: Exception) -> DataError:
    return DataError(
        f"{path.name} can be read but not changed: a part of it is broken ({first_line(err)})",
        hint="open it in a spreadsheet program and save it as .xlsx",
    )


def _settle_formulas(workbook: Any, name: str, results: Mapping[str, Results]) -> None:
    """Make texts of the formulas that only keep a text, and warn of those without a value."""
    n_formulas = 0
    for sheet in workbook.worksheets:
        for cell in chain.from_iterable(sheet.iter_rows()):
            if cell.data_type != FORMULA:
                continue
            kept = unwrap_formula(str(cell.value))
            if kept is None:
                n_formulas += cell.coordinate.encode() not in results[sheet.title]
            else:
                cell.value = kept
                cell.data_type = "s"
    if n_formulas:
        logger.warning(
            "%s: what %s gave is not known: open the file that is written in a spreadsheet program "
            "and save it once before it is read",
            name,
            plural(n_formulas, "formula"),
        )


def _own_cell(sheet: Any, number: int, column: int) -> Any:
    """Return a cell of a sheet; merged cells are taken apart, and keep what is read from them.

    Cells below each other all have their value; of cells beside each other, only the first has.
    """
    for merged in list(sheet.merged_cells.ranges):
        is_in_rows = merged.min_row <= number <= merged.max_row
        if not (is_in_rows and merged.min_col <= column <= merged.max_col):
            continue
        value = sheet.cell(merged.min_row, merged.min_col).value
        sheet.unmerge_cells(str(merged))
        if merged.min_col == merged.max_col:
            for row in range(merged.min_row, merged.max_row + 1):
                sheet.cell(row, column).value = value
    return sheet.cell(row=number, column=column)


def _write_cell(cell: Any, label: NewLabel) -> None:
    before = cell.value
    if before is None and isinstance(label, SeveralNames):
        before = ""  # no cell of a sheet holds a list
    cell.value = _value_shown_as(label, before, cell.number_format)
    if isinstance(cell.value, str):
        cell.data_type = "s"  # not a formula, whatever it begins with


def _value_shown_as(label: NewLabel, before: Any, number_format: str) -> Any:
    """Return what a cell must hold to be read as a label: 7 in the format ``000`` is ``007``."""
    shown_by = parse_format(number_format)
    is_number = isinstance(before, int | float) and not isinstance(before, bool)
    if not isinstance(label, str):
        return of_same_type(before, label)
    if shown_by is None or not is_number:
        value = of_same_type(before, label)
        return value if _is_kept(value, label) else label
    is_shown = label.isascii() and label.isdigit() and shown_by.show(int(label)) == label
    return int(label) if is_shown and len(label) <= EXACT_DIGITS else label


def _is_kept(value: Any, label: str) -> bool:
    """Tell whether a cell that holds a value is read as the label that it was made of.

    A spreadsheet keeps 15 digits of a number, and no infinity. Truth values are written in one way,
    so that 1 is another label.
    """
    if isinstance(value, bool):
        return str(value).casefold() == label.casefold()
    if isinstance(value, int | float):
        return math.isfinite(value) and abs(value) < 10**EXACT_DIGITS
    return True


def _filled_sheet(workbook: Any) -> Any:
    """Return the sheet that is read: the only one that can be seen and holds anything."""
    sheets = sorted(workbook.worksheets, key=lambda sheet: sheet.sheet_state != "visible")
    for sheet in sheets:
        if any(cell is not None for row in sheet.values for cell in row):
            return sheet
    return workbook.active


def _column_of(sheet: Any, column: str, name: str) -> int:
    """Return the 1-based number of a column by its title, in the first row that is not blank."""
    titles: list[str] = []
    for row in sheet.values:
        if any(cell is not None for cell in row):
            titles = ["" if cell is None else trim(str(cell)) for cell in row]
            break
    return find_place(titles, column, name=name) + 1


def find_place(titles: Sequence[str], column: str, *, name: str) -> int:
    """Return the position of the column of the labels among the titles of a table.

    Raises
    ------
    InputError
        It has no title, or shares it with another column: so it got its name when it was read.
    """
    if column not in titles:
        raise InputError(
            f"column '{column}' is not called so in the header of {name}, which cannot be written "
            "again",
            hint="give each column a name of its own",
        )
    return titles.index(column)
