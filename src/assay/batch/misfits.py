"""Rows that do not fit a table that was begun: they are rejected, and the table goes on.

A table has the columns of its first row, and in Parquet each column has one type. JSON Lines may
have another key or another type in any row. Such a row must not cost what was finished before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from assay.batch.rows import Prediction, Record

__all__ = ["reject_misfits", "reject_new_columns", "reject_unwritable"]

# Takes records; returns why they cannot be written, or None if they can.
FindProblem = Callable[[Sequence[Record]], str | None]


def reject_new_columns(
    predictions: Sequence[Prediction], columns: Sequence[str]
) -> list[Prediction]:
    """Reject rows with a column that the table does not have.

    Parameters
    ----------
    predictions : sequence of Prediction
    columns : sequence of str
        Columns of the table; empty if it has no row yet, and the first scored row decides.
    """
    known = tuple(columns)
    checked = []
    for one in predictions:
        if one.problem is None:
            known = known or tuple(one.record)
            if tuple(one.record) != known:
                one = _check_columns(one, known)
        checked.append(one)
    return checked


def _check_columns(one: Prediction, columns: Sequence[str]) -> Prediction:
    for name in one.record:
        if name not in columns:
            reason = f"column '{name}' is not in the first row, so it has no place in a table"
            return _reject(one, f"{reason}: write .jsonl")
    return one


def _reject(one: Prediction, problem: str) -> Prediction:
    return replace(one, record={}, problem=problem, has_no_text=False)


def reject_unwritable(
    predictions: Sequence[Prediction], find_problem: FindProblem
) -> list[Prediction]:
    """Reject the rows that cannot be written, found by halving: few of many take few attempts.

    Parameters
    ----------
    predictions : sequence of Prediction
    find_problem : callable
        Tries to write some records.
    """
    records = [one.record for one in predictions if one.problem is None]
    problem = find_problem(records) if records else None
    if problem is None:
        return list(predictions)
    if len(predictions) == 1:
        return [_reject(predictions[0], problem)]
    middle = len(predictions) // 2
    return [
        *reject_unwritable(predictions[:middle], find_problem),
        *reject_unwritable(predictions[middle:], find_problem),
    ]


def reject_misfits(
    predictions: Sequence[Prediction], refuse: Callable[[Sequence[Record]], Sequence[str | None]]
) -> list[Prediction]:
    """Reject the rows whose values do not have the types of the columns.

    Parameters
    ----------
    predictions : sequence of Prediction
    refuse : callable
        Takes records; returns for each of them why it cannot be written, or None if it can.
    """
    records = [one.record for one in predictions if one.problem is None]
    reasons = iter(refuse(records))
    checked = []
    for one in predictions:
        reason = next(reasons) if one.problem is None else None
        checked.append(one if reason is None else _reject(one, f"{reason}: write .jsonl"))
    return checked
