"""Shards of a folder of files: planned once, each scored and written by itself, on any machine.

A shard depends on nothing but its file, so whoever scores it, however often, writes the same. It
counts as finished when its note is written; a resumed call goes by the notes.
"""

from __future__ import annotations

import io
import json
import os
import re
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from assay.batch.chunks import cut_chunks
from assay.batch.misfits import reject_misfits, reject_new_columns
from assay.batch.rows import Prediction, Scoring, score_rows
from assay.data.files.bounds import FileBounds
from assay.data.files.decoding import open_bytes
from assay.data.files.json_object import is_json_lines
from assay.data.files.parquet import count_group_rows, read_records, read_types
from assay.data.files.readers import Row, file_kind, read_json_lines
from assay.data.files.writers import Before, Writer, open_writer
from assay.disk import atomic_file
from assay.errors import InputError
from assay.runtime.predictor import Model

__all__ = ["NOTES", "REJECTED", "Shard", "ShardNote", "plan_shards", "read_shard", "score_shard"]

KINDS = (".parquet", ".jsonl")
# Tables that cannot be cut into shards. A .txt beside the data often holds notes, and so does a
# .json that is no list of objects.
TABLES = (".csv", ".tsv", ".xlsx", ".arrow", ".feather")
# Of JSON Lines: some 100,000 tweets. The slowest models score tens of texts per second, so that is
# at most an hour of work.
SHARD_BYTES = 32 << 20
SHARD_ROWS = 100_000  # of Parquet, rounded up to whole row groups
BUFFER_BYTES = 1 << 20
JSON_OBJECTS = re.compile(r"\s*\[\s*\{")
START_CHARS = 1000  # of a .json, which show whether it holds rows
# Readers of Parquet folders skip names that begin with an underscore.
REJECTED, NOTES = "_rejected", "_parts"
WHOLE_FILE = (0, -1)


@dataclass(frozen=True)
class Shard:
    """A stretch of one file.

    Parameters
    ----------
    number : int
        Position in the data set; orders the output.
    path : str
    start, stop : int
        JSON Lines: bytes; the shard holds the lines that begin there. Parquet: row groups. A
        gzipped file is always one shard, from 0 to -1.
    """

    number: int
    path: str
    start: int
    stop: int

    @property
    def name(self) -> str:
        """What its outputs are called, without a suffix."""
        return f"part-{self.number:06d}"


@dataclass(frozen=True)
class ShardNote:
    """What is written beside a finished shard: the shard, what it held, which process wrote it.

    `n_blank` counts the scored rows without a text, `unseen_scripts` those in each script that no
    training text is in.
    """

    number: int
    path: str
    start: int
    stop: int
    n_texts: int
    n_rejected: int
    process: int
    n_blank: int = 0
    unseen_scripts: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the note as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ShardNote:
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))


def plan_shards(source: str | Path) -> list[Shard]:
    """Cut a file or the files of a folder into shards, in the order of their names.

    Raises
    ------
    InputError
        There is no such file or folder, or nothing in it that can be read.
    """
    shards: list[Shard] = []
    for path in _list_files(Path(source)):
        for start, stop in _cut_file(path):
            shards.append(Shard(len(shards), str(path), start, stop))
    return shards


def _list_files(source: Path) -> list[Path]:
    """Return the files to read as absolute paths: workers may have another current folder."""
    if not source.exists():
        raise InputError(f"no such file or folder: {source}")
    visible = _find_visible(source)
    files = [path.resolve() for path in visible if file_kind(path) in KINDS]
    if not files:
        raise InputError(
            f"{source} holds no .parquet or .jsonl file; "
            "these two are accepted, .jsonl also with .gz"
        )
    _refuse_tables(source, visible)
    return files


def _find_visible(source: Path) -> list[Path]:
    """Return a file itself, or the files of a folder that are not hidden."""
    if source.is_file():
        return [source]
    visible = []
    for path in sorted(source.rglob("*")):
        is_hidden = any(name[0] in "._" for name in path.relative_to(source).parts)
        if path.is_file() and not is_hidden:
            visible.append(path)
    return visible


def _refuse_tables(source: Path, visible: list[Path]) -> None:
    """Refuse a folder in which some tables would be left out, since nothing else shows that."""
    tables = [path for path in visible if file_kind(path) in TABLES or _is_json_table(path)]
    if not tables:
        return
    shown = f"'{tables[0].relative_to(source).as_posix()}'"
    if len(tables) > 1:
        shown += f" and {len(tables) - 1:,} more"
    raise InputError(
        f"{source} also holds tables that cannot be predicted as shards: {shown}; "
        ".parquet and .jsonl are accepted, .jsonl also with .gz",
        hint="turn them into one of these, or move them out of the folder",
    )


def _is_json_table(path: Path) -> bool:
    """Tell whether a ``.json`` holds rows: an array of objects, or one object per line."""
    if file_kind(path) != ".json":
        return False
    bounds = FileBounds.from_environment()
    with open_bytes(path) as stream:
        lines = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace")
        start = lines.read(START_CHARS)
        if JSON_OBJECTS.match(start):
            return True
    with open_bytes(path) as stream:
        lines = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace")
        return is_json_lines(lines, bounds)


