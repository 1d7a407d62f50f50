"""Scores of parts of a split: long and short texts, negated ones, scripts.

Models often fail on one kind of text and not on the others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NotRequired, TypedDict

import numpy as np

from assay._display import Brief
from assay.catalogue import Fact
from assay.evaluation.unseen import UnseenEntry, UnseenScores
from assay.runtime.limits.wilson import wilson_interval
from assay.tokenization.scripts import count_scripts
from assay.tokenization.words import count_words, word_unit

__all__ = ["SliceEntry", "SliceScores", "score_slices"]

MIN_TEXTS = 10  # a smaller slice says nothing
NEGATED = "negated"
NO_LETTERS = "no letters"
LONG_TEXTS = "limit"  # the kind whose slices may be smaller: texts over the model's limit are rare
# The facts that name a length and a range of lengths, by what was counted.
LENGTHS = {
    "words": ("slices.one_length", "slices.words"),
    "words_or_characters": ("slices.one_length_or_characters", "slices.words_or_characters"),
}

# Words that negate a sentence, in English and Korean: enough to find most negated texts, not all.
NEGATION = re.compile(
    r"\b(?:not|no|never|none|nothing|nobody|nowhere|neither|nor|cannot|without|hardly|barely"
    r"|dont|didnt|doesnt|isnt|wasnt|cant|couldnt|wont|wouldnt|shouldnt|havent|hasnt|hadnt|arent"
    r"|werent)\b|n['’]t\b|n t\b"
    r"|(?:^|\s)(?:안|못)\s|지\s?(?:않|못|마|말)|없|아니",
    re.IGNORECASE,
)
# Scripts that a report calls otherwise than the names of their letters begin
CALLED = {"CJK": "Han", "HIRAGANA": "Kana", "KATAKANA": "Kana"}


class SliceEntry(TypedDict):
    """A `SliceScores` as JSON holds it."""

    kind: str
    name: str
    n_texts: int
    accuracy: float
    interval: list[float]
    unseen: NotRequired[UnseenEntry]


@dataclass(frozen=True, repr=False)
class SliceScores(Brief):
    """Accuracy on the texts of one kind.

    Parameters
    ----------
    kind : str
        What the texts were told apart by: `length`, `negation`, `script`, or what the caller named.
    name : str
        Which part of the split.
    n_texts : int
    accuracy : float
        Fraction, 0 to 1.
    interval : pair of float
        95 % Wilson interval of `accuracy`.
    fact : Fact, optional
        Says in every language which part it is. None: only `name` does.
    unseen : UnseenScores, optional
        Scores of those of the texts that the model was not trained on. None if that is all.
    """

    kind: str
    name: str
    n_texts: int
    accuracy: float
    interval: tuple[float, float]
    fact: Fact | None = None
    unseen: UnseenScores | None = None

    def to_dict(self) -> SliceEntry:
        """Return the scores as plain values."""
        entry: SliceEntry = {
            "kind": self.kind,
            "name": self.name,
            "n_texts": self.n_texts,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
        }
        if self.unseen is not None:
            entry["unseen"] = self.unseen.to_dict()
        return entry


def score_slices(
    texts: Sequence[str],
    correct: np.ndarray,
    *,
    more: Mapping[str, Sequence[str]] | None = None,
    seen: np.ndarray | None = None,
) -> list[SliceScores]:
    """Score the parts of a split.

    Parameters
    ----------
    texts : sequence of str, n_texts long
    correct : bool array of shape (n_texts,)
        Whether each text was labelled right.
    more : mapping of kind to sequence of str, optional
        More kinds, each with one name per text. Slices of the kind ``limit`` are kept however few
        texts they have.
    seen : bool array of shape (n_texts,), optional
        Which texts the model was trained on.

    Returns
    -------
    list of SliceScores
        Parts of at least ten texts, in the order of their kinds. A kind that does not divide the
        split is left out.
    """
    kinds: dict[str, Sequence[str]] = {
        "length": _by_length(texts),
        "negation": list(map(_negation, texts)),
        "script": list(map(_script, texts)),
        **(more or {}),
    }
    found = []
    for kind, names in kinds.items():
        slices = [
            replace(one, fact=_fact_of(one, texts, names))
            for one in _score_kind(kind, names, correct, seen)
        ]
        if len(slices) > 1:
            found += slices
    return found


def _score_kind(
    kind: str, names: Sequence[str], correct: np.ndarray, seen: np.ndarray | None
) -> list[SliceScores]:
    """Score the texts of each name apart; names of too few texts are left out."""
    name_of_text = np.asarray(names, dtype=object)
    n_needed = 1 if kind == LONG_TEXTS else MIN_TEXTS
    slices = []
    for name in sorted(set(names)):
        is_in = name_of_text == name
        n_texts, n_right = int(is_in.sum()), int(correct[is_in].sum())
        if n_texts >= n_needed:
            interval = wilson_interval(n_right, n_texts)
            unseen = UnseenScores.among(is_in, correct, seen)
            accuracy = n_right / n_texts
            slices.append(SliceScores(kind, name, n_texts, accuracy, interval, unseen=unseen))
    return slices


def _fact_of(one: SliceScores, texts: Sequence[str], names: Sequence[str]) -> Fact | None:
    """State which part of a split it is. None for kinds that the caller named."""
    if one.kind == "script":
        return Fact.of("slices.script", name=one.name)
    if one.kind == "negation":
        kind = "slices.not_negated"
        if one.name == NEGATED:
            kind = "slices.negated"
        return Fact.of(kind)
    if one.kind != "length":
        return None
    n_words = [
        count_words(text) for text, name in zip(texts, names, strict=True) if name == one.name
    ]
    low, high = min(n_words), max(n_words)
    single, ranged = LENGTHS[word_unit(texts)]
    if low == high:
        return Fact.of(single, low=low)
    return Fact.of(ranged, low=low, high=high)


def _by_length(texts: Sequence[str]) -> list[str]:
    """Name the quarter of word counts that each text is in; equal quarters become one."""
    n_words = np.array(list(map(count_words, texts)))
    if not len(n_words):
        return []
    cuts = np.unique(np.quantile(n_words, [0.25, 0.5, 0.75], method="lower"))
    quarter_of_text = np.searchsorted(cuts, n_words, side="left")
    names, with_characters = {}, word_unit(texts) != "words"
    for quarter in np.unique(quarter_of_text):
        own = n_words[quarter_of_text == quarter]
        names[quarter] = _name_range(
            int(own.min()), int(own.max()), with_characters=with_characters
        )
    return [names[quarter] for quarter in quarter_of_text]


def _name_range(low: int, high: int, *, with_characters: bool) -> str:
    """Name a range of word counts, padded so that names sort as their numbers do."""
    one, several = (
        ("word or character", "words or characters") if with_characters else ("word", "words")
    )
    if low < high:
        return f"{low:>4} to {high} {several}"
    if low == 1:
        return f"{low:>4} {one}"
    return f"{low:>4} {several}"


def _negation(text: str) -> str:
    return NEGATED if NEGATION.search(text) else "not negated"


def _script(text: str) -> str:
    """Return the script of most letters of a text."""
    counts: Counter[str] = Counter()
    for script, n in count_scripts([text]).items():
        counts[CALLED.get(script, script.capitalize())] += n
    if not counts:
        return NO_LETTERS
    return counts.most_common(1)[0][0]
