"""Columns that say of each row whether it is of one split (``is_train``), or number its fold.

A flag such as ``is_train`` tells which rows are for training. A number of a fold does not tell
which fold is the test split: that is a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from assay.data.cell_values import label_as_text
from assay.data.files.readers import Row
from assay.errors import DataError, cut

__all__ = [
    "FLAG_COLUMNS",
    "FOLD_COLUMNS",
    "ask_about_folds",
    "find_flags",
    "find_folds",
    "split_by_flags",
    "split_by_value",
]

# Column -> the split of the rows for which it is true.
FLAG_COLUMNS = {
    **dict.fromkeys(("is_train", "is_training", "in_train", "istrain"), "train"),
    **dict.fromkeys(("is_val", "is_valid", "is_validation", "is_dev", "is_eval"), "validation"),
    **dict.fromkeys(("is_test", "is_testing", "is_holdout", "in_test", "istest"), "test"),
}
FOLD_COLUMNS = ("fold", "folds", "fold_id", "fold_nr", "kfold", "k_fold", "cv_fold", "cvfold")
# The split of the other rows, where there is one such column.
OTHER_SPLIT = {"train": "test", "validation": "train", "test": "train"}
TRUE = ("true", "1", "yes", "y", "t")
FALSE = ("false", "0", "no", "n", "f")
MAX_FOLDS = 20
FOLD_NUMBER = re.compile(r"[0-9]{1,9}")
N_LISTED = 10  # values of a column in a message


def _name(column: str) -> str:
    return column.strip().casefold().replace(" ", "_").replace("-", "_")


def find_flags(columns: Iterable[str]) -> dict[str, str]:
    """Return the columns that say whether a row is of a split, each with the split.

    >>> find_flags(["text", "Is Train", "label"])
    {'Is Train': 'train'}
    """
    return {name: FLAG_COLUMNS[_name(name)] for name in columns if _name(name) in FLAG_COLUMNS}


def find_folds(columns: Iterable[str]) -> list[str]:
    """Return the columns whose names say that they hold the fold of each row."""
    return [name for name in columns if _name(name) in FOLD_COLUMNS]


def _cell(row: Row, column: str) -> str:
    """Return the cell of a row as a person reads it."""
    return (label_as_text(row.values.get(column, "")) or "").strip()


def _values(rows: Iterable[Row], column: str) -> set[str]:
    return {_cell(row, column) for row in rows if row.problem is None}


def split_by_flags(
    rows: Sequence[Row], flags: Mapping[str, str], *, source: str, unit: str
) -> dict[str, list[Row]] | None:
    """Divide rows by the columns that say of which split they are.

    Returns
    -------
    dict of split to rows, or None
        None where no cell of these columns is a yes or a no.

    Raises
    ------
    DataError
        Only some cells are, or a row is of several splits or of none.
    """
    words: set[str] = set()
    for row in rows:
        words.update(_cell(row, name).casefold() for name in flags)
    if words.isdisjoint((*TRUE, *FALSE)):
        return None
    divided: dict[str, list[Row]] = {}
    for row in rows:
        split = _split_of(row, flags)
        if row.problem is not None:
            split = "train"
        if split is None:
            listed = ", ".join(f"{cut(name)} '{cut(_cell(row, name))}'" for name in flags)
            raise DataError(
                f"{source} {unit} {row.line:,} has {listed}: it is not known of which split it is",
                hint="mend the columns, or ignore them: then rows of all splits are trained on",
                flags=["--split-column none"],
            )
        divided.setdefault(split, []).append(row)
    return divided


def _split_of(row: Row, flags: Mapping[str, str]) -> str | None:
    """Return the split of a row; None where its cells say none, or several."""
    cells = {split: _cell(row, name).casefold() for name, split in flags.items()}
    if not set(cells.values()) <= {*TRUE, *FALSE}:
        return None
    named = [split for split, cell in cells.items() if cell in TRUE]
    if len(cells) == 1 and not named:
        return OTHER_SPLIT[next(iter(cells))]
    return named[0] if len(named) == 1 else None


def ask_about_folds(rows: Sequence[Row], column: str, *, source: str) -> None:
    """Ask which fold is the test split, where a column numbers folds.

    Raises
    ------
    DataError
        Its values are a few whole numbers: the last one is proposed.
    """
    values = _values(rows, column)
    is_number = all(map(FOLD_NUMBER.fullmatch, values))
    if not is_number or not 1 < len(values) <= MAX_FOLDS:
        return
    numbers = sorted(values, key=int)
    last = f"--split-column '{column}={numbers[-1]}'"
    listed = ", ".join(numbers[:-1])
    raise DataError(
        f"column '{cut(column)}' of {source} holds {listed} and {numbers[-1]}, and nothing "
        "says which rows are for testing",
        hint=f"{last} keeps the rows with that value as test; --split-column none ignores it: then "
        "rows of all of them are trained on",
        flags=[last, "--split-column none"],
    )


def split_by_value(
    rows: Sequence[Row], column: str, value: str, *, source: str
) -> dict[str, list[Row]]:
    """Divide rows into train and test, which are those with one value in a column.

    Raises
    ------
    DataError
        No row, or every row, has the value.
    """
    divided: dict[str, list[Row]] = {"train": [], "test": []}
    for row in rows:
        is_test = row.problem is None and _cell(row, column) == value
        divided[("train", "test")[is_test]].append(row)
    if not divided["test"] or not divided["train"]:
        values = sorted(_values(rows, column))
        which = "every row"
        if not divided["test"]:
            which = "no row"
        listed = ", ".join(map(cut, values[:N_LISTED]))
        raise DataError(
            f"{which} of {source} has '{cut(value)}' in column '{cut(column)}'; its values are "
            f"{listed}{' and more' if len(values) > N_LISTED else ''}"
        )
    return divided
