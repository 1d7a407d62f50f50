"""Rows to `LabelledTexts`: which are used, which are left out and listed, which are refused.

Texts are taken as they are: no Unicode normalisation, no trimming; carriage returns and null
characters stay. So are labels, white space around them included, except that a blank label counts
as none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np

from assay.data.files.readers import Row
from assay.data.texts import DroppedRow, LabelledTexts
from assay.errors import DataError, list_problems

__all__ = [
    "MAX_CHARS",
    "MAX_DROPPED_FRACTION",
    "CleanRows",
    "clean_rows",
    "label_as_text",
    "raise_problems",
    "text_or_problem",
]

# Longer ones are no short texts but whole files that slipped into a cell.
MAX_CHARS = 100_000
MAX_DROPPED_FRACTION = 0.2
# The last two are of pandas, recognised by name so that it need not be imported.
NULL_TYPES = {"NoneType", "NAType", "NaTType"}


@dataclass(frozen=True)
class CleanRows:
    """The rows of one split, sorted by what can be done with them.

    Parameters
    ----------
    texts : LabelledTexts
        The usable rows.
    dropped : tuple of DroppedRow
        Rows without text or label, which are left out.
    problems : tuple of str
        One sentence per row that cannot be used and must not be left out in silence.
    fixes : tuple of str
        Flags of the command line, each of which may make rows usable.
    """

    texts: LabelledTexts
    dropped: tuple[DroppedRow, ...]
    problems: tuple[str, ...]
    fixes: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """Rows seen: used, left out and refused."""
        return len(self.texts) + len(self.dropped) + len(self.problems)


class _Refused(DataError):
    """A value that is neither usable nor missing; says why."""


def clean_rows(
    rows: Iterable[Row],
    *,
    split: str,
    text_column: str,
    label_column: str,
    class_names: Sequence[str] | None = None,
    max_chars: int = MAX_CHARS,
    unit: str = "line",
) -> CleanRows:
    """Sort rows into usable, dropped and refused, without raising.

    Parameters
    ----------
    rows : iterable of Row
        A column that a row lacks counts as null.
    split : str
        Recorded with every dropped row.
    text_column, label_column : str
    class_names : sequence of str, optional
        Names of the label ids of the source; then -1 means no label.
    max_chars : int
        Longest text that is accepted.
    unit : str
        What `Row.line` counts, for messages.
    """
    texts: list[str] = []
    labels: list[str] = []
    lines: list[int] = []
    dropped: list[DroppedRow] = []
    problems: list[str] = []
    fixes: dict[str, None] = {}
    for row in rows:
        fixes.update(dict.fromkeys(row.fixes))
        try:
            if row.problem is not None:
                raise _Refused(row.problem)
            text = _text(row.values.get(text_column), max_chars=max_chars)
            label = label_as_text(row.values.get(label_column), class_names=class_names)
        except _Refused as refused:
            problems.append(f"{unit} {row.line:,}: {refused}")
            continue
        if text is None:
            dropped.append(DroppedRow(split, row.line, "null text"))
        elif not text.strip():
            dropped.append(DroppedRow(split, row.line, "blank text"))
        elif label is None:
            dropped.append(DroppedRow(split, row.line, "null label"))
        else:
            texts.append(text)
            labels.append(label)
            lines.append(row.line)
    labelled = LabelledTexts(tuple(texts), tuple(labels), tuple(lines))
    return CleanRows(labelled, tuple(dropped), tuple(problems), tuple(fixes))


def _text(value: Any, *, max_chars: int) -> str | None:
    """Return the text of a value, None for null; a number, such as a year, becomes its digits."""
    if type(value) is not str:
        if isinstance(value, np.generic):
            value = value.item()
        if _is_null(value):
            return None
        if not isinstance(value, str | Number):
            raise _Refused(f"the text is {_kind(value)}; a text is accepted")
    text = str(_whole(value))
    if len(text) > max_chars:
        raise _Refused(
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
        return _text(value, max_chars=max_chars), None
    except _Refused as refused:
        return None, refused.message


def label_as_text(value: Any, *, class_names: Sequence[str] | None = None) -> str | None:
    """Return the class name of a label value; None if it is null, blank or an empty list.

    Whole numbers lose their ``.0``, which pandas and Parquet add where a value is missing; a list
    of one label is that label.

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
        return str(value) if value.strip() else None
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return _label_of_list(list(value), class_names=class_names)
    if isinstance(value, np.generic):
        return label_as_text(value.item(), class_names=class_names)
    if _is_null(value):
        return None
    if not isinstance(value, Number):
        raise _Refused(f"the label is {_kind(value)}; a text or a number is accepted")
    value = _whole(value)
    is_id = isinstance(value, int) and not isinstance(value, bool)
    if class_names is not None and is_id:
        return _class_name(value, class_names)
    return str(value)


def _label_of_list(values: list[Any], *, class_names: Sequence[str] | None) -> str | None:
    if len(values) > 1:
        raise _Refused("several labels in a row: not supported yet; one label per text is accepted")
    if not values:
        return None
    return label_as_text(values[0], class_names=class_names)


def _class_name(label_id: int, class_names: Sequence[str]) -> str | None:
    if label_id == -1:
        return None  # the custom of the Hub for test splits without labels
    if not 0 <= label_id < len(class_names):
        raise _Refused(f"label id {label_id}; ids from 0 to {len(class_names) - 1} are accepted")
    return class_names[label_id]


def _whole(value: Any) -> Any:
    """Return 3 for 3.0: a missing value in its column turned all of it into floats."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _is_null(value: Any) -> bool:
    is_nan = isinstance(value, float) and math.isnan(value)
    return is_nan or type(value).__name__ in NULL_TYPES


def _kind(value: Any) -> str:
    names = {"dict": "an object", "list": "a list", "bytes": "bytes"}
    name = type(value).__name__
    return names.get(name, f"of type {name}")


def raise_problems(source: str, problems: Sequence[str], *, flags: Sequence[str] = ()) -> None:
    """Raise all problems of one source at once; return if there are none.

    Raises
    ------
    DataError
        One problem is a sentence of its own; more are listed.
    """
    if len(problems) == 1:
        raise DataError(problems[0], flags=flags)
    if problems:
        raise DataError(
            f"{source} has {len(problems):,} problems:\n{list_problems(problems)}", flags=flags
        )
