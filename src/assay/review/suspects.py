"""The rows that an audit found, as the review page shows them, with what belongs to them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np

from assay.audit.answers import read_issues_file
from assay.audit.issues import Issue
from assay.data.texts import Splits
from assay.errors import DataError
from assay.review.vectors import hash_vectors

__all__ = ["Nearest", "NearText", "Suspect", "find_suspects", "read_suspects"]

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
    """A row to decide on.

    Parameters
    ----------
    issue : Issue
    others : tuple of Issue
        Rows of the same finding, such as the same text with another label.
    """

    issue: Issue
    others: tuple[Issue, ...] = ()

    @property
    def key(self) -> str:
        """What the journal knows it by."""
        return f"{self.issue.kind} {self.issue.split} {self.issue.row}"


def find_suspects(issues: Iterable[Issue]) -> list[Suspect]:
    """Return the rows that have a text and a label, in the order of the audit."""
    usable = [one for one in issues if one.text and one.label]
    groups: dict[tuple[str, int], list[Issue]] = {}
    for issue in usable:
        if issue.group is not None:
            groups.setdefault((issue.kind, issue.group), []).append(issue)
    suspects: dict[str, Suspect] = {}
    for issue in usable:
        group = [] if issue.group is None else groups[issue.kind, issue.group]
        others = [one for one in group if one is not issue]
        suspect = Suspect(issue, tuple(others[:MAX_OTHERS]))
        suspects.setdefault(suspect.key, suspect)
    return list(suspects.values())


def read_suspects(path: Path, splits: Splits) -> list[Suspect]:
    """Read the file of an audit and find its rows in the data again.

    Raises
    ------
    DataError
        No row of the file is in the data: it is the audit of other data.
    """
    # A row without a text has no hash: an audit lists it, but there is nothing to decide on.
    entries = [entry for entry in read_issues_file(path) if entry.text_sha256]
    issues: list[Issue] = []
    lines: dict[str, dict[int, int]] = {}
    for split, labelled in splits.items():
        lines[split] = dict(zip(labelled.lines, range(len(labelled)), strict=True))
    for entry in entries:
        row = lines.get(entry.split, {}).get(entry.row)
        if row is None:
            continue
        labelled = splits[entry.split]
        found = Issue(
            kind=entry.kind,
            split=entry.split,
            row=entry.row,
            text=labelled.texts[row],
            label=labelled.labels[row],
            proposed_label=entry.proposed_label,
            score=entry.score,
            group=entry.group,
        )
        if found.to_dict()["text_sha256"] == entry.text_sha256:
            issues.append(found)
    suspects = find_suspects(issues)
    if entries and not suspects:
        raise DataError(
            f"no row of {path.name} is in {splits.source} with its text",
            hint="give the file that `assay audit` wrote of these data, with the same --seed",
        )
    if n_lost := len(entries) - len(issues):
        logger.warning(
            "%s of %s rows of %s are not in %s with their text, and are left out",
            f"{n_lost:,}",
            f"{len(entries):,}",
            path.name,
            splits.source,
        )
    return suspects


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

    def find(self, text: str) -> Sequence[NearText]:
        """Return the texts that share most with one, without those that are equal to it."""
        if self._vectors is None:
            return []
        similarity = self._vectors @ hash_vectors([text])[0]
        found: list[NearText] = []
        for row in np.argsort(-similarity, kind="stable")[: 4 * N_NEAREST]:
            split, i = self._rows[int(row)]
            labelled = self._splits[split]
            if labelled.texts[i] == text or similarity[row] <= 0:
                continue
            found.append(
                {
                    "text": labelled.texts[i],
                    "label": labelled.labels[i],
                    "split": split,
                    "row": labelled.lines[i],
                }
            )
        return found[:N_NEAREST]
