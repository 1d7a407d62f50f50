"""`normalise_text`: the form in which two texts are compared.

Two texts are the same message if they are equal after Unicode NFC, case folding, collapsing of
white space, and without the characters that nobody sees. Nothing here changes a text that is
trained on or shown.
"""

from __future__ import annotations

import re
import unicodedata

from assay.tokenization.words import DOTTED_I

__all__ = ["normalise_text"]

# Nobody sees them: they say where a line may break, and in which direction it is read.
INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


def normalise_text(text: str) -> str:
    """Return `text` in the form in which texts are compared.

    The texts of a split are normalised once: `LabelledTexts.normalised` keeps them. Call this
    function only for texts that belong to no split.

    Returns
    -------
    str
        `text` itself (the same object) if it is in that form already, so that keeping the
        normalised texts of a split takes memory only for those that differ.

    Examples
    --------
    >>> normalise_text("  So   HAPPY ")
    'so happy'
    """
    if text.isascii():
        folded = text.lower()
    else:
        # Case folding can take a composed character apart, so composing comes last.
        composed = unicodedata.normalize("NFC", INVISIBLE.sub("", text))
        folded = unicodedata.normalize("NFC", composed.casefold().replace(DOTTED_I, "i"))
    normalised = " ".join(folded.split())
    return text if normalised == text else normalised
