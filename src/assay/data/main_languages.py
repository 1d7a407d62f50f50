"""Which languages a set of texts is in, by a sample: enough to choose a transformer by."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assay.data.languages import identify_language, is_long_enough

__all__ = ["LanguageSample", "sample_languages"]

MAX_TEXTS = 500  # a share of nine tenths is then known to within three points
LONGEST = 1_000  # characters of a text that are looked at
LEAST_SCORE = 0.5  # a language with less is not counted: it could as well be another
# What is written in no language, although a classifier of languages would name one.
NO_LANGUAGE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\w+|[@#]\w+|\d+")


@dataclass(frozen=True)
class LanguageSample:
    """The languages of a sample of texts.

    Parameters
    ----------
    n_texts : int
        Texts that were looked at.
    counts : mapping of str to int
        How many texts are in each language, by ISO 639 code, the most frequent first. Texts too
        short to tell are joined with the next ones and counted as one.
    is_ascii : bool
        Whether every text that was looked at is plain ASCII.
    n_untold : int
        How many texts, counted in the same way, are in a language that cannot be told.
    """

    n_texts: int
    counts: dict[str, int]
    is_ascii: bool
    n_untold: int = 0

    @property
    def n_told(self) -> int:
        """How many texts the language can be told of."""
        return sum(self.counts.values())

    def fraction(self, language: str) -> float:
        """Return the share of a language among the texts whose language can be told."""
        return self.counts.get(language, 0) / max(1, self.n_told)

    def main_language(self, least: float) -> str | None:
        """Return the language of at least this share of all texts; None where none has it."""
        for language, n in self.counts.items():
            if n >= least * (self.n_told + self.n_untold):
                return language
        return None


def sample_languages(texts: Sequence[str], *, seed: int = 0) -> LanguageSample:
    """Tell the languages of a seeded sample of texts.

    Parameters
    ----------
    texts : sequence of str
    seed : int
        Seed of the sample.

    Raises
    ------
    MissingDependencyError
        The library that tells languages is not installed.
    """
    sample = draw_sample(texts, seed=seed)
    found: Counter[str] = Counter()
    n_untold = 0
    for text in _joined(sample):
        language, score = identify_language(text)
        if score >= LEAST_SCORE:
            found[language] += 1
        else:
            n_untold += 1
    is_ascii = all(text.isascii() for text in sample)
    return LanguageSample(len(sample), dict(found.most_common()), is_ascii, n_untold)


def draw_sample(texts: Sequence[str], *, seed: int) -> list[str]:
    """Return at most `MAX_TEXTS` of the texts, in their order, cut to what is looked at."""
    rows = np.arange(len(texts))
    if len(texts) > MAX_TEXTS:
        rows = np.sort(np.random.default_rng(seed).permutation(len(texts))[:MAX_TEXTS])
    return [texts[row][:LONGEST] for row in rows.tolist()]


def _joined(texts: Sequence[str]) -> Iterator[str]:
    """Yield texts without what is in no language; short ones are joined until they are long.

    Three labels such as "muy bien" say what one of them does not. What is short at the end is left
    out.
    """
    waiting = ""
    for text in texts:
        words = NO_LANGUAGE.sub(" ", text)
        if is_long_enough(words):
            yield words
            continue
        waiting = f"{waiting} {words}".strip()
        if is_long_enough(waiting):
            yield waiting
            waiting = ""
