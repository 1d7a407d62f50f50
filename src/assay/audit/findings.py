"""Rows with a problem: equal and nearly equal texts, texts without a message, other languages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np

from assay.audit.issues import Issue
from assay.audit.near_duplicates import NearDuplicates
from assay.audit.quality import find_garbled, find_one_word
from assay.data.languages import Languages
from assay.data.spellings import split_spellings
from assay.data.texts import LabelledTexts, Splits

__all__ = [
    "AllRows",
    "count_near_leaks",
    "find_dropped_rows",
    "find_equal_texts",
    "find_near_texts",
    "find_other_languages",
    "find_poor_rows",
    "find_spelled_labels",
]

WITHOUT_LABEL = "no_label"
DROPPED_KINDS = {"null text": "empty", "blank text": "empty", "null label": WITHOUT_LABEL}


class AllRows:
    """The rows of all splits, one split after the other.

    Parameters
    ----------
    splits : Splits

    Attributes
    ----------
    label_set : LabelSet
    split_names : list of str
    labelled : LabelledTexts
        The texts of all splits, with their labels and lines.
    split_ids : int64 array of shape (n_rows,)
        The split of each row, as a position in `split_names`.
    """

    def __init__(self, splits: Splits) -> None:
        self.label_set = splits.label_set
        self.split_names = list(splits)
        self.labelled = _concatenate(splits)
        sizes = list(map(len, splits.values()))
        self.split_ids = np.repeat(np.arange(len(sizes)), sizes)

    def by_split(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """Take an array of one value per row apart by split."""
        return {name: values[self.split_ids == i] for i, name in enumerate(self.split_names)}

    def issue(
        self, kind: str, row: int, *, score: float | None = None, group: int | None = None
    ) -> Issue:
        """Return an issue of one row."""
        return Issue(
            kind=kind,
            split=self.split_names[self.split_ids[row]],
            row=self.labelled.lines[row],
            text=self.labelled.texts[row],
            label=self.label_set.write_label(self.labelled.labels[row]),
            score=score,
            group=group,
        )


def _concatenate(splits: Splits) -> LabelledTexts:
    texts: list[str] = []
    labels: list[str] = []
    lines: list[int] = []
    normalised: list[str] = []
    for labelled in splits.values():
        texts += labelled.texts
        labels += labelled.labels
        lines += labelled.lines
        normalised += labelled.normalised
    kind = type(next(iter(splits.values())))  # one label per text, or several
    rows = kind(tuple(texts), tuple(labels), tuple(lines))
    # Each split has worked out its normalised texts once; here they are the cached value too.
    vars(rows)["normalised"] = tuple(normalised)
    return rows


def find_equal_texts(rows: AllRows, groups: np.ndarray, numbers: Iterator[int]) -> list[Issue]:
    """Return rows whose text occurs again: in the same split, in another, with another label.

    Parameters
    ----------
    rows : AllRows
    groups : int array of shape (n_rows,)
        Equal texts have the same number.
    numbers : iterator of int
        Gives each finding the number that its rows share.
    """
    found = []
    for members in _groups_of_several(groups):
        for kind, places in _kinds_of_equality(rows, members):
            number = next(numbers)
            found += [rows.issue(kind, i, score=1.0, group=number) for i in places]
    return found


def _kinds_of_equality(rows: AllRows, members: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what is wrong with rows of one text, and which of them."""
    splits = rows.split_ids[members]
    for split in np.unique(splits):
        own = members[splits == split]
        if len(own) > 1:
            yield "exact_duplicate", own
    labels = {rows.labelled.labels[i] for i in members}
    if len(labels) > 1:
        yield "conflict", members
    if splits.min() != splits.max():
        yield "leak", members


