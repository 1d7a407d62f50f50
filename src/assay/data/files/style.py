"""How a table is written: as the table that it follows, so that the same program opens it."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, replace
from pathlib import Path

from assay.data.files.decoding import UTF_8, open_bytes
from assay.data.files.formats import file_kind, find_table
from assay.data.files.mixed_encoding import other_encoding
from assay.data.files.reading import Reading

__all__ = ["PLAIN_STYLES", "TableStyle", "style_of"]

MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Encodings that begin with a byte order mark, and what goes on after it.
CONTINUED = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}


@dataclass(frozen=True)
class TableStyle:
    """How a table is written.

    Parameters
    ----------
    delimiter : str
    encoding : str
        One that begins with a byte order mark if the file does.
    quotes : bool
        Whether fields are enclosed in quotes where they need it.
    escape : str or None
        The character before quotes and delimiters, where the table that is followed has one.
    is_guarded : bool
        Whether cells that a spreadsheet would run as a formula get an apostrophe.
    """

    delimiter: str
    encoding: str = "utf-8"
    quotes: bool = True
    escape: str | None = None
    is_guarded: bool = False

    @property
    def continued_encoding(self) -> str:
        """The encoding of what is appended: without another byte order mark."""
        return CONTINUED.get(self.encoding, self.encoding)


# Of tables that follow no other one.
PLAIN_STYLES = {".csv": TableStyle(","), ".tsv": TableStyle("\t")}


def style_of(path: Path, reading: Reading, *, like: Path) -> TableStyle | None:
    """Return how a table is written that follows another one.

    Parameters
    ----------
    path : Path
        The table that is read.
    reading : Reading
        How it was asked to be read.
    like : Path
        What is written. None is returned if it is of another kind, or no table. What follows a
        workbook begins with a byte order mark, without which Excel takes UTF-8 for something else.
    """
    plain = PLAIN_STYLES.get(file_kind(like) or "")
    if file_kind(path) == ".xlsx" and plain is not None:
        return replace(plain, encoding=UTF_8)
    if file_kind(path) != file_kind(like) or not path.is_file():
        return None
    dialect = find_table(path, reading)
    if dialect is None:
        return None
    with open_bytes(path) as stream:
        has_mark = stream.read(3).startswith(MARKS)
    encoding = reading.codec
    if other_encoding(encoding) is not None:
        encoding = UTF_8  # lines in two encodings are written in one
    if encoding == UTF_8 and not has_mark:
        encoding = "utf-8"
    variant = dialect.variant
    return TableStyle(variant.delimiter, encoding, variant.quotes, variant.escape)
