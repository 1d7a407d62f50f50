"""Where rows came from, so that their other columns can be read again when a few are shown.

A data set keeps texts and labels alone. A ticket's number or date is wanted for the rows that a
person is to look at, which are few: a second pass over the file costs no memory for the others.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from assay.data.files.decoding import find_bad_line
from assay.data.files.formats import FORMATS, file_kind
from assay.data.files.readers import read_rows
from assay.data.files.reading import Reading
from assay.data.files.row import Problem, Record, Row
from assay.errors import AssayError

__all__ = [
    "WHOLE",
    "Origin",
    "OtherCells",
    "describe_places",
    "find_label_column",
    "find_late_trouble",
    "find_trouble",
    "read_other_cells",
]

logger = logging.getLogger(__name__)

N_COLUMNS = 2  # of texts and of labels
WHOLE = ("all", "train")  # what other splits are cut from
TEXT_KINDS = (".csv", ".tsv", ".txt", ".jsonl", ".json")


@dataclass(frozen=True)
class OtherCells:
    """What a row holds beside its text and its label.

    Parameters
    ----------
    cells : dict
        Column -> value, in the order of the source.
    record : int, optional
        Number of the row as a spreadsheet shows it, where that is not its line: a cell above it
        holds a line break. None: it is the same.
    """

    cells: Record = field(default_factory=dict)
    record: int | None = None


@dataclass(frozen=True)
class Origin:
    """The files of one split, and how they were read.

    Parameters
    ----------
    paths : tuple of Path
        One file, or all shards in their order, whose rows are counted through.
    reading : Reading
    used : tuple of str
        The columns that were read as texts and as labels.
    """

    paths: tuple[Path, ...]
    reading: Reading
    used: tuple[str, ...] = ()

    def read(self, lines: Collection[int]) -> dict[int, OtherCells]:
        """Read the other cells of some rows, by line; rows that are not there are left out."""
        found: dict[int, OtherCells] = {}
        wanted = set(lines)
        for row in self._rows():
            if row.line not in wanted:
                continue
            cells = {name: one for name, one in row.values.items() if name not in self.used}
            is_shifted = self.has_lines and row.record != row.line
            found[row.line] = OtherCells(cells, row.record if is_shifted else None)
            if len(found) == len(wanted):
                break
        return found

    @property
    def has_lines(self) -> bool:
        """Whether rows are known by their lines, and can have several."""
        is_one = len(self.paths) == 1
        kind = file_kind(self.paths[0])
        return is_one and kind in (".csv", ".tsv") and FORMATS[kind].unit == "line"

    @property
    def unit(self) -> str:
        """What rows are known by: ``line`` or ``row``."""
        kind = file_kind(self.paths[0])
        if kind is None or len(self.paths) > 1:
            return "row"
        return FORMATS[kind].unit

    def _rows(self) -> Iterator[Row]:
        options = self.reading.to_dict()
        if len(self.paths) == 1:
            yield from read_rows(self.paths[0], **options)
            return
        every = chain.from_iterable(read_rows(path, **options) for path in self.paths)
        for number, row in enumerate(every, 1):
            yield replace(row, line=number)


def find_label_column(origins: Mapping[str, Origin]) -> str:
    """Return the column that the labels were read from; empty if they were in several, or none."""
    origin = next((origins[name] for name in WHOLE if name in origins), None)
    if origin is None or len(origin.used) != N_COLUMNS:
        return ""
    return str(origin.used[-1] or "")


def find_trouble(rows: Iterable[Row]) -> Problem | None:
    """Return the problem of the first row that flags may make readable."""
    for row in rows:
        if row.fixes:
            return Problem(f"line {row.line:,}: {row.problem}", row.fixes)
    return None


def find_late_trouble(origin: Origin | None) -> Problem | None:
    """Return the problem of the first line that does not decode, however late it comes.

    It is looked for where a command failed already: one more pass over the files, so that the next
    command does not fail for another reason.
    """
    if origin is None:
        return None
    for path in origin.paths:
        if file_kind(path) in TEXT_KINDS:
            with suppress(AssayError):
                trouble = find_bad_line(path, origin.reading.codec)
                if trouble is not None:
                    return trouble
    return None


def read_other_cells(
    origins: Mapping[str, Origin], places: Iterable[tuple[str, int]]
) -> dict[tuple[str, int], OtherCells]:
    """Read what some rows hold beside their texts and labels.

    Parameters
    ----------
    origins : mapping of str to Origin
        By split. A split that was cut from another one has the lines of that.
    places : iterable of (str, int)
        The split and the line of each row.

    Returns
    -------
    dict
        Place -> its other cells. Rows of frames and of the Hub, and those of files that cannot be
        read any more, are left out.
    """
    by_origin: dict[str, dict[int, list[tuple[str, int]]]] = {}
    for split, line in places:
        name = _name_origin(origins, split)
        if name:
            by_origin.setdefault(name, {}).setdefault(line, []).append((split, line))
    found: dict[tuple[str, int], OtherCells] = {}
    for name, by_line in by_origin.items():
        try:
            cells = origins[name].read(by_line)
        except AssayError as err:
            logger.warning("other columns cannot be read again: %s", err.message)
            continue
        for line, own in by_line.items():
            if line in cells:
                found.update(dict.fromkeys(own, cells[line]))
    return found


def describe_places(
    origins: Mapping[str, Origin], places: Collection[tuple[str, int]]
) -> dict[tuple[str, int], str]:
    """Say where rows are, also as a spreadsheet counts where that is another number.

    Parameters
    ----------
    origins : mapping of str to Origin
        By split; empty for rows of no file.
    places : collection of (str, int)
        The split and the line of each row. All are looked up in one pass over each file.
    """
    found = {split: origins.get(_name_origin(origins, split)) for split, _ in places}
    of_lines = {split for split, origin in found.items() if origin and origin.has_lines}
    cells = read_other_cells(origins, [place for place in places if place[0] in of_lines])
    described = {}
    for split, line in places:
        origin = found[split]
        where = f"{'row' if origin is None else origin.unit} {line:,}"
        record = cells.get((split, line), OtherCells()).record
        if record is not None:
            where += f", row {record:,} in a spreadsheet"
        described[split, line] = where
    return described


def _name_origin(origins: Mapping[str, Origin], split: str) -> str:
    """Return the split that the rows of a split were read in, which it may be cut from; else ""."""
    return next((name for name in (split, *WHOLE) if name in origins), "")
