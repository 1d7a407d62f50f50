"""Rows that come slowly, such as lines of a log that grows: they are handed on when none follows.

A row that has come must not wait until a chunk is full. They are read in a thread of their own,
since a thread that waits for a line cannot do anything else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, Queue
from typing import TypeVar

__all__ = ["cut_arrivals"]

Item = TypeVar("Item")
PATIENCE_S = 0.1  # how long a row waits for more of them: so chunks of what comes fast are full


class _End:
    """Comes after the last item: what ended the reading."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def cut_arrivals(
    items: Iterable[Item], *, most: int, before_waiting: Callable[[], object]
) -> Iterator[list[Item]]:
    """Cut items into chunks: full ones while they come fast, else whatever has come.

    Parameters
    ----------
    items : iterable
        Read in a thread, which never ends if reading never does.
    most : int
        Items of a chunk.
    before_waiting : callable
        Called before it may take long until there is another chunk.

    Raises
    ------
    BaseException
        Whatever reading raised, after the items before it.
    """
    arrived: Queue[Item | _End] = Queue(most)
    threading.Thread(target=_read, args=(items, arrived), daemon=True, name="arrivals").start()
    while True:
        before_waiting()
        chunk, end = _take(arrived, most)
        if chunk:
            yield chunk
        if end is not None:
            if end.error is not None:
                raise end.error
            return


def _read(items: Iterable[Item], arrived: Queue[Item | _End]) -> None:
    try:
        for item in items:
            arrived.put(item)
        arrived.put(_End(None))
    except BaseException as err:  # it is raised where the items are used
        arrived.put(_End(err))


def _take(arrived: Queue[Item | _End], most: int) -> tuple[list[Item], _End | None]:
    """Wait for an item, and return those that come right behind it; and the end, if it came."""
    chunk: list[Item] = []
    item = arrived.get()
    while not isinstance(item, _End):
        chunk.append(item)
        if len(chunk) == most:
            return chunk, None
        try:
            item = arrived.get(timeout=PATIENCE_S)
        except Empty:
            return chunk, None
    return chunk, item
