"""``OUT.partial/``: an output file that grows chunk by chunk, and a journal of finished chunks.

A chunk counts once its line is in the journal. What a killed process wrote after that line is cut
off when the work is resumed: nothing is written twice and nothing is missing, whatever the moment.
Text formats grow in one file. Parquet cannot grow: each chunk is a file of its own until the end.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assay._optional import require
from assay.batch.blank_rows import BlankRows
from assay.batch.finished_chunk import FinishedChunk, RejectedRow
from assay.batch.identity import AFRESH
from assay.batch.misfits import reject_misfits, reject_new_columns, reject_unwritable
from assay.batch.rows import Prediction
from assay.batch.short_columns import shorten
from assay.data.files.parquet import read_types
from assay.data.files.parquet_writer import (
    decide_types,
    find_misfits,
    join_parquet,
    widen_types,
)
from assay.data.files.row import Record
from assay.data.files.style import TableStyle
from assay.data.files.workbook_writer import write_workbook
from assay.data.files.writers import Before, open_writer, out_kind
from assay.disk import write_whole
from assay.errors import DataError, InputError, OutputExistsError
from assay.json_text import parse_json
from assay.output_place import check_name

__all__ = ["ResumableOutput"]

MANIFEST, JOURNAL, DATA, REJECTED = "manifest.json", "shards.jsonl", "data", "rejected.jsonl"
WORKBOOK = "workbook"
SCHEMA_VERSION = 1
OUR_NAMES = {
    MANIFEST,
    JOURNAL,
    DATA,
    REJECTED,
    WORKBOOK,
    f".{MANIFEST}.partial",
    f".{JOURNAL}.partial",
}
FINISHED = {"finished": True}  # the last line of the journal


class ResumableOutput:
    """The unfinished form of one output file and of the list of rejected rows.

    Parameters
    ----------
    out : Path
        The output; its name decides the format. Rejected rows are listed in
        ``OUT.rejected.jsonl``, which does not exist if there are none.

    Attributes
    ----------
    style : TableStyle or None
        How a CSV or TSV is written; None until it is known, and where nothing is followed.
    text_column : str or None
        The column of the texts; None until it is known.
    label_separator : str or None
        What is between several labels of a cell in a workbook; None: commas or semicolons.
    input_types : sequence of pyarrow.DataType
        The types of the first columns of a Parquet file, where the input is one.
    """

    def __init__(self, out: Path) -> None:
        check_name(out)
        self.out = out
        self.rejected_out = out.with_name(f"{out.name}.rejected.jsonl")
        self.folder = out.with_name(f"{out.name}.partial")
        self.style: TableStyle | None = None
        self.text_column: str | None = None
        self.label_separator: str | None = None
        self.input_types: Sequence[Any] = ()
        self.chunks: list[FinishedChunk] = []
        self.is_finished = False  # all chunks are written; files may still have to be moved
        kind = out_kind(out)
        self._is_parquet = kind == ".parquet"
        self._is_workbook = kind == ".xlsx"
        # A workbook cannot grow either: its rows are kept as JSON Lines until the end.
        self._grows_like = Path("rows.jsonl") if self._is_workbook else out
        self._is_table = kind not in (".jsonl", ".xlsx")
        self._data = self.folder / DATA
        self._rejected = self.folder / REJECTED

    def refuse_unfinished(self) -> None:
        """Refuse to start afresh where an earlier call left finished chunks.

        Raises
        ------
        OutputExistsError
            There is at least one.
        """
        journal = self.folder / JOURNAL
        has_work = (self.folder / MANIFEST).is_file() and journal.is_file()
        if has_work and journal.stat().st_size:
            raise OutputExistsError(
                f"{self.folder} holds the work of a call that was interrupted",
                hint="add --resume to go on with it, or --overwrite to start afresh",
            )

    def begin(self, identity: Mapping[str, Any]) -> None:
        """Start afresh: delete what an earlier call left, and write the manifest.

        Raises
        ------
        InputError
            There is a folder of this name that assay did not write.
        """
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if not _is_ours(path):
                    raise InputError(
                        f"{self.folder} is in the way: it is no partial output of assay",
                        hint="move it away",
                    )
        if self._is_workbook:
            require("openpyxl")
        self.delete()
        self.folder.mkdir(parents=True)
        self._data.touch()
        self._rejected.touch()
        content = {"schema_version": SCHEMA_VERSION, "identity": identity}
        write_whole(self.folder / MANIFEST, json.dumps(content, ensure_ascii=True, indent=1) + "\n")

    def resume(self) -> Mapping[str, object] | None:
        """Read the manifest and the journal of an interrupted call.

        Returns
        -------
        mapping or None
            The identity of that call; None if there is nothing to resume.

        Raises
        ------
        InputError
            The manifest or the journal is damaged.
        """
        manifest = self.folder / MANIFEST
        if not manifest.is_file():
            return None
        try:
            identity = dict(parse_json(manifest.read_text(encoding="utf-8"))["identity"])
            self._read_journal()
        except (ValueError, KeyError, TypeError) as err:
            raise InputError(
                f"{self.folder} cannot be resumed: it is damaged", hint=AFRESH
            ) from err
        return identity

    def _read_journal(self) -> None:
        path = self.folder / JOURNAL
        if not path.is_file():
            return
        lines = path.read_bytes().split(b"\n")
        for line in lines[:-1]:  # what follows the last line feed was never finished
            content = parse_json(line)
            if content == FINISHED:
                self.is_finished = True
            else:
                self.chunks.append(FinishedChunk(**content))

    def cut_unfinished(self) -> None:
        """Cut off whatever was written after the last finished chunk."""
        data_bytes = self.chunks[-1].data_bytes if self.chunks else 0
        rejected_bytes = self.chunks[-1].rejected_bytes if self.chunks else 0
        journal = "".join(_to_line(asdict(chunk)) for chunk in self.chunks)
        write_whole(self.folder / JOURNAL, journal)
        _truncate(self._rejected, rejected_bytes)
        if not self._is_parquet:
            _truncate(self._data, data_bytes)
            return
        finished = set(self._parquet_paths())
        for path in self.folder.glob("*.parquet"):
            if path not in finished:
                path.unlink()

    def reject_new_columns(self, predictions: Sequence[Prediction]) -> list[Prediction]:
        """Reject rows with a column that the table does not have; JSON Lines take any."""
        return reject_new_columns(predictions, self._columns) if self._is_table else [*predictions]

    def reject_unwritable(self, predictions: Sequence[Prediction]) -> list[Prediction]:
        """Reject rows that the format has no place for, such as values of another type."""
        if self._is_parquet:
            return reject_misfits(predictions, self._refuse_types)
        return reject_unwritable(predictions, self._find_problem)

    def _refuse_types(self, records: Sequence[Record]) -> list[str | None]:
        columns = self._columns or tuple(next(iter(records), {}))
        return find_misfits(records, columns, self._types_for(records, columns))

    def _find_problem(self, records: Sequence[Record]) -> str | None:
        """Try to write records; the next attempt writes over them."""
        try:
            self._write_records(records, self._columns)
        except DataError as err:
            return err.message
        return None

    @property
    def _columns(self) -> tuple[str, ...]:
        return tuple(self.chunks[-1].columns) if self.chunks else ()

    def append(self, predictions: Sequence[Prediction], *, rows_hash: str) -> None:
        """Write one chunk. It counts when all of it is on the disk.

        Raises
        ------
        DataError
            The format has no place for a record.
        """
        records: list[Record] = []
        rejected: list[RejectedRow] = []
        for one in predictions:
            if one.problem is None:
                records.append(one.record)
            else:
                rejected.append(_describe_rejected(one, one.problem))
        columns = self._columns
        if records:
            columns = self._write_records(records, columns)
        if rejected:
            self._write_rejected(rejected)
        blank = BlankRows.among(predictions)
        scripts = Counter(one.unseen_script for one in predictions if one.unseen_script)
        chunk = FinishedChunk(
            n_rows=len(records) + len(rejected),
            n_texts=len(records),
            n_rejected=len(rejected),
            rows_hash=rows_hash,
            data_bytes=0 if self._is_parquet else self._data.stat().st_size,
            rejected_bytes=self._rejected.stat().st_size,
            columns=list(columns),
            n_blank=blank.n_rows,
            blank_lines=list(blank.lines),
            blank_ids=list(blank.ids),
            unseen_scripts=dict(scripts),
        )
        self._add_to_journal(asdict(chunk))
        self.chunks.append(chunk)

    def _types_for(self, records: Sequence[Record], columns: Sequence[str]) -> Sequence[Any]:
        """Return the types of Parquet columns that hold these records and the finished chunks."""
        finished = self._parquet_paths()
        known = read_types(finished[-1]) if finished else self.input_types
        types = decide_types(records, columns, known)
        return widen_types(records, columns, types, finished)

    def _write_records(
        self, records: Sequence[Record], columns: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Write the scored rows; return the columns of the table."""
        if self._is_parquet:
            path = self._parquet_path(len(self.chunks))
            columns = columns or tuple(records[0])
            before = Before(columns, self._types_for(records, columns))
        else:
            path, before = self._data, Before(columns)
            # What an attempt that failed has written is cut off.
            _truncate(path, self.chunks[-1].data_bytes if self.chunks else 0)
        with open_writer(path, like=self._grows_like, before=before, style=self.style) as writer:
            for record in records:
                writer.write(record)
        _sync(path)
        return writer.columns

    def _write_rejected(self, rejected: Iterable[RejectedRow]) -> None:
        with open_writer(self._rejected, like=Path(REJECTED), before=Before()) as writer:
            for row in rejected:
                writer.write({**row})
        _sync(self._rejected)

    def _parquet_path(self, i: int) -> Path:
        return self.folder / f"{i:08d}.parquet"

    def _parquet_paths(self) -> list[Path]:
        """Return the files of the finished chunks; a chunk without any scored row has none."""
        return [self._parquet_path(i) for i, chunk in enumerate(self.chunks) if chunk.n_texts]

    def _add_to_journal(self, content: Mapping[str, object]) -> None:
        with (self.folder / JOURNAL).open("ab") as stream:
            stream.write(_to_line(content).encode("ascii"))
            stream.flush()
            os.fsync(stream.fileno())

    def finish(self) -> None:
        """Move the files to their places. This can be interrupted and resumed like all the rest."""
        if not self.is_finished:
            self._complete_data()
            self._add_to_journal(FINISHED)
            self.is_finished = True
        if not any(chunk.n_rejected for chunk in self.chunks):
            self.rejected_out.unlink(missing_ok=True)
        elif self._rejected.is_file():
            self._rejected.replace(self.rejected_out)
        whole = self.folder / WORKBOOK if self._is_workbook else self._data
        if whole.is_file():
            whole.replace(self.out)
        self.delete()

    def _complete_data(self) -> None:
        """Make the data file what the output has to be."""
        if not any(chunk.n_texts for chunk in self.chunks):
            with open_writer(self._data, like=self._grows_like, style=self.style):
                pass  # an output of this format without any row
        elif self._is_parquet:
            join_parquet(self._parquet_paths(), self._data)
            _sync(self._data)
        if self._is_workbook:
            self._make_workbook()

    def _make_workbook(self) -> None:
        """Turn the rows into a workbook with the columns for people."""
        columns: dict[str, None] = {}
        for record in self._short_records():
            columns.update(dict.fromkeys(record))
        write_workbook(self._short_records(), self.folder / WORKBOOK, columns=tuple(columns))
        _sync(self.folder / WORKBOOK)

    def _short_records(self) -> Iterator[Record]:
        with self._data.open(encoding="utf-8") as lines:
            for line in lines:
                yield shorten(
                    parse_json(line),
                    text_column=self.text_column,
                    separator=self.label_separator,
                )

    def delete(self) -> None:
        """Delete the folder, the manifest first: half a folder is then never resumed."""
        if self.folder.is_dir() and not self.folder.is_symlink():
            (self.folder / MANIFEST).unlink(missing_ok=True)
            shutil.rmtree(self.folder)
        else:
            self.folder.unlink(missing_ok=True)

    def discard(self) -> None:
        """Delete the folder as far as the disk allows it, after another error that is reported."""
        with suppress(OSError):
            self.delete()


def _describe_rejected(one: Prediction, problem: str) -> RejectedRow:
    if one.row_id is None:
        return {"line": one.line, "reason": problem}
    return {"line": one.line, "id": str(one.row_id), "reason": problem}


def _is_ours(path: Path) -> bool:
    return path.name in OUR_NAMES or (path.suffix == ".parquet" and path.stem.isdecimal())


def _to_line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=True) + "\n"


def _truncate(path: Path, n_bytes: int) -> None:
    if path.is_file() and path.stat().st_size < n_bytes:
        raise InputError(
            f"{path.parent} cannot be resumed: {path.name} is shorter than its journal says",
            hint=AFRESH,
        )
    with path.open("ab") as stream:
        stream.truncate(n_bytes)


def _sync(path: Path) -> None:
    """Wait until a file is on the disk: the journal must not know more than a power cut leaves."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
