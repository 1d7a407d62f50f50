"""How several labels of a text are written, and rows whose labels are lists of names.

Lists in JSON or Parquet, cells that hold a list, cells with a separator, and one column per label.
Here it is decided, once for a whole data set, whether its texts have several labels.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, islice
from typing import Any

import numpy as np

from assay.data.cell_values import is_null
from assay.data.columns import find_columns, fold_name
from assay.data.files.formats import file_kind
from assay.data.files.readers import Row
from assay.data.indicators import JOINED, PEEKED_ROWS, Again, find_indicators, join_columns
from assay.data.label_forms import CHOICES, are_matrix_rows, parse_list_cell, unwrap_choices
from assay.data.labels import LabelSet, Task
from assay.data.raw_split import RawSplit
from assay.data.row_rules import RowRules
from assay.data.texts import LabelledTexts
from assay.errors import DataError, cut

__all__ = ["Found", "find_several", "warn_of_halves"]

logger = logging.getLogger(__name__)

MIN_HALVES = 5  # texts that have labels only together, by which these are called halves


# What is said of empty lists where no text has several labels.
UNLABELLED = (
    "count as texts that are not labelled yet; if no label fits them: --label-separator ';'"
)
NO_LABEL_FITS = (
    "are read as texts that no label fits, so a text may have any number of labels; "
    "--single-label reads one label per text"
)


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
        raws, columns = find_indicators(raws, text_column, label_column)
    if columns:
        joined = {}
        for split, raw in raws.items():
            joined[split] = join_columns(raw, columns, text_column=text_column)
        return Found(joined, "multi", JOINED, columns)
    if rules.label_separator is not None:
        split_cell = partial(_split_cell, separator=rules.label_separator)
        return Found(_with_lists(raws, split_cell), "multi", label_column)
    return _find_lists(raws, text_column, label_column)


def _find_lists(
    raws: Mapping[str, RawSplit], text_column: str | None, label_column: str | None
) -> Found:
    """Decide whether the label column holds lists that are several labels per text.

    So it is if one of them at least has several labels, or none, which is an answer like any other.
    """
    held = [_hold_lists(raw, text_column, label_column) for raw in raws.values()]
    raws = {split: one.raw for split, one in zip(raws, held, strict=True)}
    single = Found(raws, "single", label_column)
    as_list = AS_LIST[any(one.has_choices for one in held)]
    several = Found(_with_lists(raws, as_list), "multi", label_column)
    if are_matrix_rows([one for split in held for one in split.lists]):
        raise DataError(
            f"the lists of labels of {held[0].raw.source} are rows of zeros and ones, which do not "
            "say what they are about; lists of names are accepted",
            hint="write the names of the labels, or one column per label",
        )
    if any(one.has_several for one in held):
        return several
    _check_any_label(held)
    return several if _count_empty_as_answers(held) else single


def _count_empty_as_answers(held: Sequence[_Held]) -> bool:
    """Decide whether the empty lists of splits without longer ones are answers, and say it.

    A split whose lists are all empty has no labels, as a competition's test split, and decides
    nothing.
    """
    partly = [one for one in held if one.n_empty and one.n_filled]
    if not partly:
        return False
    is_of_tool = all(one.is_of_tool for one in partly)
    logger.warning(
        "%s: empty lists of labels (%s) %s",
        partly[0].raw.source,
        f"{sum(one.n_empty for one in partly):,}",
        UNLABELLED if is_of_tool else NO_LABEL_FITS,
    )
    return not is_of_tool


def _check_any_label(held: Sequence[_Held]) -> None:
    """Refuse lists of labels that are all empty."""
    n_empty = sum(one.n_empty for one in held)
    if n_empty and all(one.n_empty and not one.n_filled for one in held):
        raise DataError(
            f"no text of {held[0].raw.source} has any label: all {n_empty:,} lists of labels are "
            "empty"
        )


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
    """Return the labels of a cell; a number is a label by itself.

    White space beside a separator belongs to the way in which labels are joined, as in "a; b".
    """
    if value is None or isinstance(value, list | tuple | np.ndarray):
        return value
    cell = str(value).strip()
    if cell.startswith("[") and cell.endswith("]"):  # as in "[a, b]"
        cell = cell[1:-1]
    return list(filter(None, map(str.strip, cell.split(separator))))


def _list_of(value: Any) -> Any:
    """Return the list that a cell holds; other values as they are."""
    if isinstance(value, str):
        found = parse_list_cell(value)
        return value if found is None else found
    return unwrap_choices(value)


@dataclass(frozen=True)
class _Held:
    """A split that can be read again, and how many labels its lists hold.

    `is_of_tool` says that a tool wrote it for which an empty list is a text without an answer;
    `has_choices`, that it is Label Studio, which writes one choice as a text, several as an object;
    `lists` are those that hold something.
    """

    raw: RawSplit
    has_several: bool = False
    n_filled: int = 0
    n_empty: int = 0
    is_of_tool: bool = False
    has_choices: bool = False
    lists: Sequence[Any] = ()


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
        return _Held(raw)
    rows = iter(raw.read(text, label))
    head = list(islice(rows, PEEKED_ROWS))
    values = [row.values.get(label) for row in head]
    has_choices = any(map(_has_choices, values))
    if not (has_choices or _are_lists(values)):
        return _Held(replace(raw, read=Again(head, rows)))
    held = [*head, *rows]
    as_list = AS_LIST[has_choices]
    values = [as_list(row.values.get(label)) for row in held]
    sizes = Counter(map(_n_items, values))
    return _Held(
        replace(raw, read=Again(held, ())),
        has_several=max(sizes) > 1,
        n_filled=sizes[1],
        n_empty=sizes[0],
        is_of_tool=_is_of_tool(raw, label),
        has_choices=has_choices,
        lists=_unnamed(raw, label, values),
    )


def _unnamed(raw: RawSplit, label: str, values: Sequence[Any]) -> list[Any]:
    """Return the lists that hold something; none where numbers are places of published names."""
    if label in raw.class_names:
        return []
    return [one for one in values if _n_items(one) > 0]


def _is_of_tool(raw: RawSplit, label: str) -> bool:
    """Tell whether rows look like those of doccano, which has ids, or of fastText, a .txt."""
    if raw.origin is None or fold_name(label) != "label":
        return False
    has_ids = any(fold_name(name) == "id" for name in raw.columns)
    return has_ids or all(file_kind(path) == ".txt" for path in raw.origin.paths)


def _has_choices(value: Any) -> bool:
    """Tell whether a value is what Label Studio writes for several choices."""
    is_object = isinstance(value, dict) or (isinstance(value, str) and value[:1] == "{")
    return is_object and _is_list(value) and (isinstance(value, dict) or CHOICES in value)


def _list_or_one(value: Any) -> Any:
    """Return the list that a cell holds; of a text, a list of one."""
    found = _list_of(value)
    if isinstance(found, str) and found.strip():
        return [found]
    return found


AS_LIST = {True: _list_or_one, False: _list_of}  # by whether Label Studio wrote choices


def _are_lists(values: Sequence[Any]) -> bool:
    """Tell whether most of the values that are there are lists."""
    given = [value for value in values if not is_null(value) and not _is_blank(value)]
    n_lists = sum(map(_is_list, given))
    return 2 * n_lists > len(given)


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value


def _is_list(value: Any) -> bool:
    return isinstance(_list_of(value), list | tuple | set | frozenset | np.ndarray)


def _n_items(value: Any) -> int:
    """Return the number of labels in a list; -1 where there is none."""
    found = _list_of(value)
    return len(found) if _is_list(found) else -1


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
