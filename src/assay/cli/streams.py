"""Standard streams that whoever started the command has closed (``>&-``), or made not to wait."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

__all__ = ["open_closed_streams", "wait_on_streams"]

STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def open_closed_streams() -> None:
    """Put the null device into the place of each standard stream that is closed.

    Python has None there. The next file that is opened would get the number of the stream, and what
    a library writes to stderr would end up in the middle of an output.
    """
    for number, (name, mode) in enumerate(STREAMS):
        if getattr(sys, name) is not None:
            continue
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
        stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115 - for good
        setattr(sys, name, stream)


def wait_on_streams() -> None:
    """Let the standard streams wait for whoever is at their other end.

    Some programs make their ends not wait, which holds for whoever shares them. Python takes an
    input that has nothing yet as ended, and loses what an output does not take at once.
    """
    for number in range(len(STREAMS)):
        with suppress(OSError):  # a stream that is closed
            os.set_blocking(number, True)
