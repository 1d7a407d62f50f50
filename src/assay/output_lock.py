"""One writer per output: a lock that the system takes back when the process that holds it ends.

It is a file beside the output that is locked through the kernel (`filelock`, which tokenizers
brings along). The file names its owner for the message only. One that a killed process left behind
is not locked any more, so the next process takes it over.
"""

from __future__ import annotations

import errno
import logging
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from assay.errors import OutsideError
from assay.output_place import find_place

__all__ = ["lock_output"]

logger = logging.getLogger(__name__)

# What the caller holds already: a recipe locks its output before it reads its data, and
# `atomic_folder` asks again. Another thread starts with an empty set.
_held: ContextVar[frozenset[Path]] = ContextVar("held", default=frozenset())

# How a file system says that it knows no locks, as some of networks do.
NO_LOCKS = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK}


@contextmanager
def lock_output(out: Path | None, *, may_be_held: bool = False) -> Iterator[None]:
    """Hold the lock of an output.

    The folder of the output is made if need be, and deleted again if it is still empty at the end.
    Where the file system knows no locks, a warning is
    logged and nothing is held.

    Parameters
    ----------
    out : Path, optional
        A file or a folder. None: nothing is written, so nothing is held.
    may_be_held : bool
        Whether the caller may hold this lock already; then nothing is done.

    Raises
    ------
    OutsideError
        Another process writes this output, or its folder cannot be written.
    """
    if out is None:
        yield
        return
    path = find_place(out).lock
    key = path.absolute()
    if may_be_held and key in _held.get():
        yield
        return
    try:
        made = _make_parents(path)
    except OSError as err:
        raise _refused(out, err) from err
    token = _held.set(_held.get() | {key})
    try:
        with _kernel_lock(path, out):
            yield
    finally:
        _held.reset(token)
        for folder in made:
            with suppress(OSError):  # it is no longer empty
                folder.rmdir()


@contextmanager
def _kernel_lock(path: Path, out: Path) -> Iterator[None]:
    """Lock a file through the kernel, and delete it at the end."""
    import filelock

    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as err:
        raise OutsideError(
            f"{out} is being written by another process{_read_owner(path)}",
            hint="wait until it has ended, or choose another --out",
        ) from err
    except (NotImplementedError, OSError) as err:
        if isinstance(err, OSError) and err.errno not in NO_LOCKS:
            raise _refused(out, err) from err
        logger.warning("%s cannot be locked on this file system: write it once at a time", out)
        yield
        return
    _write_owner(path)
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()  # while it is locked: nobody else has it yet
        lock.release()


def _refused(out: Path, err: OSError) -> OutsideError:
    return OutsideError(
        f"{out} could not be written: {err.strerror or err}",
        hint="look at free space and permissions",
    )


def _make_parents(path: Path) -> list[Path]:
    """Make the folders above a path; return those that were missing, the innermost first."""
    missing = [folder for folder in path.parents if not folder.exists()]
    if missing:
        path.parent.mkdir(parents=True, exist_ok=True)
    if not path.parent.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path.parent))
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
