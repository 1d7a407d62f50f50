"""Rows of files, streaming: CSV, TSV, JSON Lines, JSON, `text;label` lines, Parquet, each also gzipped.

A row that cannot be read is a `Row` with a `problem` and the stream goes on: training refuses the
file with the line, prediction rejects the row. Values are never guessed at: "NA", "null" and "" in
a CSV are texts.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TextIO

from assay.data.files.decoding import (
    Lines,
    bad_bytes_problem,
    check_encoding,
    file_errors,
    open_text,
)
from assay.data.files.json_array import JsonArray, JsonBreak
from assay.data.files.parquet import read_records
from assay.errors import DataError, InputError

__all__ = ["SUFFIXES", "Row", "file_kind", "read_json_lines", "read_lines", "read_rows"]

SUFFIXES = (".csv", ".tsv", ".jsonl", ".json", ".txt", ".parquet")
FIELD_LIMIT_CHARS = (
    1 << 26
)  # of one CSV field: far above any text, but a quote never closed must not fill the memory
CSV_PROBLEMS = {  # what the csv module says -> what it means
    "unexpected end of data": "a quoted field that is never closed",
    "expected after": "a quote inside a quoted field that is not doubled",
    "field larger than": f"a field of more than {FIELD_LIMIT_CHARS:,} characters (a quote that is never closed?)",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a source.

    Parameters
    ----------
    line : int
        1-based line where the row starts; in Parquet and in Python objects the 1-based row.
    values : dict
        Column name -> value, as far as the row could be read; bytes that did not decode are U+FFFD.
    problem : str or None
        Why the row cannot be used; None if it can.
    """

    line: int
    values: dict[str, Any]
    problem: str | None = None


def file_kind(path: Path | str) -> str | None:
    """Return the suffix that says how to read `path` (``.gz`` set aside), or None if it is not one of `SUFFIXES`.

    >>> file_kind("tweets.csv.gz")
    '.csv'
    """
    name = Path(path).name.casefold().removesuffix(".gz")
    suffix = Path(name).suffix
    return suffix if suffix in SUFFIXES else None


