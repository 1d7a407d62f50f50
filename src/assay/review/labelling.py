"""`Labelling`: what is decided so far, made of the events of a journal one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from assay.review.event_session import EventState
from assay.review.events import Decision, Event, Names, Rename, Undo

__all__ = ["Labelling"]

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
        self.labels = list(dict.fromkeys(labels))
        # The decisions on each text, the one that holds last; texts in the order of that one.
        self._by_text: dict[str, list[Decision]] = {}
        self._text_of_id: dict[str, str] = {}
        super().__init__(events)

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

    def last(self) -> Decision | None:
        """Return the latest decision; None if there is none."""
        return next(reversed(self._by_text.values()))[-1] if self._by_text else None

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
        if isinstance(event, Decision):
            self._decide(event)
        elif isinstance(event, Undo):
            self._undo(event)
        elif isinstance(event, Names):
            self._add_labels(event.labels)
        elif isinstance(event, Rename):
            self._rename(event.label, event.to)

    def _decide(self, decision: Decision) -> None:
        self._add_labels(decision.labels)
        own = self._by_text.pop(decision.text, [])
        self._by_text[decision.text] = [*own, decision]
        self._text_of_id[decision.id] = decision.text

    def _undo(self, event: Undo) -> None:
        text = self._text_of_id.get(event.of)
        if text is None or text not in self._by_text:
            return
        left = [one for one in self._by_text[text] if one.id != event.of]
        if left:
            self._by_text[text] = left
        else:
            del self._by_text[text]

    def _add_labels(self, labels: Iterable[str]) -> None:
        for label in labels:
            if label not in self.labels:
                self.labels.append(label)

    def _rename(self, label: str, to: str) -> None:
        """Put another name in the place of a label, in the list and in every decision."""
        if label not in self.labels:
            return
        self.labels = list(dict.fromkeys(to if one == label else one for one in self.labels))
        for text, own in self._by_text.items():
            self._by_text[text] = [_renamed(one, label, to) for one in own]


def _renamed(decision: Decision, label: str, to: str) -> Decision:
    """Return a decision in which a label has another name."""
    if label not in decision.labels:
        return decision
    labels = dict.fromkeys(to if one == label else one for one in decision.labels)
    return replace(decision, labels=tuple(labels))
