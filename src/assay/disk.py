"""Writing whole or not at all: a file or a folder appears in its place when it is finished.

Everything is written under a temporary name beside its place, flushed to the disk, then renamed.
Whoever reads the place sees the old content or the new one, never half of it.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from assay.errors import AssayError, InputError, OutputExistsError, OutsideError
from assay.output_lock import lock_output
from assay.output_place import (
    MODEL_FILE,
    PARTIAL,
    REPLACED,
    OutputPlace,
    check_kind,
    check_name,
    check_no_model,
    find_place,
    holds_work,
    is_mount,
)

__all__ = [
    "atomic_file",
    "atomic_files",
    "atomic_folder",
    "check_output",
    "check_unfinished",
    "partial_folder",
    "refusals_of_disk",
    "remove_path",
    "write_whole",
]

OS_ERROR = re.compile(r"\(os error (\d{1,5})\)")  # how Rust ends the message of such an error

# Written last where a folder is filled file by file: what makes it a model or a run.
LAST_NAMES = (MODEL_FILE, "results.json")


def write_whole(path: Path, text: str) -> None:
    r"""Write a text file in UTF-8 whole or not at all, replacing the one that is there.

    A lone surrogate, which JSON input can hold, becomes ``\udXXX``: in JSON the same character.

    Raises
    ------
    OSError
        The disk refused (full, no permission).
    """
    with atomic_file(path) as partial:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")


@contextmanager
def atomic_file(path: Path, *, is_shared: bool = False) -> Iterator[Path]:
    """Write a file whole or not at all: yield a path beside it, and rename that at the end.

    Parameters
    ----------
    path : Path
        The file to write; one that is there is replaced. Its folder has to exist.
    is_shared : bool
        Whether several processes or threads may write this file at the same time: each then has a
        temporary name of its own, and the last one to finish wins. Otherwise the temporary name is
        always ``.NAME.partial``, so that what a killed process left is overwritten by the next.

    Yields
    ------
    Path
        Where the block has to write the file. After an exception the temporary file is deleted.

    Raises
    ------
    OSError
        The disk refused (full, no permission), or the block wrote no file.
    """
    mark = f".{uuid.uuid4().hex}" if is_shared else ""
    partial = path.with_name(f".{path.name}{mark}{PARTIAL}")
    try:
        yield partial
        _flush_file(partial)
        partial.replace(path)
        _flush_names(path.parent)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


@contextmanager
def atomic_files(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """Write several files, all or none: yield a path beside each, and rename all at the end.

    If one of the files cannot be put in its place, the files that were there before are put back.

    Parameters
    ----------
    paths : sequence of Path
        The files to write, each once; those that are there are replaced.

    Yields
    ------
    list of Path
        Where the block has to write each file, in the order of `paths`.

    Raises
    ------
    OSError
        The disk refused, or the block left a file out.
    """
    partials = [path.with_name(f".{path.name}{PARTIAL}") for path in paths]
    try:
        yield partials
        for partial in partials:
            _flush_file(partial)
        _replace_all(partials, paths)
    finally:
        for partial in partials:
            with suppress(OSError):
                partial.unlink(missing_ok=True)


def _replace_all(partials: Sequence[Path], paths: Sequence[Path]) -> None:
    """Rename finished files to their places; after an error the old files are back in theirs."""
    replaced: list[Path] = []
    with ExitStack() as undo:
        for partial, path in zip(partials, paths, strict=True):
            if path.is_dir():  # moving it aside would succeed, deleting it afterwards would not
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
            if os.path.lexists(path):
                old = path.with_name(f".{path.name}{REPLACED}")
                path.replace(old)
                undo.callback(old.replace, path)
                replaced.append(old)
            else:
                undo.callback(path.unlink, missing_ok=True)
            partial.replace(path)
        undo.pop_all()  # all are in their places: nothing is to be undone
    for old in replaced:
        old.unlink()
    for folder in {path.parent for path in paths}:
        _flush_names(folder)


@contextmanager
def atomic_folder(
    out: Path,
    *,
    overwrite: bool = False,
    resume: bool = False,
    keep: Callable[[Path], bool] | None = None,
) -> Iterator[Path]:
    """Write a folder whole or not at all: yield ``OUT.partial`` and rename it to OUT at the end.

    Only one process can do so for one OUT at a time. An OUT that is an empty folder or a mount
    point stays in its place: it is filled from ``OUT/.partial``.

    Parameters
    ----------
    out : Path
        The folder to write; its parents are made.
    overwrite : bool
        Replace an existing OUT, but only once the new one is whole.
    resume : bool
        Continue in an existing ``OUT.partial`` instead of starting again from nothing.
    keep : callable, optional
        Called with ``OUT.partial`` if the block raises: True keeps the folder for a later `resume`.
        None: the folder is always deleted.

    Yields
    ------
    Path
        ``OUT.partial``, which exists.

    Raises
    ------
    OutputExistsError
        OUT exists and `overwrite` is False, or ``OUT.partial`` holds work that is worth keeping and
        neither `overwrite` nor `resume` is given.
    OutsideError
        The disk refused (full, no permission), or another process writes OUT.
    """
    check_output(out, overwrite=overwrite, is_folder=True)
    place = find_place(out)
    with refusals_of_disk(out), lock_output(out, may_be_held=True):
        check_unfinished(out, overwrite=overwrite, resume=resume, keep=keep)
        try:
            if not resume:
                remove_path(place.partial)
            place.partial.mkdir(parents=True, exist_ok=True)
            yield place.partial
            _flush_folder(place.partial)
            _put_in_place(place)
        except BaseException:
            is_kept = keep is not None and place.partial.is_dir() and keep(place.partial)
            if not is_kept:
                with suppress(OSError):
                    remove_path(place.partial)
            raise


def check_unfinished(
    out: Path, *, overwrite: bool, resume: bool, keep: Callable[[Path], bool] | None
) -> None:
    """Refuse to throw away the unfinished work of an earlier call, unless that is asked for.

    Parameters
    ----------
    out, overwrite, resume, keep
        As for `atomic_folder`.

    Raises
    ------
    OutputExistsError
        ``OUT.partial`` holds such work, and neither `overwrite` nor `resume` is given, or it is
        that of another command.
    """
    partial = partial_folder(out)
    if overwrite or not partial.is_dir():
        return
    if keep is not None and keep(partial):
        if resume:
            return
        hint = "add --resume to go on with it, or --overwrite to start afresh"
    elif holds_work(partial):
        hint = "finish that command with --resume, choose another --out, or add --overwrite"
    else:
        return
    raise OutputExistsError(f"{partial} holds the work of a call that was interrupted", hint=hint)


def partial_folder(out: Path) -> Path:
    """Return where `atomic_folder` writes OUT until it is whole.

    That is ``OUT.partial``, or ``OUT/.partial`` where OUT is an empty folder or a mount point.
    """
    return find_place(out).partial


@contextmanager
def refusals_of_disk(out: Path) -> Iterator[None]:
    """Turn an OSError of the block into one sentence about the output that it was writing.

    Raises
    ------
    OutsideError
        In place of an OSError that is not one of assay's own. Libraries in Rust raise errors of
        other types, known by their end: "No space left on device (os error 28)".
    """
    try:
        yield
    except AssayError:
        raise
    except Exception as err:
        reason = _find_reason(err)
        if reason is None:
            raise
        raise OutsideError(
            f"{out} could not be written: {reason}", hint="look at free space and permissions"
        ) from err


def _find_reason(err: Exception) -> str | None:
    """Return why the system refused; None if something else went wrong."""
    if isinstance(err, OSError):
        return err.strerror or str(err)
    found = OS_ERROR.search(str(err))
    if found is None:
        return None
    return os.strerror(int(found[1]))


def check_output(
    out: Path, *, overwrite: bool, option: str = "--out", is_folder: bool = False
) -> None:
    """Refuse an output that exists, before any work is done.

    Parameters
    ----------
    out : Path
        A file or a folder.
    overwrite : bool
        Whether an existing output may be replaced.
    option : str
        The command-line option that names the output, for the hint.
    is_folder : bool
        Whether the output is a folder: an empty one that is there already will do. Otherwise no
        folder will, even with `overwrite`.

    Raises
    ------
    InputError
        `out` has no name of its own, such as ``.``, is in the folder of a model, is a folder where
        a file is written, a device or a pipe, or a file that is mounted where it is.
    OutputExistsError
        `out` exists and `overwrite` is False.
    """
    check_name(out)
    check_no_model(out)
    if not os.path.lexists(out):
        return
    if is_folder and find_place(out).is_inside and not find_place(out).content():
        return
    check_kind(out, is_folder=is_folder)
    if not overwrite:
        hint = f"choose another {option}, or add --overwrite to replace it"
        raise OutputExistsError(f"{out} exists already", hint=hint)
    if not out.is_dir() and is_mount(out):
        raise InputError(
            f"{out} is a mounted file, which cannot be replaced",
            hint="mount the folder that holds it instead",
        )


def remove_path(path: Path) -> None:
    """Delete a file, a link, or a folder with all it holds; a path that does not exist is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _put_in_place(place: OutputPlace) -> None:
    """Move the finished folder to its place; what was there before is put back if that fails."""
    old = place.replaced
    if place.is_inside:
        remove_path(old)
        _fill_folder(place)
        remove_path(old)
        return
    if not os.path.lexists(place.out):
        place.partial.replace(place.out)
        return
    remove_path(old)
    place.out.replace(old)
    try:
        place.partial.replace(place.out)
    except OSError:
        old.replace(place.out)
        raise
    remove_path(old)


def _fill_folder(place: OutputPlace) -> None:
    """Move everything from ``OUT/.partial`` to OUT, whose old content goes to ``OUT/.replaced``."""
    place.replaced.mkdir()
    finished = sorted(place.partial.iterdir(), key=lambda path: path.name in LAST_NAMES)
    moves = [(path, place.replaced / path.name) for path in place.content()]
    moves += [(path, place.out / path.name) for path in finished]
    with ExitStack() as undo:
        for path, target in moves:
            path.replace(target)
            undo.callback(target.replace, path)
        undo.pop_all()  # everything is in its place: nothing is to be undone
    place.partial.rmdir()
    _flush_names(place.out)


def _flush_file(path: Path) -> None:
    """Wait until the content of a file is on the disk.

    Without it, a power cut after the rename can leave an empty file under the final name.
    """
    mode = "rb" if os.name == "posix" else "r+b"  # Windows flushes only what is open for writing
    with path.open(mode) as stream:
        os.fsync(stream.fileno())


def _flush_folder(folder: Path) -> None:
    """Wait until the content of every file in a folder is on the disk; links are left alone."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            _flush_file(path)


def _flush_names(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, on systems that can open a folder."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
