"""A data file again with other labels in some rows, and everything else as it was.

In a table only the cells of the labels change, so that quotes, spaces and line ends of all other
cells stay those of the program that wrote it.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from assay.data.files.decoding import UTF_8, decode_bytes, open_bytes
from assay.data.files.ebcdic import end_lines_like
from assay.data.files.formats import SUFFIXES, file_kind, find_json_form, is_text_table
from assay.data.files.json_object import object_rows
from assay.data.files.json_rows import numbered_line_rows
from assay.data.files.labelled_lines import find_line_form
from assay.data.files.mixed_encoding import other_encoding
from assay.data.files.reading import Reading
from assay.data.files.relabelled_json import relabel_array, relabel_object, relabel_rows
from assay.data.files.relabelled_records import find_place, write_parquet, write_sheet
from assay.data.files.relabelled_values import Changes, NewLabel, SeveralNames, as_cell
from assay.data.files.tables import find_table_dialect
from assay.data.files.variants import Variant
from assay.data.label_forms import FORMULA_START, trim, unwrap_formula
from assay.errors import DataError, InputError, cut

__all__ = ["REWRITABLE", "write_relabelled"]

Change = TypeVar("Change")

REWRITABLE = tuple(suffix for suffix in SUFFIXES if suffix not in (".arrow", ".feather"))
DELIMITERS = {".csv": ",", ".tsv": "\t", ".txt": ","}
PACKED = (".parquet", ".xlsx")  # packed by themselves
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def write_relabelled(path: Path, out: Path, changes: Changes, *, reading: Reading) -> None:
    """Write the rows of a file with other labels in some of them.

    Parameters
    ----------
    path, out : Path
        `out` gets the encoding, byte order mark and compression of `path`.
    changes : mapping of int to mapping of str to label
        The 1-based line on which a row starts, or the row -> column -> its label, its labels, or
        the value that says whether the text has the label of the column.
    reading : Reading
        How `path` is read.

    Raises
    ------
    InputError
        Files of this kind cannot be written again.
    """
    kind = file_kind(path)
    if kind not in REWRITABLE:
        raise InputError(
            f"{path.name} is of a kind that cannot be written again with other labels; "
            f"{' '.join(REWRITABLE)} are accepted, each also with .gz",
            hint="save it as .csv first",
        )
    if kind in PACKED and _is_gzip(path):
        raise InputError(f"{path.name} cannot be written again", hint="unpack it first")
    if kind == ".parquet":
        write_parquet(path, out, changes)
    elif kind == ".xlsx":
        write_sheet(path, out, changes, reading)
    else:
        _write_text(path, out, changes, reading)


def _write_text(path: Path, out: Path, changes: Changes, reading: Reading) -> None:
    """Write a file of text, in its encoding and compression."""
    with open_bytes(path) as stream:
        raw = stream.read()
    codec = reading.codec
    has_mark = raw.startswith(BYTE_ORDER_MARK)
    written = _relabel(path, decode_bytes(raw, codec), changes, reading)
    if other_encoding(codec) is not None:
        codec = UTF_8  # one encoding from here on
    if codec == UTF_8 and not has_mark:
        codec = "utf-8"
    try:
        encoded = end_lines_like(written.encode(codec, "surrogateescape"), raw, codec)
    except UnicodeEncodeError as err:
        char = cut(err.object[err.start : err.start + 1])
        raise DataError(
            f"a label cannot be written: {path.name} is in {codec}, which has no '{char}'",
            hint="accept other labels, or save the data as UTF-8 first",
        ) from err
    out.write_bytes(gzip.compress(encoded, mtime=0) if _is_gzip(path) else encoded)


def _relabel(path: Path, content: str, changes: Changes, reading: Reading) -> str:
    """Return the text of a file with other labels in some rows."""
    kind = file_kind(path)
    if kind == ".json":
        return _json(path, content, changes, reading)
    if kind == ".jsonl":
        return _each_line(content, changes, relabel_object)
    if kind == ".txt" and not is_text_table(path, reading):
        form = find_line_form(io.StringIO(content), reading.codec)
        relabel = _labelled_line(reading.delimiter or ";")
        if form is not None:
            _refuse_several(path, changes)
            relabel = form.relabel
        return _each_line(content, _lone_cells(changes), relabel)
    return _table(path, content, changes, reading, default=DELIMITERS[kind or ".csv"])


def _labels_of(changes: Changes) -> Iterator[tuple[int, NewLabel]]:
    """Yield the number and the label of rows that have one column of labels."""
    for number, cells in changes.items():
        for label in cells.values():
            yield number, label


def _lone_cells(changes: Changes) -> dict[int, str]:
    return {number: as_cell(label) for number, label in _labels_of(changes)}


def _refuse_several(path: Path, changes: Changes) -> None:
    """Refuse several labels in lines of a form that takes them one by one."""
    if any(isinstance(label, SeveralNames) for _, label in _labels_of(changes)):
        raise InputError(
            f"{path.name} has several labels in its lines, which cannot be written again yet",
            hint="save the data as .jsonl with lists of labels first",
        )


def _json(path: Path, content: str, changes: Changes, reading: Reading) -> str:
    """Change the rows of a ``.json``: an array, one object per line, or one object with all."""
    read = find_json_form(path, reading)
    if read is object_rows:
        return relabel_rows(content, changes)
    if read is not numbered_line_rows:
        return relabel_array(content, changes)
    filled = [number for number, line in enumerate(content.split("\n"), 1) if line.strip()]
    by_line = {filled[row - 1]: cells for row, cells in changes.items()}
    return _each_line(content, by_line, relabel_object)


def _is_gzip(path: Path) -> bool:
    return path.suffix.casefold() == ".gz"


def _each_line(
    content: str, changes: Mapping[int, Change], relabel: Callable[[str, Change], str]
) -> str:
    """Change whole lines, which end at line feeds."""
    lines = content.split("\n")
    for number, change in changes.items():
        line = lines[number - 1]
        end = "\r" if line.endswith("\r") else ""
        lines[number - 1] = relabel(line.removesuffix("\r"), change) + end
    return "\n".join(lines)


def _labelled_line(delimiter: str) -> Callable[[str, str], str]:
    def relabel(line: str, label: str) -> str:
        text, _, before = line.rpartition(delimiter)
        start = before[: len(before) - len(before.lstrip())]
        return f"{text}{delimiter}{start}{label}"

    return relabel


def _table(path: Path, content: str, changes: Changes, reading: Reading, *, default: str) -> str:
    """Change the cells of the labels in some records of a table."""
    dialect = find_table_dialect(path, reading, default=default)
    lines = list(io.StringIO(content, newline=""))
    written: list[str] = lines[:1] if dialect.names_separator else []
    header: list[str] | None = None if reading.header else []
    n_before = int(dialect.extra == "first")  # cells that the header has no name for
    for number, record, fields in _records(lines, dialect.variant, start=len(written)):
        if header is None and fields:
            header = [trim(name) for name in fields]
        elif number in changes:
            for column, label in changes[number].items():
                place = _place(column, header, name=path.name) + n_before
                cell = _kept_text(as_cell(label), before=fields[place : place + 1])
                record = _with_cell(record, fields, place, cell, dialect.variant)
                fields = [*fields[:place], cell, *fields[place + 1 :]]
        written.append(record)
    return "".join(written)


def _kept_text(label: str, *, before: Sequence[str]) -> str:
    """Return a label as a formula that keeps its text, ``="001"``, if such a cell was before."""
    was_kept = any(unwrap_formula(cell) is not None for cell in before)
    if not was_kept or label.startswith(FORMULA_START):
        return label
    return FORMULA_START + label.replace('"', '""') + '"'


def _place(column: str, header: Sequence[str] | None, *, name: str) -> int:
    """Return the position of a column; without a header, columns are called by their numbers."""
    return find_place(header, column, name=name) if header else int(column) - 1


def _records(
    lines: Sequence[str], variant: Variant, *, start: int
) -> Iterator[tuple[int, str, list[str]]]:
    """Yield the first line, the characters and the fields of each record."""
    n_read = start

    def counted() -> Iterator[str]:
        nonlocal n_read
        for line in lines[start:]:
            n_read += 1
            yield line

    reader = variant.reader(counted())
    while n_read < len(lines):
        first = n_read
        try:
            fields = next(reader, [])
        except csv.Error:
            fields = []
        yield first + 1, "".join(lines[first:n_read]), fields


def _with_cell(record: str, fields: list[str], place: int, label: str, variant: Variant) -> str:
    """Return the characters of a record with another cell."""
    body = record.rstrip("\r\n")
    spans = _spans(body, variant)
    if len(spans) != len(fields):  # a quote inside a cell: write the record anew
        cells = [*fields[:place], label, *fields[place + 1 :]]
        return variant.delimiter.join(_cell(cell, variant) for cell in cells) + record[len(body) :]
    start, end = spans[place]
    was_quoted = variant.quotes and body[start:end].lstrip().startswith('"')
    return body[:start] + _cell(label, variant, quoted=was_quoted) + record[start:][end - start :]


def _spans(body: str, variant: Variant) -> list[tuple[int, int]]:
    """Return where each cell of a record begins and ends."""
    spans = []
    start, is_quoted, skips = 0, False, False
    for i, char in enumerate(body):
        if skips:
            skips = False
        elif char == variant.escape:
            skips = True
        elif char == '"' and variant.quotes:
            is_quoted = not is_quoted
        elif char == variant.delimiter and not is_quoted:
            spans.append((start, i))
            start = i + 1
    return [*spans, (start, len(body))]


def _cell(value: str, variant: Variant, *, quoted: bool = False) -> str:
    """Return a value as a cell."""
    needs_quotes = any(char in value for char in (variant.delimiter, '"', "\r", "\n"))
    if variant.quotes and (quoted or needs_quotes):
        return '"' + value.replace('"', '""') + '"'
    return value
