"""Texts that occur in two splits (leaks), twice in one (repeats) or with two labels (conflicts)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TypedDict

import numpy as np

from assay.data.duplicates import shared_groups
from assay.data.texts import SPLIT_ORDER, LabelledTexts, Splits

__all__ = ["Conflict", "Leak", "RowPlace", "TextOverlaps", "find_leaks"]


class RowPlaceEntry(TypedDict):
    """A `RowPlace` as JSON holds it."""

    split: str
    line: int
    label: str


class LeakedRows(TypedDict):
    """A `Leak` as JSON holds it: a line is a pair, as in `Leak.lines`."""

    split: str
    seen_in: str
    n_rows: int
    lines: list[list[int]]


class RepeatedRows(TypedDict):
    """The rows whose text occurs earlier in the same split."""

    split: str
    n_rows: int
    lines: list[int]


class ConflictEntry(TypedDict):
    """A `Conflict` as JSON holds it."""

    rows: list[RowPlaceEntry]


class ConflictsEntry(TypedDict):
    """All texts that have different labels."""

    n_texts: int
    n_rows: int
    texts: list[ConflictEntry]


class OverlapsEntry(TypedDict):
    """A `TextOverlaps` as JSON holds it: counts and line numbers, never a text."""

    leaks: list[LeakedRows]
    repeats: list[RepeatedRows]
    conflicts: ConflictsEntry


@dataclass(frozen=True)
class RowPlace:
    """The place of a row and its label; never its text.

    Parameters
    ----------
    split : str
    line : int
        1-based line (or record) of the source.
    label : str
    """

    split: str
    line: int
    label: str

    def to_dict(self) -> RowPlaceEntry:
        """Return the place as plain values."""
        return {"split": self.split, "line": self.line, "label": self.label}


@dataclass(frozen=True)
class Leak:
    """Rows of one split whose text also occurs in an earlier split.

    Parameters
    ----------
    split, seen_in : str
        The later and the earlier split, in the order train, validation, test.
    lines : tuple of (int, int)
        The line in `split`, and the line of the first such text in `seen_in`.
    """

    split: str
    seen_in: str
    lines: tuple[tuple[int, int], ...]

    @property
    def n_rows(self) -> int:
        """How many rows of `split` also occur in `seen_in`."""
        return len(self.lines)

    def to_dict(self) -> LeakedRows:
        """Return the leak as plain values."""
        return {
            "split": self.split,
            "seen_in": self.seen_in,
            "n_rows": self.n_rows,
            "lines": list(map(list, self.lines)),
        }


@dataclass(frozen=True)
class Conflict:
    """One text with different labels: the rows in which it occurs."""

    rows: tuple[RowPlace, ...]

    def to_dict(self) -> ConflictEntry:
        """Return the rows as plain values."""
        return {"rows": [row.to_dict() for row in self.rows]}


@dataclass(frozen=True)
class TextOverlaps:
    """What `find_leaks` found.

    Parameters
    ----------
    leaks : tuple of Leak
        One for every pair of splits that share a text.
    repeats : dict
        Split -> lines of the rows whose text occurs earlier in the same split.
    conflicts : tuple of Conflict
        In the order in which the texts first occur.
    """

    leaks: tuple[Leak, ...]
    repeats: dict[str, tuple[int, ...]]
    conflicts: tuple[Conflict, ...]

    def n_leaked(self, split: str, *, seen_in: str = "train") -> int:
        """Return how many rows of `split` also occur in `seen_in`."""
        pair = (split, seen_in)
        return sum(leak.n_rows for leak in self.leaks if (leak.split, leak.seen_in) == pair)

    def to_dict(self) -> OverlapsEntry:
        """Return everything as plain values: counts and line numbers."""
        repeats: list[RepeatedRows] = [
            {"split": split, "n_rows": len(lines), "lines": list(lines)}
            for split, lines in self.repeats.items()
        ]
        conflicts: ConflictsEntry = {
            "n_texts": len(self.conflicts),
            "n_rows": sum(len(conflict.rows) for conflict in self.conflicts),
            "texts": [conflict.to_dict() for conflict in self.conflicts],
        }
        return {
            "leaks": [leak.to_dict() for leak in self.leaks],
            "repeats": repeats,
            "conflicts": conflicts,
        }


def find_leaks(splits: Splits) -> TextOverlaps:
    """Find the texts that occur in two splits, twice in one, or with different labels.

    Call it wherever the answer is needed: `Splits` are immutable, so it is worked out once per
    object and kept there.

    Examples
    --------
    >>> train = LabelledTexts(("so happy", "so sad"), ("joy", "sadness"))
    >>> test = LabelledTexts(("So  happy",), ("joy",))
    >>> from assay.data.labels import LabelSet
    >>> labels = LabelSet(("joy", "sadness"))
    >>> splits = Splits({"train": train, "test": test}, labels, source="memory")
    >>> find_leaks(splits).n_leaked("test")
    1
    """
    if "overlaps" not in splits.kept:
        splits.kept["overlaps"] = _overlaps(splits)
    overlaps = splits.kept["overlaps"]
    assert isinstance(overlaps, TextOverlaps)
    return overlaps


def _overlaps(splits: Splits) -> TextOverlaps:
    names = [name for name in SPLIT_ORDER if name in splits]
    numbers = shared_groups([splits[name] for name in names])
    groups = dict(zip(names, numbers, strict=True))
    leaks = []
    repeats = {}
    for seen_in, split in combinations(names, 2):
        leak = _leak(split, seen_in, splits=splits, groups=groups)
        if leak.n_rows:
            leaks.append(leak)
    for name in names:
        repeats[name] = _repeats(splits[name], groups[name])
    return TextOverlaps(tuple(leaks), repeats, _conflicts(splits, groups))


def _leak(split: str, seen_in: str, *, splits: Splits, groups: Mapping[str, np.ndarray]) -> Leak:
    seen, first_rows = np.unique(groups[seen_in], return_index=True)
    rows = np.flatnonzero(np.isin(groups[split], seen))
    rows_seen = first_rows[np.searchsorted(seen, groups[split][rows])]
    here, there = splits[split].lines, splits[seen_in].lines
    lines = tuple((here[i], there[j]) for i, j in zip(rows, rows_seen, strict=True))
    return Leak(split, seen_in, lines)


def _repeats(labelled: LabelledTexts, groups: np.ndarray) -> tuple[int, ...]:
    _, first_rows = np.unique(groups, return_index=True)
    is_repeat = np.ones(len(groups), dtype=bool)
    is_repeat[first_rows] = False
    return tuple(labelled.lines[i] for i in np.flatnonzero(is_repeat))


def _conflicts(splits: Splits, groups: Mapping[str, np.ndarray]) -> tuple[Conflict, ...]:
    numbers = np.concatenate(list(groups.values()))
    labels = np.concatenate([splits.label_set.encode(splits[name].labels) for name in groups])
    labels = labels.reshape(len(labels), -1)  # one column, or one per label
    _, first_rows = np.unique(numbers, return_index=True)
    # Group numbers run from 0 without a gap, so they are positions in `first_label`.
    first_label = labels[first_rows]
    is_other = (labels != first_label[numbers]).any(axis=1)
    differing = set(numbers[is_other].tolist())
    if not differing:
        return ()
    places: dict[int, list[RowPlace]] = {}
    for name, own in groups.items():
        labelled = splits[name]
        rows = zip(own.tolist(), labelled.lines, labelled.labels, strict=True)
        for group, line, label in rows:
            if group in differing:
                written = splits.label_set.write_label(label)
                places.setdefault(group, []).append(RowPlace(name, line, written))
    return tuple(map(Conflict, map(tuple, places.values())))
