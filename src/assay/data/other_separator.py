"""Whether labels look joined by another separator than the one that a person named."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence

from assay.errors import cut

__all__ = ["warn_of_other_separator"]

logger = logging.getLogger(__name__)

SEPARATORS = (";", "|", ",", "/", "+")  # that people put between the labels of a cell


def warn_of_other_separator(labels: Iterable[str], separator: str, *, source: str) -> None:
    """Warn of labels that look joined by another separator than the one that was named.

    They do where a piece of a label is a label by itself, or a piece of another one.

    Parameters
    ----------
    labels : iterable of str
    separator : str
        What took the labels of a cell apart.
    source : str
    """
    names = list(labels)
    for other in SEPARATORS:
        joined = _find_joined(names, other)
        if joined and other != separator:
            logger.warning(
                "%s: %s like several that are joined by '%s', such as '%s': is "
                "--label-separator '%s' meant?",
                source,
                "1 label looks" if len(joined) == 1 else f"{len(joined):,} labels look",
                other,
                cut(joined[0]),
                other,
            )
            return


def _find_joined(names: Sequence[str], separator: str) -> list[str]:
    """Return the labels that hold a separator, and a piece that other labels have too."""
    pieces_of: dict[str, set[str]] = {}
    n_labels: Counter[str] = Counter()
    for name in names:
        pieces_of[name] = {piece.strip() for piece in name.split(separator)}
        n_labels.update(pieces_of[name])
    joined = []
    for name, pieces in pieces_of.items():
        if len(pieces) > 1 and max(n_labels[piece] for piece in pieces) > 1:
            joined.append(name)
    return joined
