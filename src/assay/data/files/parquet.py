"""Parquet files, through pyarrow: rows in batches, and the class names that `datasets` stores."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from assay._optional import require
from assay.data.columns import tell_apart
from assay.data.files.arrow_values import is_written_out, seen_records
from assay.data.files.decoding import open_bytes
from assay.data.files.row import Record
from assay.errors import DataError, first_line

__all__ = [
    "BATCH_ROWS",
    "count_group_rows",
    "count_rows",
    "names_of_schema",
    "read_class_names",
    "read_records",
    "read_types",
]

BATCH_ROWS = 4096  # rows turned into Python values at a time: bounds memory


@contextmanager
def _open_parquet(path: Path) -> Iterator[Any]:
    pyarrow, parquet = require("pyarrow"), require("pyarrow.parquet")
    with ExitStack() as stack:
        stream: Any = stack.enter_context(open_bytes(path))
        if path.suffix.casefold() == ".gz":
            # The index of a Parquet file is at its end, and gzip cannot seek there.
            whole = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(stream, whole)
            whole.seek(0)
            stream = whole
        try:
            with parquet.ParquetFile(stream) as file:
                yield file
        except pyarrow.ArrowException as err:
            raise DataError(
                f"{path} cannot be read as Parquet: {first_line(err)}",
                hint="copy or download it again",
            ) from err


def read_records(path: Path, *, groups: range | None = None) -> Iterator[Record]:
    """Yield each row as plain Python values.

    Parameters
    ----------
    path : Path
    groups : range, optional
        Which row groups are read. None: all.

    Raises
    ------
    DataError
        It is no Parquet file, or two columns that are needed have the same name.
    """
    with _open_parquet(path) as file:
        names = tell_apart(file.schema_arrow.names, source=path.name)
        row_groups = None if groups is None else list(groups)
        for batch in file.iter_batches(batch_size=BATCH_ROWS, row_groups=row_groups):
            yield from seen_records(batch, names)


def count_rows(path: Path) -> int:
    """Return how many rows a file says that it has."""
    with _open_parquet(path) as file:
        return int(file.metadata.num_rows)


def count_group_rows(path: Path) -> list[int]:
    """Return how many rows each row group of a file has."""
    with _open_parquet(path) as file:
        metadata = file.metadata
        return [int(metadata.row_group(i).num_rows) for i in range(metadata.num_row_groups)]


def read_types(path: Path) -> list[Any]:
    """Return the type of each column, as values that `read_records` yields can be written again.

    Returns
    -------
    list of pyarrow.DataType
        The type of the values of a dictionary or an extension type; null where values of a type
        cannot be written.
    """
    with _open_parquet(path) as file:
        return list(map(_plain_type, file.schema_arrow))


def _plain_type(field: Any) -> Any:
    arrow, kind = require("pyarrow"), field.type
    if is_written_out(field):
        return arrow.string()
    while True:
        if arrow.types.is_dictionary(kind) or arrow.types.is_run_end_encoded(kind):
            kind = kind.value_type
        elif isinstance(kind, arrow.BaseExtensionType):
            kind = kind.storage_type
        else:
            break
    try:
        arrow.array([None], type=kind)
    except arrow.ArrowException:
        return arrow.null()
    return kind


def read_class_names(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the ordered class names of each ClassLabel column."""
    with _open_parquet(path) as file:
        return names_of_schema(file.schema_arrow)


def names_of_schema(schema: Any) -> dict[str, tuple[str, ...]]:
    """Return the ordered class names of each column of ClassLabel, or lists of it, in a schema.

    `datasets` writes them into its metadata; {} where another program wrote it.
    """
    metadata = (schema.metadata or {}).get(b"huggingface", b"{}")
    class_names = {}
    try:
        for column, feature in json.loads(metadata)["info"]["features"].items():
            element = _element_of(feature)
            if isinstance(element, dict) and element.get("_type") == "ClassLabel":
                class_names[column] = tuple(element["names"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return class_names


def _element_of(feature: Any) -> Any:
    """Return what a list of several labels is made of, in each notation of `datasets`."""
    if isinstance(feature, list):
        return feature[0] if len(feature) == 1 else None
    if isinstance(feature, dict) and "feature" in feature:  # of List, LargeList and Sequence
        return feature["feature"]
    return feature
