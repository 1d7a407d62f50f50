"""JSON, Parquet and workbooks again with other labels in some rows, everything else as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay._optional import require
from assay.data.files.parquet import read_class_names
from assay.data.files.reading import Reading
from assay.errors import InputError

__all__ = [
    "SeveralNames",
    "find_place",
    "relabel_array",
    "relabel_object",
    "write_parquet",
    "write_sheet",
]

OF_TOOLS = "records of tools for labelling cannot be written again"
WHITE_SPACE = " \t\r\n"

Labels = Mapping[int, "str | SeveralNames"]  # 1-based row -> its label, or its labels


@dataclass(frozen=True)
class SeveralNames:
    """The labels of a text that may have several.

    Parameters
    ----------
    names : tuple of str
    separator : str, optional
        What is between the labels of a cell. None: a cell holds a list in JSON.
    """

    names: tuple[str, ...]
    separator: str | None = None

    def as_cell(self) -> str:
        """Return the labels as a cell of text."""
        if self.separator is None:
            return json.dumps(list(self.names), ensure_ascii=False)
        return self.separator.join(self.names)


def relabel_array(content: str, labels: Labels, column: str) -> str:
    """Return the text of a JSON array with other labels in some of its objects."""
    written, copied = [], 0
    for number, (start, end) in enumerate(_elements(content), 1):
        if number in labels:
            changed = relabel_object(content[start:end], labels[number], column)
            written += [content[copied:start], changed]
            copied = end
    return "".join([*written, content[copied:]])


def _elements(content: str) -> Iterator[tuple[int, int]]:
    """Yield where each element of a JSON array begins and ends."""
    decoder = json.JSONDecoder()
    at = content.index("[") + 1
    while content[at := _skip(content, at)] != "]":
        if content[at] == ",":
            at = _skip(content, at + 1)
        end = decoder.raw_decode(content, at)[1]
        yield at, end
        at = end


def relabel_object(source: str, label: str | SeveralNames, column: str) -> str:
    """Return the text of a JSON object with another label.

    Raises
    ------
    InputError
        It has no such key: a tool for labelling keeps its labels elsewhere.
    """
    decoder = json.JSONDecoder()
    found: tuple[int, int, Any] | None = None
    at = source.index("{") + 1
    while source[at := _skip(source, at)] != "}":
        if source[at] == ",":
            at = _skip(source, at + 1)
        key, at = decoder.raw_decode(source, at)
        start = _skip(source, _skip(source, at) + 1)  # after the colon
        value, at = decoder.raw_decode(source, start)
        if key == column:
            found = start, at, value
    if found is None:
        raise InputError(OF_TOOLS)
    start, end, before = found
    value = _of_same_type(before, label)
    return source[:start] + json.dumps(value, ensure_ascii=source.isascii()) + source[end:]


def _skip(source: str, at: int) -> int:
    while source[at] in WHITE_SPACE:
        at += 1
    return at


def _of_same_type(before: Any, label: str | SeveralNames) -> Any:
    """Return a label as a number or a list, if that is what it was."""
    if isinstance(label, SeveralNames):
        if isinstance(before, str):
            return label.as_cell()
        first = before[0] if before else ""
        return [_of_same_type(first, name) for name in label.names]
    if isinstance(before, list):
        return [_of_same_type(before[0] if before else "", label)]
    is_number = isinstance(before, int) and not isinstance(before, bool)
    return int(label) if is_number and label.lstrip("-").isdecimal() else label


def write_parquet(path: Path, out: Path, labels: Labels, column: str) -> None:
    """Write a Parquet file with other labels in some rows; its schema and metadata stay.

    Raises
    ------
    InputError
        A label is none of the class names that the file publishes, or not of the column's type.
    """
    arrow, parquet = require("pyarrow"), require("pyarrow.parquet")
    table = parquet.read_table(path)
    if column not in table.column_names:
        raise InputError(OF_TOOLS)
    names = read_class_names(path).get(column)
    values = table[column].to_pylist()
    for number, label in labels.items():
        if names:
            values[number - 1] = _class_numbers(label, names, path)
        else:
            values[number - 1] = _of_same_type(values[number - 1], label)
    place = table.column_names.index(column)
    field = table.schema.field(place)
    try:
        changed = arrow.array(values, type=field.type)
    except (arrow.ArrowInvalid, arrow.ArrowTypeError) as err:
        raise InputError(f"column '{column}' of {path.name} holds {field.type}: {err}") from err
    parquet.write_table(table.set_column(place, field, changed), out)


def _class_numbers(label: str | SeveralNames, names: Sequence[str], path: Path) -> int | list[int]:
    """Return the number of a label among the class names, or the numbers of several."""
    if isinstance(label, SeveralNames):
        return [names.index(_known(one, names, path)) for one in label.names]
    return names.index(_known(label, names, path))


def _known(name: str, names: Sequence[str], path: Path) -> str:
    if name not in names:
        raise InputError(f"'{name}' is none of the class names of {path.name}: {', '.join(names)}")
    return name


def write_sheet(path: Path, out: Path, labels: Labels, column: str, reading: Reading) -> None:
    """Write a workbook with other labels in some rows; other cells and sheets stay.

    Parameters
    ----------
    path, out : Path
    labels : mapping of int to str
        Number of the row as the spreadsheet shows it -> its label.
    column : str
        Title of the column of labels, or its number where there is no header.
    reading : Reading
    """
    workbook = require("openpyxl").load_workbook(path)
    sheet = workbook[reading.sheet] if reading.sheet else _filled_sheet(workbook)
    place = int(column) if not reading.header else _column_of(sheet, column, name=path.name)
    for number, label in labels.items():
        cell = sheet.cell(row=number, column=place)
        before = cell.value
        if before is None and isinstance(label, SeveralNames):
            before = ""  # no cell of a sheet holds a list
        cell.value = _of_same_type(before, label)
        if isinstance(cell.value, str):
            cell.data_type = "s"  # not a formula, whatever it begins with
    workbook.save(out)


def _filled_sheet(workbook: Any) -> Any:
    """Return the only sheet that holds anything."""
    for sheet in workbook.worksheets:
        if any(cell is not None for row in sheet.values for cell in row):
            return sheet
    return workbook.active


def _column_of(sheet: Any, column: str, *, name: str) -> int:
    """Return the 1-based number of a column by its title, in the first row that is not blank."""
    titles: list[str] = []
    for row in sheet.values:
        if any(cell is not None for cell in row):
            titles = ["" if cell is None else str(cell).strip() for cell in row]
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
