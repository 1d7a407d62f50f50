"""A column that says which split each row belongs to, in a table with all rows."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from assay.data.columns import list_columns
from assay.data.files.readers import Row
from assay.data.raw_split import RawSplit, split_name
from assay.data.texts import SPLIT_ORDER
from assay.errors import DataError, cut, did_you_mean

__all__ = ["SPLIT_COLUMNS", "divide_by_column", "names_splits"]

logger = logging.getLogger(__name__)

SPLIT_COLUMNS = ("split", "partition", "subset", "dataset_split", "데이터셋")
NONE = "none"  # what --split-column is given to leave such a column alone


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
        The column. None: one with a well-known name, if all of its values are names of splits;
        ``none``: there is no such column.

    Raises
    ------
    DataError
        The column that was asked for is not there, or has values that name no split.
    """
    if list(raws) != ["all"] or asked == NONE:
        return raws
    raw = raws["all"]
    column = _find_column(raw, text=text, label=label, asked=asked)
    if column is None:
        return raws
    rows = list(raw.read(text, label))
    divided: dict[str, list[Row]] = {}
    for row in rows:
        value = str(row.values.get(column, "")).strip()
        split = split_name(value)
        if split is None and row.problem is None:
            _refuse_value(raw, column, row, value, asked=asked)
            return {"all": _with_rows(raw, rows)}
        divided.setdefault(split or "train", []).append(row)
    named = sorted(divided, key=SPLIT_ORDER.index)
    sizes = ", ".join(f"{split} {len(divided[split]):,}" for split in named)
    logger.warning(
        "%s: column '%s' says which split a row belongs to (%s); --split-column none ignores it",
        raw.source,
        cut(column),
        sizes,
    )
    return {split: _with_rows(raw, own) for split, own in divided.items()}


def names_splits(name: str, values: Iterable[str]) -> bool:
    """Tell whether a column has a well-known name and nothing but names of splits.

    >>> names_splits("Split", ["train", "dev"]), names_splits("split", ["left", "right"])
    (True, False)
    """
    return _is_split_name(name) and all(split_name(value.strip()) for value in values)


def _is_split_name(column: str) -> bool:
    return column.strip().casefold() in SPLIT_COLUMNS


def _find_column(raw: RawSplit, *, text: str, label: str, asked: str | None) -> str | None:
    if asked is not None:
        if asked in raw.columns:
            return asked
        raise DataError(
            f"column '{cut(asked)}' not in {raw.source}; columns: {list_columns(raw.columns)}."
            f"{did_you_mean(asked, raw.columns)}"
        )
    named = [name for name in raw.columns if _is_split_name(name)]
    others = [name for name in named if name not in (text, label)]
    return others[0] if len(others) == 1 else None


def _refuse_value(raw: RawSplit, column: str, row: Row, value: str, *, asked: str | None) -> None:
    """Say which value names no split; an error if the column was asked for."""
    sentence = (
        f"'{cut(value)}' in column '{cut(column)}' of {raw.source} ({raw.unit} {row.line:,}) names "
        "no split; train, validation (val, dev, valid) and test are accepted"
    )
    if asked is not None:
        raise DataError(sentence)
    logger.warning("%s; the column is not used", sentence)


def _with_rows(raw: RawSplit, rows: Iterable[Row]) -> RawSplit:
    return replace(raw, read=partial(_hand_over, rows))


def _hand_over(rows: Iterable[Row], *columns: str) -> Iterable[Row]:
    return rows
