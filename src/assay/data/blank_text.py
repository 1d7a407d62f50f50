"""`is_blank`: texts in which there is nothing to read.

Training leaves such rows out. Prediction scores them, and says that their labels mean nothing.
"""

from __future__ import annotations

import re

__all__ = ["is_blank"]

# Characters that are never seen, beside white space: what Unicode calls default ignorable
# (DerivedCoreProperties.txt) with joiners, direction marks and fillers, and the empty braille cell.
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff"
)
VISIBLE = re.compile(rf"[^\s{INVISIBLE}]")


def is_blank(text: str) -> bool:
    r"""Tell whether a text is empty, or holds nothing but white space and invisible characters.

    >>> is_blank(""), is_blank(" \n"), is_blank("\u200b"), is_blank(".")
    (True, True, True, False)
    """
    return VISIBLE.search(text) is None
