"""`one_blas_thread`: linear algebra in one thread, for fits that are made of many small steps.

L-BFGS adds and multiplies short vectors thousands of times. OpenBLAS, which NumPy and SciPy bring,
shares each of these out to all its threads, which then wait for each other in a loop that takes
processor time and gets nothing done: "One thread for L-BFGS" in dev/LOG.md has the figures.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

__all__ = ["one_blas_thread"]


class _OneThread:
    """The limit, shared by the threads of Python that are inside at once.

    Each of them would otherwise remember the number that it found, which is that of the other ones:
    the last one to leave would bring back 1, for good.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_inside = 0
        self._limit: Any = None

    def enter(self) -> None:
        with self._lock:
            if self._n_inside == 0:
                self._limit = _controller().limit(limits=1, user_api="blas")
            self._n_inside += 1

    def leave(self) -> None:
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                self._limit.restore_original_limits()


_ONE_THREAD = _OneThread()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let NumPy and SciPy compute with one thread inside of the block.

    The number belongs to the process. Where several threads of Python are inside at once, the first
    one sets it, and the last one that leaves brings the former number back.
    """
    _ONE_THREAD.enter()
    try:
        yield
    finally:
        _ONE_THREAD.leave()


@cache
def _controller() -> Any:
    """Return what sets the threads of the libraries, looked for once: that takes milliseconds."""
    import scipy.linalg  # noqa: F401 - brings its own OpenBLAS, which has to be there by then
    import threadpoolctl

    return threadpoolctl.ThreadpoolController()
