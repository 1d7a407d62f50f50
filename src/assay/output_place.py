"""Where an output is written until it is whole, where its lock is, and what must not be replaced.

An output is usually written beside its place and renamed. An empty folder and a mount point (a
volume of a container, say) cannot be renamed over, and the folder above may be read-only: those are
worked on inside.
"""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from assay._paths import follow_links
from assay.errors import InputError, cut

__all__ = [
    "MODEL_FILE",
    "OS_FILES",
    "OutputPlace",
    "check_apart",
    "check_kind",
    "check_name",
    "check_no_model",
    "check_outside",
    "find_place",
    "holds_work",
    "is_mount",
    "is_same",
]

MODEL_FILE = "assay.json"  # in the folder of every model
PARTIAL = ".partial"  # ending of what is not finished
REPLACED = ".replaced"  # ending of what was there before, until the new one is in its place
LOCK = ".lock"
TEMPORARY = (
    ".assay-tmp-"  # beginning of a folder for temporary files, where there is no other place
)

# What an interrupted command leaves in OUT.partial that may be hours of work: finished models of a
# run, states of trainings, predicted parts of a data set.
WORK = (
    "models/*/assay.json",
    "training/training.json",
    "training/*/training.json",
    "_parts/*.json",
)

# What operating systems leave in folders: no part of any data, model or output.
OS_FILES = ("lost+found", "Thumbs.db", "ehthumbs.db", "desktop.ini", "Icon\r", "__MACOSX")
# The longest name: systems take 255 bytes, and what is written beside an output has a longer one,
# such as .OUT.rejected.jsonl.partial.
MAX_NAME_BYTES = 230
MOUNTS = Path("/proc/self/mountinfo")
OCTAL = re.compile(r"\\([0-7]{3})")  # how a space in a path is written there

# Files that `load_data` reads in a folder.
DATA_STEMS = ("train", "validation", "val", "dev", "valid", "test", "labels")


@dataclass(frozen=True)
class OutputPlace:
    """The paths that belong to one output.

    Parameters
    ----------
    out : Path
        The file or folder itself.
    is_inside : bool
        Whether `out` is a folder that stays, so that everything is done inside it.
    """

    out: Path
    is_inside: bool

    @property
    def partial(self) -> Path:
        """The folder that holds the output until it is whole."""
        if self.is_inside:
            return self.out / PARTIAL
        return self.out.with_name(f"{self.out.name}{PARTIAL}")

    @property
    def replaced(self) -> Path:
        """Where the old content is until the new one is in its place."""
        if self.is_inside:
            return self.out / REPLACED
        return self.out.with_name(f".{self.out.name}{REPLACED}")

    @property
    def lock(self) -> Path:
        """The file that the one process that writes this output has locked."""
        return self.out / LOCK if self.is_inside else self.out.with_name(f".{self.out.name}{LOCK}")

    def content(self) -> list[Path]:
        """Return what is in a folder that stays, without what assay and the system put there."""
        ours = (PARTIAL, REPLACED, LOCK, ".DS_Store", *OS_FILES)
        found = [path for path in self.out.iterdir() if path.name not in ours]
        return [path for path in found if not path.name.startswith(TEMPORARY)]


def check_name(out: Path) -> None:
    """Refuse an output that has no name of its own, such as the folder that one is in.

    Raises
    ------
    InputError
        Nothing can be written beside ``.``, ``..`` or ``/`` and renamed over it; or the name is so
        long that nothing beside it could have a longer one.
    """
    n_bytes = len(os.fsencode(out.name))
    if n_bytes > MAX_NAME_BYTES:
        raise InputError(
            f"the name '{cut(out.name)}' has {n_bytes} bytes; an output may have up to "
            f"{MAX_NAME_BYTES}, since what is written beside it has a longer name",
            hint="choose a shorter --out",
        )
    if out.name in ("", ".."):
        raise InputError(
            f"'{out}' cannot be an output; a new name is accepted", hint="such as --out runs/first"
        )


def find_place(out: Path) -> OutputPlace:
    """Return where an output is written, as the disk is at this moment.

    Raises
    ------
    InputError
        See `check_name`.
    """
    check_name(out)
    place = OutputPlace(out, is_inside=True)
    stays = out.is_dir() and (not place.content() or is_mount(out) or _is_sealed(out))
    return place if stays else OutputPlace(out, is_inside=False)


