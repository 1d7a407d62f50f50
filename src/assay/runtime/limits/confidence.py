"""How sure a calibrated score is, in words."""

from __future__ import annotations

from typing import Literal

__all__ = ["LEANING", "SURE", "Confidence", "word_confidence", "word_none"]

Confidence = Literal["sure", "leaning", "does not know", "sure that none fits", "leaning to none"]

# Scores are calibrated: from 0.9 on an answer is right nine times out of ten, from 0.5 on more
# often than not.
SURE, LEANING = 0.9, 0.5
# "sure" beside no label at all would say the opposite of what is meant.
NONE_FITS: dict[Confidence, Confidence] = {
    "sure": "sure that none fits",
    "leaning": "leaning to none",
    "does not know": "does not know",
}


def word_confidence(score: float, *, is_answered: bool) -> Confidence:
    """Return the word for the score of the best label.

    >>> word_confidence(0.95, is_answered=True), word_confidence(0.95, is_answered=False)
    ('sure', 'does not know')
    """
    if not is_answered or score < LEANING:
        return "does not know"
    return "sure" if score >= SURE else "leaning"


def word_none(score: float, *, is_answered: bool = True) -> Confidence:
    """Return the word where a text is given none of several labels.

    Parameters
    ----------
    score : float
        The probability that none of the labels fits.
    is_answered : bool

    Examples
    --------
    >>> word_none(0.95), word_none(0.6), word_none(0.2)
    ('sure that none fits', 'leaning to none', 'does not know')
    """
    return NONE_FITS[word_confidence(score, is_answered=is_answered)]
