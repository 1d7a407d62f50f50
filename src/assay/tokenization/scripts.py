"""Which scripts texts are written in, such as Latin or Hangul: Unicode names them with letters."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache

from assay.tokenization.letters import usual_letters

__all__ = ["count_scripts", "find_script"]

# First words of names that say nothing about a script: signs that any script may use
NO_SCRIPT = frozenset({"COMBINING", "FEMININE", "MASCULINE", "MICRO", "MODIFIER", "VARIATION"})
# What names of a sign that repeats ideographs and of a filler begin with
OTHER_NAMES = {"IDEOGRAPHIC": "CJK", "HALFWIDTH": "HANGUL"}


@cache
def find_script(character: str) -> str:
    """Return the first word of a letter's name, such as LATIN or HANGUL; empty for other signs.

    A letter that is drawn otherwise (full width, mathematical) has that of the usual letter.
    """
    if not character.isalpha() and not unicodedata.category(character).startswith("M"):
        return ""
    first = _first_word(character)
    if first in NO_SCRIPT:
        return first
    first = _first_word(usual_letters().get(character, "") or character)
    return OTHER_NAMES.get(first, first)


def _first_word(letters: str) -> str:
    return unicodedata.name(letters[0], "OTHER").partition(" ")[0].partition("-")[0]


def count_scripts(texts: Iterable[str]) -> Counter[str]:
    """Count the letters of texts by script, the most frequent script first.

    Examples
    --------
    >>> dict(count_scripts(["서울 2024, Seoul!"]))
    {'LATIN': 5, 'HANGUL': 2}
    """
    characters: Counter[str] = Counter()
    for text in texts:
        characters.update(text)
    counts: Counter[str] = Counter()
    for character, n in characters.items():
        script = find_script(character)
        if script and script not in NO_SCRIPT:
            counts[script] += n
    return Counter(dict(counts.most_common()))
