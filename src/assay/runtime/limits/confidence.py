"""How sure a calibrated score is, in words."""

from __future__ import annotations

from typing import Literal

__all__ = ["LEANING", "SURE", "Confidence", "word_confidence"]

Confidence = Literal["sure", "leaning", "does not know"]

# Scores are calibrated: from 0.9 on an answer is right nine times out of ten, from 0.5 on more
# often than not.
SURE, LEANING = 0.9, 0.5


def word_confidence(score: float, *, is_answered: bool) -> Confidence:
    """Return the word for the score of the best label.

    >>> word_confidence(0.95, is_answered=True), word_confidence(0.95, is_answered=False)
    ('sure', 'does not know')
    """
    if not is_answered or score < LEANING:
        return "does not know"
    return "sure" if score >= SURE else "leaning"
