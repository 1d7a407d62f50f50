"""`one_blas_thread`: linear algebra in one thread, for fits that are made of many small steps.

L-BFGS adds and multiplies short vectors thousands of times. OpenBLAS, which NumPy and SciPy bring,
shares each of these out to all its threads, which then wait for each other in a loop that takes
processor time and gets nothing done: "One thread for L-BFGS" in dev/LOG.md has the figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

__all__ = ["one_blas_thread"]


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let NumPy and SciPy compute with one thread inside of the block.

    The number belongs to the process. Where several threads of Python are inside at once, the first
    one sets it, and brings the former one back when it leaves.
    """
    with _controller().limit(limits=1, user_api="blas"):
        yield


@cache
def _controller() -> Any:
    """Return what sets the threads of the libraries, looked for once: that takes milliseconds."""
    import scipy.linalg  # noqa: F401 - brings its own OpenBLAS, which has to be there by then
    import threadpoolctl

    return threadpoolctl.ThreadpoolController()
