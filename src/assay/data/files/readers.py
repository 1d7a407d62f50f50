"""Rows of files, streaming: CSV, TSV, JSON Lines, JSON, `text;label` lines, Parquet; also gzipped.

A row that cannot be read is a `Row` with a `problem`, and the stream goes on: training refuses the
file and names the line, prediction rejects the row. Values are never guessed at: "NA", "null" and
"" in a CSV are texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, TextIO

from assay.data.files.decoding import Lines, check_encoding, file_errors, open_text
from assay.data.files.json_rows import json_line_rows, json_rows
from assay.data.files.parquet import read_records
from assay.data.files.row import Row
from assay.data.files.tables import table_rows
from assay.errors import InputError

__all__ = ["SUFFIXES", "Row", "file_kind", "read_json_lines", "read_lines", "read_rows"]

SUFFIXES = (".csv", ".tsv", ".jsonl", ".json", ".txt", ".parquet")
DELIMITERS = {".csv": ",", ".tsv": "\t", ".txt": ";"}  # unless another one is given
TYPED_DELIMITERS = {"\\t": "\t", "tab": "\t"}  # how a shell can pass a tab
STDIN = "standard input"

Parse = Callable[[TextIO, str, str], Iterator[Row]]  # (stream, file name, codec) -> rows


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


def read_rows(
    path: Path | str, *, delimiter: str | None = None, encoding: str | None = None
) -> Iterator[Row]:
    """Stream the rows of a file.

    Parameters
    ----------
    path : path
        Its suffix is one of `SUFFIXES`, each also with ``.gz``. CSV and TSV have a header; JSON
        holds an array of objects; a line of ``.txt`` is ``text;label``, split at the last ``;``.
    delimiter : str, optional
        Separates the columns of CSV, TSV and ``.txt``. None: comma, tab or semicolon.
    encoding : str, optional
        None: UTF-8, with or without byte order mark.

    Yields
    ------
    Row
        Blank lines of CSV and JSON Lines are no rows; a blank line of ``.txt`` is a row with a
        blank text.

    Raises
    ------
    InputError
        There is no such file, or its kind, the delimiter or the encoding cannot be used. Raised
        at once, before the first row.
    DataError
        The header cannot be used, or the file is not what its suffix says. Raised with the first
        row.
    """
    path = Path(path)
    _check_file(path)
    kind = file_kind(path)
    if kind is None:
        is_spreadsheet = path.suffix.startswith(".xls")
        raise InputError(
            f"{path.name} is of a kind that cannot be read; {' '.join(SUFFIXES)} are accepted, "
            "each also with .gz",
            hint="a spreadsheet can be saved as CSV UTF-8" if is_spreadsheet else "",
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
        _check_file(path)
        return _guarded(path, _parsed(path, _plain_rows, codec=codec, newline="\n"))
    return _guarded(STDIN, _parsed(source, _plain_rows, codec=codec, newline="\n"))


def read_json_lines(stream: IO[bytes], *, name: str, encoding: str | None = None) -> Iterator[Row]:
    """Stream the rows of JSON Lines from an open stream, such as a piece of a file.

    Parameters
    ----------
    stream : binary stream
        Left open. Lines count from its start.
    name : str
        How messages call it.
    encoding : str, optional
        None: UTF-8, with or without byte order mark.
    """
    return _guarded(
        name, _parsed(stream, json_line_rows, codec=check_encoding(encoding), newline="\n")
    )


def _check_file(path: Path) -> None:
    if path.is_file():
        return
    if path.exists():
        raise InputError(f"{path} is not a file")
    raise InputError(f"no such file: {path}")


def _parser(kind: str, delimiter: str | None) -> Parse:
    if kind == ".jsonl":
        return json_line_rows
    if kind == ".json":
        return json_rows
    delimiter = _check_delimiter(DELIMITERS[kind] if delimiter is None else delimiter)
    if kind == ".txt":
        return partial(_labelled_line_rows, delimiter=delimiter)
    return partial(table_rows, delimiter=delimiter)


def _check_delimiter(given: str) -> str:
    delimiter = TYPED_DELIMITERS.get(given, given)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise InputError(
            f"delimiter {delimiter!r} cannot be used; "
            "one character is accepted, such as , ; | or tab"
        )
    return delimiter


def _parsed(source: Path | IO[Any], parse: Parse, *, codec: str, newline: str) -> Iterator[Row]:
    name = source.name if isinstance(source, Path) else STDIN
    with open_text(source, encoding=codec, newline=newline) as stream:
        yield from parse(stream, name, codec)


def _guarded(path: Path | str, rows: Iterator[Row]) -> Iterator[Row]:
    with file_errors(path):
        yield from rows


def _labelled_line_rows(stream: TextIO, name: str, codec: str, *, delimiter: str) -> Iterator[Row]:
    """Split each line into text and label at its last delimiter."""
    for row in _plain_rows(stream, name, codec):
        text, found, label = row.values["text"].rpartition(delimiter)
        if found or not label.strip():
            yield Row(row.line, {"text": text, "label": label.strip()}, row.problem)
        else:
            problem = row.problem or f"no '{delimiter}' between text and label"
            yield Row(row.line, {"text": label}, problem)


def _plain_rows(stream: TextIO, name: str, codec: str) -> Iterator[Row]:
    lines = Lines(stream, encoding=codec)
    for line in lines:
        text = line.removesuffix("\n").removesuffix("\r")
        yield Row(lines.n_lines, {"text": text}, lines.take_problem())


def _parquet_rows(path: Path) -> Iterator[Row]:
    for number, record in enumerate(read_records(path), 1):
        yield Row(number, record)
