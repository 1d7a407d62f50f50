"""Letters that are drawn or typed in several ways and are the same letter to a reader.

Full-width letters and digits, half-width katakana and jamo, letters in mathematical fonts, Roman
numerals, the micro sign, the forms of Arabic letters within words, ligatures and radicals become
the usual letters, and so do the Arabic letters and digits that keyboards exchange. Unicode's NFKC
does more, which would harm: it turns 10² into 102, ™ into tm, the jamo of ㅋㅋ into parts of
syllables, and takes a vowel of Thai apart.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache

__all__ = ["usual_letters", "write_usual"]

# Where such letters are; and the kinds of decomposition that change how a letter is drawn, no more.
POINTS = (
    range(0x00B5, 0x00B6),
    range(0x0132, 0x0588),
    range(0x1E9A, 0x1E9C),
    range(0x2102, 0x214F),
    range(0x2160, 0x2180),
    range(0x2F00, 0x2FD6),
    range(0xFB00, 0xFF00),
    range(0xFF01, 0xFFA0),
    range(0xFFA1, 0xFFEF),
    range(0x1D400, 0x1D800),
    range(0x1EE00, 0x1EF00),
    range(0x1FBF0, 0x1FBFA),
)
FORMS = {"<compat>", "<final>", "<font>", "<initial>", "<isolated>", "<medial>"}
WIDTHS = {"<narrow>", "<small>", "<wide>"}
# Jamo of half width, which are whole letters; NFKC makes parts of syllables of them.
JAMO = range(0xFFA1, 0xFFDD)
RADICALS = {chr(point) for point in range(0x2F00, 0x2FD6)}  # which are drawn as ideographs
TELLING = "#%&*@-"  # punctuation that says something by itself
TATWEEL = "\u0640"  # makes a word longer to the eye
# Arabic letters as Arabic keyboards have them: those of Persian and Urdu have others for the same.
# A hamza stays, although many leave it out: "he asked" is "it flowed" without one.
ARABIC = {
    "\u0671": "\u0627",
    "\u06a9": "\u0643",
    "\u06cc": "\u064a",
    TATWEEL: "",
    **{chr(0x06F0 + digit): chr(0x0660 + digit) for digit in range(10)},
}


@cache
def usual_letters() -> Mapping[str, str]:
    """Return the letters, digits and signs that are written otherwise, each with what it becomes.

    >>> [usual_letters().get(letter) for letter in "Ａｱﬁ²™"]
    ['A', 'ア', 'fi', None, None]
    """
    usual = dict(ARABIC)
    for points in POINTS:
        for letter in map(chr, points):
            written = _usual(letter)
            if _is_drawn(letter) and " " not in written:  # which whole phrases have
                usual[letter] = "".join(ARABIC.get(one, one) for one in written)
    return usual


def _usual(letter: str) -> str:
    _, is_narrow, code = unicodedata.decomposition(letter).partition("<narrow> ")
    if is_narrow and ord(letter) in JAMO:
        return chr(int(code, 16))
    return unicodedata.normalize("NFKC", letter)


def _is_drawn(letter: str) -> bool:
    """Tell whether a letter is another one in another form; of signs, in another width.

    Punctuation is in no word, and nearly every Chinese text has some of full width.
    """
    kind = unicodedata.decomposition(letter).partition(" ")[0]
    if kind in WIDTHS:
        is_punctuation = unicodedata.category(letter)[0] == "P"
        return not is_punctuation or unicodedata.normalize("NFKC", letter) in TELLING
    return kind in FORMS and (letter.isalnum() or letter in RADICALS)


def write_usual(composed: str) -> str:
    """Return a text in NFC with its letters written as is usual, in NFC.

    >>> write_usual("ＡＢＣ１２３ ｶﾞ کتابی")
    'ABC123 ガ كتابي'
    """
    if _letters().isdisjoint(composed):
        return composed
    return unicodedata.normalize("NFC", composed.translate(_table()))


@cache
def _table() -> dict[int, str]:
    return str.maketrans(dict(usual_letters()))


@cache
def _letters() -> frozenset[str]:
    return frozenset(usual_letters())
