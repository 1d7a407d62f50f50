"""Giving memory that is no longer used back to the system."""

from __future__ import annotations

import ctypes

__all__ = ["give_back_memory"]


def give_back_memory() -> None:
    """Give unused pages back to the system, if the C library can.

    glibc keeps them for later, separately for each thread: 40 swaps of a model of 5 MB took a
    server from 97 to 184 MB, and to 98 MB with this.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):  # another C library; Windows wants a name
        return
    trim(0)
