"""Which characters an encoding is chosen for, and which are odd where they are.

Read in a wrong encoding, a word gets signs between its letters (``sch”ne``), capital letters after
small ones (``donÕt``) or letters of two scripts (``schφne``). Encodings whose texts look alike are
told apart by the letters that their languages have: cp1250 is not chosen for French.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["ENCODINGS", "LATIN", "count_odd", "is_home_letter", "measure_use"]

WEST = "äöüßéèêëàâçîïôùûœæñáíóúìòãõåøªº"
CENTRAL = "ąćęłńóśźżáčďéěíňřšťúůýžôľĺŕőűăâîșțşţđäöüßëç"
TURKISH = "çğıöşüâî"
BALTIC = "āčēģīķļņšūžąęėįųõäöü"
VIETNAMESE = "ăâđêôơưáàạéèẹíìóòúùý"
CYRILLIC, GREEK, HEBREW = "\u0400-\u045f\u0490\u0491", "\u0386-\u03ce", "\u05b0-\u05ea"
ARABIC, THAI = "\u0621-\u0652\u067e\u0686\u06a9\u06af\u06cc", "\u0e01-\u0e5b"
# Encoding -> its letters, as the inside of a character class.
LETTERS = {
    "cp1252": WEST,
    "cp1250": CENTRAL,
    "cp1254": TURKISH,
    "iso8859_2": CENTRAL,
    "cp1257": BALTIC,
    "mac_roman": WEST,
    "cp850": WEST,
    "cp437": WEST,
    "cp852": CENTRAL,
    "cp1258": VIETNAMESE,
    "cp1251": CYRILLIC,
    "koi8_r": CYRILLIC,
    "cp866": CYRILLIC,
    "cp1253": GREEK,
    "cp1255": HEBREW,
    "cp1256": ARABIC,
    "cp874": THAI,
}
# Encoding with two bytes per character -> the range of the first byte of frequent characters.
FIRST_BYTES = {
    "cp949": (0xB0, 0xC8),
    "gb18030": (0xB0, 0xD7),
    "cp932": (0x82, 0x97),
    "euc_jp": (0xA4, 0xCF),
    "big5": (0xA4, 0xC6),
    "johab": (0x88, 0xD3),
}
LATIN = tuple(LETTERS)[:10]
# What Excel, Windows, databases, Macs and DOS write, the usual ones first. Where two give the same
# text, the first is taken; each stands for its subsets too: cp1252 for latin-1, gb18030 for gbk,
# cp949 for euc-kr, cp874 for tis-620.
ENCODINGS = (*LATIN[:4], *FIRST_BYTES, *tuple(LETTERS)[4:])
PATTERNS = {
    encoding: re.compile(f"[{letters}]", re.IGNORECASE) for encoding, letters in LETTERS.items()
}
# Of the encodings for Chinese, Japanese and Korean in which a frequent character has a second byte
# from 0xA1 on: the others fill what was left.
LATE_SECOND = ("cp949", "gb18030", "euc_jp")
ASCII_LETTER = re.compile("[A-Za-z]")
# Share of letters over 127 in lines that have some: below, they are most likely accents, of which
# German and French have 0.02 to 0.1.
FEW_FOREIGN = 0.2
NO_CHARACTERS = ("Cc", "Cn", "Co")  # controls, and what nobody has assigned
CAPITAL_WEIGHT = 0.25  # of a capital after a capital: words are written so, but rarely
JOINERS = "’‘´·–—\u00a0\u00ad"  # what may be between the letters of a word, or of two


def is_home_letter(char: str, encoding: str) -> bool:
    """Tell whether an encoding is chosen for a letter, rather than holds it as well.

    >>> is_home_letter("ł", "cp1250"), is_home_letter("þ", "cp1252"), is_home_letter("가", "cp949")
    (True, False, True)
    """
    if encoding in PATTERNS:
        return PATTERNS[encoding].match(char) is not None
    if encoding == "johab":  # has all syllables; EUC-KR has two bytes for the frequent ones
        return len(char.encode("euc_kr", "replace")) == 2
    low, high = FIRST_BYTES[encoding]
    code = char.encode(encoding, "replace")
    is_late = encoding not in LATE_SECOND or code[-1] >= 0xA1
    return len(code) == 2 and low <= code[0] <= high and is_late


def measure_use(text: str, encoding: str) -> float:
    """Return how well the share of letters over 127 fits the script of an encoding, 0 to 1.

    Accents are few and among letters of ASCII. Letters of another script are many, and words of
    their own.
    """
    if encoding in FIRST_BYTES:
        return 1.0
    n_letters = n_beside = 0
    for i, char in enumerate(text):
        if not char.isascii() and char.isalpha():
            n_letters += 1
            n_beside += bool(ASCII_LETTER.search(text[max(0, i - 1) : i + 2]))
    if not n_letters:
        return 0.0
    beside = n_beside / n_letters
    share = n_letters / (n_letters + len(ASCII_LETTER.findall(text)))
    foreign = min(1.0, share / FEW_FOREIGN)
    if encoding in LATIN:
        return max(beside, 1 - foreign)
    return (1 - beside) * max(0.5, foreign)  # still likely: a foreign word in an English text


def count_odd(text: str, encoding: str) -> float:
    """Return how many characters over 127 are where characters of their kind are not in texts.

    A capital letter after another one counts a quarter.

    >>> count_odd("sch”ne Gr”áe", "cp1252"), count_odd("schöne Größe", "cp1252")
    (2.0, 0.0)
    """
    padded = f" {text} "
    is_odd = _is_lone if encoding in FIRST_BYTES else _is_odd
    n_odd = 0.0
    for i, char in enumerate(text, 1):
        if char.isascii():
            continue
        before, after = padded[i - 1], padded[i + 1]
        if is_odd(before, char, after):
            n_odd += 1
        elif before.isupper() and char.isupper():
            n_odd += CAPITAL_WEIGHT
    return n_odd


def _is_lone(before: str, char: str, after: str) -> bool:
    """Tell whether a character of Chinese, Japanese or Korean is between letters of ASCII."""
    if unicodedata.category(char) in NO_CHARACTERS:
        return True
    is_beside = bool(ASCII_LETTER.match(before) or ASCII_LETTER.match(after))
    return is_beside and before.isascii() and after.isascii()


def _is_odd(before: str, char: str, after: str) -> bool:
    """Tell whether a character is odd between two others."""
    category = unicodedata.category(char)
    if category in NO_CHARACTERS:
        return True
    if category == "Mn":
        return not (before.isalpha() or unicodedata.category(before) == "Mn")
    if category[0] == "L":
        return _is_odd_letter(before, char, after)
    if category == "Sk" or "\u2500" <= char <= "\u259f":
        return True  # accents without a letter, and what draws boxes
    return before.isalpha() and after.isalpha() and char not in JOINERS


def _is_odd_letter(before: str, char: str, after: str) -> bool:
    """Tell whether a letter is odd: a capital after a small one, beside a digit or a script."""
    if before.isdigit() or after.isdigit():
        return True
    if (before.islower() and char.isupper()) or (char.islower() and after.isupper()):
        return True
    return any(one.isalpha() and _script(one) != _script(char) for one in (before, after))


def _script(char: str) -> str:
    """Return the first word of the name of a letter, which is that of its script."""
    return unicodedata.name(char, "").partition(" ")[0]
