"""Rows of CSV and TSV: a header, then fields, quoted if they hold a delimiter or a line break."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TextIO

from assay.data.columns import check_unique
from assay.data.files.decoding import Lines
from assay.data.files.row import Row
from assay.errors import DataError

__all__ = ["table_rows"]

# Most characters of one field: far above any text, but a quote that is never closed must not fill
# the memory.
FIELD_LIMIT_CHARS = 1 << 26
CSV_PROBLEMS = {  # part of what the csv module says -> what it means
    "unexpected end of data": "a quoted field that is never closed",
    "expected after": "a quote inside a quoted field that is not doubled",
    "field larger than": (
        f"a field of more than {FIELD_LIMIT_CHARS:,} characters (a quote that is never closed?)"
    ),
}


def table_rows(stream: TextIO, name: str, codec: str, *, delimiter: str) -> Iterator[Row]:
    """Stream the rows of a table.

    Parameters
    ----------
    stream : text stream
        Opened so that lines end at any of the three ends of line, which are kept.
    name : str
        How messages call the file.
    codec : str
        What `stream` is decoded with, for messages.
    delimiter : str
        One character.

    Raises
    ------
    DataError
        The header cannot be used.
    """
    # The limit belongs to the process; it is only ever raised, which can break nobody.
    csv.field_size_limit(max(FIELD_LIMIT_CHARS, csv.field_size_limit()))
    lines = Lines(stream, encoding=codec)
    # With `strict`, a quote that is not closed or not doubled is an error; without it, texts would
    # silently be glued together.
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    header = _read_header(reader, lines, name)
    while True:
        line = lines.n_lines + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as err:
            yield Row(line, {}, lines.take_problem() or _meaning(err))
            continue
        if not fields:
            continue
        problem = lines.take_problem()
        if problem is None and len(fields) != len(header):
            problem = f"{_count(len(fields), 'field')} where the header has {len(header)}"
        yield Row(line, dict(zip(header, fields, strict=False)), problem)


def _read_header(reader: Iterator[list[str]], lines: Lines, name: str) -> tuple[str, ...]:
    """Return the fields of the first line that is not blank."""
    try:
        header = next(filter(None, reader), None)
    except csv.Error as err:
        raise DataError(
            f"{name} line {max(1, lines.n_lines)}: {_meaning(err)}, in the header"
        ) from err
    if problem := lines.take_problem():
        raise DataError(f"{name} line {lines.n_lines}, the header: {problem}")
    if header is None:
        raise DataError(f"{name} is empty; a header line and rows are accepted")
    if "\0" in "".join(header):
        raise DataError(
            f"{name} has null bytes in its header: it may be UTF-16", hint="try --encoding utf-16"
        )
    names = [column.strip() or f"unnamed_{i}" for i, column in enumerate(header, 1)]
    return check_unique(names, source=name)


def _meaning(err: csv.Error) -> str:
    said = str(err)
    for part, meaning in CSV_PROBLEMS.items():
        if part in said:
            return meaning
    return said


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"
