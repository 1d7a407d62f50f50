"""Several labels per text as programs hold them: lists, columns of lists, and matrices.

No library is imported: what an object can do tells what it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from itertools import chain
from numbers import Real
from typing import Any

import numpy as np

from assay.data.cell_values import is_null
from assay.data.label_array import check_one_kind, label_array
from assay.data.label_dtypes import check_label_dtype
from assay.data.label_forms import are_matrix_rows
from assay.data.texts import plain_list
from assay.errors import InputError, cut, plural

__all__ = [
    "advise_matrix",
    "check_lists",
    "is_matrix",
    "label_lists",
    "name_labels",
    "own_labels",
    "read_matrix",
]

LISTS = (list, tuple, set, frozenset)  # of the labels of a text
PLAIN = (str, int, float, bool, *LISTS)


def own_labels(labels: Any) -> list[Any]:
    """Return what each text has: a label, or a list of labels whichever library holds it.

    >>> own_labels(np.array(["a", "b"])), own_labels([np.array(["a", "b"]), ("c",)])
    (['a', 'b'], [['a', 'b'], ('c',)])
    """
    check_label_dtype(labels)  # records would become tuples
    values = plain_list(labels)
    if set(map(type, values)) <= set(PLAIN):
        return values
    return list(map(_plain_value, values))


def _plain_value(value: Any) -> Any:
    """Return the list that a value of NumPy, pandas, polars or pyarrow is; others as they are."""
    if hasattr(value, "as_py"):
        value = value.as_py()
    return plain_list(value) if len(getattr(value, "shape", ())) == 1 else value


def label_lists(labels: Any) -> list[list[Any]]:
    """Return the labels of each text as a list of names.

    Raises
    ------
    InputError
        A text has no list; a label is None, NaN or itself a list; or the lists are rows of a
        matrix.
    """
    lists = own_labels(labels)
    if lists and not check_lists(lists):
        raise InputError(
            "the labels are one per text; a list of labels for every text is accepted, [] for none"
        )
    if are_matrix_rows(lists):
        raise InputError(
            "the lists of labels are rows of zeros and ones; lists of names are accepted",
            hint="give a matrix as an array: np.array(labels)",
        )
    named: list[list[Any]] = []
    for i, own in enumerate(lists):
        named.append([])
        for name in own:
            named[i].append(_name(name, text=i))
    return named


def check_lists(own: Sequence[Any]) -> bool:
    """Tell whether each text has a list of labels, or none has.

    Raises
    ------
    InputError
        Some texts have a list and others do not.
    """
    are_lists = [isinstance(one, LISTS) for one in own]
    if any(are_lists) and not all(are_lists):
        one, other = are_lists.index(False), are_lists.index(True)
        raise InputError(
            f"text {one} has no list of labels, and text {other} has one; a list for every text, "
            "or one label for every text, is accepted"
        )
    return any(are_lists)


def _name(name: Any, *, text: int) -> Any:
    """Return a label of a text, of an enumeration its value; refuse what is no name."""
    if name is None or is_null(name):
        raise InputError(
            f"a label of text {text} is {name}; names are accepted",
            hint="leave out texts whose labels are not known; [] says that none fits",
        )
    if isinstance(name, (*LISTS, Mapping, np.ndarray)):
        kind = "list" if isinstance(name, (*LISTS, np.ndarray)) else type(name).__name__
        raise InputError(f"a label of text {text} is itself a {kind}; names are accepted")
    if isinstance(name, np.datetime64 | np.timedelta64):  # a class of them is another in Python
        raise InputError(
            f"a label of text {text} is of type {type(name).__name__}; texts and numbers are "
            "accepted",
            hint="write them as texts: [[str(label) for label in own] for own in labels]",
        )
    if isinstance(name, str) and name.endswith("\0"):  # NumPy would drop it
        raise InputError(
            f"a label of text {text} ends with a null character; labels without one are accepted"
        )
    return name.value if isinstance(name, Enum) else name


def name_labels(lists: Iterable[Iterable[Any]]) -> np.ndarray:
    """Return the distinct labels of all texts, sorted: texts, or numbers if all are numbers.

    Raises
    ------
    InputError
        They are of several kinds, or of none that is accepted.
    """
    names = list(chain.from_iterable(lists))
    check_one_kind(names)  # before True and 1 become one
    distinct = list(dict.fromkeys(names))
    if not distinct:
        return np.array([])
    if not all(isinstance(name, str) for name in distinct):
        column: Any = np.array(distinct, dtype=object)
        distinct = label_array(column).tolist()
    return np.array(sorted(distinct))


def is_matrix(labels: Any) -> bool:
    """Tell whether labels are a matrix or a frame, with a column for each label."""
    return getattr(labels, "ndim", 1) == 2 or hasattr(labels, "columns")


def read_matrix(labels: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return what the columns of a matrix of labels are called, and its zeros and ones.

    Parameters
    ----------
    labels : array, sparse matrix or frame of shape (n_texts, n_labels)

    Returns
    -------
    names : array of shape (n_labels,)
        The columns of a frame; of an array, their numbers.
    cells : int64 array of shape (n_texts, n_labels)

    Raises
    ------
    InputError
        There is one column, or it holds something else than zeros and ones.
    """
    n_labels = labels.shape[1]
    if n_labels < 2:
        column = ", ".join(map(repr, getattr(labels, "columns", ())))
        raise InputError(
            f"the matrix of labels has {plural(n_labels, 'column')}; at least 2 are accepted",
            hint=f"a single column is a label per text: give labels[{column or ':, 0'}]",
        )
    cells = _cells(labels)
    if not _are_zeros_and_ones(cells):
        raise InputError(
            "the matrix of labels holds other values; zeros and ones are accepted",
            hint=advise_matrix(cells.ravel().tolist()),
        )
    return _column_names(labels), cells.astype(np.int64)


