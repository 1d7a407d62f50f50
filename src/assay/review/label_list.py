"""The names of labels: how they are kept, and which ones a person may give."""

from __future__ import annotations

import logging
import unicodedata
import uuid
from collections.abc import Collection, Sequence

from assay.data.spellings import find_spellings
from assay.errors import InputError, cut
from assay.review.event_session import UnknownChoiceError
from assay.review.events import Names, Undo
from assay.review.journal import Journal

__all__ = [
    "MAX_LABEL_CHARS",
    "add_labels",
    "check_capitals",
    "check_labels",
    "check_name",
    "check_new_name",
    "warn_of_spellings",
]

logger = logging.getLogger(__name__)

MAX_LABEL_CHARS = 200
MAX_LABELS = 1_000
# Categories of Unicode: controls and halves of surrogate pairs; marks of format, such as a space of
# no width, and what no character is.
BROKEN = {"Cc", "Cs"}
UNSEEN = {"Cf", "Cn"}
UNREADABLE = (
    "a label has a control character, half of a character, or nothing that can be seen; names such "
    "as joy are accepted"
)


def _tidy_name(label: str) -> str:
    """Return the name of a label as it is kept: composed (NFC), white space never doubled."""
    return unicodedata.normalize("NFC", " ".join(label.split()))


def check_name(label: str) -> str:
    """Return the name of a label as it is kept.

    Raises
    ------
    UnknownChoiceError
        It is empty, too long, or shows nothing.
    """
    name = _tidy_name(label)
    if not name or len(name) > MAX_LABEL_CHARS:
        raise UnknownChoiceError(f"a label has 1 to {MAX_LABEL_CHARS} characters")
    if not _can_be_read(name):
        raise UnknownChoiceError(UNREADABLE)
    return name


def check_new_name(label: str, known: Collection[str]) -> str:
    """Return the name of a label to add.

    Raises
    ------
    UnknownChoiceError
        It is no name, a label has it, also with other capitals, or there are too many.
    """
    name = check_name(label)
    check_capitals(name, known)
    if name in known:
        raise UnknownChoiceError(f"there is a label '{cut(name)}' already")
    if len(known) >= MAX_LABELS:
        raise UnknownChoiceError(f"at most {MAX_LABELS:,} labels are accepted")
    return name


def check_capitals(name: str, others: Collection[str]) -> None:
    """Refuse a name that another label has with other capitals.

    Raises
    ------
    UnknownChoiceError
        Another label has it.
    """
    if name in others:
        return
    folded = name.casefold()
    for other in others:
        if other.casefold() == folded:
            raise UnknownChoiceError(
                f"there is a label '{cut(other)}' already: '{cut(name)}' differs in capitals only"
            )


def check_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the labels of the command line as they are kept.

    Raises
    ------
    InputError
        One is empty, too long or given twice, or there are too many.
    """
    names = [*map(_tidy_name, labels)]
    if not all(names):
        raise InputError("a label is empty; names such as --labels joy,anger are accepted")
    if not all(map(_can_be_read, names)):
        raise InputError(UNREADABLE)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"label '{twice}' is given twice; each label is accepted once")
    if long := next((name for name in names if len(name) > MAX_LABEL_CHARS), ""):
        raise InputError(
            f"label '{cut(long)}' has {len(long):,} characters; 1 to {MAX_LABEL_CHARS} are accepted"
        )
    if len(names) > MAX_LABELS:
        raise InputError(f"{len(names):,} labels are given; at most {MAX_LABELS:,} are accepted")
    return tuple(names)


def add_labels(labels: Sequence[str], journal: Journal, now: str) -> None:
    """Keep the labels that the journal never had; one that was renamed does not come back.

    One that was added on the page and taken back there was never had.
    """
    taken_back = {event.of for event in journal.events if isinstance(event, Undo)}
    known: set[str] = set()
    for event in journal.events:
        if isinstance(event, Names) and event.id not in taken_back:
            known.update(map(_tidy_name, event.labels))
    fresh = tuple(label for label in labels if label not in known)
    if fresh:
        journal.append(Names(uuid.uuid4().hex, now, fresh))


def warn_of_spellings(labels: Collection[str]) -> None:
    """Say which labels are probably one label that is written in two ways."""
    for one in find_spellings(dict.fromkeys(labels, 0)):
        logger.warning(
            "labels '%s' and '%s' are probably one, written in two ways; on the page, the name of "
            "another label makes one label of both",
            cut(one.label),
            cut(one.proposed_label),
        )


def _can_be_read(name: str) -> bool:
    """Tell whether a name has something to see, and no character that files or screens break on."""
    kinds = {unicodedata.category(char) for char in name}
    return not kinds & BROKEN and bool(kinds - UNSEEN)
