"""Floats of half and single precision as they were written: 0.1, not 0.10000000149011612.

Python has floats of double precision alone. A narrower one that becomes one of these keeps its
value, and gets digits that nobody wrote.
"""

from __future__ import annotations

from typing import Any

__all__ = ["PRECISIONS", "find_precision", "shorten"]

# How NumPy, pandas, polars and Arrow call their types -> how NumPy does
PRECISIONS = {
    "float16": "float16",
    "halffloat": "float16",
    "halffloat[pyarrow]": "float16",
    "float32": "float32",
    "float": "float32",
    "float[pyarrow]": "float32",
}


def find_precision(values: Any) -> str | None:
    """Return the type of the floats of a column or an array; None if they are not narrow."""
    kind = getattr(values, "dtype", getattr(values, "type", None))
    return PRECISIONS.get(str(kind).casefold())


def shorten(values: list[Any], precision: str) -> list[Any]:
    """Return the floats of each row, or the rows of a matrix, with the fewest digits.

    >>> shorten([0.10000000149011612, None, 2.0], "float32")
    [0.1, None, 2.0]
    """
    import numpy  # most tables have no such column, and it takes a tenth of a second to load

    narrow = numpy.dtype(precision).type
    return [_shorten(value, narrow) for value in values]


def _shorten(value: Any, narrow: Any) -> Any:
    if isinstance(value, list):
        return [_shorten(one, narrow) for one in value]
    return float(str(narrow(value))) if isinstance(value, float) else value
