"""How long work reports its progress, without knowing who shows it.

The library calls `Progress.track`; the command line passes one that draws a bar with the time left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Progress"]


class Progress:
    """Silent progress: the default everywhere, and the base of the one that draws."""

    draws_bars = False  # whether libraries that draw bars of their own on stderr may do so

    @contextmanager
    def track(self, name: str, n_steps: int) -> Iterator[Callable[[int], None]]:
        """Open a piece of work of `n_steps`; yield a function to call with the steps just done."""
        yield lambda n_done: None

    def say(self, sentence: str) -> None:
        """Tell one thing worth knowing while the work goes on. It never contains a user's text."""
