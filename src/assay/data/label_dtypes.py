"""Arrays of NumPy that hold no labels, by their type: complex numbers, records and raw memory."""

from __future__ import annotations

from itertools import chain
from typing import Any

from assay.data.columns import LABEL_NAMES, fold_name
from assay.errors import InputError

__all__ = ["check_label_dtype"]

N_SHOWN = 5


def check_label_dtype(labels: Any) -> None:
    """Refuse a column whose type says that no value in it is a label.

    Parameters
    ----------
    labels : object
        Whatever was given as labels; what has no type of NumPy passes.

    Raises
    ------
    InputError
        They are complex numbers, records (the error names a field to pass), or raw memory.
    """
    dtype = getattr(labels, "dtype", None)
    kind = getattr(dtype, "kind", "")
    if kind == "c":
        raise InputError("the labels are complex numbers; texts and real numbers are accepted")
    if kind != "V":
        return
    names = getattr(dtype, "names", None)
    if names:
        known = set(chain.from_iterable(LABEL_NAMES))
        best = next((name for name in names if fold_name(name) in known), names[-1])
        raise InputError(
            f"the labels are records with {', '.join(names[:N_SHOWN])}; "
            "one column of labels is accepted",
            hint=f"pass the column of the labels: labels[{best!r}]",
        )
    raise InputError(f"the labels are of type {dtype}; texts and numbers are accepted")
