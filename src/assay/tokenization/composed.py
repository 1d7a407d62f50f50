"""Letters that are written as a base and loose parts (Unicode NFD), put together again.

Files of some systems and what is copied from PDFs hold 한 as its three jamo and é as e and an
accent. The vocabularies of multilingual checkpoints have neither: Korean became unknown tokens.
NFC would do more, which would harm: it puts the marks of Arabic, Hebrew and Burmese letters in
another order than the one in which the checkpoints learnt them.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["compose"]

# The second halves of vowels, and what is written above letters, in Bengali, Oriya, Tamil, Telugu,
# Kannada, Malayalam, Sinhala, Burmese and Arabic.
SECOND_HALVES = (
    "\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0c56\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dca\u0dcf"
    "\u0ddf\u102e\u0653-\u0655"
)
ACCENTS = "\u0300-\u036f\u3099\u309a"  # of Latin, Greek, Cyrillic and Japanese letters
LOOSE = re.compile(
    "[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?"  # the jamo of one Korean syllable
    f"|.[{ACCENTS}]+|.[{SECOND_HALVES}]+"
)


def compose(text: str) -> str:
    r"""Return a text whose loose parts of letters are put together; other marks keep their order.

    >>> compose("\u1112\u1161\u11ab e\u0301"), len(compose("\u103a\u1037"))
    ('한 é', 2)
    """
    if unicodedata.is_normalized("NFC", text):
        return text
    return LOOSE.sub(lambda found: unicodedata.normalize("NFC", found[0]), text)
