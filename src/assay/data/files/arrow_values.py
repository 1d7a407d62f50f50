"""Values of Arrow columns as a person sees them, where Python's own values would be others.

A column of pandas' periods is stored as numbers of months or days, one of intervals as objects
with two ends. The metadata of the field say so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any

from assay._optional import require
from assay.data.files.row import Record
from assay.data.files.short_floats import PRECISIONS, shorten

__all__ = ["is_written_out", "seen_records", "seen_values"]

NAME_KEY, METADATA_KEY = b"ARROW:extension:name", b"ARROW:extension:metadata"
PERIOD, INTERVAL = "pandas.period", "pandas.interval"


def seen_records(batch: Any, names: Sequence[str]) -> list[Record]:
    """Return the rows of a batch as plain values, with other names of the columns."""
    records: list[Record] = batch.rename_columns(list(names)).to_pylist()
    for field, name in zip(batch.schema, names, strict=True):
        values = list(map(itemgetter(name), records))
        seen = seen_values(values, field)
        if seen is not values:
            for record, value in zip(records, seen, strict=True):
                record[name] = value
    return records


def seen_values(values: list[Any], field: Any) -> list[Any]:
    """Return the values of a column as they are seen; the same list where nothing differs.

    Parameters
    ----------
    values : list
        As Arrow makes them Python's.
    field : pyarrow.Field
    """
    precision = PRECISIONS.get(str(field.type))
    if precision is not None:
        return shorten(values, precision)
    name, about = _extension(field)
    if name == PERIOD:
        return list(map(_show_period, values, repeat(about["freq"])))
    if name == INTERVAL:
        return list(map(_show_interval, values, repeat(about["closed"])))
    return values


def is_written_out(field: Any) -> bool:
    """Tell whether the values of a column are seen as texts, though they are stored otherwise."""
    return _extension(field)[0] in (PERIOD, INTERVAL)


def _extension(field: Any) -> tuple[str, Record]:
    """Return the name and the metadata of an extension type, also of one that is not loaded."""
    kind, metadata = field.type, field.metadata or {}
    name, about = metadata.get(NAME_KEY, b"").decode(), metadata.get(METADATA_KEY, b"")
    if isinstance(kind, require("pyarrow").BaseExtensionType):
        name, about = kind.extension_name, b""
        if name in (PERIOD, INTERVAL):
            about = kind.__arrow_ext_serialize__()
    return name, json.loads(about) if name in (PERIOD, INTERVAL) else {}


def _show_period(number: int | None, frequency: str) -> str | None:
    if number is None:
        return None
    return str(require("pandas").Period(ordinal=number, freq=frequency))


def _show_interval(ends: Record | None, closed: str) -> str | None:
    """Return an interval as pandas writes it, with a square bracket where the end belongs to it.

    >>> _show_interval({"left": 0, "right": 1}, "right")
    '(0, 1]'
    """
    if ends is None:
        return None
    left = "[" if closed in ("left", "both") else "("
    right = "]" if closed in ("right", "both") else ")"
    return f"{left}{ends['left']}, {ends['right']}{right}"
