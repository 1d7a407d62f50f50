"""Texts in another language than the rest of their split, found with `py3langid` (a model inside its wheel)."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from assay._optional import require

__all__ = ["Languages", "WrongLanguage", "find_wrong_language"]

# On 24,000 tweets, bank questions and Korean headlines, these two find one row, half Malay, and no
# false one; of nine foreign sentences of four words they find all that are long enough.
MAX_MAIN_SCORE = 0.005  # of the split's main language, for a row to count as another
MIN_OTHER_SCORE = 0.5  # of that other language
MIN_LETTER_BYTES = (
    16  # of UTF-8: sixteen Latin letters, six Hangul syllables; below, a name decides
)
MIN_MAIN_FRACTION = (
    0.7  # of a split's texts in one language; else the split mixes languages on purpose
)


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
        Of all languages but the main one together, 0 to 1.
    """

    row: int
    language: str
    score: float


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

    def to_dict(self) -> dict[str, Any]:
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
        Called with the number of texts just looked at.
    """
    judged: dict[int, dict[str, float]] = {}
    for row, text in enumerate(texts):
        if _is_long(text):
            judged[row] = _scores(text)
        if advance is not None:
            advance(1)
    counts = Counter(max(scores, key=lambda code: scores[code]) for scores in judged.values())
    if not counts:
        return Languages(None, 0.0, ())
    main, n_main = counts.most_common(1)[0]
    fraction = n_main / len(judged)
    if fraction < MIN_MAIN_FRACTION:
        return Languages(None, fraction, ())
    wrong = []
    for row, scores in judged.items():
        other = max(scores, key=lambda code: scores[code])
        main_score = scores.get(main, 0.0)
        if other != main and scores[other] >= MIN_OTHER_SCORE and main_score <= MAX_MAIN_SCORE:
            wrong.append(WrongLanguage(row, other, 1 - main_score))
    return Languages(main, fraction, tuple(wrong))


def _is_long(text: str) -> bool:
    letters = "".join(char for char in text if char.isalpha())
    return (
        len(letters) >= MIN_LETTER_BYTES
        or len(letters.encode("utf-8", "replace")) >= MIN_LETTER_BYTES
    )


def _scores(text: str) -> dict[str, float]:
    """Return the languages that matter: the best one, and those that are not all but ruled out."""
    ranked = _identifier().rank(text.encode("utf-8", "replace").decode("utf-8"))
    return {
        code: score
        for i, (code, score) in enumerate(ranked)
        if i == 0 or score > MAX_MAIN_SCORE / 1000
    }


@functools.cache
def _identifier() -> Any:
    langid = require("py3langid.langid")
    # An instance of our own: the module's functions share one whose scores are no probabilities.
    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
