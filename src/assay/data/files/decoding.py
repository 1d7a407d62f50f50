"""Bytes to lines of text, remembering which line held bytes that do not decode.

Bad bytes become lone surrogates on the way in (`surrogateescape`), which no valid UTF-8 can
produce: so one bad line is found without losing the lines after it, in any encoding, with bounded
memory.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TextIO

from assay.data.files.bounds import FileBounds
from assay.data.files.ebcdic import LineEnds, end_lines, is_ebcdic, register_ebcdic
from assay.data.files.encodings import Candidate, find_encodings, name_java_form
from assay.data.files.file_errors import file_errors, path_of
from assay.data.files.mixed_encoding import (
    JOINT,
    LineSurvey,
    Recoder,
    describe_candidates,
    looks_like_utf_8,
    other_encoding,
    recode,
    takes_lines_of,
)
from assay.data.files.null_bytes import check_last_line
from assay.data.files.row import Problem
from assay.data.label_forms import trim
from assay.errors import InputError

__all__ = [
    "Advice",
    "Lines",
    "advise_encoding",
    "bad_bytes_problem",
    "check_encoding",
    "decode_bytes",
    "find_bad_line",
    "open_bytes",
    "open_text",
    "without_bad_bytes",
]

UTF_8 = "utf-8-sig"  # takes off a byte order mark if there is one
BAD_BYTES = re.compile("[\udc80-\udcff]+")
NO_LINES = LineSurvey(0, 0, 0, is_block=False, others=())
SHOWN_CHARS = 24  # of a line that is not in the encoding that was asked for
IN_UTF_8 = " in a file whose other lines are"  # of a line that does not decode
# Of the lines that are not ASCII, how many are UTF-8. Short lines in other encodings are so by
# accident, which is rare.
NEARLY_ALL, SOME = 0.8, 0.2
# Byte order marks, read as UTF-8. Those of UTF-32 come first: one begins like one of UTF-16.
MARKS = (
    ("\udcff\udcfe\0\0", "utf-32"),
    ("\0\0\udcfe\udcff", "utf-32"),
    ("\udcff\udcfe", "utf-16"),
    ("\udcfe\udcff", "utf-16"),
)
PIECE_CHARS = 1 << 16  # of a line that is too long: what is read at once to get over it
CUT_LINE = "…\n"  # in place of a line that is too long


def check_encoding(encoding: str | None) -> str:
    """Return the codec to read with; None and UTF-8 mean UTF-8 with or without a byte order mark.

    ``utf-8+cp1252`` (or ``cp1252+utf-8``) means that lines which are not UTF-8 are in the other
    encoding.

    Raises
    ------
    InputError
        Python knows no such text encoding, or lines in it cannot be among lines of UTF-8.
    """
    if encoding is None:
        return UTF_8
    first, plus, other = encoding.partition("+")
    if plus:
        utf_8, codec = sorted(map(check_encoding, (first, other)), key=UTF_8.__ne__)
        if utf_8 == UTF_8 and not takes_lines_of(codec):
            raise InputError(
                f"encoding '{encoding}' cannot be used: lines in {codec} cannot be among lines of "
                "UTF-8; utf-8+cp1252 and the like are accepted"
            )
        if utf_8 == UTF_8:
            return f"{JOINT}{codec}"
    register_ebcdic()
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)  # refuses codecs such as "hex", which are no text encodings
    except (LookupError, ValueError) as err:
        raise InputError(
            f"encoding '{encoding}' is unknown; "
            "names such as utf-8, cp949, euc-kr, utf-16 and latin-1 are accepted"
        ) from err
    return UTF_8 if name == "utf-8" else name


def bad_bytes_problem(text: str, *, encoding: str) -> str | None:
    """Return a sentence on the bytes of `text` that did not decode, or None if all did.

    Parameters
    ----------
    text : str
        As read with ``errors="surrogateescape"``.
    encoding : str
        The codec it was read with.
    """
    if text.isascii() or not (found := BAD_BYTES.search(text)):
        return None
    shown = "UTF-8" if encoding == UTF_8 else encoding.replace("+", " or ")
    # The byte 0x80 was read as the lone surrogate U+DC80, and so on to 0xFF.
    hexed = " ".join(f"0x{ord(char) - 0xDC00:02X}" for char in found.group()[:3])
    return f"bytes that are not {shown} ({hexed} at character {found.start() + 1})"


@dataclass(frozen=True)
class Advice:
    """What to do about bytes that do not decode.

    Parameters
    ----------
    sentence : str
        The second half of one.
    flags : tuple of str
        Flags that may read the bytes.
    is_lone : bool
        Whether the other lines of the file decode, so that no other encoding is meant.
    """

    sentence: str
    flags: tuple[str, ...] = ()
    is_lone: bool = False


def advise_encoding(text: str, *, encoding: str, path: Path | None = None) -> Advice:
    """Say in which encodings bytes could be read, and what they are there.

    Parameters
    ----------
    text : str
        The first line with bytes that did not decode.
    encoding : str
        The codec it was read with.
    path : Path, optional
        The file, of which more lines make the answer surer.
    """
    for mark, name in MARKS:
        if text.startswith(mark):
            flag = f"--encoding {name}"
            return Advice(f"; the file starts like {name.upper()}: try {flag}", (flag,))
    form = name_java_form(_bytes_of(text, encoding))
    if form is not None:
        return Advice(f"; it is {form}: export it as UTF-8")
    survey = _survey(path)
    advice = _advise_mixture(survey, encoding)
    if advice is not None:
        return advice
    lines = [*_bytes_of(text, encoding), *survey.others]
    found = [one for one in find_encodings(lines) if codecs.lookup(one.encoding).name != encoding]
    if not found:
        return Advice("; save the file as UTF-8 or name its encoding with --encoding")
    flags = tuple(f"--encoding {one.encoding}" for one in found)
    readings = describe_candidates(found)
    if len(found) == 1:
        return Advice(f"; it may be {readings}: try {flags[0]}", flags)
    return Advice(f"; it may be {readings}: name it with --encoding", flags)


def _bytes_of(text: str, encoding: str) -> list[bytes]:
    """Return the bytes of a line that was read with `encoding`."""
    codec = "utf-8" if encoding == UTF_8 or "+" in encoding else encoding
    try:
        return [text.rstrip("\r\n").encode(codec, "surrogateescape")]
    except UnicodeError:
        return []


def _survey(path: Path | None) -> LineSurvey:
    """Return which lines of a file are UTF-8; it is read once more, since it cannot be used."""
    if path is None or not path.is_file():
        return NO_LINES
    with open_bytes(path) as stream:
        return LineSurvey.of(stream)


def _advise_mixture(survey: LineSurvey, encoding: str) -> Advice | None:
    """Say what to do where a file that is read as UTF-8 is so in part; None where it hardly is."""
    if other_encoding(encoding) is not None:
        return Advice("; it is in a third encoding: save the file again in one")
    if encoding != UTF_8:
        return None
    n_lines = survey.n_utf_8 + survey.n_other
    if not survey.n_utf_8 or not survey.n_other or survey.n_utf_8 < SOME * n_lines:
        return None
    found = survey.candidates()
    flags = tuple(f"--encoding {JOINT}{one.encoding}" for one in found)
    if survey.n_utf_8 >= NEARLY_ALL * n_lines:
        return Advice(IN_UTF_8, flags, is_lone=True)
    where = f" from line {survey.first_other:,} on" if survey.is_block else ""
    sentence = (
        f"; the file is in two encodings: {survey.n_utf_8:,} lines with such characters are "
        f"UTF-8, {survey.n_other:,}{where} are not"
    )
    return _name_both(sentence, found, flags)


def _name_both(sentence: str, found: Sequence[Candidate], flags: tuple[str, ...]) -> Advice:
    """Say which encodings the lines may be in that are not UTF-8, and how both are named."""
    if not found:
        return Advice(f"{sentence}: save it again in one")
    readings = describe_candidates(found)
    if len(found) == 1:
        return Advice(f"{sentence} and may be {readings}: try {flags[0]}", flags)
    return Advice(f"{sentence} and may be {readings}: name both, as in {flags[0]}", flags)


def without_bad_bytes(text: str) -> str:
    """Replace each run of bytes that did not decode by U+FFFD, so that the text can be written."""
    return text if text.isascii() else BAD_BYTES.sub("\ufffd", text)


class Lines(Iterator[str]):
    """Lines of a stream that counts them and remembers the first one that cannot be used.

    A line cannot be used if its bytes do not decode, or if it is too long. In place of the second
    comes `CUT_LINE`: the rest is read over, never kept.

    Parameters
    ----------
    stream : text stream
        Ends of line are kept.
    encoding : str
        The codec that `stream` is decoded with.
    bounds : FileBounds, optional
        None: those of the environment.

    Attributes
    ----------
    n_lines : int
        How many lines were read.
    problem : Problem or None
        The first one since the last call of `take_problem`.
    """

    def __init__(self, stream: TextIO, *, encoding: str, bounds: FileBounds | None = None) -> None:
        self.n_lines = 0
        self.bounds = bounds or FileBounds.from_environment()
        self._stream = stream
        self._max_chars = self.bounds.line_chars
        self._encoding = encoding
        has_one = encoding != UTF_8 and other_encoding(encoding) is None
        self._may_be_utf_8 = has_one and takes_lines_of(encoding)
        self.problem: Problem | None = None
        self._advice: Advice | None = None
        self._has_shown_utf_8 = False
        self._lines = self._read()

    def __iter__(self) -> Iterator[str]:
        return self._lines

    def __next__(self) -> str:
        return next(self._lines)

    def _read(self) -> Iterator[str]:
        """Yield the lines; most of them are ASCII, or decode, and cost no more than that."""
        read_line, max_chars = self._stream.readline, self._max_chars
        last = ""
        while line := read_line(max_chars):
            self.n_lines += 1
            last = line
            if len(line) == max_chars and line[-1] not in "\r\n":
                line = self._read_over()
            elif not line.isascii() and (found := self._find_problem(line)) is not None:
                self.problem = self.problem or found
                line = without_bad_bytes(line)
            yield line
        if (path := path_of(self._stream)) is not None:
            check_last_line(last, path.name, self.n_lines)

    def _find_problem(self, line: str) -> Problem | None:
        """Return the problem of a line that does not decode; the first one comes with advice."""
        if self._may_be_utf_8 and (found := self._find_utf_8(line)) is not None:
            return found
        problem = bad_bytes_problem(line, encoding=self._encoding)
        if problem is None:
            return None
        if self._advice is None:
            path = path_of(self._stream)
            self._advice = advise_encoding(line, encoding=self._encoding, path=path)
            problem += self._advice.sentence
        elif self._advice.is_lone:
            problem += self._advice.sentence
        return Problem(problem, self._advice.flags)

    def _find_utf_8(self, line: str) -> Problem | None:
        """Return the problem of a line that is UTF-8 in a file that is read otherwise."""
        content = line.rstrip("\r\n").encode(self._encoding, "surrogateescape")
        text = looks_like_utf_8(content, self._encoding)
        if text is None:
            return None
        sentence = f"UTF-8 in a file that is read as {self._encoding}"
        flag = f"--encoding {JOINT}{self._encoding}"
        if not self._has_shown_utf_8:
            self._has_shown_utf_8 = True
            sentence += f": '{trim(text)[:SHOWN_CHARS]}'; {flag} reads each line as it is"
        return Problem(sentence, (flag,))

    def take_problem(self) -> Problem | None:
        """Return the sentence on the first bad line since the last call, and forget it."""
        problem, self.problem = self.problem, None
        return problem

    def _read_over(self) -> str:
        """Read to the end of a line that is too long."""
        is_cut = True
        while is_cut:
            piece = self._stream.readline(PIECE_CHARS)
            is_cut = len(piece) == PIECE_CHARS and not piece.endswith("\n")
        self.problem = self.problem or Problem(self.bounds.long_line)
        return CUT_LINE


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, through gzip where its name ends in .gz."""
    with gzip.open(path, "rb") if path.suffix.casefold() == ".gz" else path.open("rb") as stream:
        yield stream  # type: ignore[misc]  # GzipFile is no BinaryIO by name, but reads as one


