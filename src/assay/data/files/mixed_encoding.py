"""Files in two encodings: some lines are UTF-8, the others are in one other encoding.

Two exports that were put one after the other make such a file. A line with bytes over 127 that
decodes as UTF-8 is nearly never anything else, so each line shows by itself which encoding it is
in. What is said about such files, and how they are read (``--encoding utf-8+cp1252``), is here.
"""

from __future__ import annotations

import codecs
import io
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import IO

from assay.data.files.encodings import Candidate, find_encodings
from assay.data.files.letters import LATIN

__all__ = [
    "JOINT",
    "LineSurvey",
    "Recoder",
    "is_utf_8",
    "looks_like_utf_8",
    "other_encoding",
    "recode",
    "takes_lines_of",
]

logger = logging.getLogger(__name__)

JOINT = "utf-8+"  # before the name of the other encoding
ASCII = bytes(range(128))
# Encodings in which bytes below 128 mean something else after an escape sequence.
WITH_STATES = ("iso2022", "hz", "utf-7")
CHUNK_BYTES = 1 << 16
MAX_LINE_BYTES = 1 << 20  # of a line that is looked at as a whole
N_SAMPLED = 400  # lines by which an encoding is told
SHOWN_CHARS = 24
KNOWN_MARGIN = 0.1  # of the share of letters that an encoding makes of lines, and others have
# In other encodings, so many characters of UTF-8 in a line, and nothing else, are no accident. In
# those of Europe it takes fewer: their letters are beside letters, not beside signs.
N_CHARS, N_CHARS_LATIN = 3, 2
LONG_CODE = "\u0800"  # characters from here on have three bytes or more
WESTERN_LETTERS = ("\u00c0", "\u00ff")


def other_encoding(codec: str) -> str | None:
    """Return the encoding of the lines that are not UTF-8; None where a file has one encoding.

    >>> other_encoding("utf-8+cp1252"), other_encoding("cp1252")
    ('cp1252', None)
    """
    return codec.removeprefix(JOINT) if codec.startswith(JOINT) else None


@lru_cache(maxsize=64)
def takes_lines_of(codec: str) -> bool:
    """Tell whether lines in an encoding can be among lines of UTF-8: its ASCII is ASCII.

    >>> takes_lines_of("cp949"), takes_lines_of("utf-16")
    (True, False)
    """
    name = codecs.lookup(codec).name
    if name.startswith((*WITH_STATES, "utf")):
        return False
    try:
        return ASCII.decode(name).encode("ascii") == ASCII
    except UnicodeError:
        return False


def is_utf_8(line: bytes) -> bool:
    """Tell whether bytes decode as UTF-8."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def looks_like_utf_8(line: bytes, codec: str) -> str | None:
    r"""Return a line as UTF-8 that was read in another encoding; None if it is hardly UTF-8.

    >>> looks_like_utf_8("schön".encode(), "cp1252"), looks_like_utf_8(b"CAF\xc9\xbb", "cp1252")
    ('schön', None)
    """
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return None
    foreign = [char for char in text if not char.isascii()]
    if codecs.lookup(codec).name.replace("-", "_") not in (*LATIN, "iso8859_1", "iso8859_15"):
        return text if len(foreign) >= N_CHARS else None
    low, high = WESTERN_LETTERS
    is_told = len(foreign) >= N_CHARS_LATIN or any(
        char >= LONG_CODE or low <= char <= high for char in foreign
    )
    return text if is_told else None


@dataclass(frozen=True)
class LineSurvey:
    """Which lines of a file are UTF-8, among those that are not ASCII.

    Parameters
    ----------
    n_utf_8, n_other : int
        Lines that are UTF-8, and lines that are not.
    first_other : int
        1-based number of the first line that is not UTF-8; 0 if there is none.
    is_block : bool
        Whether all lines that are not UTF-8 come after all that are.
    others : tuple of bytes
        The first lines that are not UTF-8.
    letters : frozenset of str
        Letters over 127 of the first lines that are UTF-8.
    """

    n_utf_8: int
    n_other: int
    first_other: int
    is_block: bool
    others: tuple[bytes, ...]
    letters: frozenset[str] = frozenset()

    @classmethod
    def of(cls, stream: IO[bytes]) -> LineSurvey:
        """Look at all lines of a file."""
        n_utf_8 = n_other = first_other = last_utf_8 = 0
        others: list[bytes] = []
        letters: set[str] = set()
        for number, line in enumerate(_lines_of(stream), 1):
            if line.isascii():
                continue
            if is_utf_8(line):
                n_utf_8 += 1
                last_utf_8 = number
                if n_utf_8 <= N_SAMPLED:
                    letters.update(_letters_of(line.decode("utf-8")))
                continue
            n_other += 1
            first_other = first_other or number
            if len(others) < N_SAMPLED:
                others.append(line.rstrip(b"\r\n"))
        is_block = n_other > 0 and last_utf_8 < first_other
        return cls(n_utf_8, n_other, first_other, is_block, tuple(others), frozenset(letters))

    def candidates(self) -> list[Candidate]:
        """Return the encodings that the lines which are not UTF-8 may be in.

        The lines that are UTF-8 show the language: an encoding that makes other letters of the
        others is left out.
        """
        found = {one: self._share_known(one.encoding) for one in find_encodings(self.others)}
        best = max(found.values(), default=0.0)
        return [one for one, share in found.items() if share >= best - KNOWN_MARGIN]

    def _share_known(self, encoding: str) -> float:
        """Return the share of letters in an encoding that the lines in UTF-8 have too, 0 to 1."""
        read = b"\n".join(self.others).decode(encoding, "replace")
        letters = _letters_of(read)
        return sum(char in self.letters for char in letters) / max(1, len(letters))


def _letters_of(text: str) -> list[str]:
    return [char for char in text if not char.isascii() and char.isalpha()]


def _lines_of(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield lines that end at any end of line; a longer one than is looked at comes in pieces."""
    while piece := stream.readline(MAX_LINE_BYTES):
        yield from piece.splitlines(keepends=True)


