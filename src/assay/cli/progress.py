"""Progress on stderr: a bar with the time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

from assay.cli.show import printable
from assay.progress import Progress

__all__ = ["TerminalProgress"]

LINE_EVERY_S = 15.0  # where there is no terminal to draw on


class TerminalProgress(Progress):
    """Draws on stderr, so that stdout can be piped."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self.draws_bars = self._console.is_terminal
        self._bars: RichProgress | None = None

    @contextmanager
    def track(self, name: str, n_steps: int) -> Iterator[Callable[[int], None]]:
        """Show a bar while the block runs."""
        if not self._console.is_terminal:
            yield self._lines(name, n_steps)
            return
        is_outermost = self._bars is None
        if self._bars is None:
            self._bars = _new_bars(self._console)
            self._bars.start()
        bars = self._bars
        task = bars.add_task(name, total=n_steps or None)
        try:
            yield lambda n_done: bars.advance(task, n_done)
        finally:
            bars.remove_task(task)
            if is_outermost:
                bars.stop()
                self._bars = None

    def _lines(self, name: str, n_steps: int) -> Callable[[int], None]:
        started_s = said_s = time.monotonic()
        n_done = 0

        def advance(n: int) -> None:
            nonlocal n_done, said_s
            n_done += n
            now_s = time.monotonic()
            if now_s - said_s < LINE_EVERY_S:
                return
            said_s = now_s
            rate = _describe_rate(n_done, now_s - started_s)
            if n_steps and n_done < n_steps:
                left_s = (n_steps - n_done) * (now_s - started_s) / max(n_done, 1)
                # The first of a few steps often does what the others find done, such as features.
                about = "up to" if n_done == 1 else "about"
                sys.stderr.write(
                    f"{name}: {n_done:,} of {n_steps:,} ({rate}), {about} {left_s:,.0f} s left\n"
                )
            else:
                sys.stderr.write(f"{name}: {n_done:,} ({rate}) after {now_s - started_s:,.0f} s\n")

        return advance

    def say(self, sentence: str) -> None:
        """Print a sentence above the bars."""
        self._console.print(printable(sentence), markup=False, soft_wrap=True)


class _RateColumn(ProgressColumn):
    """Steps per second, also where the total is unknown and TimeRemainingColumn shows nothing."""

    def render(self, task: Task) -> Text:
        """Draw it."""
        speed = task.finished_speed or task.speed
        if speed is None:
            return Text("")
        return Text(f"{speed:,.0f}/s" if speed >= 10 else _describe_rate(speed, 1.0))


def _describe_rate(n_done: float, elapsed_s: float) -> str:
    """Say how fast steps are done; of slow ones, how long each takes."""
    if not n_done:
        return "none yet"
    rate = n_done / elapsed_s
    return f"{rate:,.1f}/s" if rate >= 0.1 else f"{1 / rate:,.0f} s each"


def _new_bars(console: Console) -> RichProgress:
    return RichProgress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
