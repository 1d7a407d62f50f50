"""``OUT.partial/``: an output that grows shard by shard, and a journal of which of them are whole.

A shard counts once its line stands in the journal. What a killed process left behind that line is
cut off when the work is resumed, so that nothing stands twice and nothing is missing, whatever the
moment. Text formats grow in one file; Parquet, which cannot grow, is one file a shard until the
end.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assay.data.files.writers import Before, join_parquet, open_writer, out_kind
from assay.errors import InputError
from assay.runtime.folder import write_whole

__all__ = ["PartialOutput", "Shard"]

MANIFEST, JOURNAL, DATA, REJECTED = "manifest.json", "shards.jsonl", "data", "rejected.jsonl"
SCHEMA_VERSION = 1
OUR_NAMES = {MANIFEST, JOURNAL, DATA, REJECTED, f".{MANIFEST}.partial", f".{JOURNAL}.partial"}


@dataclass(frozen=True)
class Shard:
    """A line of the journal: what one whole shard read and wrote.

    Parameters
    ----------
    n_rows : int
        Rows of the input.
    n_texts, n_rejected : int
        Those that were scored, and the others.
    rows_hash : str
        Of the rows, in hexadecimal: a resumed run reads them again and must find the same.
    data_bytes, rejected_bytes : int
        Size of both files when it was written; of Parquet the shard's own file.
    columns : list of str
        Of the table, as far as they were known.
    """

    n_rows: int
    n_texts: int
    n_rejected: int
    rows_hash: str
    data_bytes: int
    rejected_bytes: int
    columns: Sequence[str] = ()


class PartialOutput:
    """The unfinished form of one output file and of the list of what was rejected.

    Parameters
    ----------
    out : Path
        The file to be; its name says the format.
    rejected_out : Path
        Where the rejected rows are listed; not there if there are none.
    """

    def __init__(self, out: Path, rejected_out: Path) -> None:
        self.out, self.rejected_out = out, rejected_out
        self.folder = out.with_name(f"{out.name}.partial")
        self.shards: list[Shard] = []
        self.is_finished = False  # all shards are there and need but be moved to their place
        self._is_parquet = out_kind(out) == ".parquet"
        self._data, self._rejected = self.folder / DATA, self.folder / REJECTED

    def begin(self, identity: dict[str, Any]) -> None:
        """Start afresh: whatever stands there is deleted.

        Raises
        ------
        InputError
            The folder's name is taken by something else.
        """
        if self.folder.is_dir() and any(not _is_ours(path) for path in self.folder.iterdir()):
            raise InputError(
                f"{self.folder} is in the way: it is no partial output of assay",
                hint="move it away",
            )
        self.delete()
        self.folder.mkdir(parents=True)
        self._data.touch()
        self._rejected.touch()
        content = {"schema_version": SCHEMA_VERSION, "identity": identity}
        write_whole(self.folder / MANIFEST, json.dumps(content, ensure_ascii=True, indent=1) + "\n")

    def resume(self) -> dict[str, Any] | None:
        """Take up what is there; return the identity it was begun with, or None if there is nothing to resume.

        Raises
        ------
        InputError
            The manifest or the journal is damaged.
        """
        manifest = self.folder / MANIFEST
        if not manifest.is_file():
            return None
        try:
            identity = dict(json.loads(manifest.read_text(encoding="utf-8"))["identity"])
            self._read_journal()
        except (ValueError, KeyError, TypeError) as err:
            raise InputError(
                f"{self.folder} cannot be resumed: it is damaged",
                hint="leave out --resume to start afresh",
            ) from err
        return identity

    def _read_journal(self) -> None:
        path = self.folder / JOURNAL
        lines = path.read_bytes().split(b"\n") if path.is_file() else [b""]
        for line in lines[:-1]:  # what stands behind the last end of line was being written
            content = json.loads(line)
            if content == {"finished": True}:
                self.is_finished = True
            else:
                self.shards.append(Shard(**content))

    def cut(self) -> None:
        """Cut off what was written after the last whole shard."""
        last = self.shards[-1] if self.shards else None
        journal = "".join(_line(asdict(shard)) for shard in self.shards)
        write_whole(self.folder / JOURNAL, journal)
        _truncate(self._rejected, last.rejected_bytes if last else 0)
        if not self._is_parquet:
            _truncate(self._data, last.data_bytes if last else 0)
            return
        whole = {self._shard_path(i) for i, shard in enumerate(self.shards) if shard.n_texts}
        for path in self.folder.glob("*.parquet"):
            if path not in whole:
                path.unlink()

    def append(
        self,
        records: Sequence[dict[str, Any]],
        rejected: Sequence[dict[str, Any]],
        *,
        rows_hash: str,
    ) -> Shard:
        """Write one shard: it counts when all of it is on the disk.

        Raises
        ------
        DataError
            The format has no place for a record.
        """
        columns = self.shards[-1].columns if self.shards else ()
        if records:
            columns = self._write_records(records, tuple(columns))
        if rejected:
            with open_writer(self._rejected, like=Path(REJECTED), before=Before()) as writer:
                for row in rejected:
                    writer.write(row)
            _flush(self._rejected)
        shard = Shard(
            n_rows=len(records) + len(rejected),
            n_texts=len(records),
            n_rejected=len(rejected),
            rows_hash=rows_hash,
            data_bytes=0 if self._is_parquet else self._data.stat().st_size,
            rejected_bytes=self._rejected.stat().st_size,
            columns=list(columns),
        )
        self._note(asdict(shard))
        self.shards.append(shard)
        return shard

    def _write_records(
        self, records: Iterable[dict[str, Any]], columns: tuple[str, ...]
    ) -> tuple[str, ...]:
        path = self._shard_path(len(self.shards)) if self._is_parquet else self._data
        sample = next(
            (self._shard_path(i) for i, shard in enumerate(self.shards) if shard.n_texts), None
        )
        before = Before(columns, sample if self._is_parquet else None)
        with open_writer(path, like=self.out, before=before) as writer:
            for record in records:
                writer.write(record)
        _flush(path)
        return writer.columns

    def _shard_path(self, i: int) -> Path:
        return self.folder / f"{i:08d}.parquet"

    def _note(self, content: dict[str, Any]) -> None:
        with (self.folder / JOURNAL).open("ab") as stream:
            stream.write(_line(content).encode("ascii"))
            stream.flush()
            os.fsync(stream.fileno())

    def finish(self) -> None:
        """Move everything to its place. It can be cut short and done again like all the rest."""
        if not self.is_finished:
            self._make_whole()
            self._note({"finished": True})
            self.is_finished = True
        if not any(shard.n_rejected for shard in self.shards):
            self.rejected_out.unlink(missing_ok=True)
        elif self._rejected.is_file():
            self._rejected.replace(self.rejected_out)
        if self._data.is_file():
            self._data.replace(self.out)
        self.delete()

    def _make_whole(self) -> None:
        paths = [self._shard_path(i) for i, shard in enumerate(self.shards) if shard.n_texts]
        if self._is_parquet and paths:
            join_parquet(paths, self._data)
            _flush(self._data)
        elif not paths:
            with open_writer(self._data, like=self.out):
                pass  # an empty file of its kind

    def delete(self) -> None:
        """Remove the folder, the manifest first: half a folder is then never taken for one to resume."""
        if self.folder.is_dir() and not self.folder.is_symlink():
            (self.folder / MANIFEST).unlink(missing_ok=True)
            shutil.rmtree(self.folder)
        else:
            self.folder.unlink(missing_ok=True)

    def discard(self) -> None:
        """Delete it as far as the disk lets us: something else went wrong already, and is what must be said."""
        with suppress(OSError):
            self.delete()


def _is_ours(path: Path) -> bool:
    return path.name in OUR_NAMES or (path.suffix == ".parquet" and path.stem.isdecimal())


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=True) + "\n"


def _truncate(path: Path, n_bytes: int) -> None:
    if path.is_file() and path.stat().st_size < n_bytes:
        raise InputError(
            f"{path.parent} cannot be resumed: {path.name} is shorter than its journal says",
            hint="leave out --resume to start afresh",
        )
    with path.open("ab") as stream:
        stream.truncate(n_bytes)


def _flush(path: Path) -> None:
    """Wait until a file is on the disk: after a power cut the journal must not know more than is there."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
