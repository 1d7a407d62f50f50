"""Labels of one per text as an array: those that are not known, or of another type, are refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

import numpy as np

from assay.data.cell_values import is_null
from assay.data.label_dtypes import check_label_dtype
from assay.data.texts import plain_list
from assay.errors import InputError

__all__ = ["check_one_kind", "label_array"]

LABEL_TYPES = (str, int, float, np.generic)
TRUTH, NUMBERS = "True or False", "numbers"
KINDS = {"texts": (str,), TRUTH: (bool, np.bool_), NUMBERS: (int, float, np.number)}


def label_array(labels: Sequence[Any]) -> np.ndarray:
    """Return labels as an array that scikit-learn takes.

    It takes neither NumPy's texts of any length nor numbers in an array of objects.

    Raises
    ------
    InputError
        A label is not known, or is neither a text nor a number.
    """
    _check_known(labels)
    plain = _without_enums(labels)
    check_one_kind(plain)
    array = _as_array(plain)
    check_label_dtype(array)
    _check_values(array)
    if array.dtype.kind == "T":
        return array.astype(object)
    if array.dtype.kind not in "OS" or array.ndim != 1:
        return array
    kinds = set(map(type, array.tolist()))
    for kind in kinds:
        _check_kind(kind)
    if len(kinds) == 1 and kinds <= {int, bool, float}:
        numbers = np.array(array.tolist())
        if numbers.dtype.kind == "O":
            raise InputError(
                "a label is a whole number of more than 64 bits; texts and smaller numbers are "
                "accepted",
                hint="write them as texts: [str(label) for label in labels]",
            )
        return numbers
    return array


def check_one_kind(labels: Iterable[Any]) -> None:
    """Refuse labels of which some are texts and others numbers, or True and False.

    Python says that True is 1, and NumPy makes the text "1" of a 1 beside texts, so that two labels
    would become one. 1 and 1.0 are one number, and one label.

    Raises
    ------
    InputError
        They are of several kinds.
    """
    kinds = getattr(labels, "dtype", None)
    if isinstance(kinds, np.dtype) and kinds.kind != "O":
        return
    types = set(map(type, plain_list(labels)))
    found = [kind for kind, own in KINDS.items() if any(issubclass(one, own) for one in types)]
    if NUMBERS in found and not any(_is_number(one) for one in types):
        found.remove(NUMBERS)  # bool is a kind of int
    if len(found) > 1:
        raise InputError(
            f"some labels are {found[0]} and others {found[1]}; one kind is accepted",
            hint="write them as texts: [str(label) for label in labels]",
        )


def _is_number(kind: type) -> bool:
    return issubclass(kind, KINDS[NUMBERS]) and not issubclass(kind, KINDS[TRUTH])


def _check_values(array: np.ndarray) -> None:
    """Refuse spans of time, whose names in files are others, and infinity."""
    if array.dtype.kind == "m":
        raise InputError(
            "the labels are spans of time; texts and numbers are accepted",
            hint="write them as texts: [str(label) for label in labels]",
        )
    if array.dtype.kind == "f" and np.isinf(array).any():
        raise InputError("a label is infinite; texts and other numbers are accepted")


def _as_array(labels: Sequence[Any]) -> np.ndarray:
    """Return labels as an array of whatever type NumPy makes of them.

    Columns of pyarrow and polars refuse to be arrays where NumPy has no such type, each with an
    exception of its own; their values are taken one by one then.
    """
    try:
        return np.asarray(labels)
    except Exception:
        return np.asarray(plain_list(labels), dtype=object)


def _without_enums(labels: Sequence[Any]) -> Sequence[Any]:
    """Return the values of enumerations that are texts or numbers, such as ``(str, Enum)``.

    NumPy would cut the names of their members to the length of the values.
    """
    plain = plain_list(labels)
    if not any(isinstance(label, Enum) for label in plain):
        return labels
    return [
        label.value if isinstance(label, Enum) and isinstance(label, LABEL_TYPES) else label
        for label in plain
    ]


def _check_kind(kind: type) -> None:
    """Refuse a type of labels that are neither texts nor numbers."""
    if kind is bytes:
        raise InputError(
            "the labels are bytes; texts and numbers are accepted",
            hint="decode them: label.decode()",
        )
    if issubclass(kind, Enum):
        raise InputError(
            f"the labels are members of the enumeration {kind.__name__}; texts and numbers are "
            "accepted",
            hint="give their values: [label.value for label in labels]",
        )
    if not issubclass(kind, LABEL_TYPES):
        raise InputError(
            f"the labels are of type {kind.__name__}; texts and numbers are accepted",
            hint="write them as texts: [str(label) for label in labels]",
        )


def _check_known(labels: Sequence[Any]) -> None:
    """Refuse a label that is not known, before NumPy makes the text `nan` of it.

    Raises
    ------
    InputError
        A label is None, NaN, NA, or masked.
    """
    for i, label in enumerate(plain_list(labels)):
        if label is None or is_null(label):
            raise InputError(
                f"the label of text {i} is {label}; one label per text is accepted",
                hint="leave out texts whose labels are not known",
            )
        if isinstance(label, str) and label.endswith("\0"):  # NumPy would drop it
            raise InputError(
                f"the label of text {i} ends with a null character; labels without one are accepted"
            )
