"""Rows of files, streaming: tables, JSON, lines of text, Parquet, Arrow, workbooks; also gzipped.

A row that cannot be read is a `Row` with a `problem`, and the stream goes on: training refuses the
file and names the line, prediction rejects the row. Values are never guessed at: "NA", "null" and
"" in a CSV are texts. What each suffix means is in `formats`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Unpack

from assay.data.files.decoding import check_encoding, open_text
from assay.data.files.disguise import check_content, check_stream
from assay.data.files.file_errors import file_errors
from assay.data.files.formats import FORMATS, SUFFIXES, file_kind
from assay.data.files.json_rows import json_line_rows
from assay.data.files.labelled_lines import plain_rows
from assay.data.files.reading import Reading, ReadingOptions
from assay.data.files.row import Row
from assay.errors import InputError

__all__ = ["SUFFIXES", "Row", "file_kind", "read_json_lines", "read_lines", "read_rows"]

STDIN = "standard input"
SPREADSHEET = "a spreadsheet can be saved as .xlsx or as CSV UTF-8"
PACKED = "unpack it first"
JSON_LINES = "if each line is an object, rename it to .jsonl"
OF_PYTHON = "read it in Python, and pass the frame or the data set to assay.load_data"
OF_TEXT = "if it is a table of text, rename it to .csv or .tsv; lines of text to .txt"
OF_DATABASE = "export the table with texts and labels as CSV"
OF_OTHER_TEXT = "write its texts and labels as .csv or .jsonl"
OTHER_KINDS = {  # suffix -> what to do with such a file
    **dict.fromkeys((".xls", ".xlsm", ".xlsb", ".xltx", ".ods", ".fods", ".numbers"), SPREADSHEET),
    **dict.fromkeys(
        (".zip", ".tar", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".lz4", ".br"), PACKED
    ),
    **dict.fromkeys((".ndjson", ".jsonlines", ".jl"), JSON_LINES),
    **dict.fromkeys((".pkl", ".pickle", ".sav", ".dta", ".spacy", ".rds", ".rdata"), OF_PYTHON),
    **dict.fromkeys((".h5", ".hdf5", ".npy", ".npz", ".pt", ".orc", ".avro", ".mat"), OF_PYTHON),
    **dict.fromkeys((".sqlite", ".sqlite3", ".db", ".mdb", ".accdb", ".sql"), OF_DATABASE),
    **dict.fromkeys((".conll", ".conllu", ".ann", ".tmx", ".eml", ".mbox"), OF_OTHER_TEXT),
    ".icloud": "the file itself is in iCloud: open it once, so that it is downloaded",
    **dict.fromkeys((".arff", ".xml", ".yaml", ".yml", ".html", ".htm"), OF_OTHER_TEXT),
    **dict.fromkeys((".pdf", ".doc", ".docx", ".png", ".jpg", ".jpeg"), ""),
}


def read_rows(path: Path | str, **options: Unpack[ReadingOptions]) -> Iterator[Row]:
    """Stream the rows of a file.

    Parameters
    ----------
    path : path
        Its suffix is one of `SUFFIXES`, each also with ``.gz``. CSV and TSV have a header; JSON
        holds an array of objects; a line of ``.txt`` is ``text;label``, split at the last ``;``.
    **options
        The fields of `Reading`, such as ``delimiter`` and ``encoding``.

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
        The header cannot be used, or the file is not what its suffix says. Raised at once or with
        the first row.
    """
    path = Path(path)
    _check_file(path)
    reading = Reading(**options)
    kind = file_kind(path)
    if kind is None:
        raise InputError(
            f"{path.name} is of a kind that cannot be read; {' '.join(SUFFIXES)} are accepted, "
            "each also with .gz",
            hint=OTHER_KINDS.get(path.suffix.casefold(), OF_TEXT),
        )
    with file_errors(path):
        check_content(path, kind, reading)
        rows = FORMATS[kind].open_rows(path, reading)
    return _guarded(path, rows)


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
        with file_errors(path):
            check_content(path, ".txt", Reading(encoding=encoding))
        return _guarded(path, _lines_of(path, codec))
    if hasattr(source, "peek"):
        with file_errors(STDIN):
            check_stream(source.peek(1), STDIN, Reading(encoding=encoding))
    return _guarded(STDIN, _lines_of(source, codec))


def _lines_of(source: Path | IO[Any], codec: str) -> Iterator[Row]:
    with open_text(source, encoding=codec, newline="\n") as stream:
        yield from plain_rows(stream, codec)


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
    return _guarded(name, _json_lines_of(stream, name, check_encoding(encoding)))


def _json_lines_of(stream: IO[bytes], name: str, codec: str) -> Iterator[Row]:
    with open_text(stream, encoding=codec, newline="\n") as text:
        yield from json_line_rows(text, name, codec)


def _check_file(path: Path) -> None:
    if path.is_file():
        return
    if path.exists():
        raise InputError(f"{path} is not a file")
    raise InputError(f"no such file: {path}")


def _guarded(path: Path | str, rows: Iterator[Row]) -> Iterator[Row]:
    with file_errors(path):
        yield from rows
