"""The particle that fits a word of Korean: 을 or 를, 이 or 가, 으로 or 로.

The first of a pair follows a final consonant, the second a vowel; 로 also follows ㄹ. A word may
end in Hangul, in digits, or in Latin letters, which are read as Koreans read them: the rule for
Latin letters is a guess from the spelling that is right for most English words. Japanese kana are
read as they sound. Where the sound of a word cannot be told, such as that of a Chinese character,
both particles are written: 을(를).
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["fit_particle"]

VOWEL, CONSONANT, LIQUID = "vowel", "consonant", "liquid"  # the liquid is ㄹ

FIRST_SYLLABLE, LAST_SYLLABLE = 0xAC00, 0xD7A3
N_FINALS = 28  # finals of a syllable, of which the first is none
FINAL_LIQUID = 8
# 영 일 이 삼 사 오 육 칠 팔 구; also what ends in zeros ends in a consonant (십, 백, 천, 만, 억).
DIGITS = {
    "0": CONSONANT,
    "1": LIQUID,
    "2": VOWEL,
    "3": CONSONANT,
    "4": VOWEL,
    "5": VOWEL,
    "6": CONSONANT,
    "7": LIQUID,
    "8": LIQUID,
    "9": VOWEL,
}
# Names of letters, for what is spelt out: 엘, 엠, 엔, 알; the others end in a vowel.
SPELT = {"l": LIQUID, "r": LIQUID, "m": CONSONANT, "n": CONSONANT}
SPELT_WORD = re.compile(r"[A-Z]+$|(?<![A-Za-z])[A-Za-z]$|[bcdfghjklmnpqrstvwxz]+$")
# Endings of English words that Koreans read with a final consonant: pin, ping, time, line, file.
LIQUID_ENDING = re.compile(r"le?$")
NASAL_ENDING = re.compile(r"(?:[mn]e?|ng)$")
# k, p, t, b after one short vowel: book and map end in a consonant, but great and compact do not.
STOP_ENDING = re.compile(r"(?:(?<![aeiou])[aeiou]|oo|ee)[kp]$|(?<![aeiou])[aeiou](?:c|ck|b|t)$")
# Signs that are read: 퍼센트, 플러스, 샤프.
READ_SIGNS = {"%": VOWEL, "+": VOWEL, "#": VOWEL}
# Single letters, as in laughter (ㅋㅋ) and tears (ㅠㅠ): consonants are named 기역 to 히읗.
FIRST_LETTER, LAST_CONSONANT, LAST_LETTER = "ㄱ", "ㅎ", "ㅣ"
LIQUID_LETTER = "ㄹ"
FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # of letters and digits
# What is not seen: zero-width characters, and marks of direction such as those around a label.
HIDDEN = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)])
# Syllables of Japanese, of full and half width, end in a vowel; but for n, which is read as ㄴ.
KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc\uff66-\uff9f]")
KANA_N = dict.fromkeys("んンﾝ", CONSONANT)
# What may follow a word before its particle: quotation marks, emphasis, what ends a sentence; a
# remark in brackets.
QUOTES, BRACKETS = "\"'”’»」』*_`" + "?!.…~", ")]"
IN_BRACKETS = re.compile(r"\s*\([^()]*\)$")


def fit_particle(before: str, first: str, second: str) -> str:
    """Return the particle that fits what was written before it.

    Parameters
    ----------
    before : str
        The sentence up to the particle.
    first, second : str
        The particle after a consonant and after a vowel.

    Examples
    --------
    >>> [fit_particle(word, "을", "를") for word in ("라벨", "정확도", "93", "linear", "日本")]
    ['을', '를', '을', '를', '을(를)']
    """
    sound = _final_sound(before)
    if sound is None:
        return _write_both(first, second)
    if sound == LIQUID and first.startswith("으"):
        return second
    if sound == VOWEL:
        return second
    return first


def _write_both(first: str, second: str) -> str:
    """Write both particles, as Koreans do where they do not know the word.

    >>> _write_both("이", "가"), _write_both("으로", "로")
    ('이(가)', '(으)로')
    """
    if first.endswith(second):
        return f"({first.removesuffix(second)}){second}"
    return f"{first}({second})"


def _final_sound(before: str) -> str | None:
    """Return the sound that a text ends with. None if that cannot be told."""
    # macOS writes the names of files as loose letters
    text = unicodedata.normalize("NFC", before).translate(FULL_WIDTH | HIDDEN).rstrip(QUOTES)
    text = (IN_BRACKETS.sub("", text) or text).rstrip(QUOTES + BRACKETS)
    if not text:
        return None
    last = text[-1]
    code = ord(last)
    if FIRST_SYLLABLE <= code <= LAST_SYLLABLE:
        final = (code - FIRST_SYLLABLE) % N_FINALS
        return {0: VOWEL, FINAL_LIQUID: LIQUID}.get(final, CONSONANT)
    if last in DIGITS:
        return DIGITS[last]
    if last in READ_SIGNS:
        return READ_SIGNS[last]
    if FIRST_LETTER <= last <= LAST_LETTER:
        return _sound_of_letter(last)
    if KANA.match(last):
        return KANA_N.get(last, VOWEL)
    plain = unicodedata.normalize("NFD", last)[0]  # é is read as e
    if plain.isascii() and plain.isalpha():
        return _sound_of_latin(text[:-1] + plain)
    return None


def _sound_of_letter(letter: str) -> str:
    """Return the sound that the name of a single letter ends with."""
    if letter == LIQUID_LETTER:
        return LIQUID
    return CONSONANT if letter <= LAST_CONSONANT else VOWEL


def _sound_of_latin(text: str) -> str:
    """Return the sound that a word of Latin letters ends with when a Korean reads it."""
    word = re.split(r"[^A-Za-z]", text)[-1]
    if SPELT_WORD.fullmatch(word):
        return SPELT.get(word[-1].lower(), VOWEL)
    word = word.lower()
    if LIQUID_ENDING.search(word):
        return LIQUID
    if NASAL_ENDING.search(word) or STOP_ENDING.search(word):
        return CONSONANT
    return VOWEL
