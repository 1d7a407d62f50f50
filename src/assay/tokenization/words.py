"""Word tokens, separated by white space; and the positions of the words of a text."""

from __future__ import annotations

import re

__all__ = ["find_words", "split_words"]

RUN = re.compile(r"\S+")
HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HIRAGANA = "\u3040-\u309f"
KATAKANA = "\u30a0-\u30ff\u31f0-\u31ff\uff66-\uff9f"
SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"  # choose how the ideograph before is drawn
# Chinese and Japanese put no space between words: one ideograph, or a run of one kind of kana,
# counts as a word.
PIECE = re.compile(
    f"[{HAN}][{SELECTORS}]*|[{HIRAGANA}]+|[{KATAKANA}]+|[^{HAN}{HIRAGANA}{KATAKANA}]+"
)


def split_words(text: str) -> list[str]:
    """Split at any run of Unicode white space; punctuation stays, and no word is empty.

    >>> split_words("오늘 정말  행복해!")
    ['오늘', '정말', '행복해!']
    """
    return text.split()


def find_words(text: str) -> list[tuple[int, int]]:
    """Find the words of a text, also where its script puts no space between them.

    Returns
    -------
    list of (start, stop)
        Positions in characters of `text`, ascending. Between two words there is white space, or
        nothing.

    Examples
    --------
    >>> [text[a:b] for text in ["오늘 정말!", "とても嬉しい"] for a, b in find_words(text)]
    ['오늘', '정말!', 'とても', '嬉', 'しい']
    """
    found = []
    for run in RUN.finditer(text):
        offset = run.start()
        spans = map(re.Match.span, PIECE.finditer(run.group()))
        found += [(offset + start, offset + stop) for start, stop in spans]
    return found
