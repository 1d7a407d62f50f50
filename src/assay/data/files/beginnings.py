"""How files begin that are no text: archives, pictures, databases, data of programs."""

from __future__ import annotations

import re

__all__ = ["BEGINNINGS", "is_binary", "name_binary"]

UNPACK = "unpack it"
EXPORT = "export the table as CSV"
IN_PYTHON = "read it in Python, and pass the frame or the data set to assay.load_data"
# How a file begins, in lower case -> what it is, and what to do.
BEGINNINGS = {
    b"\x1f\x8b": ("is packed by gzip", "call it .gz; unpack it where it is packed twice"),
    b"pk\x03\x04": ("is a zip archive or a workbook", "unpack it; a workbook is called .xlsx"),
    b"\xd0\xcf\x11\xe0": ("is an old workbook", "save it as .xlsx or as CSV UTF-8"),
    b"par1": ("is a Parquet file", "call it .parquet"),
    b"arrow1\0": ("is a file of Arrow", "call it .arrow"),
    b"%pdf": ("is a PDF", "save its table as .xlsx or .csv"),
    b"sqlite format 3": ("is a database of SQLite", EXPORT),
    b"<!doctype": ("is a web page", "download the file itself; the page may ask for a login"),
    b"<html": ("is a web page", "download the file itself; the page may ask for a login"),
    b"<table": ("is a table of a web page", "open it in a spreadsheet and save it as .xlsx"),
    b"<?xml": ("is XML", "save it as .xlsx or .csv"),
    b"{\\rtf": ("is a document", "save it as plain text"),
    b"version https://git-lfs": ("is a pointer of Git LFS, not the data", "run git lfs pull"),
    b"\xfd7zxz\0": ("is packed by xz", UNPACK),
    b"(\xb5/\xfd": ("is packed by zstd", UNPACK),
    b"7z\xbc\xaf": ("is a 7z archive", UNPACK),
    b"rar!\x1a\x07": ("is a RAR archive", UNPACK),
    b"\x89png\r\n": ("is a picture", "give the table that the picture is of"),
    b"\x89hdf\r\n": ("is a file of HDF5", IN_PYTHON),
    b"\x80\x04\x95": ("is a pickle of Python", IN_PYTHON),
    b"\x80\x05\x95": ("is a pickle of Python", IN_PYTHON),
    b"\x93numpy": ("is an array of NumPy", IN_PYTHON),
    b"\0\x05\x16\x07": (
        "is what macOS notes beside a file, not the file itself",
        "give the file without ._ before its name",
    ),
}
BZIP2 = re.compile(rb"BZh[1-9]1AY&SY")
TAR_SIGN, TAR_PLACE = b"ustar", 257
# What texts have none of, but for a few that were damaged. Tables of Hive have 0x01 and 0x02
# between cells, others 0x1E and 0x1F; 0x0E, 0x0F and 0x1B switch alphabets in some encodings.
CONTROL = bytes({*range(9), *range(14, 32)} - {0x01, 0x02, 0x0E, 0x0F, 0x1B, 0x1E, 0x1F})
MAX_CONTROL = 0.1  # of the bytes


def name_binary(head: bytes) -> tuple[str, str] | None:
    """Return what a file is that is no text, and what to do; None if it may be text.

    Parameters
    ----------
    head : bytes
        How the file begins.
    """
    begins = head[:40].lstrip().lower()
    for beginning, named in BEGINNINGS.items():
        if begins.startswith(beginning):
            return named
    if BZIP2.match(head):
        return "is packed by bzip2", UNPACK
    if head[TAR_PLACE : TAR_PLACE + len(TAR_SIGN)] == TAR_SIGN:
        return "is a tar archive", UNPACK
    return None


def is_binary(head: bytes) -> bool:
    """Tell whether a file has so many control characters that nobody can have written it.

    A table of texts may hold them too, but its first line, of names, does not.
    """
    return _n_control(head.split(b"\n", 1)[0]) > 0 and _n_control(head) > MAX_CONTROL * len(head)


def _n_control(content: bytes) -> int:
    """Return how many control characters there are."""
    return len(content) - len(content.translate(None, CONTROL))
