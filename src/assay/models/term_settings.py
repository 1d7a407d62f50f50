"""Which terms `linear` counts and how it weighs them: by texts, their script and the classes.

Measurements behind these numbers: dev/LOG.md, "Words of every script".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.tokenization.words import unspaced_fraction

__all__ = ["LARGE_TEXTS", "MANY_CLASSES", "TermSettings", "choose_terms"]

LARGE_TEXTS = 4000  # from this many training texts on, a set is large
MANY_CLASSES = 32  # with more classes, there are many
# With few classes, the terms of a small set are better up to so many texts: dev/LOG.md,
# "Settings of linear between small and large"
SMALL_TERMS_TEXTS = 8000
SAMPLED_TEXTS = 1000  # texts whose script is looked at


@dataclass(frozen=True)
class TermSettings:
    """How character n-grams are counted and weighed.

    Parameters
    ----------
    min_chars : int
        Length of the shortest.
    min_count : int
        One that fewer training texts hold is left out.
    char_weight : float
        Length of the character block's vector beside the word block's, which has length 1.
    """

    min_chars: int
    min_count: int
    char_weight: float


SMALL = TermSettings(min_chars=2, min_count=1, char_weight=1.5)
LARGE = TermSettings(min_chars=3, min_count=4, char_weight=0.5)
# A machine for many classes is expensive, and n-grams of three characters are most of its work
LARGE_MANY_CLASSES = TermSettings(min_chars=4, min_count=4, char_weight=0.5)
# Words of a script without spaces are single letters with their marks, so n-grams say more
LARGE_UNSPACED = TermSettings(min_chars=1, min_count=4, char_weight=1.0)


def choose_terms(texts: Sequence[str], *, n_classes: int) -> TermSettings:
    """Return the settings for these training texts and so many classes.

    >>> choose_terms(["one short text", "another one"], n_classes=2) == SMALL
    True
    """
    has_many_classes = n_classes > MANY_CLASSES
    if len(texts) < LARGE_TEXTS or (len(texts) < SMALL_TERMS_TEXTS and not has_many_classes):
        return SMALL
    step = -(-len(texts) // SAMPLED_TEXTS)
    if unspaced_fraction(texts[::step]) > 0.5:
        return LARGE_UNSPACED
    return LARGE_MANY_CLASSES if has_many_classes else LARGE
