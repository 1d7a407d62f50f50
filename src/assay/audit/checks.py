"""`assay audit`: what is wrong with the data, before any score is believed.

Duplicates and leaks, near duplicates, the same text with different labels, rows that hold no
message, shift between splits, and labels that models which did not see them call wrong.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, count
from pathlib import Path
from typing import Any

import numpy as np

from assay.audit.issues import KINDS, Issue, write_issues_file
from assay.audit.label_check import LabelCheck, check_labels
from assay.audit.near_duplicates import NearDuplicates, find_near_duplicates
from assay.audit.quality import find_garbled, find_one_word
from assay.audit.shift import ClassShift, LengthShift, find_class_shifts, find_length_shifts
from assay.data.duplicates import duplicate_groups
from assay.data.languages import Languages, find_wrong_language
from assay.data.overlaps import TextOverlaps, find_leaks
from assay.data.texts import Splits
from assay.methods import LABEL_CHECK
from assay.notebook import default_progress
from assay.progress import Progress

__all__ = ["Audit", "audit_data", "write_issues"]


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Parameters
    ----------
    source : str
    n_texts : dict
        Split -> texts.
    labels : tuple of str
    issues : tuple of Issue
        In the order of the file: by kind, suspects of train first and the most suspect first, else
        by split and row.
    overlaps : TextOverlaps
    near_leaks : dict
        ``(split, seen in)`` -> rows of `split` that are nearly, and not exactly, a text of the
        other.
    languages : dict
        Split -> its languages.
    class_shifts, length_shifts : tuple
        Of every split beside the first.
    label_check : LabelCheck
    checks_s : float
        Seconds of everything but the fits.
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

    def counts(self) -> dict[str, dict[str, int]]:
        """Return for each kind that was found its rows a split, kinds in the order of the file."""
        found: dict[str, Counter[str]] = {}
        for issue in self.issues:
            found.setdefault(issue.kind, Counter())[issue.split] += 1
        return {kind: dict(rows) for kind, rows in found.items()}

    def shift_sentences(self) -> list[str]:
        """Say how the splits differ, each difference that is large and more than chance."""
        said = [
            f"classes of {one.split} are not those of {one.reference}: '{one.label}' is {one.fraction:.1%} of it and "
            f"{one.reference_fraction:.1%} there (total variation distance {one.distance:.2f})"
            for one in self.class_shifts
            if one.is_notable
        ]
        said += [
            f"texts of {one.split} have {one.median_chars:,.0f} characters (median), those of {one.reference} "
            f"{one.reference_median_chars:,.0f} (Kolmogorov-Smirnov distance {one.distance:.2f})"
            for one in self.length_shifts
            if one.is_notable
        ]
        mains = {name: one.main for name, one in self.languages.items() if one.main}
        if len(set(mains.values())) > 1:
            listed = ", ".join(f"{name} {code}" for name, code in mains.items())
            said.append(f"the splits are in different languages: {listed}")
        if not said and len(self.n_texts) > 1:
            said.append("no shift in classes or lengths between the splits")
        return said

    def summary(self) -> dict[str, Any]:
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
                {"split": split, "seen_in": seen_in, "n_rows": n}
                for (split, seen_in), n in self.near_leaks.items()
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

    def to_dict(self) -> dict[str, Any]:
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


def audit_data(
    splits: Splits,
    *,
    method: str | None = LABEL_CHECK,
    seed: int = 0,
    progress: Progress | None = None,
) -> Audit:
    """Look for everything that makes a score of these data less than it seems.

    Parameters
    ----------
    splits : Splits
    method : str, optional
        Whose models check the labels of train, and with them those of the other splits; any but
        ``majority``. None: the labels are not checked, which takes most of the time.
    seed : int
        Of the folds, the models and the hashes.
    progress : Progress, optional

    Raises
    ------
    InputError
        The method cannot be used.

    Examples
    --------
    >>> from assay.data import load_data
    >>> audit_data(load_data((["ok", "Ok"], ["joy", "sadness"])), method=None).counts()
    {'conflict': {'all': 2}, 'exact_duplicate': {'all': 2}, 'one_word': {'all': 2}}
    """
    progress = progress or default_progress()
    started_s = time.perf_counter()
    rows = _Rows(splits)
    numbers = count(1)
    groups = duplicate_groups(rows.texts)
    near = find_near_duplicates(rows.texts, seed=seed)
    found = [
        *_equal_texts(rows, groups, numbers),
        *_near_texts(rows, near, numbers),
        *_poor_rows(rows),
    ]
    languages = _languages(splits, progress)
    found += _foreign_rows(splits, languages)
    found += [
        Issue(_dropped_kind(row.reason), row.split, row.line, "", "") for row in splits.dropped
    ]
    checked_s = time.perf_counter() - started_s
    check, suspects = check_labels(splits, method=method, seed=seed, progress=progress)
    started_s = time.perf_counter()
    return Audit(
        source=splits.source,
        n_texts={name: len(part) for name, part in splits.items()},
        labels=splits.label_set.names,
        issues=_in_order([*suspects, *found], splits),
        overlaps=find_leaks(splits),
        near_leaks=_near_leaks(rows, near, groups),
        languages=languages,
        class_shifts=tuple(find_class_shifts(splits)),
        length_shifts=tuple(find_length_shifts(splits)),
        label_check=check,
        checks_s=checked_s + time.perf_counter() - started_s,
    )


def write_issues(audit: Audit, out: str | Path, *, overwrite: bool = False) -> None:
    """Write the issues of an audit as CSV; see `write_issues_file`.

    Raises
    ------
    InputError
        `out` cannot be written, or is there already.
    """
    write_issues_file(audit.issues, Path(out), overwrite=overwrite)


class _Rows:
    """The rows of all splits, one after the other."""

    def __init__(self, splits: Splits) -> None:
        self.names = list(splits)
        self.texts = [text for part in splits.values() for text in part.texts]
        self.labels = [label for part in splits.values() for label in part.labels]
        self.lines = [line for part in splits.values() for line in part.lines]
        self.split_ids = np.repeat(np.arange(len(splits)), [len(part) for part in splits.values()])

    def issue(
        self, kind: str, row: int, *, score: float | None = None, group: int | None = None
    ) -> Issue:
        """Return an issue of the row at this place."""
        split = self.names[self.split_ids[row]]
        return Issue(
            kind,
            split,
            self.lines[row],
            self.texts[row],
            self.labels[row],
            score=score,
            group=group,
        )


def _members(groups: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the rows of each group that has several, ascending."""
    order = np.argsort(groups, kind="stable")
    sizes = np.bincount(groups)
    stops = np.cumsum(sizes)
    for group in np.flatnonzero(sizes > 1):
        yield order[stops[group] - sizes[group] : stops[group]]


