"""A folder of files in parts that can be scored anywhere: planned once, each scored and written by itself.

A part depends on nothing but its file, so whoever scores it, however often, writes the same. It
counts when its note stands beside it; notes are what a resumed call goes by.
"""

from __future__ import annotations

import io
import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from assay.batch.files import cut_shards
from assay.batch.rows import Scoring, score_rows
from assay.data.files.decoding import open_bytes
from assay.data.files.parquet import count_group_rows, read_records
from assay.data.files.readers import Row, file_kind, read_json_lines
from assay.data.files.writers import open_writer
from assay.errors import InputError
from assay.runtime.predictor import Model

__all__ = ["NOTES", "REJECTED", "Part", "plan_parts", "read_part", "score_part"]

KINDS = (".parquet", ".jsonl")
PART_BYTES = (
    32 << 20
    # Of JSON Lines: some 100,000 tweets, a minute's work at most of the slowest model's tens a second
)
PART_ROWS = 100_000  # of Parquet, rounded up to whole row groups
# Readers of Parquet folders pass over names that begin with an underscore.
REJECTED, NOTES = "_rejected", "_parts"


@dataclass(frozen=True)
class Part:
    """A stretch of one file.

    Parameters
    ----------
    number : int
        Position in the data set; orders the output.
    path : str
    start, stop : int
        Bytes of JSON Lines: the lines that begin there. Row groups of Parquet. A gzipped file is
        one part: 0, -1.
    """

    number: int
    path: str
    start: int
    stop: int

    @property
    def name(self) -> str:
        """What its outputs are called, without a suffix."""
        return f"part-{self.number:06d}"


def plan_parts(source: str | Path) -> list[Part]:
    """Cut a file or the files of a folder into parts, in the order of their names.

    Raises
    ------
    InputError
        There is no such file or folder, or nothing in it that can be read.
    """
    parts: list[Part] = []
    for path in _files(Path(source)):
        for start, stop in _stretches(path):
            parts.append(Part(len(parts), str(path), start, stop))
    return parts


def _files(source: Path) -> list[Path]:
    if not source.exists():
        raise InputError(f"no such file or folder: {source}")
    found = (
        [source]
        if source.is_file()
        else sorted(path for path in source.rglob("*") if path.is_file())
    )
    files = [
        path.resolve()  # the workers may have another current folder
        for path in found
        if file_kind(path) in KINDS
        and not any(part[0] in "._" for part in path.relative_to(source).parts)
    ]
    if not files:
        raise InputError(
            f"{source} holds no .parquet or .jsonl file; these two are accepted, .jsonl also with .gz"
        )
    return files


def _stretches(path: Path) -> list[tuple[int, int]]:
    if file_kind(path) == ".parquet":
        bounds, n_rows = [0], 0
        counts = count_group_rows(path)
        for i, count in enumerate(counts, 1):
            n_rows += count
            if n_rows >= PART_ROWS or i == len(counts):
                bounds.append(i)
                n_rows = 0
    elif path.suffix.casefold() == ".gz":
        return [(0, -1)]
    else:
        n_bytes = path.stat().st_size
        bounds = [*range(0, n_bytes, PART_BYTES), n_bytes]
    return list(pairwise(bounds))


def read_part(part: Part) -> Iterator[Row]:
    """Stream the rows of a part.

    Lines of JSON Lines count from the part's first one, rows of Parquet likewise.
    """
    path = Path(part.path)
    if file_kind(path) == ".parquet":
        records = read_records(path, groups=range(part.start, part.stop))
        yield from (Row(i, record) for i, record in enumerate(records, 1))
        return
    with open_bytes(path) as stream:
        if part.stop >= 0:
            stop = _line_from(stream, part.stop)
            start = _line_from(stream, part.start)
            stream.seek(start)
            stream = io.BufferedReader(_Stretch(stream, stop - start), 1 << 20)  # type: ignore[type-var,assignment]
        yield from read_json_lines(stream, name=path.name)


def _line_from(stream: Any, position: int) -> int:
    """Return where the first line begins that does not begin before `position`."""
    if position == 0:
        return 0
    stream.seek(position - 1)
    stream.readline()
    return int(stream.tell())


class _Stretch(io.RawIOBase):
    """So many bytes of a stream from where it stands."""

    def __init__(self, stream: Any, n_bytes: int) -> None:
        self._stream, self._left = stream, n_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._stream.read(min(len(buffer), self._left))
        buffer[: len(block)] = block
        self._left -= len(block)
        return len(block)


def score_part(model: Model, part: Part, scoring: Scoring, root: Path) -> dict[str, Any]:
    """Score a part and write it below `root`: rows as Parquet, rejected rows as JSON Lines, a note that it is whole.

    A part whose note is there already is left as it is.

    Parameters
    ----------
    model : Model
    part : Part
    scoring : Scoring
    root : Path
        Has the folders `REJECTED` and `NOTES`. Several may write into it at once, even the same
        part.

    Returns
    -------
    dict
        The note: the part, how many texts and rejected rows it has, and which process wrote it.
    """
    note_path = root / NOTES / f"{part.name}.json"
    if note_path.is_file():  # finished by a process that died before it could say so
        return dict(json.loads(note_path.read_text(encoding="utf-8")))
    # Whoever else writes this part at the same time has a name of its own
    mark = f".{uuid.uuid4().hex}.partial"
    data, rejected = root / f"{part.name}.parquet", root / REJECTED / f"{part.name}.jsonl"
    data_partial, rejected_partial = data.with_name(mark), rejected.with_name(mark)
    n_texts = n_rejected = 0
    with (
        open_writer(data_partial, like=data) as scored,
        open_writer(rejected_partial, like=rejected) as refused,
    ):
        for rows in cut_shards(read_part(part)):
            for one in score_rows(model, rows, scoring):
                if one.problem is None:
                    scored.write(one.record)
                    n_texts += 1
                else:
                    place = {"file": Path(part.path).name, "start": part.start, "line": one.line}
                    refused.write({**place, "reason": one.problem})
                    n_rejected += 1
    for partial, place_of, n_rows in (
        (data_partial, data, n_texts),
        (rejected_partial, rejected, n_rejected),
    ):
        if n_rows:
            partial.replace(place_of)
        else:
            partial.unlink()
    note = {**asdict(part), "n_texts": n_texts, "n_rejected": n_rejected, "process": os.getpid()}
    note_partial = note_path.with_name(mark)
    note_partial.write_text(json.dumps(note) + "\n", encoding="utf-8")
    note_partial.replace(note_path)
    return note
