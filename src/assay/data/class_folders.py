"""Folders with one text file per text, in one folder per class, as 20 Newsgroups is published."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

from assay.data.files.decoding import (
    advise_encoding,
    bad_bytes_problem,
    decode_bytes,
    without_bad_bytes,
)
from assay.data.files.reading import Reading
from assay.data.files.row import Problem, Row
from assay.data.raw_split import RawSplit, split_name
from assay.errors import cut

__all__ = ["advise_on_classes", "find_class_folders"]

logger = logging.getLogger(__name__)

MIN_CLASSES = 2
N_LISTED = 3  # names of folders in a message
UNLABELLED = ("unsup", "unlabeled", "unlabelled")  # folders of texts that have no class
SUFFIXES = ("", ".txt", ".text")  # old corpora number their files and name no kind


def find_class_folders(folder: Path, reading: Reading) -> dict[str, RawSplit]:
    """Return the splits of a folder of classes, or of a folder with one such folder per split.

    Returns
    -------
    dict
        Split -> raw split, in which rows are files in the order of their paths; empty if the
        folder is none of the two.
    """
    splits = {}
    for inner in _folders(folder):
        split = split_name(inner.name)
        files = _class_files(inner)
        if split is not None and files:
            _say_unused(inner, files)
            splits[split] = _as_split(inner, files, reading)
    files = _class_files(folder)
    if splits or not files:
        return splits
    _say_unused(folder, files)
    return {"all": _as_split(folder, files, reading)}


def _say_unused(folder: Path, files: Sequence[Path]) -> None:
    """Warn of what is in folders of classes beside the files that are read."""
    found: list[Path] = []
    read = set(files)
    for inner in dict.fromkeys(path.parent for path in files):
        left = sorted(set(inner.iterdir()) - read)
        found += [path for path in left if path.name[0] != "." and _holds_something(path)]
    if found:
        logger.warning(
            "%s: not used, since texts are files that end in .txt beside each other in the folder "
            "of their label: %s",
            folder,
            _list_paths(found, folder),
        )


def _holds_something(path: Path) -> bool:
    return bool(_visible_files(path)) if path.is_dir() else path.is_file()


def _list_paths(paths: Sequence[Path], folder: Path) -> str:
    names = ", ".join(cut(path.relative_to(folder).as_posix()) for path in paths[:N_LISTED])
    return f"{names} and {len(paths) - N_LISTED:,} more" if len(paths) > N_LISTED else names


def advise_on_classes(folder: Path) -> str:
    """Say what to do with folders that hold one text per file and are no classes yet; else "".

    That is one class alone, or folders of folders, in which a label may be either of the two.
    """
    inner = _folders(folder)
    if lone := list(filter(_text_files, inner)):
        return (
            f"only '{cut(lone[0].name)}' holds one text per file; two folders, one per label, "
            "are accepted"
        )
    deep = list(filter(_has_inner_texts, inner))
    if not deep:
        return _advise_on_kinds(inner)
    merged = f"for the labels {_list_names(deep)}, move the files up into these folders"
    several = list(filter(_class_files, deep))
    if not several:
        return merged
    return f"for the labels {_list_names(_folders(several[0]))}, give {several[0]}; {merged}"


def _advise_on_kinds(folders: Sequence[Path]) -> str:
    """Say that files in folders are of kinds whose names end otherwise; "" if there are none."""
    kinds: dict[str, None] = {}
    for path in chain.from_iterable(map(_visible_files, folders)):
        kinds.setdefault(path.suffix)
    if len(folders) < MIN_CLASSES or not kinds:
        return ""
    return (
        f"the files in {_list_names(folders)} end in {' '.join(list(kinds)[:N_LISTED])}; one text "
        "per file, in one folder per label, ends in .txt"
    )


def _has_inner_texts(folder: Path) -> bool:
    return any(map(_text_files, _folders(folder)))


def _list_names(folders: Sequence[Path]) -> str:
    names = ", ".join(map(cut, (one.name for one in folders[:N_LISTED])))
    return f"{names} ..." if len(folders) > N_LISTED else names


def _as_split(folder: Path, files: Sequence[Path], reading: Reading) -> RawSplit:
    read = partial(_rows, files, reading)
    return RawSplit(folder.name, ("text", "label"), read, unit="file")


def _class_files(folder: Path) -> list[Path]:
    """Return the files in the folders of classes; none if there are not several classes."""
    by_class = list(map(_text_files, _folders(folder)))
    found = [files for files in by_class if files]
    if len(found) < MIN_CLASSES:
        return []
    return list(chain.from_iterable(found))


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")


def _visible_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")


def _text_files(folder: Path) -> list[Path]:
    paths = _visible_files(folder)
    # A number after a dot is no kind of file: 20 Newsgroups has "54165.1".
    return sorted(path for path in paths if path.suffix in SUFFIXES or path.suffix[1:].isdigit())


def _rows(files: Sequence[Path], reading: Reading, text: str, label: str) -> Iterator[Row]:
    has_advised = False
    for number, path in enumerate(files, 1):
        content = decode_bytes(path.read_bytes(), reading.codec)
        problem = bad_bytes_problem(content, encoding=reading.codec)
        if problem is not None:
            problem = f"{problem} in {path.parent.name}/{path.name}"
            if not has_advised:
                has_advised = True
                advice = advise_encoding(content, encoding=reading.codec)
                problem = Problem(f"{problem}{advice.sentence}", advice.flags)
        name = path.parent.name
        values = {text: without_bad_bytes(content), label: name}
        if name.casefold() in UNLABELLED:
            del values[label]
        yield Row(number, values, problem)
