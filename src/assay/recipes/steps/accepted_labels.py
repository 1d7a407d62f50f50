"""The labels that change because a person accepted them, by the row of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assay.audit.answers import ChangedSince, Correction
from assay.audit.issues import LEFT_OUT_KINDS, hash_text
from assay.data.files.relabelled_values import SeveralNames
from assay.data.texts import Splits
from assay.errors import DataError, cut, list_problems, plural

__all__ = ["Changes", "find_changes"]

# What makes another spelling of a label when data are read and labels are merged.
SPELLED = ("label_merged", "label_space", "label_form")


@dataclass
class Changes:
    """Labels that change, by the split and the line of their row."""

    labels: dict[str, dict[int, str | SeveralNames]] = field(default_factory=dict)
    n_right_already: int = 0
    n_merged: int = 0
    n_elsewhere: int = 0  # accepted rows that are not in the data
    n_changed_since: int = 0  # accepted rows with another label than when they were decided
    skipped: list[str] = field(default_factory=list)

    @property
    def n_applied(self) -> int:
        """How many labels change because a person accepted it."""
        return sum(map(len, self.labels.values())) - self.n_merged

    def check_found(self, n_accepted: int, decisions: Path, data: Path) -> None:
        """Refuse decisions of which no row is in the data: they were made for others."""
        if n_accepted and self.n_changed_since == n_accepted:
            raise DataError(
                f"{decisions.name}: no accepted row has the label in {data} that it had when it "
                f"was decided:\n{list_problems(self.skipped)}",
                hint="nothing is written: decide on these rows again with `assay review`",
            )
        if not n_accepted or self.n_elsewhere < n_accepted:
            return
        where = f"in {data} with its text, so no label changes and nothing is written"
        said = f"none of the {n_accepted:,} accepted rows is {where}"
        if n_accepted == 1:
            said = f"the accepted row is not {where}"
        raise DataError(
            f"{decisions.name}: {said}",
            hint="give the data that were audited or reviewed, as they were then",
        )

    def of_all_splits(self) -> dict[int, str | SeveralNames]:
        """Return the new labels by line, where one file holds all splits."""
        labels: dict[int, str | SeveralNames] = {}
        for of_split in self.labels.values():
            labels |= of_split
        return labels

    def merge(self, splits: Splits, *, separator: str | None) -> None:
        """Take over the spellings that were merged when the data were read."""
        for one in splits.mended:
            if one.kind not in SPELLED:
                continue
            labelled = splits[one.split]
            row_of = {line: row for row, line in enumerate(labelled.lines)}
            own = self.labels.setdefault(one.split, {})
            for line in one.lines:
                if line in own:
                    continue
                row = row_of[line]
                own[line] = labelled.labels[row]
                if splits.label_set.task == "multi":
                    own[line] = SeveralNames(labelled.names(row), separator)
                self.n_merged += 1


def find_changes(
    splits: Splits, corrections: Sequence[Correction], *, separator: str | None
) -> Changes:
    """Find the rows that were accepted; a row is known by its line and the hash of its text."""
    changes = Changes()
    since = ChangedSince(splits, corrections, separator=separator)
    accepted = _read_labels(splits, corrections, separator=separator)
    places = {
        split: dict(zip(labelled.lines, range(len(labelled)), strict=True))
        for split, labelled in splits.items()
    }
    for one, wanted in zip(corrections, accepted, strict=True):
        where = _place(one)
        split = _find_split(one, splits, places)
        if split is None:
            changes.skipped.append(f"{where} {_why_not_there(one, splits.source)}")
            changes.n_elsewhere += one.kind not in LEFT_OUT_KINDS
            continue
        own = changes.labels.setdefault(split, {})
        before = splits[split].labels[places[split][one.row]]
        new = wanted if isinstance(wanted, str) else SeveralNames(wanted, separator)
        if own.get(one.row, new) != new:
            changes.skipped.append(f"{where} got another label further up")
        elif wanted == before:
            changes.n_right_already += 1
        elif since.has(one, before):
            changes.n_changed_since += 1
            write = splits.label_set.write_label
            changes.skipped.append(
                f"{where} has the label '{cut(write(before))}' now, and had '{cut(one.label)}' "
                "when it was decided"
            )
        else:
            own[one.row] = new
    return changes


def _place(one: Correction) -> str:
    return f"line {one.line:,}: {one.split} row {one.row:,}"


def _read_labels(
    splits: Splits, corrections: Sequence[Correction], *, separator: str | None
) -> list[str | tuple[str, ...]]:
    """Return the labels that accepted rows get; refuse what is no label, all such rows at once."""
    labels = []
    problems = []
    for one in corrections:
        try:
            labels.append(splits.label_set.read_label(one.proposed_label, separator=separator))
        except DataError as err:
            problems.append(f"{_place(one)}, proposed_label: {err.message}")
    if problems:
        raise DataError(
            f"{plural(len(problems), 'accepted row')} cannot be used:\n{list_problems(problems)}",
            hint="correct proposed_label there, or take back the yes",
        )
    return labels


def _why_not_there(one: Correction, source: str) -> str:
    if one.kind in LEFT_OUT_KINDS:
        return f"is not read: give it its label in {source}"
    return f"is not in {source} with this text"


def _find_split(
    one: Correction, splits: Splits, places: Mapping[str, Mapping[int, int]]
) -> str | None:
    """Return the split that has the row; None if it is in none of them."""
    candidates = list(splits)
    if one.split in splits:
        candidates = [one.split]
    return next((name for name in candidates if _is_row(one, splits, places, name)), None)


def _is_row(
    one: Correction, splits: Splits, places: Mapping[str, Mapping[int, int]], split: str
) -> bool:
    row = places[split].get(one.row)
    return row is not None and hash_text(splits[split].texts[row]) == one.text_sha256
