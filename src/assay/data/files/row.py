"""`Row`: one row of a source, usable or not; `Record`: what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["Problem", "Record", "Row", "ShiftedRow"]


# A row by column: what a file or a stream holds, which may be anything.
Record: TypeAlias = dict[str, Any]


class Problem(str):
    """Why a row cannot be used, with the flags of the command line that may read it.

    Rows without a problem, which are nearly all, pay nothing for it.
    """

    fixes: tuple[str, ...]

    def __new__(cls, sentence: str, fixes: tuple[str, ...] = ()) -> Problem:
        """Return the sentence with its flags."""
        problem = super().__new__(cls, sentence)
        problem.fixes = fixes
        return problem


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a source.

    Parameters
    ----------
    line : int
        1-based line where the row starts; in Parquet, workbooks, JSON arrays and Python objects the
        1-based row.
    values : dict
        Column name -> value, as far as the row could be read; bytes that did not decode are U+FFFD.
    problem : str or None
        Why the row cannot be used; None if it can.
    """

    line: int
    values: Record
    problem: str | None = None

    @property
    def fixes(self) -> tuple[str, ...]:
        """Flags of the command line, each of which may read the row."""
        return self.problem.fixes if isinstance(self.problem, Problem) else ()

    @property
    def record(self) -> int:
        """Number of the row as a spreadsheet shows it."""
        return self.line


@dataclass(frozen=True, slots=True)
class ShiftedRow(Row):
    """A row of a table whose number is not that of its line: a cell above holds a line break.

    Parameters
    ----------
    number : int
        What a spreadsheet shows.
    """

    number: int = 0

    @property
    def record(self) -> int:
        """Number of the row as a spreadsheet shows it."""
        return self.number
