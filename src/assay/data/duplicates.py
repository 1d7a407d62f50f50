"""Equal texts: within a split, between splits (leaks), and with different labels (conflicts).

Two texts are the same if they are equal after Unicode NFC, case folding and collapsing of white
space: what a reader would call the same message. Nothing here changes a text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from assay.data.texts import LabelledTexts, Splits

__all__ = [
    "Conflict",
    "Leak",
    "RowPlace",
    "TextOverlaps",
    "duplicate_groups",
    "find_leaks",
    "find_seen",
    "normalise_text",
]


def normalise_text(text: str) -> str:
    """Return `text` in the form in which texts are compared.

    >>> normalise_text("  So   HAPPY ")
    'so happy'
    """
    if not text.isascii():
        # Case folding can take a composed form apart, so composing comes last.
        text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    else:
        text = text.lower()
    return " ".join(text.split())


def duplicate_groups(texts: Sequence[str]) -> np.ndarray:
    """Give each text the number of its group: the same text, the same number.

    Returns
    -------
    int64 array of shape (n_texts,)
        Group ids from 0, in order of first sight.
    """
    ids: dict[str, int] = {}
    return np.fromiter(
        (ids.setdefault(normalise_text(t), len(ids)) for t in texts),
        dtype=np.int64,
        count=len(texts),
    )


def find_seen(texts: Sequence[str], earlier: Sequence[str]) -> np.ndarray:
    """Tell which texts stand among the earlier ones, bool of shape (n_texts,)."""
    known = {normalise_text(text) for text in earlier}
    return np.fromiter(
        (normalise_text(text) in known for text in texts), dtype=bool, count=len(texts)
    )


@dataclass(frozen=True)
class RowPlace:
    """Where a row stands, and its label; never its text."""

    split: str
    line: int
    label: str

    def to_dict(self) -> dict[str, Any]:
        """Return the place as plain values."""
        return {"split": self.split, "line": self.line, "label": self.label}


@dataclass(frozen=True)
class Leak:
    """Rows of `split` whose text stands in `seen_in` too.

    Parameters
    ----------
    split, seen_in : str
        The later and the earlier split, in the order train, validation, test.
    lines : tuple of (int, int)
        Line in `split`, line of the first such text in `seen_in`.
    """

    split: str
    seen_in: str
    lines: tuple[tuple[int, int], ...]

    @property
    def n_rows(self) -> int:
        """How many rows of `split` stand in `seen_in`."""
        return len(self.lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the leak as plain values."""
        return {
            "split": self.split,
            "seen_in": self.seen_in,
            "n_rows": self.n_rows,
            "lines": [list(pair) for pair in self.lines],
        }


@dataclass(frozen=True)
class Conflict:
    """One text with different labels."""

    rows: tuple[RowPlace, ...]

    def to_dict(self) -> dict[str, Any]:
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
        Split -> lines of the rows whose text stood in the same split before.
    conflicts : tuple of Conflict
        In order of first sight.
    """

    leaks: tuple[Leak, ...]
    repeats: dict[str, tuple[int, ...]]
    conflicts: tuple[Conflict, ...]

    def n_leaked(self, split: str, *, seen_in: str = "train") -> int:
        """Return how many rows of `split` stand in `seen_in`."""
        return sum(
            leak.n_rows for leak in self.leaks if (leak.split, leak.seen_in) == (split, seen_in)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, counts and line numbers."""
        return {
            "leaks": [leak.to_dict() for leak in self.leaks],
            "repeats": [
                {"split": split, "n_rows": len(lines), "lines": list(lines)}
                for split, lines in self.repeats.items()
            ],
            "conflicts": {
                "n_texts": len(self.conflicts),
                "n_rows": sum(len(conflict.rows) for conflict in self.conflicts),
                "texts": [conflict.to_dict() for conflict in self.conflicts],
            },
        }


def find_leaks(splits: Splits) -> TextOverlaps:
    """Find the texts that stand in two splits, twice in one, or with different labels.

    Examples
    --------
    >>> train = LabelledTexts(("so happy", "so sad"), ("joy", "sadness"))
    >>> test = LabelledTexts(("So  happy",), ("joy",))
    >>> from assay.data.labels import LabelSet
    >>> splits = Splits({"train": train, "test": test}, LabelSet(("joy", "sadness")), source="memory")
    >>> find_leaks(splits).n_leaked("test")
    1
    """
    names = [name for name in ("train", "validation", "test", "all") if name in splits]
    parts = [splits[name] for name in names]
    groups = duplicate_groups([text for part in parts for text in part.texts])
    by_split = dict(
        zip(names, np.split(groups, np.cumsum([len(part) for part in parts])[:-1]), strict=True)
    )
    leaks = [
        _leak(split, seen_in, splits=splits, groups=by_split)
        for seen_in, split in combinations(names, 2)
    ]
    return TextOverlaps(
        tuple(leak for leak in leaks if leak.n_rows),
        {name: _repeats(splits[name], by_split[name]) for name in names},
        _conflicts(splits, names, groups),
    )


def _first_rows(groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct groups, sorted, and the first row of each."""
    distinct, first = np.unique(groups, return_index=True)
    return distinct, first


def _leak(split: str, seen_in: str, *, splits: Splits, groups: dict[str, np.ndarray]) -> Leak:
    distinct, first = _first_rows(groups[seen_in])
    rows = np.flatnonzero(np.isin(groups[split], distinct))
    seen_rows = first[np.searchsorted(distinct, groups[split][rows])]
    here, there = splits[split].lines, splits[seen_in].lines
    return Leak(
        split, seen_in, tuple((here[i], there[j]) for i, j in zip(rows, seen_rows, strict=True))
    )


def _repeats(part: LabelledTexts, groups: np.ndarray) -> tuple[int, ...]:
    is_repeat = np.ones(len(groups), dtype=bool)
    is_repeat[_first_rows(groups)[1]] = False
    return tuple(part.lines[i] for i in np.flatnonzero(is_repeat))


def _conflicts(splits: Splits, names: Sequence[str], groups: np.ndarray) -> tuple[Conflict, ...]:
    labels = np.concatenate([splits.label_set.ids(splits[name].labels) for name in names])
    first_label = labels[_first_rows(groups)[1]]  # group ids are 0..n-1, so they index this
    differing = set(groups[labels != first_label[groups]].tolist())
    if not differing:
        return ()
    places: dict[int, list[RowPlace]] = {}
    everywhere = (
        (name, line, label) for name in names for line, label in _lines_and_labels(splits[name])
    )
    for group, place in zip(groups.tolist(), everywhere, strict=True):
        if group in differing:
            places.setdefault(group, []).append(RowPlace(*place))
    return tuple(Conflict(tuple(rows)) for rows in places.values())


def _lines_and_labels(part: LabelledTexts) -> zip[tuple[int, str]]:
    return zip(part.lines, part.labels, strict=True)
