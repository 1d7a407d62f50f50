"""Work behind a page: it stops between two batches, and a process that ends does not wait for it.

Python waits at its end for threads that are no daemons, those of `asyncio.to_thread` among them;
and it may abort where a daemon thread is inside of a library in C++ then. So a command whose page
has ended, and whose decisions are on the disk, leaves such threads behind (`end_at_once`).
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from assay.progress import Progress

__all__ = [
    "Stoppable",
    "StoppedError",
    "end_at_once",
    "run_aside",
    "silent_cancels",
    "start_thread",
]

Found = TypeVar("Found")

PREFIX = "assay-page-"  # of the names of the threads


class StoppedError(Exception):
    """The page has ended: what is being worked out is not wanted any more."""


class Stoppable(Progress):
    """Progress that raises `StoppedError` at the next batch once work is to stop.

    Parameters
    ----------
    is_stopping : threading.Event
    """

    def __init__(self, is_stopping: threading.Event) -> None:
        self._is_stopping = is_stopping

    @contextmanager
    def track(self, name: str, n_steps: int) -> Iterator[Callable[[int], None]]:
        """Yield a function that is called after every batch."""

        def advance(n_done: int) -> None:
            if self._is_stopping.is_set():
                raise StoppedError

        yield advance


def start_thread(work: Callable[[], object], name: str) -> threading.Thread:
    """Start a thread that the end of the process does not wait for."""
    thread = threading.Thread(target=work, name=PREFIX + name, daemon=True)
    thread.start()
    return thread


async def run_aside(work: Callable[[], Found], name: str) -> Found:
    """Call a function that takes seconds or minutes, in such a thread; return what it returns."""
    import asyncio  # here: the command line, which looks for threads at its end, needs neither
    from concurrent.futures import Future

    found: Future[Found] = Future()
    found.set_running_or_notify_cancel()  # from here on, a page that has gone cannot cancel it

    def fill() -> None:
        try:
            found.set_result(work())
        except BaseException as err:
            found.set_exception(err)

    start_thread(fill, name)
    return await asyncio.wrap_future(found)


@contextmanager
def silent_cancels() -> Iterator[None]:
    """Let the server say nothing of answers that are still worked out when the page ends."""

    def is_else(record: logging.LogRecord) -> bool:
        return not record.msg.startswith("Cancel ")

    logger = logging.getLogger("uvicorn.error")
    logger.addFilter(is_else)
    try:
        yield
    finally:
        logger.removeFilter(is_else)


def end_at_once(code: int | str | None) -> None:
    """End the process if such a thread still works; otherwise do nothing.

    Parameters
    ----------
    code : int, str or None
        As of `SystemExit`.
    """
    if not any(thread.name.startswith(PREFIX) for thread in threading.enumerate()):
        return
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)
