"""How several labels of a text are written, and rows whose labels are lists of names.

Lists in JSON or Parquet, cells that hold a list, cells with a separator, and one column per label.
Here it is decided, once for a whole data set, whether its texts have several labels.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, islice
from typing import Any

import numpy as np

from assay.data.columns import (
    find_columns,
    find_text_column,
    has_label_column,
    list_columns,
)
from assay.data.files.readers import Row
from assay.data.files.row import Problem
from assay.data.label_forms import parse_list_cell
from assay.data.labels import LabelSet, Task
from assay.data.raw_split import RawSplit
from assay.data.row_rules import RowRules
from assay.data.split_column import SPLIT_COLUMNS
from assay.data.texts import LabelledTexts
from assay.errors import DataError, cut, did_you_mean

__all__ = ["Found", "find_several", "warn_of_halves"]

logger = logging.getLogger(__name__)

JOINED = "labels"  # what the column is called that is made of one column per label
PEEKED_ROWS = 1000  # by which it is told whether a column holds lists
ON = {"1", "1.0", "true", "yes", "x"}
BLANK = {"", "none", "nan", "<na>"}
OFF = {*BLANK, "0", "0.0", "false", "no"}
# Columns beside the text that are never labels: ids, and the one that names the split of a row.
NO_LABELS = {"id", "index", "idx", "comment_id", "unnamed_1", *SPLIT_COLUMNS}
MIN_HALVES = 5  # texts that have labels only together, by which these are called halves
MIN_COLUMNS = 2  # a single column of zeros and ones is a label column with two classes
INDICATOR_ACCEPTED = "0 or 1, true or false, x or nothing is accepted"


@dataclass(frozen=True)
class Found:
    """The splits of a source, and whether their texts have several labels.

    Parameters
    ----------
    raws : mapping of split to RawSplit
        With `task` "multi", the values of the label column are lists.
    task : {"single", "multi"}
    label_column : str, optional
        The column of the labels, where it is known by now.
    columns : tuple of str
        The columns of one label each, if the labels are written so.
    """

    raws: Mapping[str, RawSplit]
    task: Task
    label_column: str | None
    columns: tuple[str, ...] = ()

    def unused(self, label_set: LabelSet) -> tuple[str, ...]:
        """Return the columns that are no label: no text has a 1 there."""
        return tuple(name for name in self.columns if name not in label_set)


def find_several(
    raws: Mapping[str, RawSplit],
    rules: RowRules,
    *,
    text_column: str | None,
    label_column: str | None,
) -> Found:
    """Decide whether the texts of a source have several labels, and read these as lists.

    Parameters
    ----------
    raws : mapping of split to RawSplit
    rules : RowRules
        Says how the labels are written, if a person said so.
    text_column, label_column : str, optional

    Raises
    ------
    DataError
        A column that was named is not there.
    """
    single = Found(raws, "single", label_column)
    if rules.single_label:
        return single
    columns = tuple(rules.label_columns or ())
    if not columns:  # also with a separator: it may be remembered from other data
        raws, columns = _find_indicators(raws, text_column, label_column)
    if columns:
        joined = {split: _join_columns(raw, columns) for split, raw in raws.items()}
        return Found(joined, "multi", JOINED, columns)
    if rules.label_separator is not None:
        split_cell = partial(_split_cell, separator=rules.label_separator)
        return Found(_with_lists(raws, split_cell), "multi", label_column)
    return _find_lists(raws, text_column, label_column)


def _find_lists(
    raws: Mapping[str, RawSplit], text_column: str | None, label_column: str | None
) -> Found:
    """Decide whether the label column holds lists of which one at least has several labels."""
    held = {split: _hold_lists(raw, text_column, label_column) for split, raw in raws.items()}
    raws = {split: one.raw for split, one in held.items()}
    if not any(one.has_several for one in held.values()):
        return Found(raws, "single", label_column)
    return Found(_with_lists(raws, _list_of), "multi", label_column)


def _find_indicators(
    raws: Mapping[str, RawSplit], text_column: str | None, label_column: str | None
) -> tuple[dict[str, RawSplit], tuple[str, ...]]:
    """Find the columns of tables that have a text column and else one column per label.

    Returns
    -------
    dict
        The splits, which can be read after their first rows were looked at.
    tuple of str
        The columns; empty if the tables have a label column, or columns with other values.
    """
    held = dict(raws)
    split, first = next(iter(raws.items()))
    if label_column is not None or first.class_names:
        return held, ()
    text = _lone_text_column(first, text_column)
    others = [name for name in first.columns if name != text and not _is_other(name)]
    if text is None or len(others) < MIN_COLUMNS:
        return held, ()
    rows = iter(first.read(text, *others))
    head = list(islice(rows, PEEKED_ROWS))
    held[split] = replace(first, read=_Again(head, rows))
    values = [row.values for row in head if row.problem is None]
    if values and all(_is_indicator(values, name) for name in others):
        return held, tuple(others)
    return held, ()


def _is_other(column: str) -> bool:
    return column.strip().casefold() in NO_LABELS


def _lone_text_column(raw: RawSplit, text_column: str | None) -> str | None:
    """Return the text column of a table that has no label column; None if it has one."""
    try:
        text = find_text_column(raw.columns, text_column=text_column, source=raw.source)
    except DataError:
        return None
    return None if has_label_column(raw.columns, text_column=text) else text


def _is_indicator(rows: Sequence[Mapping[str, Any]], column: str) -> bool:
    """Tell whether a column holds nothing but zeros and ones, or the like, and not only blanks."""
    words = {str(values.get(column)).strip().casefold() for values in rows}
    return words <= ON | OFF and not words <= BLANK


def _flag(value: Any) -> bool | None:
    """Return whether a cell says that the text has the label; None if it says neither."""
    word = str(value).strip().casefold()
    if word in ON:
        return True
    return False if word in OFF else None


def _join_columns(raw: RawSplit, columns: Sequence[str]) -> RawSplit:
    """Return a split in which one column per label became one column of lists."""
    missing = [name for name in columns if name not in raw.columns]
    if len(missing) == len(columns):
        return raw  # a split without labels
    if missing:
        meant = did_you_mean(missing[0], raw.columns)
        raise DataError(
            f"column '{cut(missing[0])}' of --label-columns is not in {raw.source}; "
            f"columns: {list_columns(raw.columns)}.{meant}"
        )
    others = [name for name in raw.columns if name not in columns and name != JOINED]

    def read(text: str, *_: str) -> Iterable[Row]:
        for row in raw.read(text, *columns):
            yield _join_row(row, columns)

    return replace(raw, columns=(*others, JOINED), read=read, class_names={})


def _join_row(row: Row, columns: Sequence[str]) -> Row:
    if row.problem is not None:
        return row
    labels = []
    for name in columns:
        value = row.values.get(name)
        flag = _flag(value)
        if flag is None:
            sentence = f"column '{cut(name)}' holds '{cut(str(value))}'; {INDICATOR_ACCEPTED}"
            return replace(row, problem=Problem(sentence))
        if flag:
            labels.append(name)
    return replace(row, values={**row.values, JOINED: labels})


def _with_lists(raws: Mapping[str, RawSplit], as_list: Any) -> dict[str, RawSplit]:
    """Return splits whose label values are made lists when they are read."""
    read = partial(_read_lists, as_list)
    return {split: replace(raw, read=partial(read, raw)) for split, raw in raws.items()}


def _read_lists(as_list: Any, raw: RawSplit, text: str, label: str) -> Iterable[Row]:
    for row in raw.read(text, label):
        if row.problem is None and label in row.values:
            row = replace(row, values={**row.values, label: as_list(row.values[label])})
        yield row


def _split_cell(value: Any, *, separator: str) -> Any:
    """Return the labels of a cell; a number is a label by itself."""
    if value is None or isinstance(value, list | tuple | np.ndarray):
        return value
    pieces = str(value).split(separator)
    return [piece for piece in pieces if piece.strip()]


def _list_of(value: Any) -> Any:
    """Return the list that a cell holds; other values as they are."""
    if isinstance(value, str):
        found = parse_list_cell(value)
        return value if found is None else found
    return value


@dataclass(frozen=True)
class _Held:
    """A split that can be read again, and whether it has a text with several labels."""

    raw: RawSplit
    has_several: bool


def _hold_lists(raw: RawSplit, text_column: str | None, label_column: str | None) -> _Held:
    """Hold the rows of a split whose labels are lists in memory, to see whether any is long."""
    try:
        text, label = find_columns(
            raw.columns,
            text_column=text_column,
            label_column=label_column or raw.published_column,
            source=raw.source,
        )
    except DataError:  # said later, with everything else
        return _Held(raw, False)
    rows = iter(raw.read(text, label))
    head = list(islice(rows, PEEKED_ROWS))
    if not _are_lists([row.values.get(label) for row in head]):
        return _Held(replace(raw, read=_Again(head, rows)), False)
    held = [*head, *rows]
    has_several = any(_n_items(row.values.get(label)) > 1 for row in held)
    return _Held(replace(raw, read=_Again(held, ())), has_several)


class _Again:
    """Hands over rows that were read already, then the others."""

    def __init__(self, head: list[Row], rows: Iterable[Row]) -> None:
        self._head, self._rows = head, rows

    def __call__(self, *columns: str) -> Iterable[Row]:
        yield from self._head
        yield from self._rows


def _are_lists(values: Sequence[Any]) -> bool:
    """Tell whether most of the values that are there are lists."""
    given = [value for value in values if value is not None and value != ""]
    n_lists = sum(map(_is_list, given))
    return 2 * n_lists > len(given)


def _is_list(value: Any) -> bool:
    return isinstance(_list_of(value), list | tuple | set | frozenset | np.ndarray)


def _n_items(value: Any) -> int:
    found = _list_of(value)
    return len(found) if _is_list(found) else 0


def warn_of_halves(parts: Mapping[str, LabelledTexts], separator: str, *, source: str) -> None:
    """Warn of labels that texts have only together: they may be halves of one label.

    Parameters
    ----------
    parts : mapping of split to LabelledTexts
    separator : str
        What took the labels of a cell apart.
    source : str
    """
    texts_of: dict[str, list[int]] = {}
    numbers = count()
    for labelled in parts.values():
        for row, number in zip(range(len(labelled)), numbers, strict=False):
            for name in labelled.names(row):
                texts_of.setdefault(name, []).append(number)
    together: dict[tuple[int, ...], list[str]] = {}
    for name, own in texts_of.items():
        together.setdefault(tuple(own), []).append(name)
    for shared, names in together.items():
        if len(names) > 1 and len(shared) >= MIN_HALVES:
            logger.warning(
                "%s: the labels %s occur only together, in %d texts: if they are one label, which "
                "holds '%s', separate labels by something else",
                source,
                " and ".join(f"'{cut(name)}'" for name in names),
                len(shared),
                separator,
            )
            return  # one is enough to see what is wrong
