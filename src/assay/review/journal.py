"""`Journal`: a file to which every decision is appended, synced before the next text is shown.

A process that is killed loses nothing but a line that was not finished, and that one was never
answered. The file is only ever appended to: taking a decision back is a line too.
"""

from __future__ import annotations

import os
from pathlib import Path

from assay.errors import DataError, InputError, OutputExistsError
from assay.review.events import Event, Start, event_from_line, line_of_event

__all__ = ["Journal", "check_unfinished", "journal_path", "read_journal"]

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
        Made if it does not exist. A last line that was not finished is cut off.

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
        self.events, n_bytes = _read(path)
        self._stream = path.open("ab", buffering=0)
        self._stream.truncate(n_bytes)
        self._n_bytes = n_bytes

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


def read_journal(path: Path) -> list[Event]:
    """Return the events of a journal, without a last line that was not finished.

    Raises
    ------
    DataError
        A line is no event of this version.
    """
    return _read(path)[0]


def _read(path: Path) -> tuple[list[Event], int]:
    """Return the events of a file, and how many bytes of it are whole lines."""
    if not path.exists():
        return [], 0
    content = path.read_bytes()
    n_bytes = content.rfind(b"\n") + 1
    events: list[Event] = []
    for number, line in enumerate(content[:n_bytes].splitlines(), 1):
        try:
            event = event_from_line(line.decode("utf-8"))
        except ValueError as err:
            raise DataError(
                f"{path.name} line {number:,} is no event of a journal: {err}",
                hint="the journal is written by `assay label` alone; put back the file as it was",
            ) from err
        if isinstance(event, Start) and event.version > VERSION:
            raise DataError(
                f"{path.name} was written by a later version of assay",
                hint="install that version, or label into another --out",
            )
        events.append(event)
    return events, n_bytes
