"""`Answers`: what was decided on the rows of an audit, made of the events of a journal."""

from __future__ import annotations

from collections.abc import Iterable

from assay.review.event_session import EventState
from assay.review.events import Answer, Event, Undo
from assay.review.suspects import row_key

__all__ = ["Answers"]


class Answers(EventState):
    """The answers that hold now.

    Parameters
    ----------
    events : iterable of Event
        What happened before.

    Attributes
    ----------
    of_key : dict of str to Answer
        The answer that holds for each row, by the key of the row.
    accepted : dict of str to str
        The label that was proposed for a row and accepted, where the journal has it.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._answers: list[Answer] = []
        self.of_key: dict[str, Answer] = {}
        self.accepted: dict[str, str] = {}
        super().__init__(events)

    def last(self) -> Answer | None:
        """Return the latest answer; None if there is none."""
        return self._answers[-1] if self._answers else None

    def _take_in(self, event: Event) -> None:
        """Take in an answer, or take one back."""
        if isinstance(event, Answer):
            self._answers.append(event)
        elif isinstance(event, Undo):
            self._answers = [one for one in self._answers if one.id != event.of]
        self.of_key = {row_key(key): one for one in self._answers for key in one.keys}
        accepting = [one for one in self._answers if one.labels]
        self.accepted = {
            row_key(key): label
            for one in accepting
            for key, label in zip(one.keys, one.labels, strict=False)
        }
