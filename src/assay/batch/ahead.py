"""Work one step ahead: while one shard is read or written, the next one is computed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["map_ahead"]

Given = TypeVar("Given")
Made = TypeVar("Made")


def map_ahead(function: Callable[[Given], Made], items: Iterable[Given]) -> Iterator[Made]:
    """Like `map`, in order; the function runs in a thread of its own, on the next item while the last one is used.

    At most three items are alive: one is used, one is computed, one was read. A network computes
    without Python's lock, so that Python reads and writes meanwhile.

    Raises
    ------
    Exception
        Whatever the function raised, where its result would have been.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    waiting: deque[Future[Made]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > 1:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:  # the caller stopped, or was stopped: what has not begun never does
        pool.shutdown(cancel_futures=True)
        # An error and the frame that holds its future would keep each other, and open files, alive
        waiting.clear()
