"""Encodings that leave a sign in the bytes: a mark, null bytes, escape sequences, EBCDIC.

Without the mark, their bytes may all be those of ASCII: read as UTF-8, they would become texts that
nobody wrote. So a file is looked at before any row is read.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from assay.data.files.ebcdic import find_ebcdic

__all__ = ["HEAD_BYTES", "Signature", "find_signature"]

HEAD_BYTES = 1 << 16  # of a file: what is looked at
SHOWN_CHARS = 24
# Byte order marks. Those of UTF-32 come first: one begins like one of UTF-16.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
MIN_SAME_PLACE = 0.8  # of null bytes: at even or at odd places in UTF-16, where most text is ASCII
# What switches to another alphabet in encodings of seven bits -> the codecs, the usual one first.
SWITCHES = (
    (re.compile(rb"\x1b\$\)C"), ("iso2022_kr",)),
    (
        re.compile(rb"\x1b(\$[@B]|\$\([A-Z]|\([IJ])"),
        ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_ext", "iso2022_jp_2004"),
    ),
)
PLAIN_SWITCHES = (  # of letters that texts have too
    (re.compile(rb"~\{(?:[!-w][!-~])+~\}"), "hz"),
    (re.compile(rb"\+[A-Za-z0-9+/]{3,}-?"), "utf-7"),
)
MIN_RUNS, MIN_LETTERS = 2, 6  # one of which is enough to be no accident
UNASSIGNED = ("Cn", "Co", "Cs")


@dataclass(frozen=True)
class Signature:
    """An encoding, and by what it is known.

    Parameters
    ----------
    encoding : str
        As `--encoding` takes it.
    sign : str
        The end of a sentence whose subject is the file.
    shown : str
        The first line that is not ASCII alone, else the first one, read in that encoding.
    is_certain : bool
        Whether no text in UTF-8 would look so.
    others : tuple of (str, str)
        Further encodings that may be meant, each with what is shown.
    has_lines : bool
        Whether lines end somewhere, so that the encoding is all that has to be said.
    """

    encoding: str
    sign: str
    shown: str
    is_certain: bool = True
    others: tuple[tuple[str, str], ...] = ()
    has_lines: bool = True


def find_signature(head: bytes) -> Signature | None:
    """Return the encoding of which the beginning of a file has a sign; None if it has none."""
    return _find_mark(head) or _find_wide(head) or _find_switch(head) or _find_mainframe(head)


def _find_mark(head: bytes) -> Signature | None:
    for mark, encoding in MARKS:
        if head.startswith(mark):
            text = _decode(head, encoding) or ""
            sign = f"starts like {encoding.upper()}"
            return Signature(encoding, sign, _first_line(text.splitlines()))
    return None


def _find_wide(head: bytes) -> Signature | None:
    """Find UTF-16 and UTF-32 without a mark: ASCII has null bytes in them."""
    if b"\0" not in head or not _are_regular(head):
        return None
    texts = {}
    for encoding in WIDE:
        text = _decode(head, encoding)
        if text and _is_text(text):
            texts[encoding] = text
    if not texts:
        return None
    encoding = max(texts, key=lambda name: _count_ascii(texts[name]))
    sign = f"has null bytes between its characters: it may be {encoding.upper()}"
    return Signature(encoding, sign, _first_line(texts[encoding].splitlines()))


def _are_regular(head: bytes) -> bool:
    """Tell whether nearly all null bytes are at even places, or at odd ones, or half are null.

    In UTF-32, three of four bytes of ASCII are null.
    """
    n_all = head.count(b"\0")
    n_even = head[::2].count(b"\0")
    return max(n_even, n_all - n_even) >= MIN_SAME_PLACE * n_all or 2 * n_all >= len(head)


def _is_text(text: str) -> bool:
    """Tell whether a text has line breaks, and no characters that nobody writes."""
    if "\0" in text or not ("\n" in text or "\r" in text):
        return False
    return not any(unicodedata.category(char) in UNASSIGNED for char in set(text))


def _count_ascii(text: str) -> int:
    return sum(map(str.isascii, text))


def _find_switch(head: bytes) -> Signature | None:
    """Find encodings of seven bits, which switch between ASCII and another alphabet."""
    if not head.isascii():
        return None
    for switch, encodings in SWITCHES:
        for encoding in encodings if switch.search(head) else ():
            text = _decode(head, encoding)
            if text is not None and not text.isascii():
                sign = f"has the escape sequences of {encoding}"
                return Signature(encoding, sign, _first_foreign(text))
    return _find_plain_switch(head)


def _find_plain_switch(head: bytes) -> Signature | None:
    """Find those of them whose switches are letters that texts have too."""
    for switch, encoding in PLAIN_SWITCHES:
        n_runs = len(switch.findall(head))
        text = _decode(head, encoding) if n_runs else None
        if text is not None and _has_letters(text, 1 if n_runs >= MIN_RUNS else MIN_LETTERS):
            sign = f"may be written in {encoding.upper()}"
            return Signature(encoding, sign, _first_foreign(text), is_certain=False)
    return None


def _find_mainframe(head: bytes) -> Signature | None:
    """Find EBCDIC, in which letters have other bytes than everywhere else."""
    found = find_ebcdic(head)
    if found is None:
        return None
    (encoding, shown), *others = found.readings
    sign = "is in EBCDIC, the encoding of mainframes"
    return Signature(encoding, sign, shown, others=tuple(others), has_lines=found.has_lines)


def _has_letters(text: str, n_needed: int) -> bool:
    """Tell whether the characters beyond ASCII are mostly letters, and all of them assigned."""
    foreign = [char for char in text if not char.isascii()]
    n_letters = sum(map(str.isalpha, foreign))
    if n_letters < max(n_needed, len(foreign) // 2):
        return False
    return not any(unicodedata.category(char)[0] == "C" for char in set(foreign))


def _first_foreign(text: str) -> str:
    return _first_line(line for line in text.splitlines() if not line.isascii())


def _first_line(lines: Iterable[str]) -> str:
    """Return the beginning of the first line that is not blank."""
    first = next((line.strip() for line in lines if line.strip()), "")
    return first[:SHOWN_CHARS].strip()


def _decode(head: bytes, encoding: str) -> str | None:
    """Return what the bytes are in an encoding, but for what is cut at their end."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeError:
        return None
