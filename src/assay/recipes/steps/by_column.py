"""Scores by the values of a column that the texts came with, such as a priority or a country."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assay.data.files.readers import read_rows
from assay.data.files.reading import ReadingOptions
from assay.data.folders import find_split_files
from assay.errors import DataError, InputError, did_you_mean
from assay.evaluation.slices import SliceScores
from assay.runtime.limits.wilson import wilson_interval

__all__ = ["read_column", "score_values"]

MAX_VALUES = 20  # scored apart, the most frequent first; the others together
NO_VALUE, OTHER_VALUES = "(no value)", "(other values)"


def read_column(
    data: Any, split: str, lines: Sequence[int], column: str, reading: ReadingOptions
) -> list[str]:
    """Return the value of a column for each text of a split.

    Parameters
    ----------
    data : path
        The file or folder that the texts were loaded from.
    split : str
    lines : sequence of int
        The lines of the texts in that file.
    column : str
    reading : ReadingOptions
        How the file is read.

    Raises
    ------
    InputError
        The texts are from no file, or from several.
    DataError
        There is no such column.
    """
    path = _find_file(data, split)
    wanted = set(lines)
    values: dict[int, str] = {}
    for row in read_rows(path, **reading):
        if row.line not in wanted:
            continue
        if column not in row.values:
            names = ", ".join(row.values)
            meant = did_you_mean(column, row.values)
            raise DataError(
                f"there is no column '{column}' in {path.name}; columns: {names}.{meant}"
            )
        value = row.values[column]
        values[row.line] = NO_VALUE if value is None or value == "" else str(value)
    return [values.get(line, NO_VALUE) for line in lines]


def _find_file(data: Any, split: str) -> Path:
    path = Path(str(data))
    if path.is_file():
        return path
    files = find_split_files(path).get(split, []) if path.is_dir() else []
    if len(files) != 1:
        raise InputError(
            f"the columns of the {split} split cannot be read again; "
            "a file, or a folder with one file per split, is accepted"
        )
    return files[0]


def score_values(column: str, values: Sequence[str], correct: np.ndarray) -> list[SliceScores]:
    """Score the texts of each value apart, the most frequent value first.

    Parameters
    ----------
    column : str
    values : sequence of str, n_texts long
    correct : bool array of shape (n_texts,)
        Whether each text was labelled right.
    """
    frequent = [value for value, _ in Counter(values).most_common(MAX_VALUES)]
    known = set(frequent)
    named = np.array([value if value in known else OTHER_VALUES for value in values], dtype=object)
    if OTHER_VALUES in named:
        frequent.append(OTHER_VALUES)
    found = []
    for value in frequent:
        is_own = named == value
        n_texts, n_right = int(is_own.sum()), int(correct[is_own].sum())
        interval = wilson_interval(n_right, n_texts)
        found.append(SliceScores(column, value, n_texts, n_right / n_texts, interval))
    return found
