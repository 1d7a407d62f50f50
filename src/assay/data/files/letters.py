"""Which letters an encoding is chosen for.

Encodings whose texts look alike are told apart by the letters that their languages have: cp1250 is
not chosen for French.
"""

from __future__ import annotations

import re

__all__ = ["ENCODINGS", "LATIN", "is_home_letter", "measure_use"]

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
    "koi8_u": CYRILLIC,
    "cp866": CYRILLIC,
    "mac_cyrillic": CYRILLIC,
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
# Whole sentences in Japanese have kana; characters alone are more often words in Korean.
JAPANESE = ("cp932", "euc_jp")
KANA = re.compile("[\u3041-\u30ff]")
WITHOUT_KANA = 0.9
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
    if encoding in JAPANESE:
        return 1.0 if KANA.search(text) else WITHOUT_KANA
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
