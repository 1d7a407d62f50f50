"""Prefetching: the next item is worked on in a second thread while the last one is used.

Prediction is a chain: read, score, write. A network computes without holding Python's global lock,
so that reading and writing in the first thread cost next to no extra time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["prefetch_map"]

Given = TypeVar("Given")
Made = TypeVar("Made")


def prefetch_map(function: Callable[[Given], Made], items: Iterable[Given]) -> Iterator[Made]:
    """Like `map`, in order, but computed one item ahead in a thread.

    At most three items are alive: one that is used, one that is computed, one that was read.

    Parameters
    ----------
    function : callable
        Called in one other thread, with one item after the other.
    items : iterable
        Read in the caller's thread.

    Raises
    ------
    Exception
        Whatever the function raised, where its result would have been.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="prefetch")
    waiting: deque[Future[Made]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        # The caller may have stopped early: what was not begun never is.
        pool.shutdown(cancel_futures=True)
        # An error and the frame that holds its future would keep each other, and with them open
        # files, alive.
        waiting.clear()
