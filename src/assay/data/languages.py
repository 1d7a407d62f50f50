"""Texts in another language than the rest of their split.

Languages are identified by `py3langid`, whose model is inside its wheel: nothing is downloaded.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from assay._optional import require
from assay.errors import MissingDependencyError

__all__ = [
    "UNDETERMINED",
    "Languages",
    "LanguagesEntry",
    "WrongLanguage",
    "find_wrong_language",
    "free_languages",
    "identify_language",
    "is_long_enough",
    "tell_main_language",
]

# Measured: "thresholds of the data and tokenization rooms" in dev/LOG.md.
MAX_MAIN_SCORE = 0.005  # highest score of the main language in a row that counts as another
MIN_OTHER_SCORE = 0.5  # least score of that other language
# Letters that a text needs, in bytes of UTF-8: sixteen Latin letters, six Hangul syllables. A
# shorter text is decided by the names in it.
MIN_LETTER_BYTES = 16
# Least share of the texts of a split in one language; otherwise the split mixes languages on
# purpose.
MIN_MAIN_FRACTION = 0.7

MAX_TOLD_TEXTS = 300  # texts that are looked at to name the language of a split
UNDETERMINED = "und"  # the code of ISO 639 for a language that cannot be told
NO_LANGUAGE = "zxx"  # what the library says of emoji, tables and the like
# Blocks of Unicode of the scripts that the library was trained on. Of other letters, such as
# Cherokee, it still names a language, sometimes with a high score.
KNOWN_SCRIPTS = (
    "\u0000-\u06ff\u0750-\u077f\u0870-\u08ff\u0900-\u139f\u1780-\u17ff\u1c80-\u1cbf\u1d00-\u1fff"
    "\u2c60-\u2c7f\u2d00-\u2d2f\u2d80-\u9fff\ua640-\ua69f\ua720-\ua7ff\ua8e0-\ua8ff"
    "\ua960-\uab6f\uac00-\ud7ff\uf900-\ufeff\uff00-\uffef\U00020000-\U0003ffff"
)
# Only Korean has these letters; the library takes laughter in single ones (ㅋㅋㅋ) for Japanese.
KOREAN = "ko"
OTHER_THAN_HANGUL = re.compile(
    r"[^\W\d_\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc]"
)
UNKNOWN_LETTER = re.compile(rf"[^\W\d_{KNOWN_SCRIPTS}]")
# With them, the library takes Hebrew of today for that of the Bible.
HEBREW_POINTS = re.compile("[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7]+")


@dataclass(frozen=True)
class WrongLanguage:
    """A row in another language.

    Parameters
    ----------
    row : int
        0-based.
    language : str
        ISO 639 code.
    score : float
        Probability that the text is not in the main language, 0 to 1.
    """

    row: int
    language: str
    score: float


class LanguagesEntry(TypedDict):
    """A `Languages` as JSON holds it, without the rows."""

    main: str | None
    fraction: float
    n_wrong: int


@dataclass(frozen=True)
class Languages:
    """The languages of a split.

    Parameters
    ----------
    main : str or None
        ISO 639 code; None where no language has most of the texts.
    fraction : float
        Share of the most frequent language among the texts that are long enough to tell.
    wrong : tuple of WrongLanguage
        In row order; empty where there is no main language.
    """

    main: str | None
    fraction: float
    wrong: tuple[WrongLanguage, ...]

    def to_dict(self) -> LanguagesEntry:
        """Return main language, its share, and how many rows are in another."""
        return {"main": self.main, "fraction": self.fraction, "n_wrong": len(self.wrong)}


def find_wrong_language(
    texts: Sequence[str], *, advance: Callable[[int], None] | None = None
) -> Languages:
    """Find the rows that are surely not in the language of most.

    Parameters
    ----------
    texts : sequence of str
    advance : callable, optional
        Called with the number of texts that were just looked at.
    """
    best: dict[int, tuple[str, float]] = {}  # row: most probable language and its score
    for row, text in enumerate(texts):
        if is_long_enough(text):
            language, score = identify_language(text)
            if language != UNDETERMINED:
                best[row] = language, score
        if advance is not None:
            advance(1)
    if not best:
        return Languages(None, 0.0, ())
    counts = Counter(language for language, _ in best.values())
    main, n_main = counts.most_common(1)[0]
    fraction = n_main / len(best)
    if fraction < MIN_MAIN_FRACTION:
        return Languages(None, fraction, ())
    return Languages(main, fraction, _surely_other(texts, best, main))


def _surely_other(
    texts: Sequence[str], best: Mapping[int, tuple[str, float]], main: str
) -> tuple[WrongLanguage, ...]:
    """Return the rows whose score of the main language all but rules it out."""
    wrong = []
    for row, (language, score) in best.items():
        # All scores of a text cost half as much again as its best one: few texts need them.
        if language == main or score < MIN_OTHER_SCORE:
            continue
        main_score = dict(_identifier().rank(_readable(texts[row])))[main]
        if main_score <= MAX_MAIN_SCORE:
            wrong.append(WrongLanguage(row, language, 1 - main_score))
    return tuple(wrong)


def is_long_enough(text: str) -> bool:
    """Tell whether a text has enough letters for its language to be told."""
    letters = "".join(filter(str.isalpha, text))
    if len(letters) >= MIN_LETTER_BYTES:
        return True
    return len(letters.encode("utf-8", "replace")) >= MIN_LETTER_BYTES


def identify_language(text: str) -> tuple[str, float]:
    """Return the most probable language of a text as its ISO 639 code, and its probability.

    The code is `UNDETERMINED`, and the probability 0, of a text without letters, such as emoji, of
    one in no language, and of one whose letters are mostly of a script that the library does not
    know. A text in Korean letters alone is Korean.

    Raises
    ------
    MissingDependencyError
        The library that tells languages is not installed.
    """
    if not any(map(str.isalpha, text)):
        return UNDETERMINED, 0.0
    if not OTHER_THAN_HANGUL.search(text):
        return KOREAN, 1.0
    language, score = _identifier().classify(_readable(text))
    if language == NO_LANGUAGE or _is_in_unknown_script(text):
        return UNDETERMINED, 0.0
    return str(language), float(score)


def tell_main_language(texts: Sequence[str]) -> str | None:
    """Return the ISO 639 code of the language of most texts, judged by a sample of them.

    None if the languages are mixed, cannot be told, or their library is not installed.
    """
    step = max(1, len(texts) // MAX_TOLD_TEXTS)
    try:
        return find_wrong_language(texts[::step][:MAX_TOLD_TEXTS]).main
    except MissingDependencyError:
        return None


def free_languages() -> None:
    """Free the memory of the library's tables, 70 MB; reading them again takes 0.4 s."""
    _identifier.cache_clear()


def _is_in_unknown_script(text: str) -> bool:
    """Tell whether most letters belong to scripts that the library does not know."""
    if text.isascii():
        return False
    n_unknown = len(UNKNOWN_LETTER.findall(text))
    return n_unknown > 0 and 2 * n_unknown > sum(map(str.isalpha, text))


def _readable(text: str) -> str:
    """Return the text composed, as the library learnt it, and without Hebrew points.

    Lone surrogates are left out too: no bytes hold those.
    """
    unpointed = HEBREW_POINTS.sub("", unicodedata.normalize("NFC", text))
    return unpointed.encode("utf-8", "replace").decode("utf-8")


@functools.cache
def _identifier() -> Any:
    langid = require("py3langid.langid")
    # An instance of our own: the module's functions share one whose scores are no probabilities.
    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
