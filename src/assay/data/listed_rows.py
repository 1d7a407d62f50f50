"""Rows that were left out or mended when data were read, as results list them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NotRequired, TypedDict

from assay.data.origin import Origin, read_other_cells

__all__ = ["DroppedEntry", "DroppedRow", "MendedEntry", "MendedRows", "name_rows"]

MAX_MENDED_LINES = 100  # listed for each reason; the others are counted


class DroppedEntry(TypedDict):
    """A `DroppedRow` as JSON holds it; `id` only where a column names the rows."""

    split: str
    line: int
    reason: str
    id: NotRequired[str]


@dataclass(frozen=True)
class DroppedRow:
    """A row that was left out, and why. It never holds the text itself.

    Parameters
    ----------
    split : str
    line : int
        1-based line (or record) of the source.
    reason : str
    id : str, optional
        What a column of the data calls the row, where one was asked for.
    """

    split: str
    line: int
    reason: str
    id: str | None = None

    def to_dict(self) -> DroppedEntry:
        """Return the row as plain values."""
        entry: DroppedEntry = {"split": self.split, "line": self.line, "reason": self.reason}
        if self.id is not None:
            entry["id"] = self.id
        return entry


class MendedEntry(TypedDict):
    """A `MendedRows` as JSON holds it; `ids` only where a column names the rows."""

    split: str
    kind: str
    reason: str
    n_rows: int
    lines: list[int]
    ids: NotRequired[list[str]]


@dataclass(frozen=True)
class MendedRows:
    """Rows that are used after something in them was mended, and what it was.

    Parameters
    ----------
    split : str
    kind : str
        A key of `label_forms.MENDED`, ``label_merged``, ``text_cut`` or ``text_formula``.
    reason : str
        The same in words, such as "white space or invisible characters around the label".
    lines : tuple of int
        1-based lines (or records) of the source.
    ids : tuple of str, optional
        What a column of the data calls the first of these rows, where one was asked for.
    """

    split: str
    kind: str
    reason: str
    lines: tuple[int, ...]
    ids: tuple[str, ...] | None = None

    @property
    def listed(self) -> tuple[int, ...]:
        """The lines that are listed; the others are counted."""
        return self.lines[:MAX_MENDED_LINES]

    @property
    def n_rows(self) -> int:
        """How many rows were mended."""
        return len(self.lines)

    def to_dict(self) -> MendedEntry:
        """Return plain values: the count, and the first lines."""
        entry: MendedEntry = {
            "split": self.split,
            "kind": self.kind,
            "reason": self.reason,
            "n_rows": self.n_rows,
            "lines": list(self.listed),
        }
        if self.ids is not None:
            entry["ids"] = list(self.ids)
        return entry


def name_rows(
    dropped: Sequence[DroppedRow],
    mended: Sequence[MendedRows],
    origins: Mapping[str, Origin],
    column: str,
) -> tuple[tuple[DroppedRow, ...], tuple[MendedRows, ...]]:
    """Return rows that were left out or mended with what a column calls each of them.

    The files are read again up to these rows. Rows of frames have no names.

    Parameters
    ----------
    dropped : sequence of DroppedRow
    mended : sequence of MendedRows
    origins : mapping of str to Origin
        By split.
    column : str
    """
    places = [(row.split, row.line) for row in dropped]
    for one in mended:
        places += [(one.split, line) for line in one.listed]
    if not places or not origins:
        return tuple(dropped), tuple(mended)
    names: dict[tuple[str, int], str] = {}
    for place, others in read_other_cells(origins, places).items():
        names[place] = str(others.cells.get(column, ""))
    named = [replace(row, id=names.get((row.split, row.line))) for row in dropped]
    return tuple(named), tuple(_with_ids(one, names) for one in mended)


def _with_ids(one: MendedRows, names: Mapping[tuple[str, int], str]) -> MendedRows:
    return replace(one, ids=tuple(names.get((one.split, line), "") for line in one.listed))
