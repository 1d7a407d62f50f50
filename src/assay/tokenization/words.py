"""Word tokens: what stands between white space, punctuation and all."""

from __future__ import annotations

__all__ = ["split_words"]


def split_words(text: str) -> list[str]:
    """Split at any run of Unicode white space; no word is empty.

    >>> split_words("오늘 정말  행복해!")
    ['오늘', '정말', '행복해!']
    """
    return text.split()
