"""Words of every script: those to list and count, those to mark, and those to learn from.

`split_words` gives words as a report counts them, `find_words` the pieces that a reader sees
marked; `fold_text` and `word_pattern` are the rule by which classifiers and searches cut text. The
rule has a number, because a saved model keeps the rule that it was trained with.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from assay.tokenization.letters import write_usual
from assay.tokenization.syllables import JOINERS, SYLLABIC, letter_with_marks, syllable_pattern

__all__ = [
    "DOTTED_I",
    "RULE",
    "UNSPACED_LETTER",
    "check_rule",
    "count_words",
    "find_words",
    "fold_text",
    "has_unspaced",
    "lower_text",
    "separators",
    "spaced_pattern",
    "split_words",
    "unspaced_fraction",
    "word_pattern",
    "word_unit",
]

# Rule 1 is `\w+`, as version 0.1.0 had it; rule 3 is rule 2 after `write_usual`
RULES = (1, 2, 3)
RULE = RULES[-1]

RUN = re.compile(r"\S+")
HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HIRAGANA = "\u3041-\u3096\u309d-\u309f"
KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
TIBETAN = "\u0f35\u0f37\u0f39\u0f3e-\u0f84\u0f86-\u0fbc\u0fc6"
IDEOGRAPHS = HAN + HIRAGANA + KATAKANA
UNSPACED = IDEOGRAPHS + SYLLABIC
UNSPACED_LETTER = re.compile(f"[{UNSPACED}{TIBETAN}]")
MANY_UNSPACED = 0.05  # share of texts with such letters from which a unit is named after them
MODIFIERS = "\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"  # skin tones; letters of a flag's region
FLAG_LETTERS = "\U0001f1e6-\U0001f1ff"
EMOJI = "\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff"
# Punctuation that says something by itself ("c#", "50%", "@home"): counted as a sign is.
TELLING = "#%&*@"
DOTTED_I = "i\u0307"  # the capital one of Turkish in lower case, which is written as an i there
# Where marks and punctuation are; between these lie only ideographs, Hangul and private use.
POINTS = (
    range(0x3400),
    range(0xA000, 0xAC00),
    range(0xD7A4, 0xD800),
    range(0xFB00, 0x12500),
    range(0x16A00, 0x17000),
    range(0x1BC00, 0x1F000),
    range(0xE0001, 0xE01F0),
)


def split_words(text: str) -> list[str]:
    """Split at any run of Unicode white space; punctuation stays, and no word is empty.

    What holds letters of a script without spaces is split further, as `find_words` does.

    >>> split_words("오늘 정말  행복해!"), split_words("好吃 now!")
    (['오늘', '정말', '행복해!'], ['好', '吃', 'now!'])
    """
    if not has_unspaced(text):
        return text.split()
    words = []
    for run in text.split():
        if has_unspaced(run):
            words += [run[start:stop] for start, stop in find_words(run)]
        else:
            words.append(run)
    return words


def count_words(text: str) -> int:
    """Return how many words `split_words` returns."""
    return len(split_words(text))


def has_unspaced(text: str) -> bool:
    """Tell whether a text has letters of a script that puts no spaces between words."""
    return not text.isascii() and UNSPACED_LETTER.search(text) is not None


def word_unit(texts: Sequence[str]) -> str:
    """Return what `split_words` splits texts into: ``words``, or ``words_or_characters``.

    The latter if a twentieth of the texts has letters of a script without spaces, at least.
    """
    n_unspaced = sum(map(has_unspaced, texts))
    if n_unspaced > 0 and n_unspaced >= MANY_UNSPACED * len(texts):
        return "words_or_characters"
    return "words"


def find_words(text: str) -> list[tuple[int, int]]:
    """Find the pieces of a text that a reader recognises, also where no space parts the words.

    White space parts words. An ideograph is a piece, and so are an emoji with all that is drawn in
    one, a run of one kind of kana, and a syllable of Thai, Lao, Khmer, Burmese or Tibetan.

    Returns
    -------
    list of (start, stop)
        Positions in characters of `text`, ascending. Between two words there is white space, or
        nothing.

    Examples
    --------
    >>> texts = ["오늘 정말!", "とても嬉しい"]
    >>> [text[a:b] for text in texts for a, b in find_words(text)]
    ['오늘', '정말!', 'とても', '嬉', 'しい']
    """
    piece = _shown_pattern()
    found = []
    for run in RUN.finditer(text):
        offset = run.start()
        spans = map(re.Match.span, piece.finditer(run.group()))
        found += [(offset + start, offset + stop) for start, stop in spans]
    return found


@cache
def word_pattern(rule: int = RULE) -> re.Pattern[str]:
    r"""Return the pattern whose matches in a composed, lower-case text are its words.

    Rule 1 is ``\w+``. From rule 2 on a word is a run of letters and digits with their marks; in a
    script without spaces each letter with its marks is one; and each emoji or sign is one.
    Punctuation is none.

    Examples
    --------
    >>> word_pattern().findall("c++ मेरा दिन 好吃 👍🏽!")
    ['c', '+', '+', 'मेरा', 'दिन', '好', '吃', '👍🏽']
    """
    if rule == 1:
        return re.compile(r"\w+")
    marks = _marks() + JOINERS
    word = rf"(?:[^\W{UNSPACED}]+[{marks}]*)+"
    joined = r"(?<=\u200d)[^\w\s]"
    sign = rf"[^\w\s{_punctuation()}](?:[{marks}{MODIFIERS}]|{joined})*"
    return re.compile(
        f"{letter_with_marks(UNSPACED, _marks())}|{word}|[{FLAG_LETTERS}]{{2}}|{sign}"
    )


@cache
def spaced_pattern(rule: int = RULE) -> re.Pattern[str]:
    """Return the pattern of what gets a space on each side: ideographs and kana; none by rule 1."""
    return re.compile("(?!)" if rule == 1 else f"[{IDEOGRAPHS}][{_marks()}]*")


def unspaced_fraction(texts: Iterable[str]) -> float:
    """Return the share of letters that belong to a script without spaces between words, 0 to 1.

    >>> unspaced_fraction(["好吃 now"])
    0.4
    """
    joined = " ".join(texts)
    n_letters = sum(map(str.isalpha, joined))
    n_unspaced = len(re.findall(f"[{UNSPACED}]", joined))
    return min(1.0, n_unspaced / max(n_letters, 1))


def check_rule(rule: object) -> int:
    """Return the number of a rule that a model names.

    Raises
    ------
    ValueError
        This version of assay does not have the rule.
    """
    if type(rule) is not int or rule not in RULES:
        raise ValueError(f"words are cut by rule {rule!r}; rules {RULES} are known")
    return rule


def fold_text(text: str, rule: int = RULE) -> str:
    """Return `text` composed and in lower case.

    macOS writes Korean as loose letters, which are the same words. From rule 2 on ideographs and
    kana have a space on each side, so that each is a word; by rule 3 letters are those of
    `write_usual`.

    >>> fold_text("Apple公司")
    'apple 公  司 '
    """
    if text.isascii():
        return text.lower()
    return spaced_pattern(rule).sub(r" \g<0> ", lower_text(text, rule))


def lower_text(text: str, rule: int = RULE) -> str:
    """Return what `fold_text` returns without the spaces that it puts around ideographs.

    >>> lower_text("İYİ", 2)
    'iyi'
    """
    composed = unicodedata.normalize("NFC", text)
    if rule > 2:
        composed = write_usual(composed)
    lowered = composed.lower()
    if rule == 1:
        return lowered
    return lowered.replace(DOTTED_I, "i")


@cache
def separators() -> re.Pattern[str]:
    """Return what is left out where texts are compared: punctuation and white space.

    The minus of a number stays: -5 degrees are not 5 degrees.
    """
    hyphen = r"-(?!\d)|(?<=\w)-"
    return re.compile(rf"(?:[\s_{_punctuation(without='-')}]|{hyphen})+")


@cache
def _shown_pattern() -> re.Pattern[str]:
    """Return the pattern of `find_words`, within a run of characters that are not white space."""
    selectors = "\ufe00-\ufe0f\U000e0100-\U000e01ef"  # choose how an ideograph is drawn
    tibetan = f"[{TIBETAN}]+[\u0f0b\u0f0c]*"
    drawn = rf"[{EMOJI}][\ufe0f\u20e3{MODIFIERS}]*"
    emoji = rf"[{FLAG_LETTERS}]{{2}}|{drawn}(?:\u200d{drawn})*"
    rest = f"[^{UNSPACED}{TIBETAN}{EMOJI}]+"
    kana = f"[{HIRAGANA}\u3099\u309a]+|[{KATAKANA}\u3099\u309a]+"
    syllable = syllable_pattern(_marks())
    return re.compile(f"[{HAN}][{selectors}]*|{kana}|{syllable}|{tibetan}|{emoji}|{rest}")


@cache
def _marks() -> str:
    """Return combining marks and vowel signs as the inside of a character class."""
    return _ranges(point for point in _points() if unicodedata.category(chr(point))[0] == "M")


@cache
def _punctuation(without: str = "") -> str:
    """Return punctuation, control and format characters as the inside of a character class."""
    kept = {*TELLING, *JOINERS, *map(chr, range(0xE0020, 0xE0080)), *without}
    found = (point for point in _points() if _is_punctuation(chr(point)))
    return _ranges(point for point in found if chr(point) not in kept)


def _is_punctuation(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "P" or category in ("Cc", "Cf")


def _points() -> Iterable[int]:
    return (point for points in POINTS for point in points)


def _ranges(points: Iterable[int]) -> str:
    """Write ascending code points as ranges."""
    ranges: list[list[int]] = []
    for point in points:
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in ranges)
