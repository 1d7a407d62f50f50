"""Words for scores."""

from __future__ import annotations

import pytest

from assay.runtime.limits.confidence import LEANING, SURE, word_confidence


@pytest.mark.parametrize(
    ("score", "word"), [(SURE, "sure"), (0.89, "leaning"), (LEANING, "leaning"), (0.49, "does not know")]
)  # fmt: skip
def test_words_follow_the_score(score, word):
    """From 0.9 on sure, from 0.5 on leaning; an answer that was not given is not known."""
    assert word_confidence(score, is_answered=True) == word
    assert word_confidence(score, is_answered=False) == "does not know"
