"""A column that says which split each row belongs to, in a table with all rows."""

from __future__ import annotations

import logging
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain

from assay.data.columns import list_columns
from assay.data.files.readers import Row
from assay.data.raw_split import RawSplit, split_name
from assay.data.split_flags import (
    FLAG_COLUMNS,
    FOLD_COLUMNS,
    ask_about_folds,
    find_flags,
    find_folds,
    split_by_flags,
    split_by_value,
)
from assay.data.texts import SPLIT_ORDER
from assay.errors import DataError, cut, did_you_mean

__all__ = [
    "POSSIBLE_COLUMNS",
    "SPLIT_COLUMNS",
    "divide_by_column",
    "read_split_column",
    "split_of_value",
    "take_apart",
]

logger = logging.getLogger(__name__)

SPLIT_COLUMNS = ("split", "partition", "subset", "dataset_split", "데이터셋")
# Columns that may name splits. In files any column may; of frames no other one is read for it.
POSSIBLE_COLUMNS = (
    *("set", "dataset", "data_split", "data_set", "ml_use", "usage", "구분", "분할"),
    *FLAG_COLUMNS,
    *FOLD_COLUMNS,
)
NONE = "none"  # what --split-column is given to leave such a column alone
# What tools write into such a column beside the names that files have.
VALUES = {
    "training": "train",
    "validate": "validation",
    "testing": "test",
}


def split_of_value(value: object) -> str | None:
    """Return the split that a cell names, else None.

    >>> split_of_value("TRAIN "), split_of_value("testing"), split_of_value("gold")
    ('train', 'test', None)
    """
    name = str(value).strip().casefold()
    return split_name(name) or VALUES.get(name)


def read_split_column(raws: Mapping[str, RawSplit], asked: str | None) -> Mapping[str, RawSplit]:
    """Return raw splits that read the column that was asked for: frames read what is named."""
    if asked is None or asked == NONE:
        return raws
    read = {}
    for split, raw in raws.items():
        column, _ = take_apart(asked, raw.columns)
        read[split] = replace(raw, read=partial(_read_also, raw, column))
    return read


def take_apart(asked: str, columns: Container[str]) -> tuple[str, str | None]:
    """Return the column that ``--split-column`` names, and the value of the rows that are for test.

    >>> take_apart("fold=5", ["text", "fold"]), take_apart("split", ["split"])
    (('fold', '5'), ('split', None))
    """
    column, equals, value = asked.rpartition("=")
    if asked in columns or not equals or column not in columns:
        return asked, None
    return column, value


def _read_also(raw: RawSplit, asked: str, *columns: str) -> Iterable[Row]:
    return raw.read(*columns, asked) if asked in raw.columns else raw.read(*columns)


def divide_by_column(
    raws: Mapping[str, RawSplit], *, text: str, label: str, asked: str | None
) -> Mapping[str, RawSplit]:
    """Divide a lone table by the column that names the split of each row.

    Parameters
    ----------
    raws : mapping
        Split -> raw split. Several are returned as they are.
    text, label : str
        The columns of texts and labels.
    asked : str, optional
        The column, also as ``NAME=VALUE``: rows with this value are test, the others train. None:
        one with a well-known name, if its values are names of splits, or columns such as
        ``is_train``, else the only one whose values all name train or another split. ``none``:
        there is no such column.

    Raises
    ------
    DataError
        The column that was asked for is not there, or has values that name no split; or only some
        values of one with a well-known name do; or a column numbers folds.
    """
    if list(raws) != ["all"] or asked == NONE:
        return raws
    raw = raws["all"]
    if asked is not None:
        return _divide_as_asked(raw, list(raw.read(text, label)), asked)
    return _divide_unasked(raw, text=text, label=label)


def _divide_unasked(raw: RawSplit, *, text: str, label: str) -> Mapping[str, RawSplit]:
    """Divide a table by the column that seems to name splits, if it has one."""
    others = [name for name in raw.columns if name not in (text, label)]
    flags, folds = find_flags(others), find_folds(others)
    rows: list[Row] = []
    if flags or folds:
        rows = list(raw.read(text, label))
        raw = _with_rows(raw, rows)
    divided = _divide_by_flags(raw, rows, flags)
    if divided is not None:
        return divided
    column = _find_column(others)
    if column is not None:
        return _divide(raw, list(raw.read(text, label)), column, is_asked=False)
    for name in folds:
        ask_about_folds(rows, name, source=raw.source)
    column, read = _find_by_values(iter(raw.read(text, label)), text=text, label=label)
    if column is None:
        return {"all": _with_rows(raw, read)}
    return _divide(raw, list(read), column, is_asked=False)


