"""Rows of CSV and TSV: a header, then fields, quoted if they hold a delimiter or a line break."""

from __future__ import annotations

import csv
import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from assay.data.columns import tell_apart
from assay.data.files.bounds import FileBounds
from assay.data.files.decoding import Lines, open_text
from assay.data.files.dialect import QUOTING_FLAGS, Dialect, find_dialect
from assay.data.files.footers import Footers
from assay.data.files.null_bytes import END_OF_DOS, find_nulls
from assay.data.files.reading import Reading
from assay.data.files.row import Problem, Row, ShiftedRow
from assay.data.label_forms import trim
from assay.errors import DataError, plural

__all__ = ["find_table_dialect", "read_table", "table_rows"]

logger = logging.getLogger(__name__)

LINE_END = re.compile("\r\n|\r|\n")
HEAD_CHARS = 1 << 16  # of a file: what its dialect is found from

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


def read_table(path: Path, reading: Reading, *, default: str) -> Iterator[Row]:
    """Find out how a table was written, then stream its rows.

    Parameters
    ----------
    path : Path
    reading : Reading
    default : str
        The delimiter that the suffix stands for.

    Raises
    ------
    DataError
        The table can be read in several ways; or, with the first row, the header cannot be used.
    """
    dialect = find_table_dialect(path, reading, default=default)
    return _stream_table(path, reading.codec, dialect, has_header=reading.header)


def find_table_dialect(path: Path, reading: Reading, *, default: str) -> Dialect:
    """Find out how a file was written; parameters and errors as of `read_table`."""
    _raise_field_limit()
    with open_text(path, encoding=reading.codec, newline="") as stream:
        head = stream.read(HEAD_CHARS)
        is_whole = len(head) < HEAD_CHARS
        head += stream.readline(FileBounds.from_environment().line_chars)
    return find_dialect(head, reading, default=default, name=path.name, is_whole=is_whole)


def _stream_table(path: Path, codec: str, dialect: Dialect, *, has_header: bool) -> Iterator[Row]:
    with open_text(path, encoding=codec, newline="") as stream:
        yield from table_rows(stream, path.name, codec, dialect, has_header=has_header)


def _raise_field_limit() -> None:
    """Let fields be long. The limit belongs to the process; raising it can break nobody."""
    csv.field_size_limit(max(FIELD_LIMIT_CHARS, csv.field_size_limit()))


def table_rows(
    stream: TextIO, name: str, codec: str, dialect: Dialect, *, has_header: bool = True
) -> Iterator[Row]:
    """Stream the rows of a table.

    Parameters
    ----------
    stream : text stream
        Opened so that lines end at any of the three ends of line, which are kept.
    name : str
        How messages call the file.
    codec : str
        What `stream` is decoded with, for messages.
    dialect : Dialect
    has_header : bool
        Whether the first record names the columns; else they are called 1, 2, 3.

    Raises
    ------
    DataError
        The header cannot be used.
    """
    lines = Lines(stream, encoding=codec)
    if dialect.names_separator:
        next(lines, "")
    reader = dialect.variant.reader(lines)
    first = _read_first(reader, lines, name)
    if has_header:
        header = _name_columns(first, dialect, name)
    else:
        header = tuple(str(i) for i in range(1, len(first) + 1))
        yield Row(1, dict(zip(header, first, strict=True)))
    width, last = len(header), (first[-1] if has_header else None)
    notes = _Notes(name, first if has_header else (), width)
    breaks = None if dialect.takes_breaks else _Breaks(dialect.variant.delimiter, name)
    number = lines.n_lines - dialect.names_separator  # of a record, as a spreadsheet counts
    while True:
        line = lines.n_lines + 1
        number += 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as err:
            reason = lines.take_problem() or _meaning(err)
            yield Row(line, {}, _with_number(reason, line, number))
            continue
        if not fields:
            continue
        if (fields[-1] == last or len(fields) == 1) and notes.take(fields, line):
            continue
        problem = None
        if len(fields) != width or lines.n_lines != line or lines.problem is not None:
            problem = _problem(fields, width, lines, breaks, line=line, number=number)
        values = dict(zip(header, fields, strict=False))
        if line == number:
            yield Row(line, values, problem)
        else:
            yield ShiftedRow(line, values, problem, number)


