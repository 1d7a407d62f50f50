"""Writing whole or not at all: a folder or a file appears in its place when it is finished, never half."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from assay.errors import AssayError, InputError, OutputExistsError, OutsideError

__all__ = ["atomic_folder", "check_output", "write_whole"]


def write_whole(path: Path, text: str) -> None:
    """Write a file beside its place and move it there, so that nobody ever reads half of it."""
    beside = path.with_name(f".{path.name}.partial")
    # A lone surrogate becomes \udXXX, which in JSON is the same character: the file stays UTF-8.
    beside.write_text(text, encoding="utf-8", errors="backslashreplace")
    beside.replace(path)


@contextmanager
def atomic_folder(
    out: Path,
    *,
    overwrite: bool = False,
    resume: bool = False,
    keep: Callable[[Path], bool] | None = None,
) -> Iterator[Path]:
    """Write a folder whole or not at all: yield ``OUT.partial`` and rename it to OUT at the end.

    Parameters
    ----------
    out : Path
    overwrite : bool
        Replace an existing OUT, but only once the new one is whole.
    resume : bool
        Go on in an existing ``OUT.partial`` instead of starting afresh.
    keep : callable, optional
        Asked, when the work is cut short, whether ``OUT.partial`` holds something that a later
        `resume` can use.

    Raises
    ------
    OutputExistsError
        OUT is there and `overwrite` is False.
    OutsideError
        The disk refused (full, no permission).
    """
    check_output(out, overwrite=overwrite)
    partial = out.with_name(out.name + ".partial")
    try:
        if not resume:
            _remove(partial)
        partial.mkdir(parents=True, exist_ok=True)
        yield partial
        _swap(partial, out)
    except BaseException as err:
        if keep is None or not partial.is_dir() or not keep(partial):
            with suppress(OSError):
                _remove(partial)
        if isinstance(err, OSError) and not isinstance(err, AssayError):
            reason = err.strerror or str(err)
            raise OutsideError(
                f"{out} could not be written: {reason}", hint="look at free space and permissions"
            ) from err
        raise


def check_output(out: Path, *, overwrite: bool, option: str = "--out") -> None:
    """Say no before any work is done if the output is there already.

    Raises
    ------
    InputError
        `out` has no name of its own, such as ``.``.
    OutputExistsError
        `out` exists and `overwrite` is False.
    """
    if out.name in ("", ".."):
        raise InputError(
            f"'{out}' cannot be an output; a new name is accepted", hint="such as --out runs/first"
        )
    if (out.exists() or out.is_symlink()) and not overwrite:
        hint = f"choose another {option}, or add --overwrite to replace it"
        raise OutputExistsError(f"{out} exists already", hint=hint)


def _swap(partial: Path, out: Path) -> None:
    """Move the finished folder to its place; an old OUT is put back if that fails."""
    if not os.path.lexists(out):
        partial.replace(out)
        return
    old = out.with_name(f".{out.name}.replaced")
    _remove(old)
    out.replace(old)
    try:
        partial.replace(out)
    except OSError:
        old.replace(out)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    """Delete a file, a link or a folder with all it holds; nothing there is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
