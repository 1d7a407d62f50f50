"""`BlankRows`: rows that were scored though they hold no text, counted and named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from assay._display import Brief
from assay.batch.rows import Prediction
from assay.errors import cut
from assay.runtime.limits.scripts import UnseenScripts

__all__ = ["NO_TEXT", "BlankRows", "summary_to_dict"]

N_LINES = 5  # lines that are named
NO_TEXT = "the text is blank"


@dataclass(frozen=True)
class BlankRows:
    """Rows whose text is empty, or nothing but white space and invisible characters.

    Parameters
    ----------
    n_rows : int
    lines : tuple of int
        The first of their lines; empty where lines are not known.
    ids : tuple of str
        What a column calls these rows, where one names them.
    """

    n_rows: int = 0
    lines: tuple[int, ...] = ()
    ids: tuple[str, ...] = ()

    @classmethod
    def among(cls, predictions: Iterable[Prediction]) -> BlankRows:
        """Return the blank rows among some that were scored."""
        found = [one for one in predictions if one.has_no_text]
        first = found[:N_LINES]
        ids = [str(one.row_id) for one in first if one.row_id is not None]
        return cls(len(found), tuple(one.line for one in first), tuple(ids))

    @classmethod
    def of(cls, several: Sequence[BlankRows]) -> BlankRows:
        """Return the blank rows of several chunks together, in their order."""
        lines = [line for one in several for line in one.lines]
        ids = [name for one in several for name in one.ids]
        n_rows = sum(one.n_rows for one in several)
        return cls(n_rows, tuple(lines[:N_LINES]), tuple(ids[:N_LINES]))

    def describe(self) -> str:
        """Return one sentence about them.

        >>> BlankRows(2, (3, 8)).describe()
        '2 rows hold no text (lines 3, 8): their labels and scores say nothing about them'
        """
        where = self._where()
        if self.n_rows == 1:
            return f"1 row holds no text{where}: its label and scores say nothing about it"
        return (
            f"{self.n_rows:,} rows hold no text{where}: "
            "their labels and scores say nothing about them"
        )

    def _where(self) -> str:
        """Return the names or the lines of the first rows, in brackets."""
        if not self.lines:
            return ""
        more = " ..." * (self.n_rows > len(self.lines))
        if len(self.ids) == len(self.lines):
            return f" ({', '.join(map(cut, self.ids))}{more})"
        word = "line" if self.n_rows == 1 else "lines"
        return f" ({word} {', '.join(f'{line:,}' for line in self.lines)}{more})"

    def to_dict(self) -> dict[str, object]:
        """Return plain values under the names of a summary; nothing if there are none."""
        if not self.n_rows:
            return {}
        found: dict[str, object] = {"n_blank": self.n_rows}
        if self.lines:
            found["blank_lines"] = list(self.lines)
        if self.ids:
            found["blank_ids"] = list(self.ids)
        return found


def summary_to_dict(summary: Brief, blank: BlankRows, unseen: UnseenScripts) -> dict[str, object]:
    """Return what a call did as plain values; `blank` and `unseen` only where there are any."""
    values = {one.name: getattr(summary, one.name) for one in fields(summary)}
    del values["blank"], values["unseen"]
    return {**values, **blank.to_dict(), **unseen.to_dict()}
