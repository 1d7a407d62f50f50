"""The labelled texts as a file that `assay run` reads, written whole from the decisions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from assay.data.columns import LABEL_NAMES, TEXT_NAMES, fold_name
from assay.data.files.formats import file_kind
from assay.data.files.row import Record
from assay.data.files.spreadsheet import guard_cell
from assay.data.files.writers import open_writer
from assay.data.split_column import SPLIT_COLUMNS
from assay.disk import atomic_file, check_output
from assay.errors import InputError
from assay.review.events import Decision

__all__ = ["check_labelled_file", "write_labelled"]

SUFFIXES = (".jsonl", ".csv", ".tsv")
TABLES = (".csv", ".tsv")
DIGITS = 3
OWN_COLUMNS = ("text", "label", "labels", "line", "by", "at", "seconds", "confidence", "note")
SUGGESTED = ("suggested_label", "suggested_labels", "is_random")
# Names of a column of the pool that a run could take for the text, the label or the split.
RENAMED = {*OWN_COLUMNS, *SUGGESTED, *SPLIT_COLUMNS}.union(*TEXT_NAMES[:2], *LABEL_NAMES[:3])
PREFIX = "pool_"


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
        confidence, is_random and note, then the other columns of the pool. Of those, a name that
        is one of these, or that `assay run` takes for the text, the label or the split, gets
        ``pool_`` before it.
    several : bool
        Whether a text can have several labels.

    Raises
    ------
    OSError
        The disk refused.
    """
    is_table = file_kind(out) in TABLES
    labelled = [one for one in decisions if not one.is_skip]
    others = [_read_others(one) for one in labelled]
    # Every row has all columns: a table takes them from the first one.
    nothing: Record = {name: None for own in others for name in own}
    with atomic_file(out) as partial, open_writer(partial, like=out) as writer:
        for one, own in zip(labelled, others, strict=True):
            record = _record(one, several=several, is_table=is_table)
            writer.write({**record, **nothing, **own})


def _read_others(decision: Decision) -> Record:
    """Return the other columns of the pool by the names that they have beside the own ones."""
    if not decision.others:
        return {}
    values: Record = json.loads(decision.others)
    found: Record = {}
    for (name, value), own in zip(values.items(), _own_names(tuple(values)), strict=True):
        if own == name or value not in ("", None):  # an empty column for labels says nothing
            found[own] = value
    return found


@lru_cache(maxsize=64)
def _own_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return what columns of the pool are called beside the own ones."""
    taken = {name for name in names if fold_name(name) not in RENAMED}
    found = []
    for name in names:
        own = name
        while fold_name(own) in RENAMED or (own != name and own in taken):
            own = f"{PREFIX}{own}"
        taken.add(own)
        found.append(own)
    return tuple(found)


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