def _equal_texts(rows: _Rows, groups: np.ndarray, numbers: Iterator[int]) -> Iterator[Issue]:
    for members in _members(groups):
        splits = rows.split_ids[members]
        findings = [("exact_duplicate", members[splits == split]) for split in np.unique(splits)]
        if len({rows.labels[i] for i in members}) > 1:
            findings.append(("conflict", members))
        if splits.min() != splits.max():
            findings.append(("leak", members))
        for kind, places in findings:
            if len(places) > 1:
                group = next(numbers)
                yield from (rows.issue(kind, i, score=1.0, group=group) for i in places)


def _near_texts(rows: _Rows, near: NearDuplicates, numbers: Iterator[int]) -> Iterator[Issue]:
    for members in _members(near.groups):
        if near.is_near[members[0]]:
            group = next(numbers)
            yield from (
                rows.issue("near_duplicate", i, score=float(near.similarity[i]), group=group)
                for i in members
            )


def _near_leaks(
    rows: _Rows, near: NearDuplicates, groups: np.ndarray
) -> dict[tuple[str, str], int]:
    """Count the rows of a later split that are like one of an earlier split, and equal to none there."""
    found = {}
    for first, later in combinations(range(len(rows.names)), 2):
        there, here = rows.split_ids == first, rows.split_ids == later
        is_like = here & np.isin(near.groups, near.groups[there]) & ~np.isin(groups, groups[there])
        if n_rows := int(is_like.sum()):
            found[rows.names[later], rows.names[first]] = n_rows
    return found


def _poor_rows(rows: _Rows) -> Iterator[Issue]:
    for one in find_garbled(rows.texts):
        yield rows.issue("garbled", one.row, score=one.fraction)
    for row in find_one_word(rows.texts):
        yield rows.issue("one_word", row)
    if "train" in rows.names:
        known = {
            rows.labels[i] for i in np.flatnonzero(rows.split_ids == rows.names.index("train"))
        }
        yield from (
            rows.issue("unseen_label", i)
            for i, label in enumerate(rows.labels)
            if label not in known
        )


def _languages(splits: Splits, progress: Progress) -> dict[str, Languages]:
    with progress.track("languages", sum(map(len, splits.values()))) as advance:
        return {
            name: find_wrong_language(part.texts, advance=advance) for name, part in splits.items()
        }


def _foreign_rows(splits: Splits, languages: Mapping[str, Languages]) -> Iterator[Issue]:
    for name, found in languages.items():
        part = splits[name]
        for one in found.wrong:
            yield Issue(
                "language",
                name,
                part.lines[one.row],
                part.texts[one.row],
                part.labels[one.row],
                score=one.score,
            )


def _dropped_kind(reason: str) -> str:
    return "no_label" if "label" in reason else "empty"


def _in_order(issues: Iterable[Issue], splits: Splits) -> tuple[Issue, ...]:
    """Sort by kind; suspects stay as they are ranked, groups together, single rows by split and row."""
    kinds, names = (
        list(KINDS),
        [*splits, *sorted({row.split for row in splits.dropped} - set(splits))],
    )

    def key(issue: Issue) -> tuple[int, ...]:
        kind = kinds.index(issue.kind)
        if issue.kind == "wrong_label":
            return (kind,)
        return (kind, issue.group or 0, names.index(issue.split), issue.row)

    return tuple(sorted(issues, key=key))
