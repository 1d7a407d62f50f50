"""What the journal of an unfinished output says of a chunk, and its list of rejected rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

from assay.batch.blank_rows import BlankRows
from assay.runtime.limits.scripts import UnseenScripts

__all__ = ["FinishedChunk", "RejectedRow"]


class RejectedRow(TypedDict):
    """A row that could not be scored; `id` is there if a column names the rows."""

    line: int
    id: NotRequired[str]
    reason: str


@dataclass(frozen=True)
class FinishedChunk:
    """One line of the journal: what a finished chunk read and wrote.

    Parameters
    ----------
    n_rows : int
        Rows of the input.
    n_texts, n_rejected : int
        How many of them were scored, and how many rejected.
    rows_hash : str
        SHA-256 of the rows: a resumed call reads them again and must find the same.
    data_bytes, rejected_bytes : int
        Size of the two files after the chunk was written; `data_bytes` is 0 for Parquet.
    columns : sequence of str
        Columns of the table; empty as long as they are not known.
    n_blank : int
        How many of the scored rows hold no text.
    blank_lines : sequence of int
        The first of these.
    blank_ids : sequence of str
        Their names, where a column names the rows.
    unseen_scripts : mapping of str to int
        How many scored texts are in which script that no training text is in.
    """

    n_rows: int
    n_texts: int
    n_rejected: int
    rows_hash: str
    data_bytes: int
    rejected_bytes: int
    columns: Sequence[str] = ()
    n_blank: int = 0
    blank_lines: Sequence[int] = ()
    blank_ids: Sequence[str] = ()
    unseen_scripts: Mapping[str, int] = field(default_factory=dict)

    @property
    def blank(self) -> BlankRows:
        """The rows that hold no text."""
        return BlankRows(self.n_blank, tuple(self.blank_lines), tuple(self.blank_ids))

    @property
    def unseen(self) -> UnseenScripts:
        """The texts in scripts that no training text is in."""
        return UnseenScripts(self.n_texts, self.unseen_scripts)
