"""Work shared out to threads: each thread takes one item, such as a batch, at a time.

Threads of Python are enough: what computes, ONNX Runtime and torch, releases the interpreter
meanwhile.
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
    """Call `work` with each item, in several threads where there are several items.

    Parameters
    ----------
    work : callable
        What it raises is raised here. Items that no thread has begun by then are left out.
    items : sequence
        Begun in this order.
    n_threads : int
        Largest number of threads; with 1, everything happens in the calling thread.
    advance : callable, optional
        Called in the calling thread with each item that is done, in order.
    """
    n_threads = min(n_threads, len(items))
    if n_threads <= 1:
        for item in items:
            work(item)
            if advance is not None:
                advance(item)
        return
    failed: list[int] = []

    def work_on(i: int) -> None:
        # Only items after the failed one are left out: the error that the caller gets, and the
        # items that `advance` hears of, do not depend on which thread was faster.
        if failed and i > min(failed):
            return
        try:
            work(items[i])
        except BaseException:
            failed.append(i)
            raise

    pool = ThreadPoolExecutor(n_threads)  # starting one takes 0.1 ms
    try:
        for item, _ in zip(items, pool.map(work_on, range(len(items))), strict=True):
            if advance is not None:
                advance(item)
    finally:
        pool.shutdown(cancel_futures=True)  # on Ctrl-C, too, no thread begins another item
