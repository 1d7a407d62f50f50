"""Arrow files, through pyarrow: Feather, and what the library datasets keeps its data in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assay._optional import require
from assay.data.columns import tell_apart
from assay.data.files.arrow_values import seen_records
from assay.data.files.decoding import open_bytes
from assay.data.files.parquet import BATCH_ROWS, names_of_schema
from assay.data.files.row import Record
from assay.errors import DataError, first_line

__all__ = ["read_arrow_class_names", "read_arrow_records"]

FILE_MARK = b"ARROW1"  # of files that can be read from any place; without it, it is a stream
OLD_FEATHER = b"FEA1"


@contextmanager
def _open_arrow(path: Path) -> Iterator[tuple[Any, Iterator[Any]]]:
    """Open a file; give its schema and its batches."""
    pyarrow, ipc = require("pyarrow"), require("pyarrow.ipc")
    with open_bytes(path) as stream:
        mark = stream.read(len(FILE_MARK))
        if mark.startswith(OLD_FEATHER):
            raise DataError(
                f"{path.name} is Feather of version 1", hint="write it again as Parquet"
            )
        stream.seek(0)
        try:
            if mark == FILE_MARK:
                file = ipc.open_file(stream)
                yield file.schema, map(file.get_batch, range(file.num_record_batches))
            else:
                reader = ipc.open_stream(stream)
                yield reader.schema, iter(reader)
        except pyarrow.ArrowException as err:
            raise DataError(f"{path} cannot be read as Arrow: {first_line(err)}") from err


def read_arrow_records(path: Path) -> Iterator[Record]:
    """Yield each row as plain Python values.

    Raises
    ------
    DataError
        It is no Arrow file, or two columns that are needed have the same name.
    """
    with _open_arrow(path) as (schema, batches):
        names = tell_apart(schema.names, source=path.name)
        for batch in batches:
            for start in range(0, batch.num_rows, BATCH_ROWS):
                yield from seen_records(batch.slice(start, BATCH_ROWS), names)


def read_arrow_class_names(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the ordered class names of each ClassLabel column, as `read_class_names` does."""
    with _open_arrow(path) as (schema, _):
        return names_of_schema(schema)
