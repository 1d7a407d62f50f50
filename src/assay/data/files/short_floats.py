"""Floats of half and single precision as they were written: 0.1, not 0.10000000149011612.

Python has floats of double precision alone. A narrower one that becomes one of these keeps its
value, and gets digits that nobody wrote.
"""

from __future__ import annotations

from itertools import repeat
from typing import Any

import numpy as np

__all__ = ["find_precision", "shorten"]

# How NumPy, pandas, polars and Arrow call their types.
PRECISIONS: dict[str, type[np.floating[Any]]] = {
    "float16": np.float16,
    "halffloat": np.float16,
    "float32": np.float32,
    "float": np.float32,
    "halffloat[pyarrow]": np.float16,
    "float[pyarrow]": np.float32,
}


def find_precision(values: Any) -> type[np.floating[Any]] | None:
    """Return the type of the floats of a column or an array; None if they are not narrow."""
    kind = getattr(values, "dtype", getattr(values, "type", None))
    return PRECISIONS.get(str(kind).casefold())


def shorten(values: list[Any], precision: type[np.floating[Any]]) -> list[Any]:
    """Return the floats of each row, or the rows of a matrix, with the fewest digits.

    >>> shorten([0.10000000149011612, None, 2.0], np.float32)
    [0.1, None, 2.0]
    """
    return list(map(_shorten, values, repeat(precision)))


def _shorten(value: Any, precision: type[np.floating[Any]]) -> Any:
    if isinstance(value, list):
        return shorten(value, precision)
    if not isinstance(value, float) or value.is_integer():
        return value
    return float(str(precision(value)))
