"""Which encodings the bytes of a file may be in, each with what the first bad line looks like.

A few words read as words in several encodings, so a person chooses among those that are likely.
charset-normalizer says how much of a mess each of them makes of the bytes; it knows nothing of how
common a character is, which tells encodings apart in short texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assay.data.files.letters import ENCODINGS, LATIN, is_home_letter, measure_use

__all__ = ["Candidate", "find_encodings", "name_java_form"]

NAMES = {  # encodings as people know them
    "cp932": "shift_jis",
    "euc_jp": "euc-jp",
    "koi8_r": "koi8-r",
    "koi8_u": "koi8-u",
    "iso8859_2": "iso8859-2",
    "mac_roman": "mac-roman",
    "mac_cyrillic": "mac-cyrillic",
}
MAX_CANDIDATES = 5
MAX_MESS = 0.6  # as charset-normalizer measures it, 0 to 1: a few words may look odd when right
UNCOMMON = 0.3  # of the penalty: the share of uncommon characters
MARGIN = 0.2  # of the penalty: what is further behind the best one is not likely
SHOWN_CHARS = 24
SAMPLE_BYTES = 20_000
WEIGHED_CHARS = 3_000  # of the sample, whose characters are looked at one by one
HALF = re.compile("[\ud800-\udfff]")  # of a pair, which UTF-8 does not have
JAVA_NULL = b"\xc0\x80"
MODIFIED = "the modified UTF-8 of Java"
COMPARED_LINES = 50  # of which one is shown


@dataclass(frozen=True)
class Candidate:
    """An encoding that may be meant.

    Parameters
    ----------
    encoding : str
        As `--encoding` takes it.
    shown : str
        A part of the first line that is not ASCII, read in this encoding.
    """

    encoding: str
    shown: str


def find_encodings(lines: Sequence[bytes]) -> list[Candidate]:
    """Return the likely encodings of lines that are not UTF-8, the most likely first.

    Parameters
    ----------
    lines : sequence of bytes
        Lines with bytes over 127. The more there are, the surer is the answer.
    """
    lines = [line for line in lines if not line.isascii()]
    if not lines:
        return []
    sample = _join(lines)
    penalties = {
        encoding: mess
        + UNCOMMON * (1 - _commonness(_decode(sample, encoding)[:WEIGHED_CHARS], encoding))
        for encoding, mess in _measure_mess(sample).items()
    }
    ranked = sorted(penalties, key=lambda encoding: penalties[encoding])
    likely = [one for one in ranked if penalties[one] <= penalties[ranked[0]] + MARGIN]
    likely = likely[:MAX_CANDIDATES]
    named = [NAMES.get(encoding, encoding) for encoding in likely]
    return list(map(Candidate, named, _tell_apart(lines, likely)))


def name_java_form(lines: Sequence[bytes]) -> str | None:
    """Return what a variant of UTF-8 is called that Java and Oracle write; None if it is none.

    Characters beyond U+FFFF, such as emoji, are two halves of three bytes each there, and U+0000 is
    two bytes.
    """
    for line in lines:
        content = line.replace(JAVA_NULL, b"")
        try:
            text = content.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            continue
        if content != line:
            return MODIFIED
        if HALF.search(text):
            return "CESU-8, as Oracle and Java write emoji"
    return None


def _measure_mess(sample: bytes) -> dict[str, float]:
    """Return how much of a mess the bytes are in each encoding, 0 to 1; one for equal texts."""
    from charset_normalizer import from_bytes  # here: only files that are not UTF-8 need it

    found = from_bytes(
        sample, cp_isolation=list(ENCODINGS), threshold=MAX_MESS, enable_fallback=False
    )
    return {min(one.could_be_from_charset, key=ENCODINGS.index): one.chaos for one in found}


def _commonness(text: str, encoding: str) -> float:
    """Return for how many of the letters over 127 the encoding is chosen, 0 to 1."""
    letters = [char for char in text if not char.isascii() and char.isalpha()]
    if not letters:
        return float(encoding in LATIN)  # signs such as quotation marks
    n_home = sum(is_home_letter(char, encoding) for char in letters)
    return n_home / len(letters) * measure_use(text, encoding)


def _join(lines: Sequence[bytes]) -> bytes:
    """Return whole lines up to the size of a sample: a cut might divide a character."""
    joined = lines[0]
    for line in lines[1:]:
        if len(joined) + len(line) > SAMPLE_BYTES:
            break
        joined += b"\n" + line
    return joined


def _decode(line: bytes, encoding: str) -> str:
    """Return what a line is in an encoding; empty if it is nothing in it."""
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _tell_apart(lines: Sequence[bytes], encodings: Sequence[str]) -> list[str]:
    """Return an excerpt of one line in each encoding: the first that differs in each, if any."""
    first: list[str] = []
    for line in lines[:COMPARED_LINES]:
        excerpts = [_excerpt(_decode(line, encoding)) for encoding in encodings]
        if len(set(excerpts)) == len(encodings):
            return excerpts
        first = first or excerpts
    return first


def _excerpt(line: str) -> str:
    """Return the piece of a line around its first character that is not ASCII."""
    line = line.strip()
    at = next((i for i, char in enumerate(line) if not char.isascii()), 0)
    start = max(0, at - SHOWN_CHARS // 3)
    return line[start : start + SHOWN_CHARS].strip()
