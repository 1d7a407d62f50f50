"""Null bytes in place of text: a part of a file whose place was taken and that was never written.

A copy that stopped, a full disk and a crash leave them at the end of a file. They read as
characters, so that a row of them would be one more text, and what they stand for is missing.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import IO

from assay.errors import DataError

__all__ = ["END_OF_DOS", "NULL_RUN", "check_end", "check_last_line", "find_nulls"]

BLOCK_BYTES = 2**20
MIN_NULLS = 16  # in UTF-16 and UTF-32 one and three are usual
NULL_RUN = "\0" * MIN_NULLS
# What a program may append to a file later: an end of line, and the end of file of DOS.
END_OF_DOS = "\x1a"
AFTER_NULLS = f"\r\n{END_OF_DOS}"
MAX_AFTER = 8  # of these
WRITE_AGAIN = "copy or export it again: a program, a copy or a disk that was full stopped early"


def check_end(path: Path, head: bytes) -> None:
    """Refuse a file whose end was never written: only its place on the disk was taken.

    The end of a packed file is looked at when it is read; see `check_last_line`.

    Parameters
    ----------
    path : Path
    head : bytes
        How its content begins.

    Raises
    ------
    DataError
        Says from which line on.
    """
    if path.suffix.casefold() == ".gz":
        if head and not head.strip(b"\0"):
            raise DataError(f"{path.name} begins with null bytes", hint=WRITE_AGAIN)
        return
    with path.open("rb") as stream:
        n_bytes = stream.seek(0, os.SEEK_END)
        stream.seek(-min(n_bytes, MIN_NULLS + MAX_AFTER), os.SEEK_CUR)
        tail = stream.read()
        kept = tail.rstrip(AFTER_NULLS.encode())
        if len(kept) < MIN_NULLS or kept[-MIN_NULLS:] != bytes(MIN_NULLS):
            return
        n_bytes -= len(tail) - len(kept)
        stream.seek(0)
        whole = _measure_whole(stream, n_bytes)
    if whole is None:
        return  # no text at all
    n_whole, n_lines = whole
    if not n_whole:
        raise DataError(
            f"{path.name} holds {n_bytes:,} null bytes and nothing else", hint=WRITE_AGAIN
        )
    raise _unwritten(path.name, f"{n_bytes - n_whole:,} null bytes", n_lines)


def check_last_line(line: str, name: str, number: int) -> None:
    """Refuse a file that is read as a stream, such as a packed one, by its last line.

    Parameters
    ----------
    line : str
        The last line, or its end.
    name : str
        How messages call the file.
    number : int
        The number of the line, from 1.

    Raises
    ------
    DataError
        The line ends in null bytes.
    """
    if NULL_RUN in line:
        kept = line.rstrip(AFTER_NULLS)
        n_nulls = len(kept) - len(kept.rstrip("\0"))
        if n_nulls >= MIN_NULLS:
            raise _unwritten(name, f"{n_nulls:,} null bytes", number - 1)


def find_nulls(line: str) -> str | None:
    r"""Say that a line has null bytes in place of text; None if it has not.

    >>> find_nulls("a,b"), find_nulls("\0" * 16)
    (None, 'null bytes in place of text, as in a part that was never written')
    """
    if NULL_RUN in line:
        return "null bytes in place of text, as in a part that was never written"
    return None


def _unwritten(name: str, what: str, n_lines: int) -> DataError:
    """Return the error about a file whose first lines are whole: how many are."""
    whole = f"; its first {n_lines:,} lines are whole" if n_lines > 1 else ""
    return DataError(
        f"{name} ends in {what}, from line {n_lines + 1:,} on: it was not written to its end",
        hint=f"{WRITE_AGAIN}{whole}",
    )


def _measure_whole(stream: IO[bytes], n_bytes: int) -> tuple[int, int] | None:
    """Return how many bytes come before the null bytes of the end, and how many lines end there.

    None if there are null bytes before that, too. The file may be larger than the memory.

    Parameters
    ----------
    stream : binary stream
    n_bytes : int
        Up to the end of the null bytes.
    """
    n_read, n_whole, n_lines = 0, 0, 0
    for block in iter(partial(_read_block, stream, n_bytes), b""):
        whole = block.rstrip(b"\0")
        if whole and (n_whole < n_read or b"\0" in whole):
            return None
        n_read += len(block)
        n_whole += len(whole)
        n_lines += whole.count(b"\n")
    return n_whole, n_lines


def _read_block(stream: IO[bytes], n_bytes: int) -> bytes:
    """Read on in a stream, up to its first `n_bytes`."""
    return stream.read(min(BLOCK_BYTES, n_bytes - stream.tell()))
