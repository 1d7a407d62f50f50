"""`ReviewSession`: what the review page asks and does, decision by decision."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assay.audit.issues import COLUMNS, IssueEntry
from assay.data.files.spreadsheet import guard_cell
from assay.data.labels import LabelSet
from assay.disk import atomic_file
from assay.errors import DataError
from assay.review.answers import Answers, RowAnswer
from assay.review.event_session import (
    Clock,
    EventSession,
    OtherPageError,
    UnknownChoiceError,
    utc_now,
)
from assay.review.events import Answer, Undo
from assay.review.journal import Journal
from assay.review.label_list import MAX_LABEL_CHARS
from assay.review.pool import text_mark
from assay.review.proposals import Proposals
from assay.review.row_names import RowNames
from assay.review.suspects import Suspect

__all__ = ["Filter", "ReviewSession"]

YES, NO = "yes", "no"
ENCODING = "utf-8-sig"  # as the file of an audit: spreadsheets know it


@dataclass(frozen=True)
class Filter:
    """Which rows the page looks at; an empty value takes all.

    Parameters
    ----------
    kind, split : str
    label : str
        One of `Suspect.labels`.
    """

    kind: str = ""
    label: str = ""
    split: str = ""

    def takes(self, suspect: Suspect, labels: frozenset[str]) -> bool:
        """Tell whether a row is looked at, which is looked for by these labels."""
        if self.kind and self.kind not in suspect.kinds:
            return False
        if self.label and self.label not in labels:
            return False
        return self.split in ("", suspect.issue.split)


class ReviewSession(EventSession):
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
        Who decides.
    names : RowNames, optional
        What a column of the data calls its rows; a column of the decisions, too.
    clock : callable
        Returns the time, in UTC.

    Attributes
    ----------
    region : frozenset of str
        Keys of the rows that were drawn around on the map; empty: all rows are looked at.
    list_mark : str
        What a page names the rows and their texts by: a page that was open while the command ran
        again, on other data, knows other ones.
    """

    def __init__(
        self,
        suspects: Sequence[Suspect],
        label_set: LabelSet,
        journal: Journal,
        out: Path,
        *,
        by: str = "",
        names: RowNames | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self.suspects = {one.key: one for one in suspects}
        self._marks = {key: text_mark(one.issue.text) for key, one in self.suspects.items()}
        self.list_mark = text_mark("\n".join(f"{key} {mark}" for key, mark in self._marks.items()))
        self._answers = Answers(journal.events, self._marks)
        super().__init__(self._answers, journal, by=by, clock=clock)
        self.label_set = label_set
        self._labels = {key: one.labels(label_set) for key, one in self.suspects.items()}
        self.out = out
        self.names = names or RowNames()
        self.region: frozenset[str] = frozenset()

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

    def labels_of_rows(self) -> list[str]:
        """Return the labels by which rows can be looked for, in the order of the data."""
        found = frozenset[str]().union(*self._labels.values())
        known = list(filter(found.__contains__, self.label_set))
        return [*known, *sorted(found.difference(known))]

    def decided(self) -> dict[str, int]:
        """Return how many rows change, keep their label, and were skipped."""
        n_changed = sum(1 for entry in self.entries() if entry["accept"] == YES)
        answers = [one for key, one in self._answers.of_key.items() if key in self.suspects]
        n_skipped = sum(1 for one in answers if one.answer.is_skip)
        n_all = len(answers)
        return {"changed": n_changed, "kept": n_all - n_changed - n_skipped, "skipped": n_skipped}

    def check_list(self, list_mark: str | None) -> None:
        """Refuse what a page did that knows other rows, or the same with other texts.

        Raises
        ------
        OtherPageError
            It names another list.
        """
        if list_mark is not None and list_mark != self.list_mark:
            raise OtherPageError("the rows are others by now")

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
        return sum(key not in self._answers.of_key for key in self.region)

    @property
    def n_elsewhere(self) -> int:
        """Decisions of the journal on rows that are none of the suspects, or hold other texts."""
        n_gone = sum(1 for key in self._answers.of_key if key not in self.suspects)
        return n_gone + self._answers.n_of_other_texts

    def keys_like(self, wanted: Filter, *, accepts: bool = False) -> tuple[str, ...]:
        """Return the keys of all rows that wait, or of those with a proposal, to decide at once.

        What models propose is a guess: it is accepted only where its kind is chosen.
        """
        if accepts:
            proposals = self.proposals()
            return tuple(proposals.accept_all(self._open(wanted), guesses=(wanted.kind,)))
        return tuple(one.key for one in self._open(wanted))

    def count_guesses(self, wanted: Filter) -> int:
        """Return how many of the rows that wait have a proposal by models of another kind."""
        proposals = self.proposals()
        return sum(proposals.of(one).guess not in ("", wanted.kind) for one in self._open(wanted))

    def proposals(self) -> Proposals:
        """Return what is proposed for the rows that wait."""
        decided = self.labels_now().items()
        return Proposals((self.suspects[key], label) for key, label in decided)

    def labels_now(self) -> dict[str, str]:
        """Return the label that each decided row has by its decision, in the order of decisions."""
        found = {}
        for key, one in self._answers.of_key.items():
            suspect = self.suspects.get(key)
            if suspect is not None and not one.answer.is_skip:
                found[key] = _given(suspect, one)
        return found

    def decide(
        self,
        event_id: str,
        keys: tuple[str, ...],
        *,
        version: int,
        label: str | None = None,
        accepts: bool = False,
        is_skip: bool = False,
    ) -> None:
        """Keep a decision.

        Parameters
        ----------
        event_id : str
            Made by the page; the same for a decision that is sent again.
        keys : tuple of str
            Which rows; see `Suspect.key`.
        version : int
            Version of the state that the page shows.
        label, accepts, is_skip
            As in `Answer`.

        Raises
        ------
        OtherPageError
            The state is not that of `version`.
        UnknownChoiceError
            There is no such row or label, or no label is proposed that could be accepted.
        OSError
            The disk refused; nothing has changed.
        """
        with self.changed:
            if self._is_known(event_id, version):
                return
            self._check(keys)
            proposed = self._propose(keys) if accepts else ()
            answer = Answer(
                event_id,
                self._now(),
                self.by,
                keys,
                self._canonical(label),
                accepts=accepts,
                is_skip=is_skip,
                labels=proposed,
                marks=tuple(self._marks[key] for key in keys),
            )
            self._keep(answer)

    def undo(self, event_id: str, *, version: int) -> None:
        """Take the latest decision back, on however many rows it was.

        Raises
        ------
        OtherPageError, OSError
            As for `decide`.
        """
        with self.changed:
            last = self._answers.last()
            if not self._is_known(event_id, version) and last is not None:
                self._keep(Undo(event_id, self._now(), last.id))

    def entries(self) -> list[IssueEntry]:
        """Return the decisions in the form of an audit's file: yes changes a label, no keeps it."""
        found = []
        for key, label in self.labels_now().items():
            found.append(_entry(self.suspects[key], label))
        return found

    def changed_labels(self) -> dict[tuple[str, int], str]:
        """Return the label of every row that gets another one, by split and line."""
        with self.changed:
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
        with self.changed:
            entries = self.entries()
        with (
            atomic_file(self.out) as partial,
            partial.open("w", encoding=ENCODING, newline="") as stream,
        ):
            writer = csv.writer(stream, lineterminator="\r\n")
            # The header also where nothing was decided: the file can be read.
            writer.writerow([*COLUMNS, *self.names.header])
            for entry in entries:
                own = [entry[name] for name in COLUMNS]  # type: ignore[literal-required]
                values = [*own, *self.names.cells(entry["split"], entry["row"])]
                writer.writerow(["" if v is None else guard_cell(str(v)) for v in values])

    def _open(self, wanted: Filter) -> Iterator[Suspect]:
        """Yield the rows that wait and are looked at, in the order of the audit."""
        region = self.region if self.n_region else frozenset()
        for suspect in self._waiting():
            is_taken = wanted.takes(suspect, self._labels[suspect.key])
            if is_taken and (not region or suspect.key in region):
                yield suspect

    def _waiting(self) -> Iterator[Suspect]:
        """Yield the rows that wait, wherever they are."""
        for key, suspect in self.suspects.items():
            if key not in self._answers.of_key:
                yield suspect

    def _check(self, keys: tuple[str, ...]) -> None:
        """Refuse rows that there are not."""
        if not keys or any(key not in self.suspects for key in keys):
            raise UnknownChoiceError("there is no such row in the audit")

    def _propose(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        """Return the label that is proposed for each row; refuse a row that has none."""
        found = self.proposals().accept_all(self.suspects[key] for key in keys)
        if len(found) < len(keys):
            raise UnknownChoiceError("no label is proposed for this row")
        return tuple(found.values())

    def _canonical(self, label: str | None) -> str | None:
        """Return a label, or a list of labels, as the data have it; refuse one that they lack."""
        if label is None:
            return None
        try:
            found = self.label_set.read_label(label)
        except DataError as err:
            raise UnknownChoiceError(err.message) from err
        for name in (found,) if isinstance(found, str) else found:
            if name not in self.label_set:
                raise UnknownChoiceError(f"there is no label '{name[:MAX_LABEL_CHARS]}'")
        return self.label_set.write_label(found)


def _given(suspect: Suspect, given: RowAnswer) -> str:
    """Return the label that a row has by an answer."""
    if given.answer.accepts:
        return suspect.proposed_label if given.accepted is None else given.accepted
    return suspect.issue.label if given.answer.label is None else given.answer.label


def _entry(suspect: Suspect, label: str) -> IssueEntry:
    """Return a decision as a row of an audit's file: the row, and the label that it has now."""
    own = suspect.issue
    if label == own.label:
        return {**replace(own, proposed_label=own.label).to_dict(), "accept": NO}
    found = suspect.finding_for(label)
    return {**replace(found, proposed_label=label).to_dict(), "accept": YES}
