"""Rows that hold no message: one word only, or garbled by a wrong encoding or a broken export.

Nothing here changes or drops a text; its owner decides what a row is worth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from assay.tokenization.words import UNSPACED_LETTER

__all__ = ["Garbled", "find_garbled", "find_one_word", "garbled_fraction"]

WORD_CHARS = 4  # this many letters of a script without spaces can be more than one word

# U+FFFD; controls but tab and line ends; lone surrogates; private use; code points that are not
# characters.
BROKEN = re.compile(
    "[\ufffd\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ue000-\uf8ff"
    "\ufdd0-\ufdef\ufffe\uffff]+"
)
# What bytes above 127 look like when they are read as Windows-1252, or as Latin-1 where that has no
# letter.
WINDOWS = "".join(bytes([byte]).decode("cp1252", "ignore") for byte in range(0x80, 0xA0))
HIGH = re.compile(f"[\u0080-\u00ff{WINDOWS}]{{2,}}")
HANGUL = re.compile("[가-힣]{3,}")
URL = re.compile(r"\S*(?:://|www\.)\S*")
BLOB_CHARS = 40
BLOB = re.compile(rf"[A-Za-z0-9+/]{{{BLOB_CHARS},}}={{0,2}}")
HUMP = re.compile("[a-z][A-Z]")
MIN_HUMPS = 3  # forty characters of base64 have six such pairs; words, paths and slugs have none


@dataclass(frozen=True)
class Garbled:
    """A row that cannot be read as it is.

    Parameters
    ----------
    row : int
        0-based.
    fraction : float
        Share of the text's characters that are garbled, 0 to 1.
    why : str
        ``characters`` (replacement characters, controls), ``mojibake`` (read in a wrong encoding)
        or ``blob`` (base64-like).
    """

    row: int
    fraction: float
    why: str


def find_one_word(texts: Sequence[str]) -> list[int]:
    """Return the 0-based rows whose text is one word.

    >>> find_one_word(["ok", "so happy", "행복해", "今天天气很好"])
    [0, 2]
    """
    return [row for row, text in enumerate(texts) if _is_one_word(text)]


def _is_one_word(text: str) -> bool:
    if len(text.split(maxsplit=1)) != 1:
        return False
    return text.isascii() or len(UNSPACED_LETTER.findall(text)) < WORD_CHARS


def find_garbled(texts: Sequence[str]) -> list[Garbled]:
    """Return the garbled rows, in row order."""
    found = []
    for row, text in enumerate(texts):
        fractions = garbled_fraction(text)
        if any(fractions.values()):
            why = max(fractions, key=lambda name: fractions[name])
            found.append(Garbled(row, min(1.0, sum(fractions.values())), why))
    return found


def garbled_fraction(text: str) -> dict[str, float]:
    """Return for each way of being garbled the share of `text` that is, 0 to 1.

    >>> garbled_fraction("cafÃ©")["mojibake"], garbled_fraction("café")["mojibake"]
    (0.4, 0.0)
    """
    n_chars = max(1, len(text))
    fractions = {}
    for name, find_runs in CHECKS.items():
        n_garbled = sum(map(len, find_runs(text)))
        fractions[name] = n_garbled / n_chars
    return fractions


def _broken(text: str) -> Iterator[str]:
    """Yield runs of characters that no text should hold."""
    if text.isascii() and text.isprintable():  # most texts are, and this is faster
        return
    for found in BROKEN.finditer(text):
        yield found.group()


def _mojibake(text: str) -> Iterator[str]:
    """Yield the runs that become another text once their bytes are read in the right encoding."""
    if text.isascii():
        return
    for found in HIGH.finditer(text):
        raw = b"".join(map(_byte, found.group()))
        if _is_likely(_decoded(raw, "utf-8")) or HANGUL.search(_decoded(raw, "cp949")):
            yield found.group()


def _is_likely(decoded: str) -> bool:
    """Tell whether a run was UTF-8.

    Two characters may be so by chance, such as a capital É and a closing quote.
    """
    if not decoded or BROKEN.search(decoded):
        return False
    return len(decoded) >= 3 or any(char <= "\u00ff" or char >= "\u0800" for char in decoded)


def _byte(char: str) -> bytes:
    try:
        return char.encode("cp1252")
    except UnicodeEncodeError:
        # Windows-1252 leaves five bytes free; programs that misread a text keep them as controls.
        return char.encode("latin-1")


def _decoded(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _blobs(text: str) -> Iterator[str]:
    """Yield long runs of digits and letters of both cases, as base64 has them, but not URLs."""
    if len(text) < BLOB_CHARS:
        return
    for found in BLOB.finditer(URL.sub(" ", text)):
        run = found.group()
        has_digit = any(char.isdigit() for char in run)
        if has_digit and len(HUMP.findall(run)) >= MIN_HUMPS:
            yield run


# Way of being garbled -> function that yields the garbled runs of a text.
CHECKS: dict[str, Callable[[str], Iterator[str]]] = {
    "characters": _broken,
    "mojibake": _mojibake,
    "blob": _blobs,
}
