"""Files, and folders with one file per split, as raw splits; and `labels.txt` beside them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from assay.data.files.decoding import Lines, file_errors, open_text
from assay.data.files.formats import FORMATS
from assay.data.files.parquet import read_class_names
from assay.data.files.readers import SUFFIXES, file_kind, read_rows
from assay.data.files.reading import Reading
from assay.data.raw import LabelNames, RawSplit, split_name
from assay.errors import DataError, InputError

__all__ = ["UNREADABLE", "Located", "read_file", "read_folder"]

LABELS_FILE = "labels.txt"
# The columns of JSON are the keys of so many rows together, since a row may lack keys.
PEEKED_ROWS = 1000
N_LISTED_FILES = 10  # in a message
# Kinds of data files that people have and assay cannot read. A split in one of them is an error,
# while a README.md beside the data is passed over.
UNREADABLE = {
    ".xls",
    ".ods",
    ".ndjson",
    ".arrow",
    ".feather",
    ".pkl",
    ".pickle",
    ".zip",
    ".bz2",
    ".xz",
    ".zst",
}


@dataclass(frozen=True)
class Located:
    """What the name of a data set led to.

    Parameters
    ----------
    splits : dict
        Split -> its rows, not checked yet.
    source : str
        How reports and messages call the data set.
    label_names : LabelNames or None
        Names from labels.txt beside the data; None where there is no such file.
    """

    splits: dict[str, RawSplit]
    source: str
    label_names: LabelNames | None = None


def read_file(path: Path, reading: Reading, *, source: str) -> Located:
    """Open a lone file as the split ``all``.

    Raises
    ------
    InputError
        It is of a kind that cannot be read.
    DataError
        It has no rows, or cannot be read as what its suffix says.
    """
    split = _file_split(path, reading)
    return Located({"all": split}, source, _names_beside(path.parent, reading))


def read_folder(folder: Path, reading: Reading) -> Located:
    """Open the files of a folder whose names say that they are splits.

    Raises
    ------
    InputError
        No file is a split, two files are the same one, or a split cannot be read.
    DataError
        A file has no rows, or cannot be read as what its suffix says.
    """
    paths = _find_splits(folder)
    if not paths:
        raise InputError(_nothing_found(folder), hint="give the data file itself, or rename it")
    splits = {}
    for split, path in paths.items():
        splits[split] = _file_split(path, reading)
    return Located(splits, str(folder), _names_beside(folder, reading))


def _find_splits(folder: Path) -> dict[str, Path]:
    with file_errors(folder):
        paths = sorted(path for path in folder.iterdir() if path.is_file())
    found: dict[str, Path] = {}
    for path in paths:
        split = split_name(path.name.partition(".")[0])
        if split is None:
            continue
        if file_kind(path) is None:
            if path.suffix.casefold() in UNREADABLE:
                raise InputError(
                    f"{path} is of a kind that cannot be read; {' '.join(SUFFIXES)} are accepted"
                )
        elif split in found:
            raise InputError(
                f"two files for the {split} split in {folder}: {found[split].name}, {path.name}; "
                "one is accepted"
            )
        else:
            found[split] = path
    return found


def _nothing_found(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    listed = ", ".join(names[:N_LISTED_FILES]) or "nothing"
    n_more = len(names) - N_LISTED_FILES
    if n_more > 0:
        listed += f" and {n_more:,} more"
    return (
        f"no train.*, validation.* (or val, dev, valid) or test.* in {folder}, "
        f"where * is one of {' '.join(SUFFIXES)}, each also with .gz; found: {listed}"
    )


def _file_split(path: Path, reading: Reading) -> RawSplit:
    rows = read_rows(path, **reading.to_dict())
    first_rows = list(islice(rows, PEEKED_ROWS))
    if not first_rows:
        raise DataError(f"{path.name} is empty: it has no rows")
    columns = tuple(dict.fromkeys(name for row in first_rows for name in row.values))
    kind = file_kind(path)
    assert kind is not None  # else `read_rows` refused it
    return RawSplit(
        path.name,
        # Where no row could be read, the problems of the rows say more than missing columns.
        columns or ("text", "label"),
        lambda text, label: chain(first_rows, rows),
        read_class_names(path) if kind == ".parquet" else {},
        unit=FORMATS[kind].unit,
        fixes=next((row.fixes for row in first_rows if row.fixes), ()),
    )


def _names_beside(folder: Path, reading: Reading) -> LabelNames | None:
    """Read labels.txt: one name per line, blank lines left out."""
    path = folder / LABELS_FILE
    if not path.is_file():
        return None
    codec = reading.codec
    with file_errors(path), open_text(path, encoding=codec, newline="\n") as stream:
        lines = Lines(stream, encoding=codec)
        names = tuple(name for line in lines if (name := line.strip()))
        if problem := lines.take_problem():
            raise DataError(f"{LABELS_FILE}: {problem}")
    return LabelNames(names, LABELS_FILE) if names else None
