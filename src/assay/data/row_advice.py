"""What rows that cannot be used may come from: their file is looked at where a command failed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress

from assay.data.files.decoding import open_text
from assay.data.files.formats import find_table
from assay.data.origin import Origin
from assay.data.word_labels import find_word_labels
from assay.errors import AssayError

__all__ = ["advise_rows"]

HEAD_CHARS = 100_000
MIN_LINES = 2  # one may hold apostrophes by chance
APOSTROPHES = (
    "apostrophes seem to enclose texts: save the table with double quotes in their place, or as "
    ".xlsx or .jsonl"
)


def advise_rows(origins: Iterable[Origin | None]) -> str:
    """Say what the files of a data set seem to be, if that explains bad rows; else empty."""
    for origin in origins:
        if origin is None:
            continue
        advice = find_word_labels(origin) or _find_apostrophes(origin)
        if advice:
            return advice
    return ""


def _find_apostrophes(origin: Origin) -> str:
    """Say that fields are enclosed by apostrophes; empty if they are not."""
    path, reading = origin.paths[0], origin.reading
    with suppress(AssayError, OSError):
        dialect = find_table(path, reading)
        if dialect is None:
            return ""
        with open_text(path, encoding=reading.codec, newline="") as stream:
            head = stream.read(HEAD_CHARS)
        special = re.escape(dialect.variant.delimiter)
        inside = rf"(?:\\'|''|[^'\r\n{special}])*+"
        enclosed = rf"(?<![^{special}\r\n])'{inside}(?:{special}{inside})+'(?![^{special}\r\n])"
        if len(re.findall(enclosed, head)) >= MIN_LINES:
            return APOSTROPHES
    return ""