def _cut_file(path: Path) -> list[tuple[int, int]]:
    """Return start and stop of the shards of a file."""
    if file_kind(path) == ".parquet":
        bounds = _bound_row_groups(count_group_rows(path))
    elif path.suffix.casefold() == ".gz":
        return [WHOLE_FILE]
    else:
        n_bytes = path.stat().st_size
        bounds = [*range(0, n_bytes, SHARD_BYTES), n_bytes]
    return list(pairwise(bounds))


def _bound_row_groups(group_rows: list[int]) -> list[int]:
    """Return where shards of whole row groups begin, and the end: [0, ..., number of groups].

    With `SHARD_ROWS` at 100, groups of 60, 60 and 30 rows give [0, 2, 3]: two shards, of 120 and of
    30 rows.
    """
    bounds, n_rows = [0], 0
    for i, count in enumerate(group_rows, 1):
        n_rows += count
        if n_rows >= SHARD_ROWS or i == len(group_rows):
            bounds.append(i)
            n_rows = 0
    return bounds


def read_shard(shard: Shard) -> Iterator[Row]:
    """Stream the rows of a shard. Line numbers count from the beginning of the shard."""
    path = Path(shard.path)
    if file_kind(path) == ".parquet":
        records = read_records(path, groups=range(shard.start, shard.stop))
        for i, record in enumerate(records, 1):
            yield Row(i, record)
        return
    with open_bytes(path) as stream:
        lines: Any = stream
        if (shard.start, shard.stop) != WHOLE_FILE:
            stop = _find_line(stream, shard.stop)
            start = _find_line(stream, shard.start)
            stream.seek(start)
            lines = io.BufferedReader(_Stretch(stream, stop - start), BUFFER_BYTES)
        yield from read_json_lines(lines, name=path.name)


def _find_line(stream: Any, position: int) -> int:
    """Return where the first line begins that begins at `position` or later."""
    if position == 0:
        return 0
    stream.seek(position - 1)
    stream.readline()
    return int(stream.tell())


class _Stretch(io.RawIOBase):
    """The next `n_bytes` bytes of a stream."""

    def __init__(self, stream: Any, n_bytes: int) -> None:
        self._stream = stream
        self._n_left = n_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._stream.read(min(len(buffer), self._n_left))
        buffer[: len(block)] = block
        self._n_left -= len(block)
        return len(block)


def score_shard(model: Model, shard: Shard, scoring: Scoring, root: Path) -> ShardNote:
    """Score a shard and write it below `root`.

    Scored rows become a Parquet file, rejected rows become JSON Lines; an empty one of the two
    is not kept. The note comes last. A shard that has its note already is left as it is.

    Parameters
    ----------
    model : Model
    shard : Shard
    scoring : Scoring
    root : Path
        Has the folders `REJECTED` and `NOTES`. Several processes may write into it at once, even
        the same shard.
    """
    note_path = root / NOTES / f"{shard.name}.json"
    if note_path.is_file():  # finished by a process that died before it could report it
        return ShardNote.from_json(note_path.read_text(encoding="utf-8"))
    # Two processes that write the same shard at the same time use different names.
    mark = f".{uuid.uuid4().hex}.partial"
    data = root / f"{shard.name}.parquet"
    rejected = root / REJECTED / f"{shard.name}.jsonl"
    n_texts = n_rejected = n_blank = 0
    scripts: Counter[str] = Counter()
    with (
        open_writer(data.with_name(mark), like=data, before=_types_of(shard)) as scored_rows,
        open_writer(rejected.with_name(mark), like=rejected) as rejected_rows,
    ):
        for rows in cut_chunks(read_shard(shard)):
            predictions = score_rows(model, rows, scoring)
            fitting = reject_new_columns(predictions, scored_rows.columns)
            for one in reject_misfits(fitting, scored_rows.refuse):
                if one.problem is None:
                    scored_rows.write(one.record)
                    n_texts += 1
                    n_blank += one.has_no_text
                    if one.unseen_script:
                        scripts[one.unseen_script] += 1
                else:
                    _write_rejected(rejected_rows, shard, one)
                    n_rejected += 1
    _move_into_place(data.with_name(mark), data, n_rows=n_texts)
    _move_into_place(rejected.with_name(mark), rejected, n_rows=n_rejected)
    note = ShardNote(
        **asdict(shard),
        n_texts=n_texts,
        n_rejected=n_rejected,
        process=os.getpid(),
        n_blank=n_blank,
        unseen_scripts=dict(scripts),
    )
    with atomic_file(note_path, is_shared=True) as unfinished:
        unfinished.write_text(note.to_json() + "\n", encoding="utf-8")
    return note


def _types_of(shard: Shard) -> Before | None:
    """Return the types of the columns of a Parquet file; None where the values decide."""
    path = Path(shard.path)
    return Before(types=read_types(path), is_piece=False) if file_kind(path) == ".parquet" else None


def _write_rejected(writer: Writer, shard: Shard, one: Prediction) -> None:
    writer.write(
        {
            "file": Path(shard.path).name,
            "start": shard.start,
            "line": one.line,
            "reason": one.problem,
        }
    )


def _move_into_place(unfinished: Path, path: Path, *, n_rows: int) -> None:
    if n_rows:
        unfinished.replace(path)
    else:
        unfinished.unlink()
