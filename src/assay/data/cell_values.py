"""What a value of a cell means: a text, a label, or nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from numbers import Number
from typing import Any

import numpy as np

from assay.data.files.row import Record
from assay.data.files.short_floats import find_precision, shorten
from assay.data.files.shown_times import show_time
from assay.data.label_forms import (
    FORMULA_START,
    SeveralLabelsError,
    choices_of,
    unwrap_formula,
)
from assay.errors import DataError

__all__ = [
    "BLANK_WORDS",
    "MAX_CHARS",
    "MYSQL_NULL",
    "NO_WORDS",
    "RefusedError",
    "YES_WORDS",
    "is_null",
    "label_as_text",
    "read_text",
    "text_or_problem",
]

# Longer ones are no short texts but whole files that slipped into a cell.
MAX_CHARS = 100_000
MYSQL_NULL = r"\N"  # how MySQL and Hive write a missing value
NOTHING = ("", MYSQL_NULL)
# Words of columns that say whether a text has one label; what is blank says no.
YES_WORDS = {"1", "1.0", "true", "yes", "y", "x", "예", "네", "是", "✓", "✔"}
BLANK_WORDS = {"", "none", "nan", "<na>"}
NO_WORDS = {*BLANK_WORDS, "0", "0.0", "false", "no", "n", "아니오", "아니요", "否"}
# What is written as it is seen: of pandas, such as what `cut` makes of numbers, and of Python.
WRITTEN_TYPES = {"Period", "Interval", "UUID"}
# The last two are of pandas, recognised by name so that it need not be imported.
NULL_TYPES = {"NoneType", "NAType", "NaTType"}
MAX_INTEGER_BITS = 4096  # Python refuses to write integers of more than 4,300 digits


class RefusedError(DataError):
    """A value that is neither usable nor missing; says why."""


def read_text(value: Any, *, max_chars: int | None) -> str | None:
    """Return the text of a value, None for null; a number, such as a year, becomes its digits.

    A cell that is written as ``="001"``, so that spreadsheets keep its text, is that text. A text
    of more than `max_chars` characters is refused; None: no text is too long.
    """
    if type(value) is not str:
        value = _plain(value)
        if is_null(value):
            return None
        if not isinstance(value, str) and not _is_number(value):
            raise RefusedError(f"the text is {_kind(value)}; a text is accepted")
        _check_digits(value, "text")
    text = str(_whole(value))
    if text.startswith(FORMULA_START):
        text = unwrap_formula(text) or text
    if max_chars is not None and len(text) > max_chars:
        raise RefusedError(
            f"a text of {len(text):,} characters; at most {max_chars:,} are accepted (--max-chars)"
        )
    return text


def text_or_problem(value: Any, *, max_chars: int = MAX_CHARS) -> tuple[str | None, str | None]:
    """Return the text of a value, and why it cannot be used.

    Returns
    -------
    text : str or None
        None for null, and where the value cannot be used.
    problem : str or None
        None if the value can be used.

    Examples
    --------
    >>> text_or_problem(2026), text_or_problem(None), text_or_problem(["a"])
    (('2026', None), (None, None), (None, 'the text is a list; a text is accepted'))
    """
    try:
        return read_text(value, max_chars=max_chars), None
    except RefusedError as refused:
        return None, refused.message


def label_as_text(value: Any, *, class_names: Sequence[str] | None = None) -> str | None:
    """Return the class name of a label value; None if it is null, blank or an empty list.

    Whole numbers lose their ``.0``, which pandas and Parquet add where a value is missing; dates
    and times are as a spreadsheet shows them; a list of one label is that label.

    Raises
    ------
    DataError
        Several labels, an id that no class name has, or a value that can be no label.

    Examples
    --------
    >>> label_as_text(3.0), label_as_text(True), label_as_text(" ")
    ('3', 'True', None)
    >>> label_as_text(1, class_names=["sad", "happy"])
    'happy'
    """
    if isinstance(value, str):
        # Not `str(value)`: that is the name of a member of an enumeration, not its value.
        return None if value.strip() in NOTHING else str.__str__(value)
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return _label_of_list(list(value), class_names=class_names)
    value = _plain(value)
    if is_null(value):
        return None
    if isinstance(value, str | dict):
        return _label_of_object(value, class_names=class_names)
    if not _is_number(value):
        raise RefusedError(f"the label is {_kind(value)}; a text or a number is accepted")
    value = _whole(value)
    is_id = isinstance(value, int) and not isinstance(value, bool)
    _check_digits(value, "label")
    if class_names is not None and is_id:
        return _class_name(value, class_names)
    return str(value)


def _is_number(value: Any) -> bool:
    """Tell whether a value is a number that somebody writes; complex ones are not."""
    return isinstance(value, Number) and not isinstance(value, complex)


def _of_numpy(value: np.generic) -> Any:
    """Return Python's own value; long doubles have none, and become floats."""
    plain = value.item()
    precision = find_precision(value)
    if precision is not None:
        (plain,) = shorten([plain], precision)
    if isinstance(plain, np.floating):
        return float(plain)
    if isinstance(plain, np.generic):
        raise RefusedError(f"the value is of type {type(plain).__name__}, which is no text")
    return plain


def _label_of_object(value: str | Record, *, class_names: Sequence[str] | None) -> str | None:
    """Return the label of what was made a text, or of an object with choices."""
    if isinstance(value, str):
        return value
    choices = choices_of(value)
    if choices is None:
        raise RefusedError(f"the label is {_kind(value)}; a text or a number is accepted")
    return _label_of_list(choices, class_names=class_names)


def _label_of_list(values: list[Any], *, class_names: Sequence[str] | None) -> str | None:
    if len(values) > 1:
        raise SeveralLabelsError
    if not values:
        return None
    return label_as_text(values[0], class_names=class_names)


def _class_name(label_id: int, class_names: Sequence[str]) -> str | None:
    if label_id == -1:
        return None  # the custom of the Hub for test splits without labels
    if not 0 <= label_id < len(class_names):
        raise RefusedError(
            f"label id {label_id}; ids from 0 to {len(class_names) - 1} are accepted"
        )
    return class_names[label_id]


def _check_digits(value: Any, name: str) -> None:
    if isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS:
        raise RefusedError(f"the {name} is a number of more than a thousand digits")


def _plain(value: Any) -> Any:
    """Return a value of NumPy as one of Python, and a date or a time as it is seen.

    A member of an enumeration that is a text or a number, such as ``(str, Enum)``, is its value.
    """
    if isinstance(value, Enum) and isinstance(value, str | int | float):
        value = value.value
    if is_null(value):
        return None
    if isinstance(value, np.datetime64 | np.timedelta64):
        value = value.astype(f"{value.dtype.kind}8[us]")  # nanoseconds would become numbers
    if isinstance(value, np.generic):
        value = _of_numpy(value)
    if type(value).__name__ in WRITTEN_TYPES:
        return str(value)
    return show_time(value) or value


def _whole(value: Any) -> Any:
    """Return 3 for 3.0: a missing value in its column turned all of it into floats."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def is_null(value: Any) -> bool:
    """Tell whether a value stands for nothing: None, NaN, or what pandas has for them."""
    is_nan = isinstance(value, float) and math.isnan(value)
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
    return is_nan or type(value).__name__ in NULL_TYPES


def _kind(value: Any) -> str:
    names = {"dict": "an object", "list": "a list", "bytes": "bytes"}
    name = type(value).__name__
    return names.get(name, f"of type {name}")
