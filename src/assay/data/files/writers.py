"""Records to files, one at a time: JSON Lines, CSV, TSV, each also gzipped, and Parquet.

Text files are always valid UTF-8: a lone surrogate, which JSON input can hold, is spelt out as its
escape. `readers` reads all of them.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from assay._optional import require
from assay.data.files.parquet_writer import (
    TypedFile,
    decide_types,
    find_misfits,
    has_undecided,
    make_table,
)
from assay.data.files.readers import file_kind
from assay.data.files.row import Record
from assay.data.files.spreadsheet import guard_value
from assay.data.files.style import PLAIN_STYLES, TableStyle
from assay.data.files.workbook_writer import SHEET, write_workbook
from assay.errors import DataError, InputError, first_line

__all__ = ["OUT_SUFFIXES", "Before", "Writer", "open_writer", "out_kind"]

OUT_SUFFIXES = (".jsonl", ".csv", ".tsv", ".parquet", ".xlsx")
COMPRESSED = (".parquet", ".xlsx")  # by themselves
PLAIN = {str, int, float}  # kinds that a table shows as Python does
ROW_GROUP_ROWS = 2048  # of Parquet: rows kept in memory until they are written


class Writer(ABC):
    """Writes records (column -> value) in their order; a context manager that closes its file.

    Attributes
    ----------
    columns : tuple of str
        The columns of a table; () before the first record, and for formats without columns.
    """

    columns: tuple[str, ...] = ()

    @abstractmethod
    def write(self, record: Record) -> None:
        """Write one record.

        Raises
        ------
        DataError
            The format has no place for it.
        """

    def refuse(self, records: Sequence[Record]) -> list[str | None]:
        """Return for each record why it cannot be written after the others, or None."""
        return [None] * len(records)

    @abstractmethod
    def close(self, *, is_whole: bool) -> None:
        """Close the file; `is_whole` is False if the work was cut short."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.close(is_whole=kind is None)


def out_kind(out: Path) -> str:
    """Return the suffix that says how to write `out`, ``.gz`` set aside.

    Raises
    ------
    InputError
        It is not one of `OUT_SUFFIXES`, or a gzipped Parquet.
    """
    kind = file_kind(out)
    if kind not in OUT_SUFFIXES:
        raise InputError(
            f"'{out.name or out}' is of a kind that cannot be written; "
            f"{' '.join(OUT_SUFFIXES)} are accepted"
        )
    if kind in COMPRESSED and _is_gzip(out):
        raise InputError(
            f"a {kind}.gz cannot be written; {kind} is accepted, and compressed already"
        )
    return kind


@dataclass(frozen=True)
class Before:
    """What was written of one output already, so that more can follow.

    Parameters
    ----------
    columns : tuple of str
        The columns of a table; () if it has no record yet.
    types : sequence of pyarrow.DataType
        What is known of the first columns of a Parquet file, null where nothing is. The records to
        come decide the others.
    is_piece : bool
        Whether what is written now is one piece of the output, to be joined with the others.
    """

    columns: tuple[str, ...] = ()
    types: Sequence[Any] = ()
    is_piece: bool = True


def open_writer(
    path: Path,
    *,
    like: Path,
    before: Before | None = None,
    style: TableStyle | None = None,
    sheet: str = SHEET,
) -> Writer:
    """Open `path` for writing in the format that the name of `like` says.

    Parameters
    ----------
    path : Path
        The file that is written, such as ``scores.csv.partial``.
    like : Path
        The name that it gets in the end, such as ``scores.csv``.
    before : Before, optional
        What was written already. Text formats are then appended to the file (as a gzip member of
        its own); Parquet becomes another file with the same columns. None: start from nothing.
    style : TableStyle, optional
        How a CSV or TSV is written. None: UTF-8, with the delimiter of its suffix.
    sheet : str
        How the sheet of a workbook is called.
    """
    kind = out_kind(like)
    if kind == ".xlsx":
        return _Workbook(path, sheet)
    if kind in PLAIN_STYLES:
        style = style or PLAIN_STYLES[kind]
        return _Table(path, is_gzip=_is_gzip(like), before=before, style=style)
    return WRITERS[kind](path, is_gzip=_is_gzip(like), before=before)


def _is_gzip(path: Path) -> bool:
    return path.suffix.casefold() == ".gz"


class _JsonLines(Writer):
    def __init__(self, path: Path, *, is_gzip: bool, before: Before | None) -> None:
        self._stream = _open_text(path, is_gzip=is_gzip, append=before is not None)
        # Parquet input can hold dates and decimals, which JSON has no kind for.
        self._encode = json.JSONEncoder(ensure_ascii=False, default=str, allow_nan=False).encode

    def write(self, record: Record) -> None:
        try:
            line = self._encode(record)
        except ValueError:  # a number that JSON has no word for
            line = self._encode(_finite_json(record))
        self._stream.write(line + "\n")

    def close(self, *, is_whole: bool) -> None:
        self._stream.close()


def _check_columns(record: Record, columns: tuple[str, ...]) -> None:
    """Refuse a record with more columns than the first one: a table has no place for them."""
    if more := [name for name in record if name not in columns]:
        raise DataError(
            f"column '{more[0]}' is not in the first row, so it has no place in a table",
            hint="write .jsonl",
        )


