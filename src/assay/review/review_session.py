"""`ReviewSession`: what the review page asks and does, decision by decision."""

from __future__ import annotations

import csv
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from assay.audit.issues import COLUMNS, IssueEntry
from assay.data.files.spreadsheet import guard_cell
from assay.data.labels import LabelSet
from assay.disk import atomic_file
from assay.errors import DataError
from assay.review.events import Answer, Event, Undo
from assay.review.journal import Journal
from assay.review.session import OtherPageError, UnknownChoiceError
from assay.review.suspects import Suspect, row_key

__all__ = ["Filter", "Given", "ReviewSession"]

YES, NO = "yes", "no"
ENCODING = "utf-8-sig"  # as the file of an audit: spreadsheets know it


@dataclass(frozen=True)
class Filter:
    """Which rows the page looks at; an empty value takes all.

    Parameters
    ----------
    kind, label, split : str
    """

    kind: str = ""
    label: str = ""
    split: str = ""

    def takes(self, suspect: Suspect) -> bool:
        """Tell whether a row is looked at."""
        issue = suspect.issue
        if self.kind and self.kind not in suspect.kinds:
            return False
        return self.label in ("", issue.label) and self.split in ("", issue.split)


@dataclass(frozen=True)
class Given:
    """A decision as the page sends it.

    Parameters
    ----------
    id : str
    keys : tuple of str
    label : str or None
        A label that the rows get.
    accepts, is_skip : bool
        As in `Answer`.
    """

    id: str
    keys: tuple[str, ...]
    label: str | None = None
    accepts: bool = False
    is_skip: bool = False


