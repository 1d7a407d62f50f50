"""Parquet files, through pyarrow: rows in batches, and the class names that the `datasets` library stores in them."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assay._optional import require
from assay.data.files.decoding import open_bytes
from assay.errors import DataError

__all__ = ["count_group_rows", "count_rows", "read_class_names", "read_records"]

BATCH_ROWS = 4096  # rows turned into Python values at a time: bounds memory


@contextmanager
def _open_parquet(path: Path) -> Iterator[Any]:
    pyarrow, parquet = require("pyarrow"), require("pyarrow.parquet")
    with tempfile.TemporaryFile() as whole, open_bytes(path) as stream:
        if (
            path.suffix.casefold() == ".gz"
        ):  # the index of a Parquet file is at its end: gzip cannot seek there
            shutil.copyfileobj(stream, whole)
            whole.seek(0)
            stream = whole
        try:
            with parquet.ParquetFile(stream) as file:
                yield file
        except pyarrow.ArrowException as err:
            raise DataError(
                f"{path} cannot be read as Parquet: {str(err).splitlines()[0]}"
            ) from err


def read_records(path: Path, *, groups: range | None = None) -> Iterator[dict[str, Any]]:
    """Yield each row as plain Python values.

    Parameters
    ----------
    path : Path
    groups : range, optional
        Of which row groups. None: of all.

    Raises
    ------
    DataError
        It is no Parquet file, or two columns have one name.
    """
    with _open_parquet(path) as file:
        names = file.schema_arrow.names
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise DataError(
                f"column '{twice[0]}' occurs twice in {path}; columns: {', '.join(names)}"
            )
        for batch in file.iter_batches(
            batch_size=BATCH_ROWS, row_groups=None if groups is None else list(groups)
        ):
            yield from batch.to_pylist()


def count_rows(path: Path) -> int:
    """Return how many rows a file says that it has."""
    with _open_parquet(path) as file:
        return int(file.metadata.num_rows)


def count_group_rows(path: Path) -> list[int]:
    """Return how many rows each row group of a file has."""
    with _open_parquet(path) as file:
        return [
            int(file.metadata.row_group(i).num_rows) for i in range(file.metadata.num_row_groups)
        ]


def read_class_names(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the ordered class names of each ClassLabel column, from the metadata that `datasets` writes."""
    with _open_parquet(path) as file:
        metadata = (file.schema_arrow.metadata or {}).get(b"huggingface", b"{}")
    try:
        features = json.loads(metadata)["info"]["features"]
        return {
            column: tuple(feature["names"])
            for column, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}  # written by something else
