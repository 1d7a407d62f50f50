"""Texts in another language than the rest of their split.

Languages are identified by `py3langid`, whose model is inside its wheel: nothing is downloaded.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

from assay._optional import require

__all__ = [
    "Languages",
    "LanguagesEntry",
    "WrongLanguage",
    "find_wrong_language",
    "identify_language",
    "is_long_enough",
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
            best[row] = identify_language(text)
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

    Raises
    ------
    MissingDependencyError
        The library that tells languages is not installed.
    """
    language, score = _identifier().classify(_readable(text))
    return str(language), float(score)


def _readable(text: str) -> str:
    """Return the text without lone surrogates, which no byte encoding can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


@functools.cache
def _identifier() -> Any:
    langid = require("py3langid.langid")
    # An instance of our own: the module's functions share one whose scores are no probabilities.
    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
