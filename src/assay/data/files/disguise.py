"""Files that are not what their names say: recognised by how they begin, refused in one sentence.

Read as text, an archive or a web page ends in an error about columns that helps nobody.
"""

from __future__ import annotations

import json
from pathlib import Path

from assay.data.files.decoding import open_bytes
from assay.data.files.reading import Reading
from assay.errors import DataError

__all__ = ["check_content"]

HEAD_BYTES = 4096
TEXT_KINDS = (".csv", ".tsv", ".txt", ".jsonl", ".json")
# How a file begins, in lower case -> what it is, and what to do.
BEGINNINGS = {
    b"\x1f\x8b": ("is packed by gzip", "call it .gz; unpack it where it is packed twice"),
    b"pk\x03\x04": ("is a zip archive or a workbook", "unpack it; a workbook is called .xlsx"),
    b"\xd0\xcf\x11\xe0": ("is an old workbook", "save it as .xlsx or as CSV UTF-8"),
    b"par1": ("is a Parquet file", "call it .parquet"),
    b"%pdf": ("is a PDF", "save its table as .xlsx or .csv"),
    b"sqlite format 3": ("is a database of SQLite", "export the table as CSV"),
    b"<!doctype": ("is a web page", "download the file itself; the page may ask for a login"),
    b"<html": ("is a web page", "download the file itself; the page may ask for a login"),
    b"<?xml": ("is XML", "save it as .xlsx or .csv"),
    b"{\\rtf": ("is a document", "save it as plain text"),
    b"version https://git-lfs": ("is a pointer of Git LFS, not the data", "run git lfs pull"),
}
# Escape sequences of encodings that look like ASCII.
SHIFTED = {
    b"\x1b$B": "iso2022_jp",
    b"\x1b$@": "iso2022_jp",
    b"\x1b$)C": "iso2022_kr",
}


def check_content(path: Path, kind: str, reading: Reading) -> None:
    """Refuse a text file that is something else.

    Parameters
    ----------
    path : Path
    kind : str
        What its suffix says.
    reading : Reading

    Raises
    ------
    DataError
        Says what it is.
    """
    if kind not in TEXT_KINDS:
        return
    with open_bytes(path) as stream:
        head = stream.read(HEAD_BYTES)
    begins = head[:40].lstrip().lower()
    for beginning, (what, advice) in BEGINNINGS.items():
        if begins.startswith(beginning):
            raise DataError(f"{path.name} {what}", hint=advice)
    if kind in (".csv", ".tsv") and _is_json_line(head):
        raise DataError(f"{path.name} holds lines of JSON", hint="call it .jsonl")
    if reading.encoding is None:
        for escape, encoding in SHIFTED.items():
            if escape in head:
                raise DataError(
                    f"{path.name} has the escape sequences of {encoding}",
                    hint="name the encoding",
                    flags=[f"--encoding {encoding}"],
                )


def _is_json_line(head: bytes) -> bool:
    first = head.partition(b"\n")[0].strip()
    if not first.startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False
