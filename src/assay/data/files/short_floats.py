"""Floats of half and single precision as they were written: 0.1, not 0.10000000149011612.

Python has floats of double precision alone. A narrower one that becomes one of these keeps its
value, and gets digits that nobody wrote.
"""

from __future__ import annotations

import math
import struct
from itertools import repeat
from typing import Any

__all__ = ["find_precision", "shorten"]

# How NumPy, pandas, polars and Arrow call their types -> the format of `struct`. NumPy would take
# a tenth of a second to load, which a reader of tables does not need.
PRECISIONS = {
    "float16": "e",
    "halffloat": "e",
    "halffloat[pyarrow]": "e",
    "float32": "f",
    "float": "f",
    "float[pyarrow]": "f",
}
MAX_DIGITS = 9  # of a float of single precision, which tell it from all others


def find_precision(values: Any) -> str | None:
    """Return the format of the floats of a column or an array; None if they are not narrow."""
    kind = getattr(values, "dtype", getattr(values, "type", None))
    return PRECISIONS.get(str(kind).casefold())


def shorten(values: list[Any], precision: str) -> list[Any]:
    """Return the floats of each row, or the rows of a matrix, with the fewest digits.

    >>> shorten([0.10000000149011612, None, 2.0], "f")
    [0.1, None, 2.0]
    """
    return list(map(_shorten, values, repeat(precision)))


def _shorten(value: Any, precision: str) -> Any:
    if isinstance(value, list):
        return shorten(value, precision)
    if not isinstance(value, float) or value.is_integer() or not math.isfinite(value):
        return value
    for n_digits in range(1, MAX_DIGITS):
        short = float(f"{value:.{n_digits}g}")
        if struct.unpack(precision, struct.pack(precision, short))[0] == value:
            return short
    return float(f"{value:.{MAX_DIGITS}g}")
