"""Text in EBCDIC, as mainframes write it: how it is known, and how its lines end.

In EBCDIC a space is 0x40 and letters have bytes over 127. Its encodings agree on letters, digits
and the usual signs, and differ in brackets and in letters with marks. Lines end in NEL (0x15), in
LF (0x25), or nowhere: then records have a fixed length.
"""

from __future__ import annotations

import codecs
import io
import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import IO

__all__ = [
    "Ebcdic",
    "LineEnds",
    "end_lines",
    "end_lines_like",
    "find_ebcdic",
    "is_ebcdic",
    "register_ebcdic",
]

# The usual one first: of the United States, of z/OS, international, of Germany.
ENCODINGS = ("cp037", "cp1047", "cp500", "cp273")
# Python has no cp1047: it is cp037 with six signs at other places.
Z_OS = "cp1047"
Z_OS_SIGNS = {0xAD: "[", 0xBD: "]", 0xBA: "Ý", 0xBB: "¨", 0x5F: "^", 0xB0: "¬"}
# What nearly all characters are, in any language with Latin letters.
USUAL = frozenset(string.ascii_letters + string.digits + " \t\r\n\x85,;:.!?'\"-_/()äöüÄÖÜßéèêàâç")
MIN_USUAL = 0.9
MIN_BYTES = 12
MIN_HIGH = 0.3  # of the bytes: letters and digits have bytes over 127
RARE = "{}|~^\\Ý"
NEL, LF, ASCII_LF = b"\x15", b"\x25", b"\x0a"
WHITE = frozenset(" \t\r\n\x85")
SHOWN_CHARS = 24
COMPARED_LINES = 200


@dataclass(frozen=True)
class Ebcdic:
    """What the beginning of a file in EBCDIC shows.

    Parameters
    ----------
    readings : tuple of (str, str)
        Encodings that `--encoding` takes, the usual one first, each with a line as it is then.
        Encodings that make the same text of all bytes are one.
    has_lines : bool
        Whether lines end somewhere.
    """

    readings: tuple[tuple[str, str], ...]
    has_lines: bool


@cache
def register_ebcdic() -> None:
    """Let Python know the encoding of EBCDIC that it lacks; once per process."""
    codecs.register(_find_codec)


def _find_codec(name: str) -> codecs.CodecInfo | None:
    if name not in (Z_OS, "ibm1047", "ibm_1047"):
        return None
    letters = list(bytes(range(256)).decode(ENCODINGS[0]))
    for byte, sign in Z_OS_SIGNS.items():
        letters[byte] = sign
    decoding = "".join(letters)
    encoding = codecs.charmap_build(decoding)

    class Encoder(codecs.IncrementalEncoder):
        def encode(self, text: str, final: bool = False) -> bytes:  # noqa: FBT001
            return codecs.charmap_encode(text, self.errors, encoding)[0]

    class Decoder(codecs.IncrementalDecoder):
        def decode(  # type: ignore[override]  # it gets nothing but bytes
            self,
            content: bytes,
            final: bool = False,  # noqa: FBT001
        ) -> str:
            return codecs.charmap_decode(content, self.errors, decoding)[0]

    return codecs.CodecInfo(
        lambda text, errors="strict": codecs.charmap_encode(text, errors, encoding),
        lambda content, errors="strict": codecs.charmap_decode(content, errors, decoding),
        incrementalencoder=Encoder,
        incrementaldecoder=Decoder,
        name=Z_OS,
    )


def find_ebcdic(head: bytes) -> Ebcdic | None:
    """Return what the beginning of a file shows that is text in EBCDIC; None if it is none."""
    if len(head) < MIN_BYTES or ASCII_LF in head:
        return None
    if sum(map((0x7F).__lt__, head)) < MIN_HIGH * len(head) or not _is_text(head):
        return None
    return Ebcdic(_read_in_each(head), NEL in head or LF in head)


def _is_text(head: bytes) -> bool:
    """Tell whether nearly all characters are usual ones, in one of the two that differ most."""
    texts = (head.decode(ENCODINGS[0]), head.decode(ENCODINGS[-1]))
    n_usual = max(map(_count_usual, texts))
    return n_usual >= MIN_USUAL * len(head) and not WHITE.isdisjoint(texts[0])


def _count_usual(text: str) -> int:
    return sum(map(USUAL.__contains__, text))


def _read_in_each(head: bytes) -> tuple[tuple[str, str], ...]:
    """Return a line in each encoding that makes another text of the bytes, the likeliest first."""
    register_ebcdic()
    texts: dict[str, str] = {}
    for encoding in ENCODINGS:
        text = end_lines(head, encoding).decode(encoding)
        if text not in texts.values():
            texts[encoding] = text
    likeliest = sorted(texts, key=lambda encoding: _count_rare(texts[encoding]))
    lines = [texts[encoding].splitlines()[:COMPARED_LINES] for encoding in likeliest]
    return tuple(zip(likeliest, _excerpts(list(zip(*lines, strict=False))), strict=True))


def _count_rare(text: str) -> int:
    """Count the signs that few texts have: another encoding makes letters or brackets of them."""
    return sum(char in RARE or not (char.isalnum() or char.isascii()) for char in text)


def _excerpts(lines: Sequence[Sequence[str]]) -> list[str]:
    """Return a piece of the line that differs most, in each encoding: around where it differs."""
    versions = max(lines, key=lambda one: len(set(one)))
    columns = enumerate(zip(*versions, strict=True))
    at = next((i for i, chars in columns if len(set(chars)) > 1), 0)
    start = max(0, at - SHOWN_CHARS // 2)
    return [line[start : start + SHOWN_CHARS].strip() for line in versions]


@lru_cache(maxsize=64)
def is_ebcdic(codec: str) -> bool:
    """Tell whether a codec is one of EBCDIC.

    >>> is_ebcdic("cp037"), is_ebcdic("cp1252"), is_ebcdic("utf-16")
    (True, False, False)
    """
    try:
        return b"\x40\xc1\x15".decode(codec) == " A\x85"
    except UnicodeError:
        return False


def end_lines(content: bytes, codec: str) -> bytes:
    """Return bytes whose lines end in LF where they ended in NEL; others than EBCDIC unaltered."""
    return content.replace(NEL, LF) if is_ebcdic(codec) else content


def end_lines_like(content: bytes, original: bytes, codec: str) -> bytes:
    """Return bytes whose lines end in LF with those ends that a file in EBCDIC had."""
    if is_ebcdic(codec) and NEL in original and LF not in original:
        return content.replace(LF, NEL)
    return content


class LineEnds(io.RawIOBase):
    """Bytes of a file in EBCDIC, whose lines end in LF. The file under it is left open.

    Parameters
    ----------
    stream : binary stream
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.name = getattr(stream, "name", "input")

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer, and return with how many bytes; 0 at the end of the file."""
        content = self._stream.read(len(buffer)).replace(NEL, LF)
        buffer[: len(content)] = content
        return len(content)
