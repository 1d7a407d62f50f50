"""`hold_output`: what is written is checked and held before anything is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["hold_output"]


@contextmanager
def hold_output(
    out: Path | None, *, overwrite: bool, apart: object, is_folder: bool = False
) -> Iterator[None]:
    """Refuse an output that cannot be written, and hold its lock until the command has ended.

    Parameters
    ----------
    out : Path, optional
        None: nothing is written.
    overwrite : bool
    apart
        What is read, such as DATA: writing must not destroy it.
    is_folder : bool
        Whether the output is a folder.

    Raises
    ------
    InputError
        The output is there already, cannot be one, or holds what is read.
    OutsideError
        Another process writes it, or its folder cannot be written.
    """
    from assay.disk import check_output
    from assay.output_lock import lock_output
    from assay.output_place import check_apart

    if out is not None:
        check_output(out, overwrite=overwrite, is_folder=is_folder)
        check_apart(apart, out)
    with lock_output(out):
        yield
