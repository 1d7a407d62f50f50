"""Texts in a script that the training texts do not have, told by their letters alone.

It costs next to nothing, so `predict` looks at it without being asked. Texts in a known script
that are about something else need the scope: see `scope`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assay.tokenization.scripts import count_scripts

__all__ = ["UnseenScripts", "find_unseen_scripts", "list_scripts"]

SEEN_FRACTION = 0.001  # least share of the training texts' letters for a script to count as seen
FOREIGN_FRACTION = 0.5  # a text with more of its letters in unseen scripts is written in them
MANY_FRACTION = 0.05  # share of such texts from which it is worth a warning
MAX_NAMED = 3  # scripts that a sentence names


def list_scripts(texts: Sequence[str]) -> list[str]:
    """Return the scripts that texts are written in, the most frequent first."""
    counts = count_scripts(texts)
    n_letters = counts.total()
    return [script for script, n in counts.items() if n >= SEEN_FRACTION * n_letters]


@dataclass(frozen=True)
class UnseenScripts:
    """How many of some texts are written in scripts that the training texts do not have.

    Parameters
    ----------
    n_texts : int
        Texts that were looked at.
    n_unseen : int
        How many of them are in an unseen script, by more than half of their letters.
    scripts : tuple of str
        The unseen scripts of those texts, the most frequent first.
    """

    n_texts: int
    n_unseen: int
    scripts: tuple[str, ...]

    @property
    def are_many(self) -> bool:
        """Whether there are so many that a person should be told."""
        return self.n_unseen > 0 and self.n_unseen >= MANY_FRACTION * self.n_texts

    def describe(self) -> str:
        """Return one sentence with what to do."""
        named = [name.title() for name in self.scripts[:MAX_NAMED]]
        if self.n_texts == 1:
            return (
                f"the text is in a script that no training text is in ({', '.join(named)}): "
                "do not trust its label; `assay predict --scope` marks such texts"
            )
        verb = "is" if self.n_unseen == 1 else "are"
        return (
            f"{self.n_unseen:,} of the {self.n_texts:,} texts looked at {verb} in a script that "
            f"no training text is in ({', '.join(named)}): do not trust their labels; "
            "--scope marks such texts"
        )


def find_unseen_scripts(texts: Sequence[str], *, seen: Collection[str]) -> UnseenScripts:
    """Count the texts in scripts that are not among those of the training texts.

    Parameters
    ----------
    texts : sequence of str
    seen : collection of str
        What `list_scripts` returned for the training texts. If it is empty, nothing is known, and
        no text counts.
    """
    n_unseen = 0
    scripts: Counter[str] = Counter()
    for text in texts if seen else ():
        counts = count_scripts([text])
        unseen = Counter({script: n for script, n in counts.items() if script not in seen})
        if unseen.total() > FOREIGN_FRACTION * counts.total():
            n_unseen += 1
            scripts.update(unseen)
    return UnseenScripts(len(texts), n_unseen, tuple(name for name, _ in scripts.most_common()))