def _divide_as_asked(raw: RawSplit, rows: list[Row], asked: str) -> Mapping[str, RawSplit]:
    """Divide a table by the column that was asked for, or by one value of it."""
    column, value = take_apart(asked, raw.columns)
    if column not in raw.columns:
        raise DataError(
            f"column '{cut(column)}' not in {raw.source}; columns: {list_columns(raw.columns)}."
            f"{did_you_mean(column, raw.columns)}"
        )
    if value is not None:
        return _in_order(raw, split_by_value(rows, column, value, source=raw.source))
    divided = _divide_by_flags(raw, rows, find_flags([column]))
    return divided or _divide(raw, rows, column, is_asked=True)


def _divide_by_flags(
    raw: RawSplit, rows: list[Row], flags: Mapping[str, str]
) -> Mapping[str, RawSplit] | None:
    """Divide a table by columns such as ``is_train``; None where it has none that say it."""
    if not flags:
        return None
    divided = split_by_flags(rows, flags, source=raw.source, unit=raw.unit)
    if divided is None:
        return None
    return _say(raw, "', '".join(flags), divided)


def _divide(
    raw: RawSplit, rows: list[Row], column: str, *, is_asked: bool
) -> Mapping[str, RawSplit]:
    """Divide the rows of a table by a column, unless none of its values names a split."""
    divided: dict[str, list[Row]] = {}
    unknown: Row | None = None
    for row in rows:
        split = split_of_value(row.values.get(column, ""))
        if split is None and row.problem is None:
            unknown = unknown or row
            continue
        divided.setdefault(split or "train", []).append(row)
    if unknown is not None:
        has_names = any(split_of_value(row.values.get(column, "")) for row in rows)
        if not has_names:
            ask_about_folds(rows, column, source=raw.source)
        _refuse_value(raw, column, unknown, is_asked=is_asked, has_names=has_names)
        return {"all": _with_rows(raw, rows)}
    return _in_order(raw, divided) if is_asked else _say(raw, column, divided)


def _say(
    raw: RawSplit, column: str, divided: Mapping[str, Sequence[Row]]
) -> Mapping[str, RawSplit]:
    """Return the splits of a table, and say which column divided it though nobody asked."""
    named = sorted(divided, key=SPLIT_ORDER.index)
    sizes = ", ".join(f"{split} {len(divided[split]):,}" for split in named)
    logger.warning(
        "%s: column '%s' says which split a row belongs to (%s); --split-column none ignores it",
        raw.source,
        cut(column),
        sizes,
    )
    return _in_order(raw, divided)


def _in_order(raw: RawSplit, divided: Mapping[str, Sequence[Row]]) -> Mapping[str, RawSplit]:
    """Return the splits of a table, train first."""
    named = sorted(divided, key=SPLIT_ORDER.index)
    return {split: _with_rows(raw, divided[split]) for split in named}


def _is_split_name(column: str) -> bool:
    return column.strip().casefold() in SPLIT_COLUMNS


def _find_column(others: Iterable[str]) -> str | None:
    """Return the only column with a well-known name, beside those of texts and labels."""
    named = list(filter(_is_split_name, others))
    return named[0] if len(named) == 1 else None


def _find_by_values(
    rows: Iterator[Row], *, text: str, label: str
) -> tuple[str | None, Iterable[Row]]:
    """Return the only column whose values all name splits, train and another one; and all rows.

    Rows are kept in memory only while the first one has such a value.
    """
    first = next(rows, None)
    if first is None:
        return None, ()
    columns = [
        name
        for name, value in first.values.items()
        if name not in (text, label) and split_of_value(value)
    ]
    if not columns:
        return None, chain([first], rows)
    kept = [first, *rows]
    found = [name for name in columns if _names_splits(kept, name)]
    return (found[0] if len(found) == 1 else None), kept


def _names_splits(rows: Iterable[Row], column: str) -> bool:
    usable = (row for row in rows if row.problem is None)
    splits = {split_of_value(row.values.get(column, "")) for row in usable}
    return None not in splits and "train" in splits and len(splits) > 1


def _refuse_value(raw: RawSplit, column: str, row: Row, *, is_asked: bool, has_names: bool) -> None:
    """Say which value names no split; an error if the column was asked for, or others name one."""
    value = str(row.values.get(column, "")).strip()
    sentence = (
        f"'{cut(value)}' in column '{cut(column)}' of {raw.source} ({raw.unit} {row.line:,}) names "
        "no split; train, validation (val, dev, valid) and test are accepted"
    )
    if is_asked:
        raise DataError(sentence)
    if has_names:
        raise DataError(
            sentence,
            hint="mend the column, or ignore it: then rows of all splits are trained on",
            flags=["--split-column none"],
        )
    logger.warning("%s; the column is not used", sentence)


def _with_rows(raw: RawSplit, rows: Iterable[Row]) -> RawSplit:
    return replace(raw, read=partial(_hand_over, rows))


def _hand_over(rows: Iterable[Row], *columns: str) -> Iterable[Row]:
    return rows
