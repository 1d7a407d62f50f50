"""Scores by the values of a column that the texts came with, such as a priority or a country."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay.data.columns import list_columns
from assay.data.origin import read_other_cells
from assay.data.texts import Splits
from assay.errors import DataError, InputError, cut, did_you_mean
from assay.evaluation.several_slices import SeveralSlice, score_several_slice
from assay.evaluation.slices import SliceScores
from assay.evaluation.unseen import UnseenScores
from assay.recipes.steps.value_groups import NO_VALUE, group_by_value
from assay.runtime.limits.wilson import wilson_interval

__all__ = ["check_column", "read_column", "score_several_values", "score_values"]


def check_column(splits: Splits, split: str | None, column: str) -> None:
    """Refuse a column that the texts did not come with, before anything is scored.

    Parameters
    ----------
    splits : Splits
    split : str or None
        The one that will be scored. None, or one that is cut later: any.
    column : str

    Raises
    ------
    InputError, DataError
        As `read_column` does.
    """
    name = split if split is not None and split in splits else next(iter(splits))
    lines = splits[name].lines
    try:
        read_column(splits, name, lines[:1], column)
    except DataError:  # JSON may have the column in later rows only
        read_column(splits, name, lines, column)


def read_column(splits: Splits, split: str, lines: Sequence[int], column: str) -> list[str]:
    """Return the value of a column for each text of a split.

    Parameters
    ----------
    splits : Splits
    split : str
    lines : sequence of int
        The lines of the texts in their file.
    column : str
        Any but those of the texts and the labels.

    Raises
    ------
    InputError
        The texts are from no file.
    DataError
        There is no such column.
    """
    rows = read_other_cells(splits.origins, [(split, line) for line in lines])
    if not rows:
        raise InputError(
            f"the columns of the {split} split of {splits.source} cannot be read again; "
            "a file or a folder of files is accepted"
        )
    names = dict.fromkeys(name for row in rows.values() for name in row.cells)
    if not names:
        raise DataError(
            f"there is no column '{cut(column)}' in {splits.source}: it has no columns beside "
            "texts and labels"
        )
    if column not in names:
        raise DataError(
            f"there is no column '{cut(column)}' in {splits.source} beside texts and labels; "
            f"columns: {list_columns(list(names))}.{did_you_mean(column, names)}"
        )
    values = []
    for line in lines:
        row = rows.get((split, line))
        value = None if row is None else row.cells.get(column)
        values.append(NO_VALUE if value is None else str(value).strip() or NO_VALUE)
    return values


def score_values(
    column: str,
    values: Sequence[str],
    correct: np.ndarray,
    *,
    seen: np.ndarray | None = None,
) -> list[SliceScores]:
    """Score the texts of each group of values apart; see `group_by_value`.

    Parameters
    ----------
    column : str
    values : sequence of str, n_texts long
    correct : bool array of shape (n_texts,)
        Whether each text was labelled right.
    seen : bool array of shape (n_texts,), optional
        Which texts the model was trained on.
    """
    found = []
    for value, rows in group_by_value(values).items():
        is_own = np.zeros(len(values), dtype=bool)
        is_own[rows] = True
        n_texts, n_right = len(rows), int(correct[rows].sum())
        interval = wilson_interval(n_right, n_texts)
        unseen = UnseenScores.among(is_own, correct, seen)
        accuracy = n_right / n_texts
        found.append(SliceScores(column, value, n_texts, accuracy, interval, unseen=unseen))
    return found


def score_several_values(
    column: str,
    values: Sequence[str],
    truth: np.ndarray,
    predicted: np.ndarray,
    *,
    seed: int,
    seen: np.ndarray | None = None,
) -> list[SeveralSlice]:
    """Score the texts of each group of values apart where they may have several labels.

    Parameters
    ----------
    column : str
    values : sequence of str, n_texts long
    truth, predicted : int arrays of shape (n_texts, n_labels)
        Zeros and ones.
    seed : int
        Seed of the bootstrap behind the intervals.
    seen : bool array of shape (n_texts,), optional
        Which texts the model was trained on.
    """
    found = []
    for value, rows in group_by_value(values).items():
        own = score_several_slice(column, value, rows, truth, predicted, seed=seed, seen=seen)
        found.append(own)
    return found
