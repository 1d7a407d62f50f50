"""`Row`: one row of a source, usable or not; `Record`: what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["Record", "Row"]


# A row by column: what a file or a stream holds, which may be anything.
Record: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a source.

    Parameters
    ----------
    line : int
        1-based line where the row starts; in Parquet and in Python objects the 1-based row.
    values : dict
        Column name -> value, as far as the row could be read; bytes that did not decode are U+FFFD.
    problem : str or None
        Why the row cannot be used; None if it can.
    fixes : tuple of str
        Flags of the command line, each of which may read the row.
    """

    line: int
    values: Record
    problem: str | None = None
    fixes: tuple[str, ...] = ()
