"""What happens while texts are labelled, as the journal holds it: one line of JSON per event."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, TypeAlias

from assay.json_text import parse_json

__all__ = [
    "Answer",
    "Decision",
    "Event",
    "Names",
    "Rename",
    "Start",
    "Undo",
    "event_from_line",
    "line_of_event",
]


@dataclass(frozen=True)
class Start:
    """The first line of a journal, and one for each time it was opened again.

    Parameters
    ----------
    pool : str
        Name of the file with the texts.
    n_texts : int
        Distinct texts in it.
    several : bool
        Whether a text can have several labels.
    version : int
        Version of the journal's format.
    """

    kind: ClassVar[str] = "start"
    at: str
    pool: str
    n_texts: int
    several: bool = False
    version: int = 1


@dataclass(frozen=True)
class Decision:
    """A text got labels, or was skipped.

    Parameters
    ----------
    id : str
        Made by the page, so that a decision that is sent twice counts once.
    at : str
        Time in UTC, ISO 8601, by the clock of the machine.
    by : str
        Who decided.
    line : int
        1-based line of the text in the pool.
    text : str
    labels : tuple of str
        Empty if the text was skipped, or if it has none of the labels (several labels per text).
    is_skip : bool
    seconds : float
        From the text on the screen to the decision, by the page's own clock.
    suggested : str or None
        The label that was suggested; None if there was no suggestion.
    suggested_labels : tuple of str or None
        With several labels per text, the labels that were pressed when the text was shown; None if
        there was no suggestion.
    confidence : float or None
        Probability of the suggestion, 0 to 1; of several labels, that of the least probable one.
    is_random : bool
        Whether the text was shown because its turn in the random order had come.
    note : str
    others : str
        The other columns of the row in the pool, as JSON; empty if it has none.
    """

    kind: ClassVar[str] = "decision"
    id: str
    at: str
    by: str
    line: int
    text: str
    labels: tuple[str, ...] = ()
    is_skip: bool = False
    seconds: float = 0.0
    suggested: str | None = None
    suggested_labels: tuple[str, ...] | None = None
    confidence: float | None = None
    is_random: bool = False
    note: str = ""
    others: str = ""


@dataclass(frozen=True)
class Undo:
    """What was done last was taken back.

    Parameters
    ----------
    id : str
    at : str
    of : str
        The `id` of the event.
    """

    kind: ClassVar[str] = "undo"
    id: str
    at: str
    of: str


@dataclass(frozen=True)
class Names:
    """Labels were added at the end of the list.

    Parameters
    ----------
    id, at : str
    labels : tuple of str
    on_page : bool
        Whether a person added them on the page, and can take them back there.
    """

    kind: ClassVar[str] = "labels"
    id: str
    at: str
    labels: tuple[str, ...]
    on_page: bool = False


@dataclass(frozen=True)
class Rename:
    """A label got another name, everywhere; if there was a label of that name, both became one.

    Parameters
    ----------
    id, at : str
    label : str
    to : str
    """

    kind: ClassVar[str] = "rename"
    id: str
    at: str
    label: str
    to: str


@dataclass(frozen=True)
class Answer:
    """What a person said about rows that an audit found.

    Parameters
    ----------
    id, at, by : str
    keys : tuple of str
        Which rows; see `Suspect.key`.
    label : str or None
        The label that the rows get. None: they keep their own, or get the proposed one if
        `accepts`.
    accepts : bool
        Whether each row gets the label that is proposed for it.
    is_skip : bool
        Whether the rows are left undecided.
    labels : tuple of str
        With `accepts`, the label that was proposed for each row. Empty in journals of earlier
        versions: what the audit proposes.
    marks : tuple of str
        The mark of the text of each row: the data may be others by the time they are reviewed
        again. Empty in journals of earlier versions.
    """

    kind: ClassVar[str] = "answer"
    id: str
    at: str
    by: str
    keys: tuple[str, ...]
    label: str | None = None
    accepts: bool = False
    is_skip: bool = False
    labels: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()


Event: TypeAlias = Start | Decision | Undo | Names | Rename | Answer
EVENTS: tuple[type[Event], ...] = (Start, Decision, Undo, Names, Rename, Answer)
KINDS: dict[str, type[Event]] = {event.kind: event for event in EVENTS}


def _is_finite(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return -math.inf < value < math.inf


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


# What a value of the journal is, by the annotation of its field.
VALUES: dict[str, Callable[[object], bool]] = {
    "str": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": _is_finite,
    "bool": lambda value: isinstance(value, bool),
    "tuple[str, ...]": _are_names,
    "None": lambda value: value is None,
}


def line_of_event(event: Event) -> str:
    r"""Return an event as one line of JSON, without the line feed.

    A lone surrogate, which JSON input can hold, is written as its escape.
    """
    line = json.dumps({"kind": event.kind, **asdict(event)}, ensure_ascii=False)
    return line.encode("utf-8", "backslashreplace").decode("utf-8")


def event_from_line(line: str) -> Event:
    """Return the event that a line holds.

    Raises
    ------
    ValueError
        The line holds no event that this version knows.
    """
    content = parse_json(line)
    kind = content.get("kind") if isinstance(content, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise ValueError("no event of a kind that is known")
    return _fill(KINDS[kind], content)


def _fill(kind: type[Event], content: Mapping[str, Any]) -> Event:
    """Make an event of the values that belong to it."""
    given: dict[str, Any] = {}
    for field in fields(kind):
        if field.name in content:
            value = content[field.name]
            kinds = str(field.type).split(" | ")
            if not any(VALUES[one](value) for one in kinds):
                raise ValueError(f"'{field.name}' has a value of another kind")
            given[field.name] = tuple(value) if isinstance(value, list) else value
    try:
        event = kind(**given)
    except TypeError as err:
        raise ValueError("the event lacks a value") from err
    others = event.others if isinstance(event, Decision) else ""
    if others and not isinstance(parse_json(others), dict):
        raise ValueError("'others' holds no object")
    return event
