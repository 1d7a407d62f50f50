"""Standard input as a source of texts: where a command reads it, and what it says of it."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import IO, Any

from assay.cli.options import Common

__all__ = ["STDIN", "open_source", "source_name"]

STDIN = "-"


def source_name(source: str) -> str:
    """Return how messages call a source."""
    return "standard input" if source == STDIN else Path(source).name


def open_source(source: str, common: Common) -> str | IO[Any]:
    """Return what is read: a path as it is, or standard input.

    Lines of a table or of JSON are texts like all others here, which is said: hardly anybody means
    that.
    """
    if source != STDIN:
        return source
    if sys.stdin.isatty() and not common.quiet:
        sys.stderr.write("one text per line; end with Ctrl-D\n")
    stream = _open_own()
    if not common.quiet and hasattr(stream, "peek"):
        _note_rows(stream.peek(1))
    return stream


def _open_own() -> IO[bytes]:
    """Return a reader of standard input that is ours.

    A thread may still wait for a line in it when the process ends, which Python must not notice: it
    closes its own reader then.
    """
    try:
        number = sys.stdin.fileno()
    except io.UnsupportedOperation:  # a stream in memory
        return sys.stdin.buffer
    return io.BufferedReader(io.FileIO(number, closefd=False))


def _note_rows(head: bytes) -> None:
    from assay.data.files.disguise import name_rows

    found = name_rows(head)
    if found is not None:
        what, suffix = found
        sys.stderr.write(
            f"note: standard input looks like {what}, and each of its lines is taken as one text; "
            f"to have its columns read, give it as a file: FILE{suffix}\n"
        )
