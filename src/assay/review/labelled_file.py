"""The labelled texts as a file that `assay run` reads, written whole from the decisions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from assay.data.files.formats import file_kind
from assay.data.files.row import Record
from assay.data.files.spreadsheet import guard_cell
from assay.data.files.writers import open_writer
from assay.disk import atomic_file, check_output
from assay.errors import InputError
from assay.review.events import Decision

__all__ = ["check_labelled_file", "write_labelled"]

SUFFIXES = (".jsonl", ".csv", ".tsv")
TABLES = (".csv", ".tsv")
DIGITS = 3


def check_labelled_file(out: Path, *, several: bool) -> None:
    """Refuse a file that cannot be written, before anything is labelled.

    Raises
    ------
    InputError
        Its name has another suffix than those that are written, or it is a folder.
    """
    if file_kind(out) not in SUFFIXES:
        raise InputError(
            f"labelled texts cannot be written as '{out.name or out}'; "
            f"{' '.join(SUFFIXES)} are accepted"
        )
    if several and file_kind(out) != ".jsonl":
        raise InputError(
            f"several labels per text cannot be written as '{out.name or out}'; .jsonl is accepted"
        )
    check_output(out, overwrite=True)


def write_labelled(decisions: Iterable[Decision], out: Path, *, several: bool = False) -> None:
    """Write one row per text that has labels, whole or not at all.

    Parameters
    ----------
    decisions : iterable of Decision
        Skipped texts are left out.
    out : Path
        ``.jsonl``, ``.csv`` or ``.tsv``, each also with ``.gz``. The columns are text, label (or
        labels, a list), line, by, at, seconds, suggested_label (or suggested_labels, a list),
        confidence, is_random and note.
    several : bool
        Whether a text can have several labels.

    Raises
    ------
    OSError
        The disk refused.
    """
    is_table = file_kind(out) in TABLES
    with atomic_file(out) as partial, open_writer(partial, like=out) as writer:
        for one in decisions:
            if not one.is_skip:
                writer.write(_record(one, several=several, is_table=is_table))


def _record(decision: Decision, *, several: bool, is_table: bool) -> Record:
    """Return the row of a decision."""
    note = guard_cell(decision.note) if is_table else decision.note
    own: Record = {"text": decision.text}
    if several:
        own["labels"] = list(decision.labels)
        known = decision.suggested_labels
        suggested: Record = {"suggested_labels": None if known is None else list(known)}
    else:
        own["label"] = decision.labels[0]
        suggested = {"suggested_label": decision.suggested}
    confidence = decision.confidence
    return {
        **own,
        "line": decision.line,
        "by": decision.by,
        "at": decision.at,
        "seconds": round(decision.seconds, DIGITS),
        **suggested,
        "confidence": None if confidence is None else round(confidence, DIGITS),
        "is_random": decision.is_random,
        "note": note,
    }
