"""`one_blas_thread`: linear algebra in one thread, for fits that are made of many small steps.

L-BFGS adds and multiplies short vectors thousands of times. OpenBLAS, which NumPy and SciPy bring,
shares each of these out to all its threads, which then wait for each other in a loop that takes
processor time and gets nothing done: "One thread for L-BFGS" in dev/LOG.md has the figures.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
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
        self._before: list[tuple[Any, int]] = []

    def enter(self) -> None:
        with self._lock:
            if self._n_inside == 0:
                self._before = [(library, library.get_num_threads()) for library in _libraries()]
                _set_threads((library, 1) for library, _ in self._before)
            self._n_inside += 1

    def leave(self) -> None:
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                _set_threads(self._before)


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


def _set_threads(numbers: Iterable[tuple[Any, int]]) -> None:
    """Set how many threads each library has, whichever thread of Python has set it before.

    threadpoolctl lets that one alone change it again, as long as it lives; here it is the first
    one to enter, and need not be the last one to leave.
    """
    for library, number in numbers:
        release = getattr(library, "clear_controlling_thread", lambda *, force: None)
        release(force=True)
        library.set_num_threads(number)
        release(force=True)


@cache
def _libraries() -> list[Any]:
    """Return what sets the threads of each BLAS, looked for once: that takes milliseconds."""
    import scipy.linalg  # noqa: F401 - brings its own OpenBLAS, which has to be there by then
    import threadpoolctl

    found = threadpoolctl.ThreadpoolController().lib_controllers
    return [library for library in found if library.user_api == "blas"]