def advise_matrix(values: Sequence[Any]) -> str:
    """Say what to give in the place of a matrix with these cells, where that can be told.

    >>> advise_matrix(["x", None, "", "x"])
    "where 'x' says yes: (labels == 'x').astype(int)"
    >>> advise_matrix(["delivery", "refund"])
    'give names as lists: labels.tolist()'
    """
    known = {value for value in values if not is_null(value) and value != ""}
    if len(known) == 1 and isinstance(mark := known.pop(), str):
        return f"where {mark!r} says yes: (labels == {mark!r}).astype(int)"
    holds_names = bool(values) and isinstance(values[0], str)
    return "give names as lists: labels.tolist()" * holds_names


def _cells(labels: Any) -> np.ndarray:
    """Return the cells of a matrix: of NumPy, SciPy, pandas or polars."""
    for name in ("toarray", "to_numpy"):
        if hasattr(labels, name):
            return np.asarray(getattr(labels, name)())
    return np.asarray(labels)


def _are_zeros_and_ones(cells: np.ndarray) -> bool:
    if cells.dtype.kind in "biuf":
        return bool(np.isin(cells, (0, 1)).all())
    values = cells.ravel().tolist()  # null of pandas is not equal to itself, nor is it not
    return all(isinstance(value, Real | np.bool_) and value in (0, 1) for value in values)


def _column_names(labels: Any) -> np.ndarray:
    """Return the names of the columns of a frame, or their numbers.

    Raises
    ------
    InputError
        Two columns have one name, or the names are neither texts nor numbers.
    """
    columns = list(getattr(labels, "columns", range(labels.shape[1])))
    name, n_times = Counter(columns).most_common(1)[0]
    if n_times > 1:
        raise InputError(
            f"two columns of labels are called '{cut(str(name))}'; one per label is accepted"
        )
    n_texts = list(map(type, columns)).count(str)
    if 0 < n_texts < len(columns):
        raise InputError(
            "some columns of labels are called by texts and others by numbers; one kind is accepted"
        )
    if not all(isinstance(name, str | int | np.integer) for name in columns):
        kind = type(columns[0]).__name__
        raise InputError(
            f"the columns of labels are called by values of type {kind}; texts are accepted"
        )
    return np.array(columns)