class ReviewSession:
    """The state behind a review page.

    Parameters
    ----------
    suspects : sequence of Suspect
    label_set : LabelSet
        The labels of the data. Where a text may have several, a decision holds them all, as a list
        in JSON.
    journal : Journal
        Open; its answers are taken in.
    out : Path
        Where the decisions are written.
    by : str
    clock : callable
        Returns the time, in UTC.

    Attributes
    ----------
    n_events : int
        The version of the state.
    region : frozenset of str
        Keys of the rows that were drawn around on the map; empty: all rows are looked at.
    """

    def __init__(
        self,
        suspects: Sequence[Suspect],
        label_set: LabelSet,
        journal: Journal,
        out: Path,
        *,
        by: str = "",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.suspects = {one.key: one for one in suspects}
        self.label_set = label_set
        self.out = out
        self.n_events = 0
        self._journal = journal
        self._by = by
        self._clock = clock
        self._lock = threading.RLock()
        self.region: frozenset[str] = frozenset()
        self._answers: list[Answer] = []
        self._of_key: dict[str, Answer] = {}
        self._seen_ids: set[str] = set()
        for event in journal.events:
            self._apply(event)

    def current(self, wanted: Filter) -> Suspect | None:
        """Return the first row that waits for a decision."""
        return next(self._open(wanted), None)

    def count(self, wanted: Filter) -> int:
        """Return how many rows wait for a decision."""
        return sum(1 for _ in self._open(wanted))

    def counts(self) -> dict[str, int]:
        """Return how many rows of each kind wait; a row counts for each of its kinds."""
        waiting = Counter(kind for one in self._waiting() for kind in one.kinds)
        kinds = dict.fromkeys(kind for one in self.suspects.values() for kind in one.kinds)
        return {kind: waiting[kind] for kind in kinds}

    def decided(self) -> dict[str, int]:
        """Return how many rows change, keep their label, and were skipped."""
        n_changed = sum(1 for entry in self.entries() if entry["accept"] == YES)
        answers = [one for key, one in self._of_key.items() if key in self.suspects]
        n_skipped = sum(1 for one in answers if one.is_skip)
        n_all = len(answers)
        return {"changed": n_changed, "kept": n_all - n_changed - n_skipped, "skipped": n_skipped}

    def choose_region(self, keys: Iterable[str]) -> None:
        """Look at some rows alone; without any, at all again.

        Raises
        ------
        UnknownChoiceError
            There is no such row.
        """
        chosen = frozenset(keys)
        if any(key not in self.suspects for key in chosen):
            raise UnknownChoiceError("there is no such row in the audit")
        self.region = chosen

    @property
    def n_waiting(self) -> int:
        """Rows that wait for a decision, wherever they are."""
        return sum(1 for _ in self._waiting())

    @property
    def n_region(self) -> int:
        """Rows of the region that wait for a decision."""
        return sum(key not in self._of_key for key in self.region)

    @property
    def n_elsewhere(self) -> int:
        """Rows that the journal decides on and that are none of the suspects."""
        return sum(1 for key in self._of_key if key not in self.suspects)

    def keys_like(self, wanted: Filter, *, accepts: bool = False) -> tuple[str, ...]:
        """Return the keys of all rows that wait, or of those with a proposal, to decide at once."""
        found = self._open(wanted)
        return tuple(one.key for one in found if one.proposed_label or not accepts)

    def decide(self, given: Given, *, version: int) -> None:
        """Keep a decision.

        Raises
        ------
        OtherPageError
            The state is not that of `version`.
        UnknownChoiceError
            There is no such row or label, or no label is proposed that could be accepted.
        OSError
            The disk refused; nothing has changed.
        """
        with self._lock:
            if self._is_known(given.id, version):
                return
            self._check(given)
            self._keep(
                Answer(
                    id=given.id,
                    at=self._now(),
                    by=self._by,
                    keys=given.keys,
                    label=self._canonical(given.label),
                    accepts=given.accepts,
                    is_skip=given.is_skip,
                )
            )

    def undo(self, event_id: str, *, version: int) -> None:
        """Take the latest decision back, on however many rows it was.

        Raises
        ------
        OtherPageError, OSError
            As for `decide`.
        """
        with self._lock:
            if not self._is_known(event_id, version) and self._answers:
                self._keep(Undo(event_id, self._now(), self._answers[-1].id))

    def entries(self) -> list[IssueEntry]:
        """Return the decisions in the form of an audit's file: yes changes a label, no keeps it."""
        found = []
        for key, answer in self._of_key.items():
            suspect = self.suspects.get(key)
            if suspect is not None and not answer.is_skip:
                found.append(_entry(suspect, answer))
        return found

    def changed(self) -> dict[tuple[str, int], str]:
        """Return the label of every row that gets another one, by split and line."""
        with self._lock:
            entries = self.entries()
        accepted = [one for one in entries if one["accept"] == YES]
        return {(one["split"], one["row"]): one["proposed_label"] for one in accepted}

    def write(self) -> None:
        """Write the decisions, whole or not at all.

        Raises
        ------
        OSError
            The disk refused.
        """
        with self._lock:
            entries = self.entries()
        with (
            atomic_file(self.out) as partial,
            partial.open("w", encoding=ENCODING, newline="") as stream,
        ):
            writer = csv.writer(stream, lineterminator="\r\n")
            writer.writerow(COLUMNS)  # also where nothing was decided: the file can be read
            for entry in entries:
                values = [entry[name] for name in COLUMNS]  # type: ignore[literal-required]
                writer.writerow(["" if v is None else guard_cell(str(v)) for v in values])

    def _open(self, wanted: Filter) -> Iterator[Suspect]:
        """Yield the rows that wait and are looked at, in the order of the audit."""
        region = self.region if self.n_region else frozenset()
        for suspect in self._waiting():
            if wanted.takes(suspect) and (not region or suspect.key in region):
                yield suspect

    def _waiting(self) -> Iterator[Suspect]:
        """Yield the rows that wait, wherever they are."""
        for key, suspect in self.suspects.items():
            if key not in self._of_key:
                yield suspect

    def _keep(self, event: Event) -> None:
        self._journal.append(event)
        self._apply(event)

    def _apply(self, event: Event) -> None:
        """Take in an answer, or take one back."""
        if not isinstance(event, Answer | Undo) or event.id in self._seen_ids:
            return
        self._seen_ids.add(event.id)
        self.n_events += 1
        if isinstance(event, Answer):
            self._answers.append(event)
        else:
            self._answers = [one for one in self._answers if one.id != event.of]
        self._of_key = {row_key(key): one for one in self._answers for key in one.keys}

    def _is_known(self, event_id: str, version: int) -> bool:
        if event_id in self._seen_ids:
            return True
        if version != self.n_events:
            raise OtherPageError("another page has decided meanwhile")
        return False

    def _check(self, given: Given) -> None:
        unknown = [key for key in given.keys if key not in self.suspects]
        if unknown or not given.keys:
            raise UnknownChoiceError("there is no such row in the audit")
        self._check_label(given.label)
        lacks = [key for key in given.keys if not self.suspects[key].proposed_label]
        if given.accepts and lacks:
            raise UnknownChoiceError("no label is proposed for this row")

    def _check_label(self, label: str | None) -> None:
        """Refuse a label, or a list of labels, that the data do not have."""
        if label is None:
            return
        try:
            found = self.label_set.read_label(label)
        except DataError as err:
            raise UnknownChoiceError(err.message) from err
        names = (found,) if isinstance(found, str) else found
        for name in names:
            if name not in self.label_set:
                raise UnknownChoiceError(f"there is no label '{name[:200]}'")

    def _canonical(self, label: str | None) -> str | None:
        """Return a label, or a list of labels, as the data have it."""
        return (
            None if label is None else self.label_set.write_label(self.label_set.read_label(label))
        )

    def _now(self) -> str:
        return self._clock().isoformat(timespec="milliseconds")


def _entry(suspect: Suspect, answer: Answer) -> IssueEntry:
    """Return a decision as a row of an audit's file."""
    own = suspect.issue
    label = suspect.proposed_label if answer.accepts else answer.label
    if label is None or label == own.label:
        return {**replace(own, proposed_label=own.label).to_dict(), "accept": NO}
    found = suspect.finding_for(label)
    return {**replace(found, proposed_label=label).to_dict(), "accept": YES}
