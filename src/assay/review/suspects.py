"""The rows that an audit found, as the review page shows them, with what belongs to them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np

from assay.audit.answers import FoundRow, read_issues_file
from assay.audit.issues import GUESSED_KINDS, KINDS, LEFT_OUT_KINDS, Issue, hash_text
from assay.data.labels import LabelSet
from assay.data.origin import WHOLE, Origin
from assay.data.texts import Splits
from assay.errors import DataError, list_problems
from assay.review.vectors import hash_vectors

__all__ = ["NearText", "Nearest", "Suspect", "find_suspects", "key_of", "read_suspects", "row_key"]

logger = logging.getLogger(__name__)

MAX_OTHERS = 8  # rows of the same finding that are shown
MAX_COMPARED = 20_000  # texts among which the nearest are looked for; of more, the first ones
N_NEAREST = 5
READ_AT_ONCE = 1_000


class NearText(TypedDict):
    """A text beside a suspect, with its label."""

    text: str
    label: str
    split: str
    row: int


@dataclass(frozen=True)
class Suspect:
    """A row to decide on: one decision, in however many ways it was found.

    Parameters
    ----------
    findings : tuple of Issue
        What the audit says about the row, at least one finding; the first is the gravest.
    others : tuple of Issue
        Rows of the same findings, such as the same text with another label.
    """

    findings: tuple[Issue, ...]
    others: tuple[Issue, ...] = ()

    @property
    def issue(self) -> Issue:
        """The gravest finding; text, label, split and row are the same in all of them."""
        return self.findings[0]

    @property
    def key(self) -> str:
        """What the journal knows the row by."""
        return key_of(self.issue)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the findings, the gravest first."""
        return tuple(dict.fromkeys(one.kind for one in self.findings))

    @property
    def groups(self) -> tuple[tuple[str, int], ...]:
        """Kind and number of each finding that other rows share."""
        return tuple((one.kind, one.group) for one in self.findings if one.group is not None)

    @property
    def proposed_label(self) -> str:
        """The label that the gravest of those findings proposes that propose one; empty: none."""
        return self._proposing.proposed_label if self._proposing else ""

    def labels(self, label_set: LabelSet) -> frozenset[str]:
        """Return the labels by which a row is looked for: its own.

        Where texts may have several, each that it has or that is proposed for it; an empty list
        stands for a row without any.
        """
        if label_set.task == "single":
            return frozenset((self.issue.label,))
        own = label_set.read_label(self.issue.label)
        found = {*own, *label_set.read_label(self.proposed_label or "[]")}
        if not own:
            found.add(label_set.write_label(()))
        return frozenset(found)

    @property
    def guess(self) -> str:
        """The kind of the finding that proposes a label, if it is what models say; else empty."""
        if self._proposing is not None and self._proposing.kind in GUESSED_KINDS:
            return self._proposing.kind
        return ""

    @property
    def _proposing(self) -> Issue | None:
        return next((one for one in self.findings if one.proposed_label), None)

    def finding_for(self, label: str) -> Issue:
        """Return the finding that proposes a label; if none does, the gravest."""
        return next((one for one in self.findings if one.proposed_label == label), self.issue)


def key_of(issue: Issue) -> str:
    """Return what the journal knows a row by."""
    return f"{issue.split} {issue.row}"


def row_key(key: str) -> str:
    """Return the key of a row; older journals have the kind of one finding before it."""
    kind, _, rest = key.partition(" ")
    return rest if kind in KINDS and " " in rest else key


def find_suspects(issues: Iterable[Issue]) -> list[Suspect]:
    """Return each row that has a text and a label once, in the order of the audit."""
    groups: dict[tuple[str, int], list[Issue]] = {}
    findings: dict[str, list[Issue]] = {}
    for issue in issues:
        if not issue.text or not issue.label:
            continue
        findings.setdefault(key_of(issue), []).append(issue)
        if issue.group is not None:
            groups.setdefault((issue.kind, issue.group), []).append(issue)
    return [Suspect(tuple(own), _others(own, groups)) for own in findings.values()]


def _others(
    findings: Sequence[Issue], groups: Mapping[tuple[str, int], Sequence[Issue]]
) -> tuple[Issue, ...]:
    """Return other rows of the findings of one row, each once."""
    others: dict[str, Issue] = {}
    for issue in findings:
        if issue.group is not None:
            for one in groups[issue.kind, issue.group]:
                others.setdefault(key_of(one), one)
    others.pop(key_of(findings[0]), None)
    return tuple(others.values())[:MAX_OTHERS]


def read_suspects(path: Path, splits: Splits, *, separator: str | None = None) -> list[Suspect]:
    """Read the file of an audit and find its rows in the data again.

    Parameters
    ----------
    path : Path
    splits : Splits
    separator : str, optional
        What is between the labels of a text in the data; see `LabelSet.read_label`.

    Raises
    ------
    DataError
        No row of the file is in the data: it is the audit of other data. Or a person wrote a
        proposed label that is none.
    """
    entries = [*filter(_is_in_data, read_issues_file(path))]
    places = _Places(splits)
    issues: list[Issue] = []
    problems: list[str] = []
    for entry in entries:
        place = places.find(entry)
        if place is None:
            continue
        try:
            issues.append(_issue_of(entry, place, splits, separator))
        except DataError as err:
            problems.append(f"{place[0]} row {entry.row:,}, proposed_label: {err.message}")
    if problems:
        raise DataError(f"{path.name} cannot be used:\n{list_problems(problems)}")
    suspects = find_suspects(issues)
    if entries and not suspects:
        raise DataError(
            f"no row of {path.name} is in {splits.source} with its text",
            hint="give the file that `assay audit` wrote of these data",
        )
    _warn_of_lost(len(entries) - len(issues), len(entries), path, splits)
    return suspects


