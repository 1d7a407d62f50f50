"""What the sessions behind both pages share: an event is kept in the journal, then taken in, once.

A page sends an event again if it had no answer, and two pages may be open: each event has an `id`
that the page made, and names the version of the state that it was made for.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TypeAlias

from assay.errors import AssayError
from assay.review.events import Event, Start
from assay.review.journal import Journal

__all__ = ["Clock", "EventSession", "EventState", "OtherPageError", "UnknownChoiceError", "utc_now"]

Clock: TypeAlias = Callable[[], datetime]


class OtherPageError(AssayError):
    """The state is another one than the page knows: another page decided meanwhile."""


class UnknownChoiceError(AssayError):
    """The page sent something that this session does not accept."""


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class EventState(ABC):
    """A state that follows from events alone. A subclass takes in those that it knows.

    Parameters
    ----------
    events : iterable of Event
        What happened before.

    Attributes
    ----------
    n_events : int
        Events that were applied: the version of the state.
    seen_ids : set of str
        The `id` of every event.
    """

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.n_events = 0
        self.seen_ids: set[str] = set()
        for event in events:
            self.apply(event)

    def apply(self, event: Event) -> None:
        """Take in what happened. An event that is known already changes nothing.

        Nor does a start: an open page goes on with the state that it knows.
        """
        if isinstance(event, Start) or event.id in self.seen_ids:
            return
        self.seen_ids.add(event.id)
        self.n_events += 1
        self._take_in(event)

    @abstractmethod
    def _take_in(self, event: Event) -> None:
        """Change the state by an event that was not known."""


class EventSession:
    """A state, and the journal in which every event is before the state changes.

    Parameters
    ----------
    state : EventState
        Made of the events that the journal holds.
    journal : Journal
        Open.
    by : str
        Who decides.
    clock : callable
        Returns the time, in UTC.

    Attributes
    ----------
    changed : threading.Condition
        A lock that makes requests follow one another; who waits for it is told of every event.
    """

    def __init__(
        self, state: EventState, journal: Journal, *, by: str = "", clock: Clock = utc_now
    ) -> None:
        self.by = by
        self.changed = threading.Condition(threading.RLock())
        self._state = state
        self._journal = journal
        self._clock = clock

    @property
    def version(self) -> int:
        """The version of the state."""
        return self._state.n_events

    def _keep(self, event: Event) -> None:
        """Write an event into the journal, then take it in."""
        self._journal.append(event)
        self._state.apply(event)
        self.changed.notify_all()

    def _is_known(self, event_id: str, version: int) -> bool:
        """Tell whether an event was kept already; refuse one that was made for another state."""
        if event_id in self._state.seen_ids:
            return True
        if version != self.version:
            raise OtherPageError("another page has decided meanwhile")
        return False

    def _now(self) -> str:
        return self._clock().isoformat(timespec="milliseconds")
