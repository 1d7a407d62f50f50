"""`Journal`: a file to which every decision is appended, synced before the next text is shown.

A process that is killed loses nothing but a line that was not finished, and that one was never
answered. The file is only ever appended to: taking a decision back is a line too.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from assay.errors import DataError, InputError, OutputExistsError
from assay.review.events import Event, Start, event_from_line, line_of_event

__all__ = ["Journal", "check_page", "check_unfinished", "journal_path", "read_journal"]

logger = logging.getLogger(__name__)

VERSION = 1


def journal_path(out: Path) -> Path:
    """Return the journal that belongs to an output."""
    return out.with_name(f"{out.name}.journal")


def check_unfinished(out: Path, *, resume: bool) -> None:
    """Refuse to begin where there are decisions already, and to go on where there are none.

    Parameters
    ----------
    out : Path
    resume : bool
        Whether the decisions that are there are gone on with.

    Raises
    ------
    OutputExistsError
        There are decisions, or a file of another origin.
    InputError
        `resume`, and `out` is there without its journal: it would be replaced.
    """
    journal = journal_path(out)
    if journal.exists():
        if not resume:
            raise OutputExistsError(
                f"{journal} is there already",
                hint="add --resume to go on with its decisions, or choose another --out",
            )
    elif out.exists():
        if not resume:
            raise OutputExistsError(f"{out} is there already", hint="choose another --out")
        raise InputError(
            f"{out} is there without its decisions, {journal.name}: --resume would replace it",
            hint=f"put {journal.name} beside it, or choose another --out",
        )


class Journal:
    """The events of one labelled file, in the order in which they happened.

    Parameters
    ----------
    path : Path
        Made if it does not exist. A last line that was not finished is cut off, which is said.

    Attributes
    ----------
    events : list of Event
        What the file holds.

    Raises
    ------
    DataError
        A line is no event of this version.
    OSError
        The disk refused.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.events, whole = _read(path)
        self._stream = path.open("ab", buffering=0)
        self._stream.truncate(len(whole))
        self._n_bytes = len(whole)
        if whole and not whole.endswith(b"\n"):
            self._n_bytes += self._stream.write(b"\n")

    def append(self, event: Event) -> None:
        """Write one event and wait until the disk has it.

        Raises
        ------
        OSError
            The disk refused. The file is then as it was before, and can be appended to again.
        """
        line = (line_of_event(event) + "\n").encode("utf-8")
        try:
            n_written = 0
            while n_written < len(line):
                n_written += self._stream.write(line[n_written:])
            os.fsync(self._stream.fileno())
        except OSError:
            self._stream.truncate(self._n_bytes)  # half a line, which a full disk leaves
            raise
        self._n_bytes += len(line)
        self.events.append(event)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def check_page(journal: Journal, *, refused: tuple[type[Event], ...], command: str) -> None:
    """Refuse a journal of another page, whose output would be written over.

    Parameters
    ----------
    journal : Journal
    refused : tuple of type
        The events that only the other page writes.
    command : str
        The command of the other page.

    Raises
    ------
    InputError
        There is such an event.
    """
    if any(isinstance(event, refused) for event in journal.events):
        raise InputError(
            f"{journal.path} holds the decisions of `{command}`: this command would "
            "replace its file",
            hint="choose another --out",
        )


def read_journal(path: Path) -> list[Event]:
    """Return the events of a journal, without a last line that was not finished.

    Raises
    ------
    DataError
        A line is no event of this version.
    """
    return _read(path)[0]


def _read(path: Path) -> tuple[list[Event], bytes]:
    """Return the events of a file, and the part of it that holds them."""
    if not path.exists():
        return [], b""
    content = path.read_bytes()
    n_bytes = content.rfind(b"\n") + 1
    whole, rest = content[:n_bytes], content[n_bytes:]
    events = [_read_event(path, number, line) for number, line in enumerate(whole.splitlines(), 1)]
    if not rest:
        return events, whole
    try:  # an editor leaves the last line feed out
        events.append(event_from_line(rest.decode("utf-8")))
    except ValueError:
        logger.warning("%s: the last line was not finished, and is left out", path.name)
        return events, whole
    return events, content


def _read_event(path: Path, number: int, line: bytes) -> Event:
    """Return the event of a line."""
    try:
        event = event_from_line(line.decode("utf-8-sig"))  # some editors write a mark first
    except ValueError as err:
        raise DataError(
            f"{path.name} line {number:,} is no event of a journal: {err}",
            hint="the journal is written by `assay label` and `assay review` alone; put "
            "back the file as it was",
        ) from err
    if isinstance(event, Start) and event.version > VERSION:
        raise DataError(
            f"{path.name} was written by a later version of assay",
            hint="install that version, or label into another --out",
        )
    return event