def recode(content: bytes, other: str) -> bytes:
    r"""Return lines as UTF-8 that are UTF-8 or in another encoding; what is neither stays as it is.

    >>> recode("schön\n".encode() + "schön\n".encode("cp1252"), "cp1252").decode()
    'schön\nschön\n'
    """
    if content.isascii() or is_utf_8(content):
        return content
    return b"".join(_recode_line(line, other) for line in content.splitlines(keepends=True))


def _recode_line(line: bytes, other: str) -> bytes:
    if line.isascii() or is_utf_8(line):
        return line
    try:
        return line.decode(other).encode("utf-8")
    except UnicodeDecodeError:
        return line


class Recoder(io.RawIOBase):
    """Bytes of a file in two encodings, all as UTF-8.

    At the end of the file it says how many lines were not UTF-8. The file under it is left open.

    Parameters
    ----------
    stream : binary stream
    other : str
        The encoding of lines that are not UTF-8.
    name : str
        How messages call the file.
    """

    def __init__(self, stream: IO[bytes], other: str, name: str) -> None:
        self._stream = stream
        self._other = other
        self.name = name
        self._tail: list[bytes] = []  # pieces of a line whose end was not read yet
        self._tail_bytes = 0
        self._ready = memoryview(b"")
        self._n_lines = self._n_other = 0
        self._first: tuple[int, str] | None = None

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer, and return with how many bytes; 0 at the end of the file."""
        while not self._ready:
            chunk = self._stream.read(CHUNK_BYTES)
            lines = self._whole_lines(chunk)
            self._ready = memoryview(self._count_and_recode(lines))
            if not chunk:
                break
        n_bytes = min(len(buffer), len(self._ready))
        buffer[:n_bytes] = self._ready[:n_bytes]
        self._ready = self._ready[n_bytes:]
        if not n_bytes:
            self._say()
        return n_bytes

    def _whole_lines(self, chunk: bytes) -> bytes:
        """Return what is read up to the last end of a line, and keep the rest."""
        end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r")) + 1
        if chunk and not end and self._tail_bytes < MAX_LINE_BYTES:
            self._tail.append(chunk)
            self._tail_bytes += len(chunk)
            return b""
        end = end or len(chunk)
        lines = b"".join([*self._tail, chunk[:end]])
        self._tail = [chunk[end:]]
        self._tail_bytes = len(chunk) - end
        return lines

    def _count_and_recode(self, lines: bytes) -> bytes:
        recoded = recode(lines, self._other)
        if recoded is not lines:
            pairs = zip(lines.splitlines(), recoded.splitlines(), strict=True)
            for number, (line, now) in enumerate(pairs, self._n_lines + 1):
                if line != now:
                    self._n_other += 1
                    self._first = self._first or (number, now.decode("utf-8", "replace"))
        self._n_lines += lines.count(b"\n") or lines.count(b"\r")
        return recoded

    def _say(self) -> None:
        if self._first is not None:
            number, line = self._first
            _say_once(self.name, self._other, self._n_other, number, line[:SHOWN_CHARS].strip())


@lru_cache(maxsize=64)
def _say_once(name: str, other: str, n_other: int, number: int, shown: str) -> None:
    """Say how many lines were in the other encoding, once however often a file is read."""
    if n_other == 1:
        logger.warning("%s: line %s is read as %s ('%s')", name, f"{number:,}", other, shown)
        return
    logger.warning(
        "%s: %s lines are not UTF-8 and are read as %s; the first is line %s ('%s')",
        name,
        f"{n_other:,}",
        other,
        f"{number:,}",
        shown,
    )


def describe_candidates(found: Sequence[Candidate]) -> str:
    """Return encodings with what a line is in each, in words."""
    readings = [f"{one.encoding} ('{one.shown}')" for one in found]
    if len(readings) == 1:
        return readings[0]
    return f"{', '.join(readings[:-1])} or {readings[-1]}"
