"""Scores of parts of a split: long and short texts, negated ones, scripts.

Where a model fails is seldom everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from assay.runtime.limits.wilson import wilson_interval

__all__ = ["SliceScores", "score_slices"]

MIN_TEXTS = 10  # a smaller slice says nothing

# Words that turn a sentence round, in English and Korean: enough to find most negated texts, not
# all.
NEGATION = re.compile(
    r"\b(?:not|no|never|none|nothing|nobody|nowhere|neither|nor|cannot|without|hardly|barely|dont|didnt|doesnt|isnt|"
    r"wasnt|cant|couldnt|wont|wouldnt|shouldnt|havent|hasnt|hadnt|arent|werent)\b|n['’]t\b|n t\b"
    r"|(?:^|\s)(?:안|못)\s|지\s?(?:않|못|마|말)|없|아니",
    re.IGNORECASE,
)
SCRIPTS = {
    "LATIN": "Latin",
    "HANGUL": "Hangul",
    "CJK": "Han",
    "HIRAGANA": "Kana",
    "KATAKANA": "Kana",
    "CYRILLIC": "Cyrillic",
    "ARABIC": "Arabic",
    "HEBREW": "Hebrew",
    "GREEK": "Greek",
    "THAI": "Thai",
    "DEVANAGARI": "Devanagari",
}


@dataclass(frozen=True)
class SliceScores:
    """Accuracy of the texts of one kind.

    Parameters
    ----------
    kind : str
        What the texts were told apart by: `length`, `negation`, `script`, or what the caller named.
    name : str
        Which part of it.
    n_texts : int
    accuracy : float
    interval : pair of float
        95 % Wilson interval.
    """

    kind: str
    name: str
    n_texts: int
    accuracy: float
    interval: tuple[float, float]

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as plain values."""
        return {**asdict(self), "interval": list(self.interval)}


def score_slices(
    texts: Sequence[str], correct: np.ndarray, *, more: Mapping[str, Sequence[str]] | None = None
) -> list[SliceScores]:
    """Score the parts of a split.

    Parameters
    ----------
    texts : sequence of str, n_texts long
    correct : bool array of shape (n_texts,)
    more : mapping of kind to sequence of str, optional
        More kinds, a name a text.

    Returns
    -------
    list of SliceScores
        Parts of at least ten texts, in the order of their kinds; of `limit`, whose long texts are
        rare, also smaller ones. A kind that does not divide the split is left out.
    """
    kinds = {
        "length": _by_length(texts),
        "negation": ["negated" if NEGATION.search(text) else "not negated" for text in texts],
        "script": [_script(text) for text in texts],
        **(more or {}),
    }
    found = []
    for kind, names in kinds.items():
        as_array = np.asarray(names, dtype=object)
        parts = []
        for name in dict.fromkeys(sorted(names)):
            is_in = as_array == name
            n_texts, n_right = int(is_in.sum()), int(correct[is_in].sum())
            if n_texts >= (1 if kind == "limit" else MIN_TEXTS):
                parts.append(
                    SliceScores(
                        kind, name, n_texts, n_right / n_texts, wilson_interval(n_right, n_texts)
                    )
                )
        if len(parts) > 1:
            found += parts
    return found


def _by_length(texts: Sequence[str]) -> list[str]:
    """Name the quarter of word counts that each text is in; where many are alike, quarters fall together."""
    n_words = np.array([len(text.split()) for text in texts])
    if not len(n_words):
        return []
    cuts = np.unique(np.quantile(n_words, [0.25, 0.5, 0.75], method="lower"))
    which = np.searchsorted(cuts, n_words, side="left")
    names = {}
    for part in np.unique(which):
        own = n_words[which == part]
        low, high = int(own.min()), int(own.max())
        # Padded, so that names sort as their numbers do.
        names[part] = f"{low:>4} words" if low == high else f"{low:>4} to {high} words"
    return [names[part] for part in which]


def _script(text: str) -> str:
    """Return the script of most letters of a text."""
    counts: dict[str, int] = {}
    for char in text:
        if char.isalpha():
            script = SCRIPTS.get(unicodedata.name(char, "").partition(" ")[0], "other")
            counts[script] = counts.get(script, 0) + 1
    return max(counts, key=lambda script: counts[script]) if counts else "no letters"