def _is_sealed(out: Path) -> bool:
    """Tell whether a folder can be written, but not renamed."""
    return os.access(out, os.W_OK) and not os.access(out.absolute().parent, os.W_OK)


def holds_work(partial: Path) -> bool:
    """Tell whether an interrupted command, whichever it was, left work in ``OUT.partial``."""
    return any(any(partial.glob(pattern)) for pattern in WORK)


def is_mount(path: Path) -> bool:
    """Tell whether a file or folder is mounted where it is; renaming over it is then impossible."""
    if os.path.ismount(path):
        return True
    try:
        mounts = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:  # not Linux
        return False
    wanted = os.path.realpath(path)
    for line in mounts.splitlines():
        place = OCTAL.sub(lambda match: chr(int(match[1], 8)), line.split(" ")[4])
        if place == wanted:
            return True
    return False


def check_apart(source: object, out: Path, *, what: str = "the data") -> None:
    """Refuse an output that would destroy the data, or whatever else it is made from.

    Parameters
    ----------
    source
        What the data was given as; only a path can be destroyed.
    out : Path
        A file or a folder.
    what : str
        What the source is, for the message.

    Raises
    ------
    InputError
        `out` is the data, a folder that holds it, or a file of the folder that it is; or the data
        is where `out` is kept until it is whole.
    """
    data = _find_path(source)
    if data is None:
        return
    target, partial = follow_links(out), follow_links(find_place(out).partial)
    held = (data, *data.parents)
    is_held = any(is_same(one, other) for one in (target, partial) for other in held)
    is_split = target.is_file() and is_same(target.parent, data) and _is_split(target)
    if is_held or is_split:
        raise InputError(
            f"{out} holds {what} itself: writing there would destroy it",
            hint="give another --out",
        )


def is_same(path: Path, other: Path) -> bool:
    """Tell whether two paths are one file or folder, which has to be there.

    macOS and Windows find ``data.csv`` under ``Data.csv`` too. Another name of the same file in
    another place, a hard link, is not the same: what replaces it leaves the file as it is.
    """
    if path == other:
        return path.exists()
    names = [unicodedata.normalize("NFC", one.name).casefold() for one in (path, other)]
    try:
        return names[0] == names[1] and path.samefile(other) and path.parent.samefile(other.parent)
    except OSError:  # one of them is not there
        return False


def _find_path(source: object) -> Path | None:
    """Return where data is, in full; None if it is no file or folder."""
    if not isinstance(source, str | Path):
        return None
    try:
        path = Path(source).expanduser().resolve()
        return path if path.exists() else None
    except (OSError, RuntimeError):  # a text that is too long for a path; no home
        return None


def _is_split(path: Path) -> bool:
    return re.split(r"[.\-_]", path.name)[0].lower() in DATA_STEMS


def check_outside(folder: object, out: Path, *, what: str) -> None:
    """Refuse an output that would replace a folder that is read, or a file in it.

    Raises
    ------
    InputError
        `out` is there, and is the folder, holds it, or is in it.
    """
    if not isinstance(folder, str | Path) or not Path(folder).is_dir() or not out.exists():
        return
    inside, target = follow_links(Path(folder)), follow_links(out)
    is_inside = any(is_same(inside, one) for one in (target, *target.parents))
    if is_inside or any(is_same(target, one) for one in inside.parents):
        raise InputError(
            f"{out} is {what} itself, or a part of it: writing there would destroy it",
            hint="give another --out",
        )


def check_no_model(out: Path) -> None:
    """Refuse an output among the files of a model, which is refused with files of others.

    Raises
    ------
    InputError
        `out` is in the folder of a model.
    """
    parent = follow_links(out.parent)
    for folder in (parent, *parent.parents):
        if (folder / MODEL_FILE).is_file():
            raise InputError(
                f"{out} is in the folder of a model: with a file of others in it, the model is "
                "refused when it is loaded",
                hint=f"choose a place outside of {folder}",
            )


def check_kind(out: Path, *, is_folder: bool) -> None:
    """Refuse what is there if no file or folder can take its place.

    Raises
    ------
    InputError
        A folder where a file is written, a device or a pipe.
    """
    if out.is_dir():
        if not is_folder:
            raise InputError(f"{out} is a folder; the path of a file is accepted")
    elif out.exists() and not out.is_file():
        raise InputError(f"{out} is a device or a pipe; the path of a file or folder is accepted")
