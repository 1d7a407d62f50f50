"""Which encodings the bytes of a file may be in, each with what the first bad line looks like.

A few words read as words in several encodings, so a person chooses among those that are likely. An
encoding is likely if the characters that it makes of the bytes are where characters of their kind
are in texts (`letters`), and if they are those that the encoding is chosen for.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass

from assay.data.files.letters import (
    ENCODINGS,
    LATIN,
    count_odd,
    is_home_letter,
    measure_use,
)

__all__ = ["Candidate", "find_encodings"]

NAMES = {  # encodings as people know them
    "cp932": "shift_jis",
    "euc_jp": "euc-jp",
    "koi8_r": "koi8-r",
    "iso8859_2": "iso8859-2",
    "mac_roman": "mac-roman",
}
MAX_CANDIDATES = 5
ODD_WEIGHT, HOME_WEIGHT = 0.6, 0.4  # of the two parts of `_penalty`
MARGIN = 0.2  # of `_penalty`: what is further behind the best one is not likely
SHOWN_CHARS = 24
SAMPLE_BYTES = 20_000  # what is decoded, to rule encodings out
WEIGHED_CHARS = 3_000  # what is looked at character by character
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
    whole = b"\n".join(lines)
    sample = whole[:SAMPLE_BYTES]
    penalties: dict[str, float] = {}
    seen: set[str] = set()
    for encoding in ENCODINGS if lines else ():
        text = _decode(sample, encoding, is_cut=len(sample) < len(whole))
        if text is not None and text not in seen:
            seen.add(text)
            penalties[encoding] = _penalty(text[:WEIGHED_CHARS], encoding)
    ranked = sorted(penalties, key=lambda encoding: penalties[encoding])
    likely = [one for one in ranked if penalties[one] <= penalties[ranked[0]] + MARGIN]
    likely = likely[:MAX_CANDIDATES]
    named = [NAMES.get(encoding, encoding) for encoding in likely]
    return list(map(Candidate, named, _tell_apart(lines, likely)))


def _decode(sample: bytes, encoding: str, *, is_cut: bool = False) -> str | None:
    """Return what bytes are in an encoding; None if they are nothing in it.

    If they are cut, perhaps within a character, what is left of it at the end is left out.
    """
    try:
        return codecs.getincrementaldecoder(encoding)().decode(sample, not is_cut)
    except UnicodeDecodeError:
        return None


def _penalty(text: str, encoding: str) -> float:
    """Return how unlikely a text is in an encoding, from 0 to 1."""
    chars = [char for char in text if not char.isascii()]
    if not chars:
        return 1.0
    letters = list(filter(str.isalpha, chars))
    if letters:
        n_home = sum(is_home_letter(char, encoding) for char in letters)
        usual = n_home / len(letters) * measure_use(text, encoding)
    else:
        usual = float(encoding in LATIN)  # signs such as quotation marks
    odd = count_odd(text, encoding) / len(chars)
    return ODD_WEIGHT * odd + HOME_WEIGHT * (1 - usual)


def _tell_apart(lines: Sequence[bytes], encodings: Sequence[str]) -> list[str]:
    """Return an excerpt of one line in each encoding: the first that differs in each, if any."""
    first: list[str] = []
    for line in lines[:COMPARED_LINES]:
        texts = [_decode(line, encoding) for encoding in encodings]
        excerpts = [_excerpt(text or "") for text in texts]
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