def _is_in_data(entry: FoundRow) -> bool:
    """Tell whether a row has a text and a label: an audit also lists others, without a hash."""
    return bool(entry.text_sha256) and entry.kind not in LEFT_OUT_KINDS


def _warn_of_lost(n_lost: int, n_entries: int, path: Path, splits: Splits) -> None:
    """Say how many rows of the file are not in the data."""
    if n_lost:
        logger.warning(
            "%s of %s rows of %s are not in %s with their text, and are left out",
            f"{n_lost:,}",
            f"{n_entries:,}",
            path.name,
            splits.source,
        )


def _issue_of(
    entry: FoundRow, place: tuple[str, int], splits: Splits, separator: str | None
) -> Issue:
    """Return what the file says about a row, with the text and the label that it has in the data.

    Raises
    ------
    DataError
        The proposed label is none.
    """
    split, row = place
    labelled = splits[split]
    return Issue(
        kind=entry.kind,
        split=split,
        row=entry.row,
        text=labelled.texts[row],
        label=splits.label_set.write_label(labelled.labels[row]),
        proposed_label=_read_proposed(entry.proposed_label, splits.label_set, separator),
        score=entry.score,
        group=entry.group,
    )


def _read_proposed(written: str, label_set: LabelSet, separator: str | None) -> str:
    """Return a proposed label as the data have it; where a text may have several, all as a list.

    Raises
    ------
    DataError
        A text may have several labels, and one of these is no label of the data.
    """
    if not written or label_set.task == "single":
        return written
    found = label_set.read_label(written, separator=separator)
    label_set.indicator([found])  # refuses a name that is no label
    return label_set.write_label(found)


class _Places:
    """Finds rows of an audit's file in the data, by the row of the file and the text.

    The split is no part of it where a file was cut into several: another --seed, or labels that are
    merged, cut it otherwise.
    """

    def __init__(self, splits: Splits) -> None:
        self._splits = splits
        self._rows: dict[str, dict[int, int]] = {}
        for split, labelled in splits.items():
            self._rows[split] = dict(zip(labelled.lines, range(len(labelled)), strict=True))

    def find(self, entry: FoundRow) -> tuple[str, int] | None:
        """Return the split of a row and its 0-based place there; None if the text is not there."""
        others = [name for name in self._splits if self._is_cut_with(name, entry.split)]
        for split in (entry.split, *others):
            row = self._rows.get(split, {}).get(entry.row)
            if row is not None and hash_text(self._splits[split].texts[row]) == entry.text_sha256:
                return split, row
        return None

    def _is_cut_with(self, split: str, other: str) -> bool:
        """Tell whether two splits are parts of one file, so that a row has one number in both."""
        origins = self._splits.origins
        return _source_of(split, origins) == _source_of(other, origins)


def _source_of(split: str, origins: Mapping[str, Origin]) -> str:
    """Return the split whose file holds a split: itself, or the one that it was cut from."""
    return split if split in origins and split not in WHOLE else ""


class Nearest:
    """Finds the texts of the data that are most similar to one of them.

    Parameters
    ----------
    splits : Splits
        At most 20,000 texts are compared.
    """

    def __init__(self, splits: Splits) -> None:
        self._rows: list[tuple[str, int]] = []
        for split, labelled in splits.items():
            self._rows += [(split, i) for i in range(len(labelled))]
        self._rows = self._rows[:MAX_COMPARED]
        self._splits = splits
        self._vectors: np.ndarray | None = None

    def prepare(self) -> None:
        """Read the texts, which takes seconds; `find` returns nothing before."""
        texts = [self._splits[split].texts[i] for split, i in self._rows]
        starts = range(0, len(texts), READ_AT_ONCE)
        blocks = [hash_vectors(texts[start : start + READ_AT_ONCE]) for start in starts]
        self._vectors = np.concatenate(blocks) if blocks else None

    def sample(self, n: int, *, without: Set[str]) -> list[NearText]:
        """Return rows of the data, drawn at random.

        Parameters
        ----------
        n : int
            How many at most.
        without : set of str
            Keys of rows that are left out; see `Suspect.key`.
        """
        found: list[NearText] = []
        for place in np.random.default_rng(0).permutation(len(self._rows)).tolist():
            if len(found) >= n:
                break
            split, i = self._rows[place]
            one = self._near(split, i)
            if f"{split} {one['row']}" not in without:
                found.append(one)
        return found

    def find(self, text: str) -> Sequence[NearText]:
        """Return the texts that share most with one, without those that are equal to it."""
        if self._vectors is None:
            return []
        similarity = self._vectors @ hash_vectors([text])[0]
        found: list[NearText] = []
        for row in np.argsort(-similarity, kind="stable")[: 4 * N_NEAREST]:
            split, i = self._rows[int(row)]
            if self._splits[split].texts[i] != text and similarity[row] > 0:
                found.append(self._near(split, i))
        return found[:N_NEAREST]

    def _near(self, split: str, i: int) -> NearText:
        """Return a row of the data."""
        labelled = self._splits[split]
        return {
            "text": labelled.texts[i],
            "label": self._splits.label_set.write_label(labelled.labels[i]),
            "split": split,
            "row": labelled.lines[i],
        }