def _groups_of_several(groups: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the rows of each group that has several, ascending."""
    order = np.argsort(groups, kind="stable")
    sizes = np.bincount(groups)
    stops = np.cumsum(sizes)
    for group in np.flatnonzero(sizes > 1):
        yield order[stops[group] - sizes[group] : stops[group]]


def find_near_texts(rows: AllRows, near: NearDuplicates, numbers: Iterator[int]) -> list[Issue]:
    """Return rows whose text is nearly, and not exactly, another one."""
    found = []
    for members in _groups_of_several(near.groups):
        if near.is_near[members[0]]:
            number = next(numbers)
            found += [
                rows.issue("near_duplicate", i, score=float(near.similarity[i]), group=number)
                for i in members
            ]
    return found


def count_near_leaks(
    rows: AllRows, near: NearDuplicates, groups: np.ndarray
) -> dict[tuple[str, str], int]:
    """Count rows of a later split that are like a text of an earlier split and equal to none.

    Returns
    -------
    dict
        ``(later split, earlier split)`` -> number of rows; pairs without such rows are left out.
    """
    found = {}
    for first, later in combinations(range(len(rows.split_names)), 2):
        there, here = rows.split_ids == first, rows.split_ids == later
        is_near = np.isin(near.groups, near.groups[there])
        is_equal = np.isin(groups, groups[there])
        n_rows = int((here & is_near & ~is_equal).sum())
        if n_rows:
            found[rows.split_names[later], rows.split_names[first]] = n_rows
    return found


def find_poor_rows(rows: AllRows) -> list[Issue]:
    """Return garbled rows, rows of one word, and rows whose label does not occur in train."""
    texts = rows.labelled.texts
    found = [rows.issue("garbled", one.row, score=one.fraction) for one in find_garbled(texts)]
    found += [rows.issue("one_word", row) for row in find_one_word(texts)]
    if "train" in rows.split_names:
        labelled = rows.labelled
        of_train = np.flatnonzero(rows.split_ids == rows.split_names.index("train"))
        known = {name for i in of_train.tolist() for name in labelled.names(i)}
        unseen = [i for i in range(len(labelled)) if not known.issuperset(labelled.names(i))]
        found += [rows.issue("unseen_label", i) for i in unseen]
    return found


def find_other_languages(splits: Splits, languages: Mapping[str, Languages]) -> list[Issue]:
    """Return the rows that are in another language than the rest of their split."""
    found = []
    for split, own in languages.items():
        labelled = splits[split]
        for one in own.wrong:
            issue = Issue(
                kind="language",
                split=split,
                row=labelled.lines[one.row],
                text=labelled.texts[one.row],
                label=splits.label_set.write_label(labelled.labels[one.row]),
                score=one.score,
            )
            found.append(issue)
    return found


def find_spelled_labels(rows: AllRows, splits: Splits, numbers: Iterator[int]) -> list[Issue]:
    """Return the rows whose label is probably another one, written otherwise.

    Parameters
    ----------
    rows : AllRows
    splits : Splits
        The same rows.
    numbers : iterator of int
        Gives each spelling the number that its rows share.
    """
    spellings = {one.label: one.proposed_label for one in split_spellings(splits)}
    groups = {label: next(numbers) for label in spellings}
    found = []
    usual = rows.labelled.renamed(spellings)
    for i in range(len(usual)):
        odd = [name for name in rows.labelled.names(i) if name in spellings]
        if odd:
            issue = rows.issue("label_spelling", i, group=groups[odd[0]])
            proposed = splits.label_set.write_label(usual.labels[i])
            found.append(replace(issue, proposed_label=proposed))
    return found


def find_dropped_rows(splits: Splits) -> list[Issue]:
    """Return the rows that were left out when the data were loaded.

    Those without a label have their text: a person needs it to give them one.
    """
    kinds = [DROPPED_KINDS.get(row.reason, "unusable") for row in splits.dropped]
    texts = iter(splits.pool if kinds.count(WITHOUT_LABEL) == len(splits.pool) else ())
    found = []
    for row, kind in zip(splits.dropped, kinds, strict=True):
        text = next(texts, "") if kind == WITHOUT_LABEL else ""
        found.append(Issue(kind, row.split, row.line, text, ""))
    return found
