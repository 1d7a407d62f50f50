"""`Labelling`: what is decided so far, made of the events of a journal one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

from assay.review.event_session import EventState
from assay.review.events import Decision, Event, Names, Rename, Undo

__all__ = ["Act", "Labelling"]

Act: TypeAlias = Decision | Rename | Names  # what a person does, and can take back

# Longer than that, the person did something else meanwhile.
MAX_SECONDS = 120.0


class Labelling(EventState):
    """The labels and the decisions that hold now.

    Parameters
    ----------
    labels : sequence of str
        Names of the labels, in order.
    events : iterable of Event
        What happened before.

    Attributes
    ----------
    labels : list of str
    """

    def __init__(self, labels: Sequence[str] = (), events: Iterable[Event] = ()) -> None:
        self._first_labels = list(dict.fromkeys(labels))
        self._acts: dict[str, Act] = {}  # by id, without those that were taken back
        self._begin()
        super().__init__(events)

    def _begin(self) -> None:
        """Go back to the state before the first act."""
        self.labels = list(self._first_labels)
        # The decisions on each text, the one that holds last; texts in the order of that one.
        self._by_text: dict[str, list[Decision]] = {}
        self._merges: set[str] = set()  # ids of the renames that made one label of two

    def decision(self, text: str) -> Decision | None:
        """Return the decision that holds for a text."""
        own = self._by_text.get(text)
        return own[-1] if own else None

    def is_decided(self, text: str) -> bool:
        """Tell whether a text has labels or was skipped."""
        return text in self._by_text

    def decisions(self) -> list[Decision]:
        """Return the decisions that hold, in the order in which they were made."""
        return [own[-1] for own in self._by_text.values()]

    def labelled(self) -> list[Decision]:
        """Return the decisions that gave labels, without the texts that were skipped."""
        return [one for one in self.decisions() if not one.is_skip]

    def last(self) -> Act | None:
        """Return what was done last and not taken back; None if there is nothing.

        Labels that the command line named are no act.
        """
        acts = reversed(self._acts.values())
        return next((one for one in acts if not isinstance(one, Names) or one.on_page), None)

    def is_merge(self, rename: Rename) -> bool:
        """Tell whether a rename made one label of two."""
        return rename.id in self._merges

    def __len__(self) -> int:
        return len(self._by_text)

    def counts(self) -> dict[str, int]:
        """Return how many texts have each label, in the order of the labels."""
        counted = Counter(label for one in self.labelled() for label in one.labels)
        return {label: counted[label] for label in self.labels}

    def seconds(self) -> float:
        """Return the time that was spent on the decisions that hold, breaks left out."""
        return sum(min(max(one.seconds, 0.0), MAX_SECONDS) for one in self.decisions())

    def _take_in(self, event: Event) -> None:
        """Change the labels or the decisions."""
        if isinstance(event, Undo):
            self._undo(event)
        elif isinstance(event, Decision | Names | Rename):
            self._acts[event.id] = event
            self._do(event)

    def _do(self, act: Act) -> None:
        if isinstance(act, Decision):
            self._add_labels(act.labels)
            own = self._by_text.pop(act.text, [])
            self._by_text[act.text] = [*own, act]
        elif isinstance(act, Names):
            self._add_labels(act.labels)
        else:
            self._rename(act)

    def _undo(self, event: Undo) -> None:
        """Take an act back."""
        act = self._acts.pop(event.of, None)
        if act is None:
            return
        if isinstance(act, Decision) and len(self._by_text[act.text]) == 1:
            del self._by_text[act.text]
            return
        # A name is in many places, and an earlier decision has its place among the others: all
        # acts that are left are done again.
        self._begin()
        for one in self._acts.values():
            self._do(one)

    def _add_labels(self, labels: Iterable[str]) -> None:
        for label in labels:
            if label not in self.labels:
                self.labels.append(label)

    def _rename(self, rename: Rename) -> None:
        """Put another name in the place of a label, in the list and in every decision."""
        label, to = rename.label, rename.to
        if label not in self.labels:
            return
        if to in self.labels:
            self._merges.add(rename.id)
        self.labels = list(dict.fromkeys(to if one == label else one for one in self.labels))
        for text, own in self._by_text.items():
            self._by_text[text] = [_renamed(one, label, to) for one in own]


def _renamed(decision: Decision, label: str, to: str) -> Decision:
    """Return a decision in which a label has another name, also where it was suggested."""
    several = decision.suggested_labels
    if label not in (*decision.labels, decision.suggested, *(several or ())):
        return decision

    def rename(labels: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(to if one == label else one for one in labels))

    return replace(
        decision,
        labels=rename(decision.labels),
        suggested=to if decision.suggested == label else decision.suggested,
        suggested_labels=None if several is None else rename(several),
    )
