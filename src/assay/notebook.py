"""The progress bar below the cell of a notebook. IPython is loaded only inside a notebook."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from assay._optional import require
from assay.progress import Progress

__all__ = ["NotebookProgress", "default_progress", "in_notebook"]

REDRAW_EVERY_S = 0.2


def in_notebook() -> bool:
    """Tell whether this process is the kernel of a notebook.

    A kernel has loaded IPython itself, so it need not be imported to find out.
    """
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None


def default_progress() -> Progress:
    """Return the progress where none was given: a bar in a notebook, silence elsewhere."""
    return NotebookProgress() if in_notebook() else Progress()


@dataclass
class _Task:
    name: str
    n_steps: int
    n_done: int
    started_s: float


class NotebookProgress(Progress):
    """A bar with the time left, below the cell; it disappears when the work is done.

    Parameters
    ----------
    display : callable, optional
        Shows HTML and returns a handle that can `update` it; None means IPython's.
    """

    def __init__(self, display: Callable[[str], Any] | None = None) -> None:
        self._display = display or _display_html
        self._tasks: list[_Task] = []
        self._handle: Any = None
        self._sentence = ""
        self._drawn_s = 0.0

    @contextmanager
    def track(self, name: str, n_steps: int) -> Iterator[Callable[[int], None]]:
        """Show a bar while the block runs; nested work has a bar of its own."""
        task = _Task(name, n_steps, 0, time.monotonic())
        self._tasks.append(task)
        self._draw()

        def advance(n: int) -> None:
            task.n_done += n
            if time.monotonic() - self._drawn_s >= REDRAW_EVERY_S:
                self._draw()

        try:
            yield advance
        finally:
            self._tasks.remove(task)
            self._draw()

    def say(self, sentence: str) -> None:
        """Show a sentence below the bars, as long as there is one."""
        self._sentence = sentence
        if self._tasks:
            self._draw()

    def _draw(self) -> None:
        self._drawn_s = time.monotonic()
        content = "".join(map(_bar, self._tasks))
        if content and self._sentence:
            content += f"<div><small>{html.escape(self._sentence)}</small></div>"
        if self._handle is None:
            self._handle = self._display(content)
        else:
            self._handle.update(_as_html(content))


def _bar(task: _Task) -> str:
    spent_s = time.monotonic() - task.started_s
    if not task.n_steps:
        return f"<div>{html.escape(task.name)}: {task.n_done:,} after {spent_s:.0f} s</div>"
    left_s = spent_s * (task.n_steps - task.n_done) / task.n_done if task.n_done else None
    left = "" if left_s is None else f", about {left_s:.0f} s left"
    return (
        f'<div><progress max="{task.n_steps}" value="{min(task.n_done, task.n_steps)}"></progress> '
        f"{html.escape(task.name)}: {task.n_done:,} of {task.n_steps:,}{left}</div>"
    )


def _as_html(content: str) -> Any:
    return require("IPython.display").HTML(content)


def _display_html(content: str) -> Any:
    return require("IPython.display").display(_as_html(content), display_id=True)