@contextmanager
def open_text(source: Path | IO[Any], *, encoding: str, newline: str) -> Iterator[TextIO]:
    """Open a path or wrap a binary stream as text; a stream that was given is left open.

    Parameters
    ----------
    source : Path, binary stream, or text stream
        A text stream is read through its ``buffer`` if it has one, else as it is.
    encoding : str
        From `check_encoding`. Lines in two encodings come as UTF-8.
    newline : str
        As in `open`: ``""`` ends lines at any of the three ends of line, a line feed at line feeds
        only.
    """
    if isinstance(source, Path):
        with open_bytes(source) as raw, _text_of(raw, encoding, newline) as text:
            yield text
        return
    stream = getattr(source, "buffer", source)
    if isinstance(stream, io.TextIOBase):
        yield stream  # type: ignore[misc]  # StringIO: decoded already
        return
    text = _text_of(stream, encoding, newline)
    try:
        yield text
    finally:
        text.detach()  # else closing the wrapper closes the caller's stream, such as standard input


def _text_of(stream: IO[bytes], encoding: str, newline: str) -> io.TextIOWrapper:
    """Return a binary stream as text; bytes that do not decode are lone surrogates."""
    other = other_encoding(encoding)
    if other is not None:
        name = Path(str(getattr(stream, "name", "input"))).name
        stream = io.BufferedReader(Recoder(stream, other, name))
        encoding = UTF_8
    elif is_ebcdic(encoding):
        stream = io.BufferedReader(LineEnds(stream))
    return io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline=newline)


def decode_bytes(content: bytes, encoding: str) -> str:
    """Return the text of a file that was read as a whole, as `open_text` does."""
    other = other_encoding(encoding)
    if other is None:
        return end_lines(content, encoding).decode(encoding, "surrogateescape")
    return recode(content, other).decode(UTF_8, "surrogateescape")


def find_bad_line(path: Path, codec: str) -> Problem | None:
    """Return the problem of the first line of a file that does not decode, with its number."""
    with file_errors(path), open_text(path, encoding=codec, newline="\n") as stream:
        lines = Lines(stream, encoding=codec)
        for _ in lines:
            problem = lines.take_problem()
            if problem is not None:
                return Problem(f"line {lines.n_lines:,}: {problem}", problem.fixes)
    return None
