"""`RowNames`: what a column of the data, such as the number of a ticket, calls its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.audit.issues import COLUMNS

__all__ = ["RowNames"]


@dataclass(frozen=True)
class RowNames:
    """The names of rows, by split and line.

    Parameters
    ----------
    column : str or None
        The column that names the rows. None: rows are named by their lines alone.
    by_place : mapping of (split, line) to str
    """

    column: str | None = None
    by_place: Mapping[tuple[str, int], str] = field(default_factory=dict)

    @property
    def header(self) -> list[str]:
        """What the column is called in a file of decisions; empty if there is none."""
        if self.column is None:
            return []
        return [f"input_{self.column}" if self.column in COLUMNS else self.column]

    def cells(self, split: str, line: int) -> list[str]:
        """Return the cell of a row in that column; empty if there is no column."""
        if self.column is None:
            return []
        return [self.by_place.get((split, line), "")]
