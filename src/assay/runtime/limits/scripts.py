"""Texts in a script that the training texts do not have, told by their letters alone.

It costs next to nothing, so `predict` looks at it without being asked. Texts in a known script
that are about something else need the scope: see `scope`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from assay.tokenization.scripts import count_scripts, find_script
from assay.tokenization.words import EMOJI as EMOJI_RANGES

__all__ = [
    "EMOJI",
    "NO_SCRIPT",
    "UnseenScripts",
    "find_unseen_scripts",
    "has_emoji",
    "list_scripts",
    "name_unseen_scripts",
]

LATIN = "LATIN"
EMOJI = "EMOJI"  # what a text without letters is written in; no name of a script begins so
NO_SCRIPT = "none"  # in the place of scripts, where texts have neither letters nor emoji
ANY_EMOJI = re.compile(f"[{EMOJI_RANGES}]")
SEEN_FRACTION = 0.001  # least share of the training texts' letters for a script to count as seen
FOREIGN_FRACTION = 0.5  # a text with more of its letters in unseen scripts is written in them
MANY_FRACTION = 0.05  # share of such texts from which it is worth a warning
MAX_NAMED = 3  # scripts that a sentence names


def list_scripts(texts: Sequence[str]) -> list[str]:
    """Return the scripts that texts are written in, the most frequent first."""
    counts = count_scripts(texts)
    n_letters = counts.total()
    return [script for script, n in counts.items() if n >= SEEN_FRACTION * n_letters]


def has_emoji(texts: Sequence[str]) -> bool:
    """Return whether a thousandth of the texts have emoji, at least."""
    n_with = sum(ANY_EMOJI.search(text) is not None for text in texts if not text.isascii())
    return n_with > 0 and n_with >= SEEN_FRACTION * len(texts)


@dataclass(frozen=True)
class UnseenScripts:
    """How many of some texts are written in scripts that the training texts do not have.

    Parameters
    ----------
    n_texts : int
        Texts that were looked at.
    counts : mapping of str to int
        Those among them that are in an unseen script, by more than half of their letters: the
        script that most of these letters are in, and the number of texts.
    """

    n_texts: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, several: Iterable[UnseenScripts]) -> UnseenScripts:
        """Return what was found in several parts together."""
        n_texts, counts = 0, Counter[str]()
        for one in several:
            n_texts += one.n_texts
            counts.update(one.counts)
        return cls(n_texts, dict(counts.most_common()))

    @property
    def n_unseen(self) -> int:
        """How many texts are in an unseen script."""
        return sum(self.counts.values())

    @property
    def are_many(self) -> bool:
        """Whether there are so many that a person should be told."""
        return self.n_unseen > 0 and self.n_unseen >= MANY_FRACTION * self.n_texts

    def describe(self) -> str:
        """Return one sentence."""
        named = ", ".join(name.title() for name in list(self.counts)[:MAX_NAMED])
        if self.n_texts == 1:
            return (
                f"the text is in a script that no training text is in ({named}): "
                "do not trust its label"
            )
        verb = "is" if self.n_unseen == 1 else "are"
        return (
            f"{self.n_unseen:,} of the {self.n_texts:,} texts looked at {verb} in a script that "
            f"no training text is in ({named}): do not trust their labels"
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain values under the name in a summary; nothing if there are none."""
        return {"unseen_scripts": dict(self.counts)} if self.counts else {}


def name_unseen_scripts(texts: Sequence[str], *, seen: Collection[str]) -> list[str]:
    """Return for each text the unseen script that most of its letters are in.

    Parameters
    ----------
    texts : sequence of str
    seen : collection of str
        What `list_scripts` returned for the training texts, and `EMOJI` if they have any. If it is
        empty, nothing is known.

    Returns
    -------
    list of str
        Empty for a text with no more than half of its letters in unseen scripts. `EMOJI` for a
        text of emoji without letters, if none were seen.
    """
    names = [""] * len(texts)
    together = "".join(texts)
    if not seen or (together.isascii() and LATIN in seen):
        return names
    # A speed trick: the characters of all texts are looked up once, and letters are counted in
    # those texts alone that have a strange one. The plain version counts them in every text.
    strange = {one for one in set(together) if (script := find_script(one)) and script not in seen}
    if EMOJI not in seen:
        strange.update(ANY_EMOJI.findall(together))
    for i, text in enumerate(texts):
        if not strange.isdisjoint(text):
            names[i] = _name_unseen_script(text, seen)
    return names


def _name_unseen_script(text: str, seen: Collection[str]) -> str:
    counts = count_scripts([text])
    if not counts:
        return EMOJI if EMOJI not in seen and ANY_EMOJI.search(text) else ""
    unseen = {script: n for script, n in counts.items() if script not in seen}
    if sum(unseen.values()) <= FOREIGN_FRACTION * counts.total():
        return ""
    return next(iter(unseen))


def find_unseen_scripts(texts: Sequence[str], *, seen: Collection[str]) -> UnseenScripts:
    """Count the texts in scripts that are not among those of the training texts.

    Parameters
    ----------
    texts : sequence of str
    seen : collection of str
        As for `name_unseen_scripts`.
    """
    found = Counter(name_unseen_scripts(texts, seen=seen))
    del found[""]
    return UnseenScripts(len(texts), dict(found.most_common()))
