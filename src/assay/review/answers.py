"""`Answers`: what was decided on the rows of an audit, made of the events of a journal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assay.review.event_session import EventState
from assay.review.events import Answer, Event, Undo
from assay.review.suspects import row_key

__all__ = ["Answers", "RowAnswer"]


@dataclass(frozen=True)
class RowAnswer:
    """What was answered about one row.

    Parameters
    ----------
    answer : Answer
    accepted : str or None
        The label that was proposed and accepted; None: none was, or the journal does not have it.
    """

    answer: Answer
    accepted: str | None


class Answers(EventState):
    """The answers that hold now.

    Parameters
    ----------
    events : iterable of Event
        What happened before.
    marks : mapping of str to str
        The mark of the text of each row, by the key of the row. An answer that was given when
        another text was there does not count.

    Attributes
    ----------
    of_key : dict of str to RowAnswer
        The answer that holds for each row, by the key of the row.
    n_of_other_texts : int
        Answers about rows that hold another text by now.
    """

    def __init__(
        self, events: Iterable[Event] = (), marks: Mapping[str, str] | None = None
    ) -> None:
        self._marks = marks or {}
        self._answers: dict[str, Answer] = {}  # by id, without those that were taken back
        self._begin()
        super().__init__(events)

    def _begin(self) -> None:
        """Go back to the state before the first answer."""
        self.of_key: dict[str, RowAnswer] = {}
        self.n_of_other_texts = 0
        self._n_answers: Counter[str] = Counter()

    def last(self) -> Answer | None:
        """Return the latest answer; None if there is none."""
        return next(reversed(self._answers.values()), None)

    def _take_in(self, event: Event) -> None:
        """Take in an answer, or take one back."""
        if isinstance(event, Answer):
            self._answers[event.id] = event
            self._add(event)
        elif isinstance(event, Undo) and (answer := self._answers.pop(event.of, None)):
            self._take_back(answer)

    def _add(self, answer: Answer) -> None:
        labels, marks = dict(enumerate(answer.labels)), dict(enumerate(answer.marks))
        for i, written in enumerate(answer.keys):
            key = row_key(written)
            if marks.get(i, "") not in ("", self._marks.get(key, marks.get(i))):
                self.n_of_other_texts += 1
            else:
                self.of_key[key] = RowAnswer(answer, labels.get(i))
                self._n_answers[key] += 1

    def _take_back(self, answer: Answer) -> None:
        """Forget an answer; where rows had an earlier one, all that are left are taken in again."""
        own = [row_key(key) for key in answer.keys]
        if not self.n_of_other_texts and all(self._n_answers[key] == 1 for key in own):
            for key in own:
                del self.of_key[key], self._n_answers[key]
            return
        self._begin()
        for one in self._answers.values():
            self._add(one)
