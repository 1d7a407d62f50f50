"""Word tokens: what stands between white space, punctuation and all; and where the words of a text stand in it."""

from __future__ import annotations

import re

__all__ = ["find_words", "split_words"]

RUN = re.compile(r"\S+")
HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HIRAGANA = "\u3040-\u309f"
KATAKANA = "\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f"
SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"  # choose how the ideograph before them is drawn
# Chinese and Japanese put no space between words: an ideograph, or a run of one kind of kana, is
# taken for one.
PIECE = re.compile(
    f"[{HAN}][{SELECTORS}]*|[{HIRAGANA}]+|[{KATAKANA}]+|[^{HAN}{HIRAGANA}{KATAKANA}]+"
)


def split_words(text: str) -> list[str]:
    """Split at any run of Unicode white space; no word is empty.

    >>> split_words("오늘 정말  행복해!")
    ['오늘', '정말', '행복해!']
    """
    return text.split()


def find_words(text: str) -> list[tuple[int, int]]:
    """Find the words of a text, also where its script puts no space between them.

    Returns
    -------
    list of (start, stop)
        In characters of `text`, ascending; all that lies between them is white space, or nothing.

    Examples
    --------
    >>> [text[a:b] for text in ["오늘 정말!", "とても嬉しい"] for a, b in find_words(text)]
    ['오늘', '정말!', 'とても', '嬉', 'しい']
    """
    return [
        (run.start() + piece.start(), run.start() + piece.end())
        for run in RUN.finditer(text)
        for piece in PIECE.finditer(run.group())
    ]
