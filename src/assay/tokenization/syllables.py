"""The pattern of a syllable of Thai, Lao, Khmer or Burmese, without a dictionary.

A bare consonant has no vowel sign. In a run of bare ones after a syllable with a vowel sign, an odd
first one closes that syllable, and each two others are a syllable with an unwritten vowel. Three
whose second is one of the letters that Thai also writes vowels with are one syllable. Two that can
begin a syllable together do so, but for the few cases below. So some words are cut one letter too
early or too late.
"""

from __future__ import annotations

from functools import cache

__all__ = ["LEADING", "SYLLABIC", "TRAILING", "letter_with_marks", "syllable_pattern"]

THAI_LAO = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf"
MYANMAR = "\u1000-\u103f\u1050-\u108f\u109a-\u109f\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7f"
KHMER = "\u1780-\u17d3\u17dd"
SYLLABIC = THAI_LAO + MYANMAR + KHMER
# Thai and Lao write some vowels before their consonant and some after it, as letters.
LEADING, TRAILING = "\u0e40-\u0e44\u0ec0-\u0ec4", "\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3"
CONSONANTS = "\u0e01-\u0e2e\u0e81-\u0eae\u1780-\u17a2"  # of Thai, Lao and Khmer
# No consonant closes a syllable with one of these vowels: before the consonant, or after it.
OPEN_LEADING, OPEN_TRAILING = "\u0e43\u0e44\u0ec3\u0ec4", "\u0e30\u0e33\u0eb0\u0eb3"
SILENCED = "[\u0e34\u0e38]?\u0e4c"  # a consonant with this mark is silent and ends its syllable
# The letter after one of these is written below the letter before it.
STACKERS = "\u17d2\u1039"
# A Burmese consonant with this mark ends its syllable.
MYANMAR_LETTERS, ASAT = "\u1000-\u102a\u103f", "\u1037?\u103a"
JOINERS = "\u200c\u200d"
TONES = "\u0e48-\u0e4b"
REPEATS = "\u0e2f\u0e46"  # signs of Thai for what is repeated or left out
# Two consonants of Thai that begin a syllable together.
PAIRS = (
    "[กขคตปผพทสศจ]ร",
    "[กขคตปผพ]ล",
    "[กขค]ว",
    "ห[งญนมยรลว]",
    "อย",
)
# Of these, pairs that begin a syllable with an unwritten vowel.
UNWRITTEN_PAIRS = "[คตปผพ][รล]|ห[งญนมยรลว]"
NEVER_CLOSING = "ขฉผฝหฮ"  # without a vowel sign
MOST_SYLLABLES = 6  # that are tried for a run of bare consonants; more would take long


@cache
def syllable_pattern(marks: str) -> str:
    """Return the pattern of a syllable.

    Parameters
    ----------
    marks : str
        Combining marks, as the inside of a character class.
    """
    signs = f"[{marks}{TRAILING}]"
    pair = f"(?:{'|'.join(PAIRS)})"
    # Of two that may begin one, k mostly closes the syllable before it, right after its vowel sign.
    closes = f"(?<={signs})\u0e01(?!ระ|[รลว]\u0e38?\u0e48)|\u0e04ร\u0e49"
    begins = f"(?<![\u0e31\u0eb1])(?<!\u0e31[{TONES}])(?!{closes}){pair}(?={signs})"
    bare = f"(?:(?!{begins})[{CONSONANTS}](?!{signs}))"
    # A vowel written as a consonant, and the consonant that closes it; and two for one sound.
    middle = f"(?:[อว](?![{NEVER_CLOSING}]){bare}|รร{bare}?)"
    last = f"(?![{NEVER_CLOSING}]){bare}"
    unwritten = f"(?:{pair}{middle}|{bare}{middle}|(?:{UNWRITTEN_PAIRS}){last}|{bare}{last})"
    fits = f"(?:{unwritten}){{0,{MOST_SYLLABLES}}}(?!{bare})"
    after_short_a = "(?<=[\u0e31\u0eb1])|(?<=\u0e31[\u0e48-\u0e4b])"  # always closed
    after_ng = "ง(?![งดบอ])"  # hardly ever begins one with an unwritten vowel
    may_close = f"(?<![{OPEN_TRAILING}])"
    closing = (
        f"{may_close}(?!{fits}){bare}|{may_close}{after_ng}(?!{signs})|(?:{after_short_a}){bare}"
    )
    second = "(?:(?<=\u0e35)|(?<=\u0e35[\u0e48-\u0e4b]))\u0e22"  # ia and uea have two letters
    second += "|(?:(?<=\u0e37)|(?<=\u0e37[\u0e48-\u0e4b]))\u0e2d"
    vowel = f"(?:(?:{second})(?!{signs}))?"
    silent = f"(?:[{CONSONANTS}]?[{CONSONANTS}]{SILENCED})*"
    start = f"(?![{OPEN_LEADING}])(?!{bare})"
    toned = f"(?:{pair}|[{CONSONANTS}])[{TONES}](?:{middle}|อ(?!{signs}))"
    both = (
        f"[{LEADING}]{pair}(?={signs}|{bare})(?<![{OPEN_LEADING}]..){signs}*{vowel}(?:{closing})?"
    )
    together = f"{pair}(?={signs}){signs}+{vowel}(?:{closing})?"
    written = f"{start}{letter_with_marks(SYLLABIC, marks)}{vowel}(?:{closing})?"
    ai_with_yo = f"\u0e44[{CONSONANTS}]\u0e22(?!{signs})"  # as in the word for Thai
    ai = f"[{OPEN_LEADING}](?:{UNWRITTEN_PAIRS}|[กข][รล])[{marks}]*"
    known = f"(?:{toned}|{both}|{together}|{written}|{unwritten}){silent}[{REPEATS}]*"
    return f"{ai_with_yo}|{ai}|{known}|{letter_with_marks(SYLLABIC, marks)}{silent}"


def letter_with_marks(letters: str, marks: str) -> str:
    """Return the pattern of one letter with its marks and what is stacked below it."""
    signs = marks + JOINERS + TRAILING
    stacked = f"(?<=[{STACKERS}])[{letters}]"
    closing = f"[{MYANMAR_LETTERS}](?={ASAT})"
    return f"[{LEADING}]?[{letters}][{signs}]*(?:(?:{stacked}|{closing})[{signs}]*)*"
