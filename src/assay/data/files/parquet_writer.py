"""Records as tables of Parquet, where all values of a column have one type.

A type is known from a file that is followed, else the first values decide it. A column that held
nulls alone so far has no type yet (null, to pyarrow): whatever comes first decides then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any, Self

from assay._optional import require
from assay.data.files.row import Record
from assay.errors import DataError, cut, first_line

__all__ = [
    "TypedFile",
    "decide_types",
    "encodable",
    "find_misfits",
    "has_undecided",
    "join_parquet",
    "make_table",
    "widen_types",
]

EXACT = 2**53  # up to here every whole number is a float64
OVER_64_BITS = 2**63
LIST_COLUMNS = frozenset({"predicted_labels"})  # of texts, also where no row has one


def decide_types(
    records: Sequence[Record], columns: Sequence[str], known: Sequence[Any]
) -> list[Any]:
    """Return the type of each column: the known one, else that of its values.

    Where values are of several kinds, the first one decides.

    Parameters
    ----------
    records : sequence of dict
    columns : sequence of str
    known : sequence of pyarrow.DataType
        Types of the first columns; null where nothing is known yet.
    """
    arrow = require("pyarrow")
    types = []
    for i, name in enumerate(columns):
        kind = known[i] if i < len(known) else arrow.null()
        if arrow.types.is_null(kind):
            values = [record.get(name) for record in records]
            kind = _infer(values)
            if name in LIST_COLUMNS and not any(values):
                kind = arrow.list_(arrow.string())
        types.append(kind)
    return types


def _infer(values: list[Any]) -> Any:
    """Return the type of some values; of those like the first one if they have none together."""
    arrow = require("pyarrow")
    given = list(map(encodable, filter(_is_given, values)))
    like_first = list(filter(partial(_are_alike, given[0]), given)) if given else []
    for part in (given, like_first, given[:1]):
        try:
            kind = arrow.array(part).type
        except (arrow.ArrowException, OverflowError, ValueError, TypeError):
            continue
        if _has_fields(kind):
            return kind
    return arrow.string()


def _is_given(value: Any) -> bool:
    return value is not None


def _are_alike(first: Any, value: Any) -> bool:
    """Tell whether a value is of the type of the first one, or both are numbers of 64 bits."""
    if type(value) is int and abs(value) >= OVER_64_BITS:
        return False
    kinds = {type(first), type(value)}
    return len(kinds) == 1 or kinds == {int, float}


def _has_fields(kind: Any) -> bool:
    """Tell whether no object of a type is without any field: Parquet has no place for one."""
    if require("pyarrow").types.is_struct(kind) and not kind.num_fields:
        return False
    return all(map(_has_fields, _inner_types(kind)))


def _inner_types(kind: Any) -> list[Any]:
    """Return the types of the items or fields of a type; none for plain values."""
    return [kind.field(i).type for i in range(kind.num_fields)]


def widen_types(
    records: Sequence[Record], columns: Sequence[str], types: Sequence[Any], before: Sequence[Path]
) -> list[Any]:
    """Return the types with float64 for columns of whole numbers where fractions come later.

    Parameters
    ----------
    records : sequence of dict
        What comes now.
    columns : sequence of str
    types : sequence of pyarrow.DataType
    before : sequence of Path
        Files that were written already: a number of theirs that float64 cannot hold keeps its
        column as it is.
    """
    arrow = require("pyarrow")
    widened = list(types)
    for i, name in enumerate(columns):
        if types[i] != arrow.int64():
            continue
        has_fraction = any(isinstance(record.get(name), float) for record in records)
        if has_fraction and _are_exact(before, i):
            widened[i] = arrow.float64()
    return widened


def _are_exact(paths: Iterable[Path], column: int) -> bool:
    """Tell whether float64 holds every whole number of a column, by the statistics of files."""
    parquet = require("pyarrow.parquet")
    for path in paths:
        metadata = parquet.read_metadata(path)
        for group in range(metadata.num_row_groups):
            found = metadata.row_group(group).column(column).statistics
            if found is None or not found.has_min_max:
                continue  # nulls alone
            if max(abs(found.min), abs(found.max)) > EXACT:
                return False
    return True


def make_table(records: Sequence[Record], columns: Sequence[str], types: Sequence[Any]) -> Any:
    """Return records as a table with columns of these types.

    Raises
    ------
    DataError
        A value is of another type than its column.
    """
    arrow = require("pyarrow")
    arrays = []
    for name, kind in zip(columns, types, strict=True):
        values = [record.get(name) for record in records]
        try:
            arrays.append(_make_array(values, kind))
        except (arrow.ArrowException, OverflowError, ValueError, TypeError) as err:
            raise DataError(
                f"column '{cut(name)}' cannot be written as Parquet, where all its values are of "
                f"one kind: {first_line(err)}",
                hint="write .jsonl",
            ) from err
    return arrow.Table.from_arrays(arrays, names=list(columns))


def find_misfits(
    records: Sequence[Record], columns: Sequence[str], types: Sequence[Any]
) -> list[str | None]:
    """Return for each record why it does not fit columns of these types, or None if it does."""
    try:
        make_table(records, columns, types)
    except DataError:
        return list(map(_find_misfit, records, repeat(columns), repeat(types)))
    return [None] * len(records)


def _find_misfit(record: Record, columns: Sequence[str], types: Sequence[Any]) -> str | None:
    try:
        make_table([record], columns, types)
    except DataError as err:
        return err.message
    return None


def _make_array(values: list[Any], kind: Any) -> Any:
    arrow = require("pyarrow")
    if _holds_integers(kind) and any(_loses_fraction(value, kind) for value in values):
        raise ValueError("a fraction among whole numbers")  # pyarrow would cut it off
    try:
        return arrow.array(values, type=kind)
    except UnicodeEncodeError:
        return arrow.array(list(map(encodable, values)), type=kind)


def _holds_integers(kind: Any) -> bool:
    """Tell whether values of a type hold whole numbers."""
    return require("pyarrow").types.is_integer(kind) or any(
        map(_holds_integers, _inner_types(kind))
    )


def _loses_fraction(value: Any, kind: Any) -> bool:
    """Tell whether a fraction in a value would become a whole number."""
    if isinstance(value, float):
        return require("pyarrow").types.is_integer(kind) and not value.is_integer()
    if isinstance(value, list) and kind.num_fields == 1:
        return any(map(_loses_fraction, value, repeat(kind.field(0).type)))
    if isinstance(value, dict) and require("pyarrow").types.is_struct(kind):
        return any(map(_loses_fraction, map(value.get, kind.names), _inner_types(kind)))
    return False


def has_undecided(types: Iterable[Any]) -> bool:
    """Tell whether a column has no type yet."""
    return any(map(require("pyarrow").types.is_null, types))


class TypedFile:
    """A file of Parquet with columns of given types, which the first table opens.

    Parameters
    ----------
    out : Path
    types : sequence of pyarrow.DataType
    keeps_nulls : bool
        Whether a column without a type stays one. Otherwise it holds texts.
    """

    def __init__(self, out: Path, types: Sequence[Any], *, keeps_nulls: bool = False) -> None:
        self._arrow, self._parquet = require("pyarrow"), require("pyarrow.parquet")
        self._out = out
        self._types = list(types) if keeps_nulls else list(map(self._or_text, types))
        self._writer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _or_text(self, kind: Any) -> Any:
        return self._arrow.string() if self._arrow.types.is_null(kind) else kind

    def write(self, table: Any) -> None:
        """Write one table as a row group; its columns may be nulls, or narrower numbers."""
        arrays = []
        for column, kind in zip(table.columns, self._types, strict=True):
            if self._arrow.types.is_null(column.type):
                arrays.append(self._arrow.nulls(len(column), kind))
            else:
                arrays.append(column.cast(kind))
        whole = self._arrow.Table.from_arrays(arrays, names=table.column_names)
        if self._writer is None:
            self._writer = self._parquet.ParquetWriter(self._out, whole.schema)
        self._writer.write_table(whole, row_group_size=max(1, whole.num_rows))

    def close(self) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()


def join_parquet(paths: Sequence[Path], out: Path) -> None:
    """Write the rows of the pieces of one output into one file, one row group each.

    The last piece knows the type of every column; see `decide_types` and `widen_types`.
    """
    parquet = require("pyarrow.parquet")
    with TypedFile(out, parquet.read_schema(paths[-1]).types) as joined:
        for path in paths:
            joined.write(parquet.read_table(path))


def encodable(value: Any) -> Any:
    """Return the value with lone surrogates spelt out, which UTF-8 has no bytes for."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list):
        return [encodable(item) for item in value]
    if isinstance(value, dict):
        return {encodable(key): encodable(item) for key, item in value.items()}
    return value
