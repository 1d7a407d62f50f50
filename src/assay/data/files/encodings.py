"""Which encodings the bytes of a file may be in, each with what the first bad line looks like.

A few words read as words in several encodings, so a person chooses among those that are likely.
charset-normalizer says how much of a mess each of them makes of the bytes; it knows nothing of how
common a character is, which tells the East Asian encodings apart in short texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Candidate", "find_encodings"]

# What Excel, Windows and databases write. Where two give the same text, the first is taken; each
# stands for its subsets too: cp1252 for latin-1, gb18030 for gbk, cp949 for euc-kr.
LATIN = ("cp1252", "cp1250", "cp1254", "iso8859_2")
OTHER_SCRIPTS = ("cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp874")
# Their most frequent characters have two bytes, of which the first is in this range.
EAST_ASIAN = {
    "cp949": (0xB0, 0xC8),
    "gb18030": (0xB0, 0xD7),
    "cp932": (0x82, 0x97),
    "euc_jp": (0xA4, 0xCF),
    "big5": (0xA4, 0xC6),
}
NAMES = {  # encodings as people know them
    "cp932": "shift_jis",
    "euc_jp": "euc-jp",
    "koi8_r": "koi8-r",
    "iso8859_2": "iso8859-2",
}
MAX_CANDIDATES = 5
# Share of letters over 127 in lines that have some: below, they are most likely accents, of which
# German and French have 0.02 to 0.1.
FEW_FOREIGN = 0.2
MARGIN = 0.2  # of `_penalty`: what is further behind the best one is not likely
SHOWN_CHARS = 24
SAMPLE_BYTES = 20_000
ASCII_LETTER = re.compile("[A-Za-z]")


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
    sample = b"\n".join(lines)[:SAMPLE_BYTES]
    lines = sample.split(b"\n")
    if sample.isascii():
        return []
    mess = _measure_mess(sample)
    penalties: dict[str, float] = {}
    seen: set[str] = set()
    for encoding in (*LATIN, *EAST_ASIAN, *OTHER_SCRIPTS):
        try:
            text = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text not in seen and encoding in mess:
            seen.add(text)
            penalties[encoding] = mess[encoding] + 0.3 * (1 - _commonness(text, encoding))
    ranked = sorted(penalties, key=lambda encoding: penalties[encoding])
    likely = [one for one in ranked if penalties[one] <= penalties[ranked[0]] + MARGIN]
    shown = _telling_line(lines, likely)
    return [
        Candidate(NAMES.get(encoding, encoding), _excerpt(shown.decode(encoding)))
        for encoding in likely[:MAX_CANDIDATES]
    ]


def _telling_line(lines: Sequence[bytes], encodings: Sequence[str]) -> bytes:
    """Return the first line that reads differently in each encoding, else the first one."""
    lines = [line for line in lines if not line.isascii()]
    for line in lines:
        excerpts = {_excerpt(line.decode(encoding)) for encoding in encodings}
        if len(excerpts) == len(encodings):
            return line
    return lines[0]


def _measure_mess(sample: bytes) -> dict[str, float]:
    """Return how much of a mess the bytes are in each encoding, from 0 to 1."""
    from charset_normalizer import from_bytes

    encodings = [*LATIN, *EAST_ASIAN, *OTHER_SCRIPTS]
    mess: dict[str, float] = {}
    for match in from_bytes(sample, cp_isolation=encodings, threshold=0.6):
        for encoding in match.could_be_from_charset:
            mess[encoding] = match.chaos
    return mess


def _commonness(text: str, encoding: str) -> float:
    """Return for how many of the characters over 127 the encoding is usually chosen."""
    if encoding in EAST_ASIAN:
        return _frequent_share(text, encoding)
    n_letters = n_beside = 0
    for i, char in enumerate(text):
        if not char.isascii() and char.isalpha():
            n_letters += 1
            n_beside += bool(ASCII_LETTER.search(text[max(0, i - 1) : i + 2]))
    if not n_letters:
        return 1.0 if encoding in LATIN else 0.0  # signs such as quotation marks
    beside = n_beside / n_letters
    share = n_letters / (n_letters + len(ASCII_LETTER.findall(text)))
    foreign = min(1.0, share / FEW_FOREIGN)
    if encoding in LATIN:
        return max(beside, 1 - foreign)
    return (1 - beside) * max(0.5, foreign)  # still likely: a foreign word in an English text


def _frequent_share(text: str, encoding: str) -> float:
    low, high = EAST_ASIAN[encoding]
    leads = [char.encode(encoding)[0] for char in text if not char.isascii()]
    n_frequent = sum(low <= lead <= high for lead in leads)
    return n_frequent / len(leads)


def _excerpt(line: str) -> str:
    """Return the piece of a line around its first character that is not ASCII."""
    line = line.strip()
    at = next((i for i, char in enumerate(line) if not char.isascii()), 0)
    start = max(0, at - SHOWN_CHARS // 3)
    return line[start : start + SHOWN_CHARS].strip()
