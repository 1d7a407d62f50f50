"""The table of file formats: what a suffix says about how a file is read.

A format is one entry here and one function that opens a file: it raises at once what is wrong with
the file as a whole, and returns an iterator over its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from assay.data.files.arrow import read_arrow_class_names, read_arrow_records
from assay.data.files.bounds import FileBounds
from assay.data.files.decoding import open_text
from assay.data.files.delimiters import find_header_delimiter, have_equal_tabs
from assay.data.files.dialect import Dialect
from assay.data.files.json_object import is_json_lines, object_rows
from assay.data.files.json_rows import json_line_rows, json_rows, numbered_line_rows
from assay.data.files.labelled_lines import FASTTEXT_MARK, labelled_line_rows
from assay.data.files.parquet import read_class_names, read_records
from assay.data.files.reading import Reading
from assay.data.files.row import Record, Row
from assay.data.files.tables import find_table_dialect, read_table
from assay.data.files.tool_records import read_tool_rows
from assay.data.files.workbook import read_workbook

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "Format",
    "file_kind",
    "find_json_form",
    "find_table",
    "is_text_table",
]

MAX_HEADER_CHARS = 10_000
N_PEEKED_LINES = 20
TABLE_DELIMITERS: dict[str | None, str] = {".csv": ",", ".tsv": "\t"}

OpenRows = Callable[[Path, Reading], Iterator[Row]]
ClassNames = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Format:
    """How the files of one suffix are read.

    Parameters
    ----------
    open_rows : callable
        ``(path, reading) -> rows``.
    unit : str
        What `Row.line` counts: ``line`` or ``row``.
    read_class_names : callable
        ``path -> column -> ordered class names``, for kinds of files that publish them.
    """

    open_rows: OpenRows
    unit: str = "line"
    read_class_names: Callable[[Path], ClassNames] = lambda path: {}


def file_kind(path: Path | str) -> str | None:
    """Return the suffix that says how to read `path`, ``.gz`` set aside.

    Returns
    -------
    str or None
        One of `SUFFIXES`; None for any other suffix.

    Examples
    --------
    >>> file_kind("tweets.csv.gz")
    '.csv'
    """
    name = Path(path).name.casefold().removesuffix(".gz")
    suffix = Path(name).suffix
    return suffix if suffix in SUFFIXES else None


def _table_rows(path: Path, reading: Reading) -> Iterator[Row]:
    return read_table(path, reading, default=TABLE_DELIMITERS[file_kind(path)])


def find_table(path: Path, reading: Reading) -> Dialect | None:
    """Return how a CSV or TSV was written; None for files of another kind.

    Raises
    ------
    DataError
        It can be read in several ways.
    """
    default = TABLE_DELIMITERS.get(file_kind(path))
    return None if default is None else find_table_dialect(path, reading, default=default)


def _json_line_rows(path: Path, reading: Reading) -> Iterator[Row]:
    with open_text(path, encoding=reading.codec, newline="\n") as stream:
        rows = json_line_rows(stream, path.name, reading.codec)
        yield from read_tool_rows(rows, name=path.name)


def _json_rows(path: Path, reading: Reading) -> Iterator[Row]:
    """Read an array of objects, or what is called .json too: lines of objects, or one object."""
    read = find_json_form(path, reading)
    with open_text(path, encoding=reading.codec, newline="\n") as stream:
        rows = read(stream, path.name, reading.codec)
        yield from read_tool_rows(rows, name=path.name)


def find_json_form(path: Path, reading: Reading) -> Callable[[TextIO, str, str], Iterator[Row]]:
    """Return what reads the rows of a ``.json``, by how it begins."""
    bounds = FileBounds.from_environment()
    with open_text(path, encoding=reading.codec, newline="\n") as stream:
        start = stream.read(MAX_HEADER_CHARS).lstrip()
        if not start.startswith("{"):
            return json_rows
    with open_text(path, encoding=reading.codec, newline="\n") as stream:
        has_lines = is_json_lines(stream, bounds)
    if has_lines:
        return numbered_line_rows
    return object_rows


def is_text_table(path: Path, reading: Reading, *, guesses: bool = True) -> bool:
    """Tell whether a ``.txt`` file is a table.

    Parameters
    ----------
    path : Path
    reading : Reading
    guesses : bool
        Whether tabs are enough. False: a header has to name the columns, or be said to be missing.
    """
    delimiter = _table_delimiter(path, reading)
    if guesses or not reading.header or delimiter is None:
        return delimiter is not None
    with open_text(path, encoding=reading.codec, newline="") as stream:
        return find_header_delimiter(stream.readline(MAX_HEADER_CHARS)) is not None


def _table_delimiter(path: Path, reading: Reading) -> str | None:
    """Return the delimiter of a ``.txt`` that is a table.

    Its first line names a text and a label column, or all of its first lines hold as many tabs.
    """
    with open_text(path, encoding=reading.codec, newline="") as stream:
        lines = [stream.readline(MAX_HEADER_CHARS) for _ in range(N_PEEKED_LINES)]
    found = find_header_delimiter(lines[0]) if reading.header else None
    is_fasttext = lines[0].startswith(FASTTEXT_MARK)  # to which a tab is a space
    if found is None and reading.delimiter is None and not is_fasttext and have_equal_tabs(lines):
        found = "\t"
    return found if reading.delimiter in (None, found) else None


def _text_rows(path: Path, reading: Reading) -> Iterator[Row]:
    """Read a table, or labelled lines."""
    delimiter = _table_delimiter(path, reading)
    if delimiter is not None:
        return read_table(path, replace(reading, delimiter=delimiter), default=delimiter)
    return _labelled_line_rows(path, reading)


def _labelled_line_rows(path: Path, reading: Reading) -> Iterator[Row]:
    delimiter = reading.delimiter or ";"
    with open_text(path, encoding=reading.codec, newline="\n") as stream:
        yield from labelled_line_rows(stream, reading.codec, delimiter=delimiter)


def _parquet_rows(path: Path, reading: Reading) -> Iterator[Row]:
    return _numbered(read_records(path), path)


def _arrow_rows(path: Path, reading: Reading) -> Iterator[Row]:
    return _numbered(read_arrow_records(path), path)


def _numbered(records: Iterator[Record], path: Path) -> Iterator[Row]:
    rows = (Row(number, record) for number, record in enumerate(records, 1))
    return read_tool_rows(rows, name=path.name)


FORMATS = {
    ".csv": Format(_table_rows),
    ".tsv": Format(_table_rows),
    ".jsonl": Format(_json_line_rows),
    ".json": Format(_json_rows, "row"),
    ".txt": Format(_text_rows),
    ".parquet": Format(_parquet_rows, "row", read_class_names),
    ".xlsx": Format(read_workbook, "row"),
    ".arrow": Format(_arrow_rows, "row", read_arrow_class_names),
    ".feather": Format(_arrow_rows, "row", read_arrow_class_names),
}
SUFFIXES = tuple(FORMATS)