def read_rows(
    path: Path | str, *, delimiter: str | None = None, encoding: str | None = None
) -> Iterator[Row]:
    """Stream the rows of a file.

    Parameters
    ----------
    path : path
        One of `SUFFIXES`, each also with ``.gz``. CSV and TSV have a header; JSON holds an array of
        objects; a line of ``.txt`` is ``text;label``, split at the last ``;``.
    delimiter : str, optional
        Between the columns of CSV, TSV and ``.txt``. None: what the suffix says.
    encoding : str, optional
        None: UTF-8, with or without byte order mark.

    Yields
    ------
    Row
        Blank lines of CSV and JSON Lines are no rows; a blank line of ``.txt`` is one, with a blank
        text.

    Raises
    ------
    InputError
        No such file, or a kind, delimiter or encoding that cannot be read. At once, before the
        first row.
    DataError
        The header cannot be used, or the file is not what its suffix says. With the first row.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"no such file: {path}" if not path.exists() else f"{path} is not a file")
    kind = file_kind(path)
    if kind is None:
        raise InputError(
            f"{path.name} is of a kind that cannot be read; {' '.join(SUFFIXES)} are accepted, each also with .gz",
            hint="a spreadsheet can be saved as CSV UTF-8"
            if path.suffix.startswith(".xls")
            else "",
        )
    codec = check_encoding(encoding)
    if kind == ".parquet":
        return _guarded(path, _parquet_rows(path))
    parse = _parser(kind, delimiter)
    newline = "" if kind in (".csv", ".tsv") else "\n"
    return _guarded(path, _parsed(path, parse, codec=codec, newline=newline))


def read_lines(source: Path | str | IO[Any], *, encoding: str | None = None) -> Iterator[Row]:
    """Stream plain lines, each one text, as rows with the one column ``text``.

    Parameters
    ----------
    source : path or stream
        A ``str`` is a path. A stream, such as ``sys.stdin``, is left open.
    encoding : str, optional
        None: UTF-8, with or without byte order mark.

    Yields
    ------
    Row
        Every line, blank ones too; only the end of line is taken off.
    """
    codec = check_encoding(encoding)
    if isinstance(source, str | Path):
        path = Path(source)
        if not path.is_file():
            raise InputError(
                f"no such file: {path}" if not path.exists() else f"{path} is not a file"
            )
        return _guarded(path, _parsed(path, _plain_rows, codec=codec, newline="\n"))
    return _guarded("standard input", _parsed(source, _plain_rows, codec=codec, newline="\n"))


def read_json_lines(stream: IO[bytes], *, name: str, encoding: str | None = None) -> Iterator[Row]:
    """Stream the rows of JSON Lines from an open stream, such as a part of a file; lines count from its start.

    Parameters
    ----------
    stream : binary stream
        Left open.
    name : str
        How messages call it.
    encoding : str, optional
        None: UTF-8, with or without byte order mark.
    """
    return _guarded(
        name, _parsed(stream, _jsonl_rows, codec=check_encoding(encoding), newline="\n")
    )


Parse = Callable[[TextIO, str, str], Iterator[Row]]  # (stream, file name, codec) -> rows


def _parser(kind: str, delimiter: str | None) -> Parse:
    if kind == ".jsonl":
        return _jsonl_rows
    if kind == ".json":
        return _json_rows
    if delimiter is not None:
        delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter)  # what a shell can pass
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise InputError(
                f"delimiter {delimiter!r} cannot be used; one character is accepted, such as , ; | or tab"
            )
    if kind == ".txt":
        return lambda stream, _, codec: _labelled_line_rows(
            stream, codec, delimiter=delimiter or ";"
        )
    default = "\t" if kind == ".tsv" else ","
    return lambda stream, name, codec: _csv_rows(
        stream, name, codec, delimiter=delimiter or default
    )


def _parsed(source: Path | IO[Any], parse: Parse, *, codec: str, newline: str) -> Iterator[Row]:
    with open_text(source, encoding=codec, newline=newline) as stream:
        yield from parse(
            stream, source.name if isinstance(source, Path) else "standard input", codec
        )


def _guarded(path: Path | str, rows: Iterator[Row]) -> Iterator[Row]:
    with file_errors(path):
        yield from rows


def _csv_rows(stream: TextIO, name: str, codec: str, *, delimiter: str) -> Iterator[Row]:
    # The limit is the process's; it is only ever raised, which can break nobody.
    csv.field_size_limit(max(FIELD_LIMIT_CHARS, csv.field_size_limit()))
    lines = Lines(stream, encoding=codec)
    # strict: an unclosed or undoubled quote is an error, where the default silently glues texts
    # together.
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header = _csv_header(reader, lines, name)
    while True:
        line = lines.n_lines + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as err:
            yield Row(line, {}, lines.take_problem() or _csv_problem(err))
            continue
        if not fields:
            continue
        problem = lines.take_problem()
        if problem is None and len(fields) != len(header):
            problem = f"{_count(len(fields), 'field')} where the header has {len(header)}"
        yield Row(line, dict(zip(header, fields, strict=False)), problem)


def _csv_header(reader: Iterator[list[str]], lines: Lines, name: str) -> list[str]:
    try:
        header = next((fields for fields in reader if fields), None)
    except csv.Error as err:
        raise DataError(
            f"{name} line {max(1, lines.n_lines)}: {_csv_problem(err)}, in the header"
        ) from err
    if problem := lines.take_problem():
        raise DataError(f"{name} line {lines.n_lines}, the header: {problem}")
    if header is None:
        raise DataError(f"{name} is empty; a header line and rows are accepted")
    if any("\0" in column for column in header):
        raise DataError(
            f"{name} has null bytes in its header: it may be UTF-16", hint="try --encoding utf-16"
        )
    names = [column.strip() or f"unnamed_{i}" for i, column in enumerate(header, 1)]
    if twice := [column for i, column in enumerate(names) if column in names[:i]]:
        raise DataError(
            f"column '{twice[0]}' occurs twice in {name}; columns: {', '.join(names)}",
            hint="give each column a name of its own",
        )
    return names


def _csv_problem(err: csv.Error) -> str:
    said = str(err)
    return next((meaning for part, meaning in CSV_PROBLEMS.items() if part in said), said)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _jsonl_rows(stream: TextIO, name: str, codec: str) -> Iterator[Row]:
    lines = Lines(stream, encoding=codec)
    for line in lines:
        if not line.strip():
            continue
        if problem := lines.take_problem():
            yield Row(lines.n_lines, {}, problem)
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError as err:
            yield Row(lines.n_lines, {}, f"not JSON: {err.msg} at character {err.pos + 1}")
        except (ValueError, RecursionError) as err:
            yield Row(lines.n_lines, {}, f"not JSON that can be read: {err}")
        else:
            yield _object_row(lines.n_lines, value)


def _json_rows(stream: TextIO, name: str, codec: str) -> Iterator[Row]:
    array = JsonArray(stream)
    first = array.peek()
    if first != "[":
        what = "is empty" if not first else "does not start with '['"
        raise DataError(
            f"{name} {what}; an array of objects is accepted", hint="one object a line is .jsonl"
        )
    array.skip()
    while array.peek() != "]":
        line = array.line
        try:
            value, source = array.value()
        except JsonBreak as err:
            yield Row(line, {}, f"not JSON: {err}; nothing after it can be read")
            return
        problem = bad_bytes_problem(source, encoding=codec)
        yield _object_row(line, value) if problem is None else Row(line, {}, problem)
        if array.peek() == ",":
            array.skip()
        elif array.peek() != "]":
            yield Row(array.line, {}, "not JSON: ',' or ']' expected; nothing after it can be read")
            return
    array.skip()
    if array.peek():
        yield Row(array.line, {}, "something stands after the array")


def _object_row(line: int, value: Any) -> Row:
    if isinstance(value, dict):
        return Row(line, value)
    kind = {list: "array", str: "string", type(None): "null", bool: "true or false"}.get(
        type(value), "number"
    )
    return Row(line, {}, f"a JSON {kind} where an object is accepted")


def _labelled_line_rows(stream: TextIO, codec: str, *, delimiter: str) -> Iterator[Row]:
    for row in _plain_rows(stream, "", codec):
        text, found, label = row.values["text"].rpartition(delimiter)
        if found or not label.strip():
            yield Row(row.line, {"text": text, "label": label.strip()}, row.problem)
        else:
            yield Row(
                row.line, {"text": label}, row.problem or f"no '{delimiter}' between text and label"
            )


def _plain_rows(stream: TextIO, name: str, codec: str) -> Iterator[Row]:
    lines = Lines(stream, encoding=codec)
    for line in lines:
        yield Row(
            lines.n_lines,
            {"text": line.removesuffix("\n").removesuffix("\r")},
            lines.take_problem(),
        )


def _parquet_rows(path: Path) -> Iterator[Row]:
    for number, record in enumerate(read_records(path), 1):
        yield Row(number, record)
