"""A title above the header of a table, as reports of other programs have it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice

from assay.data.files.decoding import open_text
from assay.data.files.delimiters import DELIMITERS, find_header_delimiter, names_both
from assay.data.files.formats import file_kind
from assay.data.files.readers import read_rows
from assay.data.origin import Origin
from assay.errors import AssayError

__all__ = ["find_late_header"]

N_LINES = 20  # at the start of a file, among which the header is looked for
LINE_CHARS = 10_000
FEWEST_BELOW = 3  # rows below a header that is told by its shape
UNNAMED = re.compile(r"unnamed_\d+")  # what a column without a name is called
NUMBER = re.compile(r"[\d\s.,:/%+-]+")  # a number, a day or a time: no name of a column

Cells = Sequence[str]


def find_late_header(origin: Origin, columns: Sequence[str]) -> int | None:
    """Return the line of a table that seems to be its header, below a title; None if none does.

    Parameters
    ----------
    origin : Origin
    columns : sequence of str
        As they were read: what the title says.
    """
    with suppress(AssayError, csv.Error):
        return next(_named_lines(origin), None) or _find_by_shape(origin, columns)
    return None


def _named_lines(origin: Origin) -> Iterator[int]:
    """Yield each of the first lines below the first one that names a text and a label column."""
    if file_kind(origin.paths[0]) == ".xlsx":
        for line, cells in _workbook_rows(origin):
            if names_both(cells):
                yield line
        return
    for line, content in _text_lines(origin):
        if line > 1 and find_header_delimiter(content):
            yield line


def _find_by_shape(origin: Origin, columns: Sequence[str]) -> int | None:
    """Return the first line that fills all columns, where the first of all hardly fills any."""
    n_named = len(columns) - len(list(filter(UNNAMED.fullmatch, columns)))
    for rows in _possible_tables(origin):
        widths = list(map(_count_filled, rows))
        n_columns = max(widths, default=0)
        if n_columns < 2 * n_named:
            continue
        place = widths.index(n_columns)
        line, header = rows[place]
        has_title = line > 1 and 2 * max(widths[:place], default=0) <= n_columns
        if has_title and _is_header(header, rows[place + 1 :]):
            return line
    return None


def _possible_tables(origin: Origin) -> Iterator[list[tuple[int, Cells]]]:
    """Yield the first rows with their lines, by each delimiter that may separate their cells."""
    if file_kind(origin.paths[0]) == ".xlsx":
        yield list(_workbook_rows(origin))
        return
    lines, contents = zip(*_text_lines(origin), strict=True)
    for delimiter in DELIMITERS:
        parsed = csv.reader(contents, delimiter=delimiter)
        yield [(line, list(map(str.strip, row))) for line, row in zip(lines, parsed, strict=False)]


def _count_filled(row: tuple[int, Cells]) -> int:
    return sum(map(bool, row[1]))


def _is_header(header: Cells, below: Sequence[tuple[int, Cells]]) -> bool:
    """Tell whether cells are names: none is a number, is there twice, or is in its column below.

    Each row below has as many cells, which sentences with commas have not; the last may be cut.
    """
    names = list(filter(None, header))
    filled = list(filter(_count_filled, below))
    rows = [cells for _, cells in filled if len(cells) == len(header)]
    if len(rows) < max(FEWEST_BELOW, len(filled) - 1) or len(set(names)) < len(names):
        return False
    if any(map(NUMBER.fullmatch, names)):
        return False
    columns = zip(header, *rows, strict=True)
    return not any(name and name in values for name, *values in columns)


def _workbook_rows(origin: Origin) -> Iterator[tuple[int, Cells]]:
    rows = read_rows(origin.paths[0], **origin.reading.to_dict())
    for row in islice(rows, N_LINES):
        yield row.line, ["" if one is None else str(one).strip() for one in row.values.values()]


def _text_lines(origin: Origin) -> Iterator[tuple[int, str]]:
    with open_text(origin.paths[0], encoding=origin.reading.codec, newline="") as stream:
        for number in range(1, N_LINES + 1):
            yield number, stream.readline(LINE_CHARS)