def _problem(
    fields: Sequence[str],
    width: int,
    lines: Lines,
    breaks: _Breaks | None,
    *,
    line: int,
    number: int,
) -> str | None:
    """Return why a record that begins on a line cannot be used; None if it can."""
    problem: str | None = lines.take_problem()
    if problem is None and len(fields) != width:
        problem = find_nulls("".join(fields))
        problem = problem or f"{plural(len(fields), 'field')} where the header has {width}"
    elif problem is None and breaks is not None and lines.n_lines > line:
        problem = breaks.judge(fields)
    return None if problem is None else _with_number(problem, line, number)


def _with_number(problem: str, line: int, number: int) -> str:
    """Return a problem with the number of its row, where that is not the line."""
    if number == line:
        return problem
    return Problem(f"{problem} (row {number:,} in a spreadsheet)", getattr(problem, "fixes", ()))


def _is_header(fields: Sequence[str], first: Sequence[str]) -> bool:
    """Tell whether a record is the header again, perhaps with the byte order mark of its file."""
    return [fields[0].removeprefix("\ufeff"), *fields[1:]] == list(first)


class _Notes:
    """Tells records that are no rows: the header again, the end of a file of DOS, a footer.

    Parameters
    ----------
    name : str
        How messages call the file.
    first : sequence of str
        The header; empty where there is none.
    width : int
        How many columns there are.
    """

    def __init__(self, name: str, first: Sequence[str], width: int) -> None:
        self._name = name
        self._first = first
        self._width = width
        self._footers = Footers(name)
        self._has_said = False

    def take(self, fields: Sequence[str], line: int) -> bool:
        """Tell whether a record is no row; a header is said at the first one."""
        if len(fields) == 1 < self._width:
            return fields[0] == END_OF_DOS or self._footers.take(fields[0], line)
        if not self._first or not _is_header(fields, self._first):
            return False
        if not self._has_said:
            self._has_said = True
            logger.warning(
                "%s: line %s is the header again, as where files were joined; it is no row",
                self._name,
                f"{line:,}",
            )
        return True


class _Breaks:
    """Judges fields of several lines in a file with tabs, where quotes often mean nothing."""

    def __init__(self, delimiter: str, name: str) -> None:
        self._delimiter = delimiter
        self._name = name
        self._has_said = False

    def judge(self, fields: Sequence[str]) -> Problem | None:
        """Return why a record of several lines cannot be taken; None, with a warning, if it can."""
        physical = LINE_END.split(self._delimiter.join(fields))
        widths = {line.count(self._delimiter) + 1 for line in physical}
        if widths == {len(fields)}:
            sentence = (
                f"quotes join {len(physical):,} lines, each of which is a row by itself: "
                "--quoting none if quotes mean nothing, --quoting minimal if they enclose fields"
            )
            return Problem(sentence, QUOTING_FLAGS)
        if not self._has_said:
            logger.warning(
                "%s: texts in quotes hold line breaks; if its quotes mean nothing: --quoting none",
                self._name,
            )
            self._has_said = True
        return None


def _read_first(reader: Iterator[list[str]], lines: Lines, name: str) -> list[str]:
    """Return the fields of the first line that is not blank."""
    try:
        first = next(filter(None, reader), None)
    except csv.Error as err:
        raise DataError(
            f"{name} line {max(1, lines.n_lines)}: {_meaning(err)}, in the header"
        ) from err
    if problem := lines.take_problem():
        raise DataError(f"{name} line {lines.n_lines}, the header: {problem}", flags=problem.fixes)
    if first is None:
        raise DataError(f"{name} is empty; a header line and rows are accepted")
    if len(first) > lines.bounds.columns:
        raise DataError(
            f"{name} has {len(first):,} columns; up to {lines.bounds.columns:,} are accepted "
            "(ASSAY_MAX_COLUMNS)"
        )
    if "\0" in "".join(first):
        raise DataError(f"{name} has null bytes in its header", hint="save it as UTF-8")
    return first


def _name_columns(header: Sequence[str], dialect: Dialect, name: str) -> tuple[str, ...]:
    """Return the names of the columns; those without a name get one."""
    named = list(header)
    if dialect.extra == "first":
        named.insert(0, "")
    elif dialect.extra == "last":
        named.append("")
    elif dialect.extra == "header":
        named.pop()
    names = [trim(column) or f"unnamed_{i}" for i, column in enumerate(named, 1)]
    return tell_apart(names, source=name, flags=("--no-header",))


def _meaning(err: csv.Error) -> str:
    said = str(err)
    for part, meaning in CSV_PROBLEMS.items():
        if part in said:
            return meaning
    return said
