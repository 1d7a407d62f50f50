"""What several people answered about one text, made one answer: that of most, else the first."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from assay.data.files.row import Record
from assay.errors import plural

__all__ = ["Answers"]

logger = logging.getLogger(__name__)


class Answers:
    """Settles what people answered, and counts the texts about which they disagree."""

    def __init__(self) -> None:
        self.n_disputed = 0

    def settle(self, given: Mapping[str, Sequence[Any]]) -> Record:
        """Return one answer for each question about a text.

        Parameters
        ----------
        given : mapping
            Question -> what each person answered, at least one. Several labels are a list, whose
            order means nothing.

        Examples
        --------
        >>> Answers().settle({"mood": ["sad", "glad", "glad"], "topic": [["a", "b"], ["b", "a"]]})
        {'mood': 'glad', 'topic': ['a', 'b']}
        """
        settled: Record = {}
        is_disputed = False
        for question, answers in given.items():
            keys = list(map(_key, answers))
            counts = Counter(keys)  # where several are as frequent, the first comes first
            settled[question] = answers[keys.index(counts.most_common(1)[0][0])]
            is_disputed = is_disputed or len(counts) > 1
        self.n_disputed += is_disputed
        return settled

    def warn(self, name: str) -> None:
        """Say about how many texts people disagree."""
        if self.n_disputed:
            logger.warning(
                "%s: people gave different labels to %s; the label that most of them gave is "
                "taken, or the first one where none has more",
                name,
                plural(self.n_disputed, "text"),
            )


def _key(answer: Any) -> str:
    """Return what two answers that say the same have in common."""
    written = map(_written, answer) if isinstance(answer, list) else [_written(answer)]
    return "\n".join(sorted(written))


def _written(answer: Any) -> str:
    return json.dumps(answer, sort_keys=True, default=str)
