"""Put the labels that a person corrected into the train split.

Labels of other splits are reported, never changed, but for how a label is written.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assay.audit.answers import KINDS_OF_LABELS, ChangedSince, Correction, read_corrections
from assay.audit.issues import hash_text
from assay.data.labels import list_labels
from assay.data.texts import Splits
from assay.errors import DataError, cut, did_you_mean, list_problems, plural

__all__ = ["apply_corrections"]

logger = logging.getLogger(__name__)

WHOLE = "all"  # the split of a lone file that was audited uncut


def apply_corrections(splits: Splits, path: str | Path, *, separator: str | None = None) -> Splits:
    """Return the splits with the accepted labels of an audit's file in train.

    Parameters
    ----------
    splits : Splits
        After missing splits were cut: a row is found by split, row and the hash of its text.
    path : path
        See `read_corrections`.
    separator : str, optional
        What is between the labels of a text in the data, where texts may have several.

    Returns
    -------
    Splits
        `n_corrections` says how many labels changed.

    Raises
    ------
    DataError
        An accepted row does not exist any more, or is to get a label that the data do not have. All
        such rows are listed, and nothing is changed.
    """
    corrections, n_other_kinds = read_corrections(path)
    name = Path(path).name
    if n_other_kinds:
        logger.warning(
            "%s: %d accepted rows are skipped: only those of kind %s change a label",
            name,
            n_other_kinds,
            " and ".join(KINDS_OF_LABELS),
        )
    if not corrections:
        logger.warning("%s: no row is accepted, so no label is corrected", name)
    corrected = _Corrected(splits, corrections, separator)
    for one in corrections:
        corrected.add(one)
    _refuse(corrected.problems, splits, name)
    if corrected.n_skipped:
        logger.warning(
            "%s: %d accepted rows are skipped: they are not of train, and labels that are measured "
            "against are never changed; `assay fix` corrects the file itself",
            name,
            corrected.n_skipped,
        )
    if corrected.changed_since:
        logger.warning(
            "%s: %s skipped: the label is another one than when it was decided, and stays:\n%s",
            name,
            plural(len(corrected.changed_since), "accepted row"),
            list_problems(corrected.changed_since),
        )
    logger.warning("%s: %s corrected", name, plural(corrected.n_changed, "label"))
    return corrected.splits()


@dataclass
class _Problems:
    """Places of accepted rows that cannot be applied, by what is wrong with them."""

    unmatched: list[str] = field(default_factory=list)
    unknown_label: list[str] = field(default_factory=list)
    two_labels: list[str] = field(default_factory=list)


class _Corrected:
    """Labels of all splits while corrections are put into them.

    Parameters
    ----------
    splits : Splits
    corrections : sequence of Correction
    separator : str or None
        See `LabelSet.read_label`.

    Attributes
    ----------
    problems : _Problems
    n_skipped : int
        Accepted rows that are not of train.
    changed_since : list of str
        Accepted rows with another label than when they were decided.
    """

    def __init__(
        self, splits: Splits, corrections: Sequence[Correction], separator: str | None
    ) -> None:
        self.problems = _Problems()
        self.n_skipped = 0
        self.changed_since: list[str] = []
        self._splits = splits
        self._separator = separator
        self._since = ChangedSince(splits, corrections, separator=separator)
        self._rows = _rows_by_line(splits)
        self._given: dict[tuple[str, int], Any] = {}

    @property
    def n_changed(self) -> int:
        """How many labels are not what they were."""
        places = self._given.items()
        return sum(self._splits[split].labels[row] != label for (split, row), label in places)

    def add(self, one: Correction) -> None:
        """Put one correction in, or note why not."""
        where = f"line {one.line:,}: {one.split} row {one.row:,}"
        split = _find(one, self._splits, self._rows)
        if split is None:
            self.problems.unmatched.append(where)
        elif split != "train" and one.kind != "label_spelling":
            self.n_skipped += 1
        else:
            self._give(one, split, where)

    def _give(self, one: Correction, split: str, where: str) -> None:
        """Give a row its label, or its labels, unless the data have no such label."""
        label_set = self._splits.label_set
        try:
            label = label_set.read_label(one.proposed_label, separator=self._separator)
        except DataError as err:
            self.problems.unknown_label.append(f"{where}: {err.message}")
            return
        names = (label,) if isinstance(label, str) else label
        unknown = [name for name in names if name not in label_set]
        if unknown:
            meant = did_you_mean(unknown[0], label_set)
            end = f".{meant}" if meant else ""
            self.problems.unknown_label.append(f"{where}: '{cut(unknown[0])}'{end}")
            return
        place = split, self._rows[split][one.row]
        now = self._splits[split].labels[place[1]]
        if self._since.has(one, now):
            self.changed_since.append(where)
            return
        if self._given.setdefault(place, label) != label:
            self.problems.two_labels.append(where)

    def splits(self) -> Splits:
        """Return the splits with the corrected labels."""
        labels = {split: list(labelled.labels) for split, labelled in self._splits.items()}
        for (split, row), label in self._given.items():
            labels[split][row] = label
        parts = {}
        for split, labelled in self._splits.items():
            parts[split] = replace(labelled, labels=tuple(labels[split]))
        return replace(self._splits, parts=parts, n_corrections=self.n_changed)


def _rows_by_line(splits: Splits) -> dict[str, dict[int, int]]:
    """Return split -> line of the source -> 0-based row."""
    return {
        split: dict(zip(labelled.lines, range(len(labelled)), strict=True))
        for split, labelled in splits.items()
    }


def _find(one: Correction, splits: Splits, rows: dict[str, dict[int, int]]) -> str | None:
    """Return the split in which the row has the very text that was audited, or None."""
    candidates = [one.split]
    if one.split == WHOLE and WHOLE not in splits:
        candidates = list(splits)
    for split in candidates:
        row = rows.get(split, {}).get(one.row)
        if row is not None and hash_text(splits[split].texts[row]) == one.text_sha256:
            return split
    return None


def _refuse(problems: _Problems, splits: Splits, name: str) -> None:
    """Raise what is wrong with the accepted rows, one paragraph for each kind of problem."""
    labels = list_labels(map(cut, splits.label_set.names[:20]))
    reasons = (
        (problems.unmatched, f"accepted rows do not match {splits.source}"),
        (problems.unknown_label, f"proposed labels are not among the labels {labels}"),
        (problems.two_labels, "rows are to get two different labels"),
    )
    paragraphs = [
        f"{len(places):,} {reason}:\n{list_problems(places)}"
        for places, reason in reasons
        if places
    ]
    if not paragraphs:
        return
    hint = "take back the yes of these rows"
    if problems.unmatched:
        hint += (
            "; the audit must be of the same data, cut with the same --seed, the same fractions "
            "and the same --merge-labels"
        )
    raise DataError(f"{name} cannot be applied: " + "\n".join(paragraphs), hint=hint)
