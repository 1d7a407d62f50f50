"""What an audit found, as facts with named fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np

from assay._display import Brief
from assay.audit.issues import Issue, IssueEntry
from assay.audit.label_check import LabelCheck, LabelCheckEntry
from assay.audit.shift import ClassShift, ClassShiftEntry, LengthShift, LengthShiftEntry
from assay.catalogue import ENGLISH, Fact, open_language
from assay.data.languages import Languages, LanguagesEntry
from assay.data.overlaps import TextOverlaps

__all__ = ["Audit", "AuditSummary"]


class KindEntry(TypedDict):
    """How many rows have one kind of problem."""

    kind: str
    n_rows: int
    by_split: dict[str, int]


class LeakEntry(TypedDict):
    """How many rows of one split also occur in another."""

    split: str
    seen_in: str
    n_rows: int


class ShiftEntry(TypedDict):
    """How the splits differ."""

    classes: list[ClassShiftEntry]
    lengths: list[LengthShiftEntry]


class SplitLanguages(LanguagesEntry):
    """The languages of one split."""

    split: str


class AuditSummary(TypedDict):
    """What was found, without rows, texts and seconds."""

    counts: list[KindEntry]
    leaks: list[LeakEntry]
    near_leaks: list[LeakEntry]
    languages: list[SplitLanguages]
    shift: ShiftEntry
    wrong_labels: LabelCheckEntry


class AuditTimings(TypedDict):
    """Seconds: of the folds that check the labels, and of everything else."""

    checks_s: float
    folds_s: float


class AuditEntry(AuditSummary):
    """A whole `Audit` as JSON holds it."""

    source: str
    n_texts: dict[str, int]
    labels: list[str]
    issues: list[IssueEntry]
    timings: AuditTimings


@dataclass(frozen=True, repr=False)
class Audit(Brief):
    """What an audit found.

    Parameters
    ----------
    source : str
        How reports and messages call the data set.
    n_texts : dict
        Split -> number of texts.
    labels : tuple of str
        In LabelSet order.
    issues : tuple of Issue
        In the order of the file: by kind; suspects of train first and the most suspect first;
        others by split and row.
    overlaps : TextOverlaps
    near_leaks : dict
        ``(split, seen in)`` -> number of rows of `split` that are nearly, and not exactly, a text
        of the other split.
    languages : dict
        Split -> its languages.
    class_shifts, length_shifts : tuple
        Every split but the first, compared with the first.
    label_check : LabelCheck
    checks_s : float
        Seconds of everything but fitting the models that check the labels.
    encoding : str, optional
        In which the file of issues is written, where the data were read in another one than UTF-8.
    delimiter : str
        Between its columns: a semicolon where the data have it.
    near_groups : mapping of split to int64 array of shape (n_texts,)
        Texts of all splits that are the same or nearly have one number.
    """

    source: str
    n_texts: dict[str, int]
    labels: tuple[str, ...]
    issues: tuple[Issue, ...]
    overlaps: TextOverlaps
    near_leaks: dict[tuple[str, str], int]
    languages: dict[str, Languages]
    class_shifts: tuple[ClassShift, ...]
    length_shifts: tuple[LengthShift, ...]
    label_check: LabelCheck
    checks_s: float
    encoding: str | None = None
    delimiter: str = ","
    near_groups: Mapping[str, np.ndarray] = field(default_factory=dict, compare=False)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return kind -> split -> number of rows, kinds in the order of the file."""
        found: dict[str, Counter[str]] = {}
        for issue in self.issues:
            found.setdefault(issue.kind, Counter())[issue.split] += 1
        return {kind: dict(rows) for kind, rows in found.items()}

    def find_alike(self, split: str, others: Sequence[str]) -> np.ndarray | None:
        """Tell which texts of a split are the same as one of other splits, or nearly.

        None if the groups of near duplicates are not known.
        """
        if not {split, *others} <= set(self.near_groups):
            return None
        known = np.concatenate([self.near_groups[one] for one in others])
        is_alike: np.ndarray = np.isin(self.near_groups[split], known)
        return is_alike

    @property
    def n_rows(self) -> int:
        """How many rows have a problem; one with several is counted once."""
        return len({(issue.split, issue.row) for issue in self.issues})

    def shift_facts(self) -> list[Fact]:
        """State how the splits differ; only differences that are large and more than chance."""
        shifts: list[ClassShift | LengthShift] = [*self.class_shifts, *self.length_shifts]
        facts = [shift.fact() for shift in shifts if shift.is_notable]
        main_of_split = {split: one.main for split, one in self.languages.items() if one.main}
        if len(set(main_of_split.values())) > 1:
            listed = ", ".join(f"{split} {code}" for split, code in main_of_split.items())
            facts.append(Fact.of("audit.languages_differ", listed=listed))
        if not facts and len(self.n_texts) > 1:
            facts.append(Fact.of("audit.no_shift"))
        return facts

    def shift_sentences(self) -> list[str]:
        """Return what `shift_facts` states, in English."""
        english = open_language(ENGLISH)
        return [english.tell(fact) for fact in self.shift_facts()]

    def summary(self) -> AuditSummary:
        """Return what was found, without rows, texts and seconds."""
        return {
            "counts": [
                {"kind": kind, "n_rows": sum(rows.values()), "by_split": rows}
                for kind, rows in self.counts().items()
            ],
            "leaks": [
                {"split": leak.split, "seen_in": leak.seen_in, "n_rows": leak.n_rows}
                for leak in self.overlaps.leaks
            ],
            "near_leaks": [
                {"split": split, "seen_in": seen_in, "n_rows": n_rows}
                for (split, seen_in), n_rows in self.near_leaks.items()
            ],
            "languages": [
                {"split": split, **one.to_dict()} for split, one in self.languages.items()
            ],
            "shift": {
                "classes": [shift.to_dict() for shift in self.class_shifts],
                "lengths": [shift.to_dict() for shift in self.length_shifts],
            },
            "wrong_labels": self.label_check.to_dict(),
        }

    def to_dict(self) -> AuditEntry:
        """Return plain values, ready for JSON."""
        return {
            "source": self.source,
            "n_texts": self.n_texts,
            "labels": list(self.labels),
            **self.summary(),
            "issues": [issue.to_dict() for issue in self.issues],
            "timings": {
                "checks_s": round(self.checks_s, 3),
                "folds_s": round(self.label_check.fit_s, 3),
            },
        }
