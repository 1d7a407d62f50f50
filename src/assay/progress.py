"""How work reports its progress without knowing who shows it.

The library calls `Progress.track`; the command line passes a subclass that draws a bar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Progress"]


class Progress:
    """Silent progress: the default everywhere, and the base of those that draw."""

    draws_bars = False  # whether libraries that draw bars of their own on stderr may do so

    @contextmanager
    def track(self, name: str, n_steps: int) -> Iterator[Callable[[int], None]]:
        """Announce work of `n_steps`; yield a function to call with the number of steps just done.

        `n_steps` is 0 if the number is not known.
        """
        yield lambda n_done: None

    def say(self, sentence: str) -> None:
        """Say what is happening, in one sentence, which never contains a user's text."""

    def say_once(self, sentence: str) -> None:
        """Say a sentence that holds for all methods of a run, though each has reason to say it."""
        said: set[str] = vars(self).setdefault("said_once", set())
        if sentence not in said:
            said.add(sentence)
            self.say(sentence)
