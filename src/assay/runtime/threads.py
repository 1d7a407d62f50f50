"""Work shared out to threads: one item, such as a batch, a thread at a time.

Threads of Python are enough for it: what computes, ONNX Runtime and torch, lets go of the
interpreter meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["for_each"]

Item = TypeVar("Item")


def for_each(
    work: Callable[[Item], object],
    items: Sequence[Item],
    *,
    n_threads: int,
    advance: Callable[[Item], object] | None = None,
) -> None:
    """Call `work` with each item, in as many threads as there are items for.

    Parameters
    ----------
    work : callable
        What it raises is raised here; items that nobody has begun then stay undone.
    items : sequence
        Begun in this order.
    n_threads : int
        One: in this thread.
    advance : callable, optional
        Called in this thread with each item that is done, in order.
    """
    n_threads = min(n_threads, len(items))
    if n_threads <= 1:
        for one in items:
            work(one)
            if advance is not None:
                advance(one)
        return
    pool = ThreadPoolExecutor(n_threads)  # 0.1 ms, and nothing is left of it
    try:
        for one, _ in zip(items, pool.map(work, items), strict=True):
            if advance is not None:
                advance(one)
    finally:
        pool.shutdown(
            cancel_futures=True
        )  # after an error, or Ctrl-C, what has not begun is not begun
