"""A column of Arrow with other labels in some rows, each of which is read back as it was accepted.

The type of the column stays where it can hold the new labels. Times, spans, decimals and periods
take the value of another row that has the label; a label that no value of the type says makes
the whole column one of texts, as its values are seen.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from assay._optional import require
from assay.data.cell_values import RefusedError, label_as_text
from assay.data.files.arrow_values import seen_values
from assay.data.files.relabelled_values import NewLabel, SeveralNames, of_same_type
from assay.data.files.row import Record
from assay.data.label_forms import SeveralLabelsError, choices_of
from assay.errors import InputError

__all__ = ["make_array", "relabel_column"]

logger = logging.getLogger(__name__)


def relabel_column(
    field: Any, values: list[Any], labels: Mapping[int, NewLabel], *, source: str
) -> tuple[Any, Any]:
    """Return the field and the array of a column with new labels.

    Parameters
    ----------
    field : pyarrow.Field
    values : list
        The values of all rows, as Arrow makes them Python's.
    labels : mapping of int to label
        1-based row -> new label.
    source : str
        How messages call the file.

    Raises
    ------
    InputError
        The column holds objects that cannot take a label.
    """
    arrow = require("pyarrow")
    seen = seen_values(values, field)
    known = _known_values(seen, values)
    changed = list(values)
    for number, label in labels.items():
        changed[number - 1] = _new_value(values[number - 1], label, known)
    for kind in _kinds(field.type):
        with suppress(arrow.ArrowException, TypeError, ValueError, OverflowError):
            array = make_array(changed, kind)
            if _says(array, labels, field.with_type(kind)):
                return _with_kind(field, kind, source), array
    if dict in map(type, seen):
        raise InputError(
            f"column '{field.name}' of {source} holds objects, which take no new label"
        )
    texts = list(map(_as_text, seen))
    for number, label in labels.items():
        texts[number - 1] = _as_texts(label, seen[number - 1])
    array = arrow.array(texts)
    return _with_kind(field, array.type, source), array


def make_array(values: list[Any], kind: Any) -> Any:
    """Return values as an array of a type; one whose values are numbered is numbered anew."""
    arrow = require("pyarrow")
    if isinstance(kind, arrow.BaseExtensionType):
        return arrow.ExtensionArray.from_storage(kind, arrow.array(values, type=kind.storage_type))
    if not arrow.types.is_dictionary(kind):
        return arrow.array(values, type=kind)
    return arrow.array(values, type=kind.value_type).dictionary_encode().cast(kind)


def _kinds(kind: Any) -> list[Any]:
    """Return a type, and for lists that all have the same length one of lists of any."""
    arrow = require("pyarrow")
    if arrow.types.is_fixed_size_list(kind):
        return [kind, arrow.list_(kind.value_type)]
    return [kind]


def _with_kind(field: Any, kind: Any, source: str) -> Any:
    """Return a field of a type; what another type says about its values goes with that."""
    if field.type == kind:
        return field
    logger.warning(
        "%s: column '%s' is written as %s; its type, %s, cannot hold the new labels",
        source,
        field.name,
        kind,
        field.type,
    )
    return require("pyarrow").field(field.name, kind, nullable=field.nullable)


def _known_values(seen: list[Any], values: list[Any]) -> Record:
    """Return the first value that says each label, lists and their elements left out."""
    known: Record = {}
    for shown, value in zip(seen, values, strict=True):
        if isinstance(value, list):
            continue
        label = _read(shown)
        if isinstance(label, str):
            known.setdefault(label, value)
    return known


def _new_value(before: Any, label: NewLabel, known: Mapping[str, Any]) -> Any:
    if isinstance(label, str) and not isinstance(before, list) and label in known:
        return known[label]
    return of_same_type(before, label)


def _says(array: Any, labels: Mapping[int, NewLabel], field: Any) -> bool:
    """Tell whether the rows that changed are read as their new labels."""
    rows = [number - 1 for number in labels]
    seen = seen_values(array.take(rows).to_pylist(), field)
    return all(map(_is_read_as, seen, labels.values()))


def _is_read_as(shown: Any, label: NewLabel) -> bool:
    if isinstance(label, SeveralNames):
        if isinstance(shown, str):
            return shown == label.as_cell()
        return _read_all(shown) == sorted(label.names)
    return not isinstance(label, str) or _read(shown) == label


def _read(shown: Any) -> str | None:
    """Return the label that a value says; None if it says none or several."""
    try:
        return label_as_text(shown)
    except (RefusedError, SeveralLabelsError):
        return None


def _read_all(shown: Any) -> list[str]:
    """Return the labels that a list, or an object with choices, says."""
    elements = choices_of(shown)
    if elements is None:
        elements = shown if isinstance(shown, list) else [shown]
    return sorted(filter(None, map(_read, elements)))


def _as_text(value: Any) -> Any:
    """Return a value, or the elements of a list, as texts."""
    if isinstance(value, list):
        return list(map(_as_text, value))
    return _read(value)


def _as_texts(label: NewLabel, before: Any) -> Any:
    if isinstance(label, SeveralNames):
        return list(label.names) if isinstance(before, list) else label.as_cell()
    text = None if label is None else str(label)
    return [text] if isinstance(before, list) else text
