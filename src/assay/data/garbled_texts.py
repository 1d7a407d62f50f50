"""Texts that another program read in a wrong encoding before they came here.

``schÃ¶n`` is ``schön`` in UTF-8 that was read as cp1252, and U+FFFD is a character that was lost. A
file of such texts reads without an error, and what is learnt from it is garbage. Null bytes in a
text are a part that was never written.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from itertools import compress, islice

from assay.data.files.mixed_encoding import looks_like_utf_8
from assay.data.files.null_bytes import NULL_RUN
from assay.data.texts import LabelledTexts
from assay.errors import plural

__all__ = ["repair", "warn_of_garbled"]

logger = logging.getLogger(__name__)

N_LOOKED_AT = 2_000  # texts of a split that are not ASCII
MIN_TEXTS = 2  # one may speak of such characters
LOST = "\ufffd"
WESTERN = "cp1252"  # what UTF-8 is read as by mistake
SHOWN_CHARS = 24


def repair(text: str) -> str | None:
    """Return a text as it was before it was read in a wrong encoding; None if it was not.

    >>> repair("schÃ¶n"), repair("schön")
    ('schön', None)
    """
    raw = bytearray()
    for char in text:
        try:
            raw += char.encode(WESTERN)
        except UnicodeEncodeError:
            if ord(char) > 0xFF:
                return None
            raw.append(ord(char))  # a byte that has no character there
    return looks_like_utf_8(bytes(raw), WESTERN)


def warn_of_garbled(labelled_of: Mapping[str, LabelledTexts], *, source: str) -> None:
    """Warn of texts that seem to have been read in a wrong encoding, and of lost characters.

    Parameters
    ----------
    labelled_of : mapping of split to LabelledTexts
    source : str
        How messages call the data.
    """
    _warn_of_nulls(labelled_of, source)
    garbled: list[tuple[str, str]] = []
    lost: list[str] = []
    for labelled in labelled_of.values():
        foreign = (text for text in labelled.texts if not text.isascii())
        for text in islice(foreign, N_LOOKED_AT):
            if LOST in text:
                lost.append(text)
            elif (meant := repair(text)) is not None:
                garbled.append((text, meant))
    if len(garbled) >= MIN_TEXTS:
        text, meant = garbled[0]
        logger.warning(
            "%s: %s texts seem to have been read in a wrong encoding before: '%s' is probably "
            "'%s'; export them once more, as UTF-8",
            source,
            f"{len(garbled):,}",
            _excerpt(text),
            _excerpt(meant),
        )
    if len(lost) >= MIN_TEXTS:
        logger.warning(
            "%s: %s texts have characters that were lost (U+FFFD), such as '%s'; export them once "
            "more, as UTF-8",
            source,
            f"{len(lost):,}",
            _excerpt(lost[0]),
        )


def _warn_of_nulls(labelled_of: Mapping[str, LabelledTexts], source: str) -> None:
    """Warn of texts that hold null bytes, in place of a part that was never written."""
    lines = []
    for labelled in labelled_of.values():
        holds = (NULL_RUN in text for text in labelled.texts)
        lines += list(compress(labelled.lines, holds))
    if lines:
        logger.warning(
            "%s: %s: a part was never written; the first is row %s of the data",
            source,
            f"{plural(len(lines), 'text')} with null bytes in place of letters",
            f"{lines[0]:,}",
        )


def _excerpt(text: str) -> str:
    """Return a piece of a text around its first character that is not ASCII."""
    at = next(i for i, char in enumerate(text) if not char.isascii())
    start = max(0, at - SHOWN_CHARS // 2)
    return " ".join(text[start : start + SHOWN_CHARS].split())
