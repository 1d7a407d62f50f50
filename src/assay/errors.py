"""The exceptions of assay and how they are worded.

    AssayError                      base of all; carries a hint and the exit code
    |-- InputError(ValueError)      what was given cannot be used                      exit 2
    |   |-- DataError               ... in the labelled texts
    |   |-- ModelError              ... in a model folder
    |   `-- OutputExistsError       the output exists already
    |-- MissingDependencyError(ImportError)   an extra is not installed               exit 2
    |-- CheckError                  a check said no (verify, export parity)            exit 3
    `-- OutsideError(OSError)       network, Hub or disk: try again                    exit 4

A message is one sentence: what failed, what was given, what is accepted. The hint says what to do.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import islice

from assay._flags import say_in_python

__all__ = [
    "MAX_LISTED",
    "AssayError",
    "CheckError",
    "DataError",
    "InputError",
    "MissingDependencyError",
    "ModelError",
    "OutputExistsError",
    "OutsideError",
    "cut",
    "did_you_mean",
    "find_close",
    "first_line",
    "list_problems",
    "plural",
]

MAX_LISTED = 10  # problems shown in one message; more are counted
MAX_COMPARED = 2_000  # names that a mistyped one is compared with: 0.1 s of work at most
MAX_NAME_CHARS = 60  # of a name in a message: a label can be a whole text in the wrong column


class AssayError(Exception):
    """Base of every error that assay raises on purpose.

    Parameters
    ----------
    message : str
        One sentence: what failed, what was given, what is accepted.
    hint : str
        What to do about it; empty if the message says it already.
    flags : sequence of str
        Flags of the command line, such as ``--encoding cp1252``, each of which may be the answer.

    Notes
    -----
    `message`, `hint` and `flags` name flags, for the command line. The text of the exception, which
    a traceback shows, names the arguments of Python instead, and so do its notes.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", flags: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.flags = tuple(flags)
        for answer in self.flags:
            self.add_note(f"try: {say_in_python(answer)}")

    def __str__(self) -> str:
        return say_in_python(f"{self.message} ({self.hint})" if self.hint else self.message)


class InputError(AssayError, ValueError):
    """What was given cannot be used."""

    exit_code = 2


class DataError(InputError):
    """The labelled texts cannot be used as they are."""


class ModelError(InputError):
    """A model folder is broken, unsafe or of another version."""


class OutputExistsError(InputError):
    """The output exists already, and nothing said to replace it."""


class MissingDependencyError(AssayError, ImportError):
    """A library of an extra is not installed."""

    exit_code = 2


class CheckError(AssayError):
    """A check was run and said no."""

    exit_code = 3


class OutsideError(AssayError, OSError):
    """Something outside assay failed: network, Hub or disk. Running again may help."""

    exit_code = 4


def cut(name: str) -> str:
    """Return a name as a message shows it: on one line, its end left out where it is long.

    >>> cut("joy"), len(cut("word " * 1000))
    ('joy', 60)
    """
    one_line = " ".join(name[: 2 * MAX_NAME_CHARS].splitlines())
    if len(one_line) <= MAX_NAME_CHARS:
        return one_line
    return one_line[: MAX_NAME_CHARS - 1] + "…"


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the closest option, or an empty string.

    >>> did_you_mean("txt", ["text", "label"])
    " Did you mean 'text'?"
    """
    close = find_close(word, options)
    return "" if close in (None, word) else f" Did you mean '{close}'?"


def find_close(word: str, options: Iterable[str]) -> str | None:
    """Return the closest option; None if none is close.

    >>> find_close("txt", ["text", "label"])
    'text'
    """
    if len(word) > MAX_NAME_CHARS:  # no name is meant, and comparing long texts takes long
        return None
    by_folded: dict[str, str] = {}
    for option in islice(options, MAX_COMPARED):
        if len(option) <= MAX_NAME_CHARS:
            by_folded[_letters(option)] = option
    close = difflib.get_close_matches(_letters(word), list(by_folded), n=1, cutoff=0.5)
    return by_folded[close[0]] if close else None


def _letters(name: str) -> str:
    """Return a name as its letters, so that syllables of Hangul that are nearly equal are close."""
    return unicodedata.normalize("NFD", name.casefold())


def first_line(err: BaseException) -> str:
    """Return the first line of what an error of another library says, without a full stop.

    >>> first_line(OSError("no such file.")), first_line(OSError())
    ('no such file', 'OSError')
    """
    said = str(err).strip() or type(err).__name__
    return said.splitlines()[0].rstrip(".")


def plural(n: int, noun: str) -> str:
    """Return a number with its noun.

    >>> plural(1, "row"), plural(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def list_problems(problems: Sequence[str]) -> str:
    """Join problems into one text: the first ten, one per line, and the count of the rest."""
    shown = "\n".join(f"  - {problem}" for problem in problems[:MAX_LISTED])
    n_more = len(problems) - MAX_LISTED
    return f"{shown}\n  ... and {n_more:,} more" if n_more > 0 else shown
