"""One writer per output: a lock that the system takes back when the process that holds it ends.

It is a file beside the output that is locked through the kernel (`filelock`, which tokenizers
brings along). The file names its owner for the message only. One that a killed process left behind
is not locked any more, so the next process takes it over.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from assay.errors import OutsideError

__all__ = ["lock_output"]


@contextmanager
def lock_output(out: Path) -> Iterator[None]:
    """Hold the lock of an output.

    The folder of the output is made if need be, and deleted again if it is still empty at the end.

    Parameters
    ----------
    out : Path
        A file or a folder.

    Raises
    ------
    OutsideError
        Another process writes this output.
    OSError
        The folder of the output cannot be written.
    """
    import filelock

    path = out.with_name(f".{out.name}.lock")
    made = _make_parents(path)
    lock = filelock.FileLock(path)
    try:
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout as err:
            raise OutsideError(
                f"{out} is being written by another process{_read_owner(path)}",
                hint="wait until it has ended, or choose another --out",
            ) from err
        _write_owner(path)
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink()  # while it is locked: nobody else has it yet
            lock.release()
    finally:
        for folder in made:
            with suppress(OSError):  # it is no longer empty
                folder.rmdir()


def _make_parents(path: Path) -> list[Path]:
    """Make the folders above a path; return those that were missing, the innermost first."""
    missing = [folder for folder in path.parents if not folder.exists()]
    if missing:
        path.parent.mkdir(parents=True, exist_ok=True)
    return missing


def _write_owner(path: Path) -> None:
    with suppress(OSError):  # Windows lets nobody write into a locked file
        path.write_text(f"{os.getpid()} {platform.node()}\n", encoding="utf-8")


def _read_owner(path: Path) -> str:
    try:
        process, host = path.read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return ""
    return f" (process {process} on {host})"
