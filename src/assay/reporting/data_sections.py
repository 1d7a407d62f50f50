"""The sections of a report about its data: sizes, lengths, repeated texts, the audit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from assay.audit.issues import Issue
from assay.audit.result import Audit
from assay.catalogue import Fact
from assay.data.overlaps import RowPlace, TextOverlaps
from assay.data.summary import summarise
from assay.data.texts import Splits

__all__ = [
    "AuditSection",
    "Conflict",
    "DataSection",
    "DuplicatesSection",
    "FirstRow",
    "SharedTexts",
    "describe_audit",
    "describe_data",
    "describe_duplicates",
]

N_FIRST_ROWS = 5
N_CONFLICTS = 10
N_SUSPECTS = 10
BOX_KEYS = ("n_texts", "whisker_low", "q1", "median", "q3", "whisker_high", "outliers")


@dataclass(frozen=True)
class FirstRow:
    """One of the first rows of a split: `line` counts from 1 in its source."""

    split: str
    line: int
    text: str
    label_id: int
    label: str


@dataclass(frozen=True)
class DataSection:
    """Sizes, lengths and first rows.

    Parameters
    ----------
    class_counts : mapping of split to label to int
        Number of texts.
    words_per_text : mapping of label to box
        What a box plot of the train split draws: ``n_texts``, ``min``, ``whisker_low``, ``q1``,
        ``median``, ``q3``, ``whisker_high``, ``max``, ``outliers``.
    quantiles : mapping of unit to quantiles
        ``min``, ``p25``, ``median``, ``p75``, ``p95`` and ``max`` of characters and of words per
        text, over the train split. The unit of the words is that of `word_unit`.
    first_rows : tuple of FirstRow
    """

    class_counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    words_per_text: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    quantiles: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    first_rows: tuple[FirstRow, ...] = ()

    @property
    def most_frequent_label(self) -> str | None:
        """The most frequent label of train. None if there are no counts."""
        counts = self.class_counts.get("train", {})
        return max(counts, key=lambda label: counts[label]) if counts else None


@dataclass(frozen=True)
class SharedTexts:
    """Number of texts of `split` that also occur in the split `of`."""

    split: str
    of: str
    n_texts: int


@dataclass(frozen=True)
class Conflict:
    """A text with different labels, and every row that holds it."""

    text: str
    places: tuple[RowPlace, ...]


@dataclass(frozen=True)
class DuplicatesSection:
    """Texts that occur more than once.

    Parameters
    ----------
    repeats : mapping of split to int
        Rows that repeat an earlier text of their split.
    leaks : tuple of SharedTexts
    conflicts : int
        Number of texts that have different labels.
    examples : tuple of Conflict
        Some of these.
    """

    repeats: Mapping[str, int]
    leaks: tuple[SharedTexts, ...]
    conflicts: int
    examples: tuple[Conflict, ...]


@dataclass(frozen=True)
class Suspect:
    """A label of train that is probably wrong.

    `row` counts from 1, `score` runs from 0 to 1; `id` is what a column of the data calls the row.
    """

    row: int
    text: str
    label: str
    proposed_label: str
    score: float | None
    id: str | None = None

    @classmethod
    def of(cls, issue: Issue, id_column: str | None) -> Suspect:
        """Return an issue as the report shows it."""
        name = None if id_column is None else issue.others.cells.get(id_column)
        return cls(
            issue.row,
            issue.text,
            issue.label,
            issue.proposed_label,
            issue.score,
            None if name is None else str(name),
        )

    def to_dict(self) -> Mapping[str, object]:
        """Return plain values; without `id` where no column names the rows."""
        plain = asdict(self)
        if self.id is None:
            del plain["id"]
        return plain


@dataclass(frozen=True)
class AuditSection:
    """What the audit found.

    Parameters
    ----------
    summary : mapping
        `Audit.summary`: counts by kind, leaks, languages, shift, how labels were checked.
    label_check : Fact
        How many labels are suspect, or why they were not checked.
    is_checked : bool
        Whether labels were checked.
    notable : tuple of Fact
        How the splits differ, and how many labels were not judged.
    suspects : tuple of Suspect
        The most suspect labels of train, the most suspect first.
    """

    summary: Mapping[str, Any]
    label_check: Fact
    is_checked: bool
    notable: tuple[Fact, ...]
    suspects: tuple[Suspect, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the section as report.json holds it: the summary, and the rest beside its keys."""
        return {
            **self.summary,
            "is_checked": self.is_checked,
            "label_check": self.label_check,
            "notable": self.notable,
            "suspects": self.suspects,
        }


def describe_data(splits: Splits) -> DataSection:
    """Describe sizes and lengths of the splits; lengths and first rows are those of train."""
    described = summarise(splits, n_first=N_FIRST_ROWS)["splits"]
    train = described["train"]
    class_counts = {}
    for split, one in described.items():
        class_counts[split] = {row["label"]: row["n_texts"] for row in one["classes"]}
    return DataSection(
        class_counts=class_counts,
        words_per_text=_words_per_text(train),
        quantiles={
            "characters": train["chars"]["all"],
            train["word_unit"]: train["words"]["all"],
        },
        first_rows=tuple(map(_first_row, train["first_rows"])),
    )


def _first_row(row: Mapping[str, Any]) -> FirstRow:
    return FirstRow("train", row["line"], row["text"], row["label"], row["label_name"])


def _words_per_text(train: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return one box for each label that has texts, with the shortest and the longest text."""
    boxes = {}
    for box, quantiles in zip(train["word_boxes"], train["words"]["classes"], strict=True):
        if box["n_texts"]:
            values = {name: box[name] for name in BOX_KEYS}
            boxes[box["label"]] = values | {"min": quantiles["min"], "max": quantiles["max"]}
    return boxes


def describe_duplicates(splits: Splits, overlaps: TextOverlaps) -> DuplicatesSection:
    """Count repeats, leaks and conflicts, and show the texts of some conflicts."""
    examples = [
        Conflict(_text_at(splits, conflict.rows[0]), conflict.rows)
        for conflict in overlaps.conflicts[:N_CONFLICTS]
    ]
    return DuplicatesSection(
        repeats={split: len(lines) for split, lines in overlaps.repeats.items()},
        leaks=tuple(SharedTexts(one.split, one.seen_in, one.n_rows) for one in overlaps.leaks),
        conflicts=len(overlaps.conflicts),
        examples=tuple(examples),
    )


def _text_at(splits: Splits, place: RowPlace) -> str:
    labelled = splits[place.split]
    return labelled.texts[labelled.lines.index(place.line)]


def describe_audit(audit: Audit, id_column: str | None = None) -> AuditSection:
    """Show what the audit found, with the most suspect labels of train.

    Parameters
    ----------
    audit : Audit
    id_column : str, optional
        The column that names the rows.
    """
    suspects = [
        Suspect.of(issue, id_column)
        for issue in audit.issues
        if issue.kind == "wrong_label" and issue.split == "train"
    ]
    return AuditSection(
        summary=audit.summary(),
        label_check=audit.label_check.fact(),
        is_checked=not audit.label_check.why_not,
        notable=(*audit.shift_facts(), *audit.label_check.not_judged()),
        suspects=tuple(suspects[:N_SUSPECTS]),
    )