class _Table(Writer):
    """CSV or TSV; a null is an empty cell; lists, objects, true and false are JSON."""

    def __init__(
        self, path: Path, *, is_gzip: bool, before: Before | None, style: TableStyle
    ) -> None:
        append = before is not None
        self.columns = (before or Before()).columns
        self._is_guarded = style.is_guarded
        encoding = style.encoding
        if self.columns:
            encoding = style.continued_encoding
        self._stream = _open_text(path, is_gzip=is_gzip, append=append, encoding=encoding)
        # csv quotes a field that holds a character of its line terminator. With \r\n it quotes a
        # lone \r too, which would otherwise end the row when it is read. Lines end in \n.
        self._writer = csv.writer(
            _UnixLines(self._stream),
            delimiter=style.delimiter,
            lineterminator="\r\n",
            quoting=csv.QUOTE_MINIMAL if style.quotes else csv.QUOTE_NONE,
            quotechar='"' if style.quotes else None,
            doublequote=style.escape is None,
            escapechar=style.escape,
        )

    def write(self, record: Record) -> None:
        if not self.columns:
            self._write_header(tuple(record))
        if tuple(record) == self.columns:
            values: Iterable[Any] = record.values()
        else:
            _check_columns(record, self.columns)
            values = map(record.get, self.columns)
        # Most cells need no change: asking for that here saves a call for each.
        cells = [value if type(value) in PLAIN else _cell(value) for value in values]
        try:
            self._writer.writerow(self._guard(cells))
        except csv.Error as err:
            raise DataError(
                f"a row cannot be written without quotes: {first_line(err)}",
                hint="write .jsonl, or read the input with --quoting minimal",
            ) from err

    def _write_header(self, columns: tuple[str, ...]) -> None:
        try:
            self._writer.writerow(self._guard(columns))
        except csv.Error as err:
            raise InputError(
                f"the names of the columns cannot be written without quotes: {first_line(err)}",
                hint="write .jsonl, or read the input with --quoting minimal",
            ) from err
        self.columns = columns

    def _guard(self, cells: Sequence[Any]) -> Sequence[Any]:
        """Return cells of which a spreadsheet runs none, where that is asked for."""
        if not self._is_guarded:
            return cells
        return [guard_value(cell) if type(cell) is str else cell for cell in cells]

    def close(self, *, is_whole: bool) -> None:
        self._stream.close()


class _UnixLines:
    """Passes rows on with a line feed instead of the two characters at their end."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, row: str) -> None:
        self._stream.write(row.removesuffix("\r\n") + "\n")


class _Parquet(Writer):
    """A column has the type that is known of it, else that of its first values.

    A piece of an output that is joined at the end may have columns without a type. Another file
    waits with its first rows until all columns have one.
    """

    def __init__(self, path: Path, *, is_gzip: bool, before: Before | None) -> None:
        require("pyarrow.parquet")
        self._path = path
        before = before or Before(is_piece=False)
        self._is_piece = before.is_piece
        self.columns = before.columns
        self._types: Sequence[Any] = before.types
        self._rows: list[Record] = []
        self._waiting: list[Any] = []  # tables with a column that has no type yet
        self._file: TypedFile | None = None

    def write(self, record: Record) -> None:
        self.columns = self.columns or tuple(record)
        _check_columns(record, self.columns)
        self._rows.append(record)
        if len(self._rows) >= ROW_GROUP_ROWS:
            self._flush()

    def refuse(self, records: Sequence[Record]) -> list[str | None]:
        columns = self.columns or tuple(next(iter(records), {}))
        types = decide_types(records, columns, self._types)
        return find_misfits(records, columns, types)

    def close(self, *, is_whole: bool) -> None:
        try:
            if is_whole:
                self._flush()
                self._write_waiting()
        finally:
            if self._file is not None:
                self._file.close()

    def _flush(self) -> None:
        if not self._rows and (self._file or self._waiting):
            return
        self._types = decide_types(self._rows, self.columns, self._types)
        self._waiting.append(make_table(self._rows, self.columns, self._types))
        self._rows = []
        if self._file or not has_undecided(self._types):
            self._write_waiting()

    def _write_waiting(self) -> None:
        if self._file is None:
            self._file = TypedFile(self._path, self._types, keeps_nulls=self._is_piece)
        for table in self._waiting:
            self._file.write(table)
        self._waiting = []


def _open_text(path: Path, *, is_gzip: bool, append: bool, encoding: str = "utf-8") -> IO[str]:
    # No file name and no time in gzip's header, so that equal records are equal files.
    below = path.open("ab" if append else "wb")
    raw = _GzipFile(below) if is_gzip else below
    return io.TextIOWrapper(raw, encoding=encoding, errors="backslashreplace", newline="")


class _GzipFile(gzip.GzipFile):
    """A gzip file that closes the file below it too."""

    def __init__(self, below: IO[bytes]) -> None:
        self._below = below
        super().__init__(filename="", mode="wb", fileobj=self._below, mtime=0)

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._below.close()


def _cell(value: Any) -> Any:
    """Return what a table shows: lists, objects, true and false as JSON, nothing for null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return json.dumps(_finite_json(value), ensure_ascii=False, default=str)
    return "" if value is None else value


def _finite_json(value: Any) -> Any:
    """Return the value with null in place of NaN and infinity, for which JSON has no word.

    >>> _finite_json({"a": [1.5, float("nan")]})
    {'a': [1.5, None]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_finite_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _finite_json(item) for key, item in value.items()}
    return value


class _Workbook(Writer):
    """Keeps the records until the end: a workbook is one compressed file."""

    def __init__(self, path: Path, sheet: str) -> None:
        require("openpyxl")
        self._path, self._sheet = path, sheet
        self._records: list[Record] = []

    def write(self, record: Record) -> None:
        self.columns = self.columns or tuple(record)
        _check_columns(record, self.columns)
        self._records.append(record)

    def close(self, *, is_whole: bool) -> None:
        if is_whole:
            write_workbook(self._records, self._path, columns=self.columns, title=self._sheet)


WRITERS: dict[str, Callable[..., Writer]] = {
    ".jsonl": _JsonLines,
    ".parquet": _Parquet,
}
