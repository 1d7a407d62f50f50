"""Files, and folders with one file per split, as raw splits; and `labels.txt` beside them."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path

from assay.data.class_folders import advise_on_classes, find_class_folders
from assay.data.files.decoding import Lines, open_text
from assay.data.files.file_errors import file_errors
from assay.data.files.formats import FORMATS
from assay.data.files.readers import SUFFIXES, Row, file_kind, read_rows
from assay.data.files.reading import Reading
from assay.data.guess import propose_as_rows, propose_columns
from assay.data.origin import Origin, find_late_trouble, find_trouble
from assay.data.problems import with_flags
from assay.data.raw_split import LABELS_FILE, EmptyEnd, LabelNames, RawSplit, split_name
from assay.data.saved_folders import find_saved_files
from assay.errors import DataError, InputError

__all__ = ["UNREADABLE", "Located", "find_split_files", "read_file", "read_folder"]

logger = logging.getLogger(__name__)

# The columns of JSON are the keys of so many rows together, since a row may lack keys.
PEEKED_ROWS = 1000
BLOCK_ROWS = 1000  # of which the last one is looked at
# How the Hub calls the pieces of a split: train-00000-of-00002.parquet, with a hash until 2023.
SHARD = re.compile(
    r"(?P<split>[A-Za-z]+)-(?P<number>\d{5})-of-(?P<total>\d{5})(?:-[0-9a-f]{8,32})?"
)
INNER_FOLDER = "data"  # where a clone of a data set has its files
N_LISTED_FILES = 10  # in a message
NO_HEADER = "--no-header"
TABLES = (".csv", ".tsv")
# Kinds that hold rows and nothing else; .json and .txt are also notes about the data.
DATA_KINDS = (".csv", ".tsv", ".jsonl", ".parquet", ".xlsx", ".arrow", ".feather")
# Kinds of data files that people have and assay cannot read. A split in one of them is an error,
# while a README.md beside the data is passed over.
UNREADABLE = {
    ".xls",
    ".ods",
    ".ndjson",
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
    paths = _find_files(folder)
    if not paths and (classes := find_class_folders(folder, reading)):
        return Located(classes, str(folder), _names_beside(folder, reading))
    if not paths:
        raise InputError(_nothing_found(folder), hint=_advise(folder))
    splits = {}
    for split, own in paths.items():
        raws = [_file_split(path, reading) for path in own]
        splits[split] = raws[0] if len(raws) == 1 else _joined(raws, split)
    return Located(splits, str(folder), _names_beside(folder, reading))


def _find_files(folder: Path) -> dict[str, list[Path]]:
    """Return the files of each split, here or inside; nothing if no name says that it is one."""
    places = [folder]
    if (folder / INNER_FOLDER).is_dir():  # a clone of a data set of the Hub
        places.append(folder / INNER_FOLDER)
    for place in places:
        paths = find_split_files(place)
        if paths:
            _say_unused(place, paths)
            return paths
    return find_saved_files(folder)


def _say_unused(folder: Path, used: Mapping[str, Sequence[Path]]) -> None:
    """Warn of data files beside those of the splits that are read as none."""
    taken = set(chain.from_iterable(used.values()))
    names = []
    for path in sorted(folder.iterdir()):
        is_hidden = path.name.startswith((".", "~$"))  # Excel leaves ~$ beside an open workbook
        if path.is_file() and not is_hidden and file_kind(path) in DATA_KINDS and path not in taken:
            names.append(path.name)
    if names:
        logger.warning(
            "%s: not used, since their names are of no split: %s", folder, ", ".join(names)
        )


def _joined(raws: Sequence[RawSplit], split: str) -> RawSplit:
    """Return the shards of one split as one; rows are counted through all of them."""
    columns = dict.fromkeys(name for raw in raws for name in raw.columns)
    class_names = raws[0].class_names

    def read(*names: str) -> Iterator[Row]:
        rows = chain.from_iterable(raw.read(*names) for raw in raws)
        for number, row in enumerate(rows, 1):
            yield replace(row, line=number)

    origins = [raw.origin for raw in raws if raw.origin is not None]
    paths = tuple(path for origin in origins for path in origin.paths)
    return RawSplit(
        f"split {split}",
        tuple(columns),
        read,
        class_names,
        unit="row",
        origin=replace(origins[0], paths=paths) if origins else None,
    )


def find_split_files(folder: Path) -> dict[str, list[Path]]:
    """Return the files of each split: one, or all shards in their order.

    Raises
    ------
    InputError
        Two files are the same split, a shard is missing, or a split is of an unreadable kind.
    """
    with file_errors(folder):
        paths = sorted(path for path in folder.iterdir() if path.is_file())
    found: dict[str, list[Path]] = {}
    for path in paths:
        shard = _as_shard(path)
        split = split_name(_stem(path) if shard is None else shard["split"])
        if split is None or not _is_readable(path):
            continue
        if split in found and shard is None:
            raise InputError(
                f"two files for the {split} split in {folder}: {found[split][0].name}, "
                f"{path.name}; one is accepted",
                hint="give the other one the name of another split, or move it away",
            )
        found.setdefault(split, []).append(path)
    for split, own in found.items():
        _check_shards(own, split)
    return found


def _is_readable(path: Path) -> bool:
    """Tell whether a file can be read; one that people take for data and that cannot is an error.

    Raises
    ------
    InputError
        The file is of such a kind.
    """
    if file_kind(path) is None and path.suffix.casefold() in UNREADABLE:
        raise InputError(
            f"{path} is of a kind that cannot be read; {' '.join(SUFFIXES)} are accepted"
        )
    return file_kind(path) is not None


def _stem(path: Path) -> str:
    return path.name.partition(".")[0]


def _as_shard(path: Path) -> re.Match[str] | None:
    return SHARD.fullmatch(_stem(path))


def _check_shards(paths: Sequence[Path], split: str) -> None:
    """Raise if the shards of a split are not all there."""
    shards = map(_as_shard, paths)
    numbers = [(int(shard["number"]), int(shard["total"])) for shard in shards if shard]
    if not numbers:
        return
    total = numbers[0][1]
    if numbers != [(i, total) for i in range(total)] or len(numbers) < len(paths):
        raise InputError(
            f"{len(paths):,} files for the {split} split, and their names speak of {total:,} "
            f"shards: {', '.join(path.name for path in paths[:N_LISTED_FILES])}",
            hint="fetch the missing shards, and leave no other file of that split beside them",
        )


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


def _advise(folder: Path) -> str:
    """Say what may be meant: one of the folders inside, or a folder of classes that is deeper."""
    for inner in sorted(folder.iterdir()):
        if inner.is_dir() and any(split_name(_stem(path)) for path in inner.iterdir()):
            return f"give one of the folders inside, such as {inner}"
    return advise_on_classes(folder) or "give the data file itself, or rename it"


def _file_split(path: Path, reading: Reading) -> RawSplit:
    empty_end = EmptyEnd()
    try:
        rows = read_rows(path, **reading.to_dict())
        if file_kind(path) in TABLES:
            rows = _without_empty_end(rows, path.name, empty_end)
        first_rows = list(islice(rows, PEEKED_ROWS))
    except DataError as err:
        if reading.header and NO_HEADER in err.flags:
            raise _without_header(err, path, reading) from err
        raise
    if not first_rows:
        raise DataError(f"{path.name} is empty: it has no rows")
    columns = tuple(dict.fromkeys(name for row in first_rows for name in row.values))
    kind = file_kind(path)
    assert kind is not None  # else `read_rows` refused it
    if kind == ".txt" and columns == ("text",):
        columns = ("text", "label")  # lines without labels: each has its problem
    return RawSplit(
        path.name,
        # Where no row could be read, the problems of the rows say more than missing columns.
        columns or ("text", "label"),
        lambda *columns: chain(first_rows, rows),
        FORMATS[kind].read_class_names(path),
        unit=FORMATS[kind].unit,
        trouble=find_trouble(first_rows),
        origin=Origin((path,), reading),
        propose=partial(propose_columns, first_rows, has_header=reading.header),
        empty_end=empty_end,
    )


def _without_empty_end(rows: Iterator[Row], name: str, empty_end: EmptyEnd) -> Iterator[Row]:
    """Pass rows on, but those at the end of a table that have nothing in any cell: count these.

    Spreadsheets save such rows where a person has cleared cells.
    """
    held: list[Row] = []
    while block := list(islice(rows, BLOCK_ROWS)):
        held += block
        if not _is_empty(held[-1]):
            yield from held
            held = []
    n_filled = len(held)
    while n_filled and _is_empty(held[n_filled - 1]):
        n_filled -= 1
    yield from held[:n_filled]
    if n_filled < len(held):
        empty_end.n_rows = len(held) - n_filled
        logger.warning(
            "%s: nothing is in the cells of the last rows, from line %s on (%s): they are left out",
            name,
            f"{held[n_filled].line:,}",
            f"{len(held) - n_filled:,}",
        )


def _is_empty(row: Row) -> bool:
    """Tell whether nothing but white space is in the cells of a row of a table."""
    return row.problem is None and not any(map(str.strip, row.values.values()))


def _without_header(err: DataError, path: Path, reading: Reading) -> DataError:
    """Return an error about the header with flags that read the first line as a row, if it is one.

    Where it is none, two columns really have one name, and no flag helps.
    """
    reading = replace(reading, header=False)
    first_rows = list(islice(read_rows(path, **reading.to_dict()), PEEKED_ROWS))
    trouble = find_trouble(first_rows) or find_late_trouble(Origin((path,), reading))
    return with_flags(err, propose_as_rows(first_rows), trouble)


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
