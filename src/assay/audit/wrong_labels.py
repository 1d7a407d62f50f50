"""Which labels are probably wrong: confident learning over out-of-fold probabilities.

Northcutt, Jiang, Chuang: Confident Learning, JAIR 2021, arXiv:1911.00068, as cleanlab does it.
Suspects are ordered by the probability of the given label, the lowest first: where probabilities
are right, no other order is better.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from assay._optional import require
from assay.errors import InputError

__all__ = ["WrongLabel", "find_wrong_labels"]

# Confident learning names as many rows as it estimates to be wrong, which is too few where most
# labels are right: about 89 % of 5 % flipped labels. Rows whose other label is three times as
# probable as the given one are suspects too: they add 4 % of the flipped labels, at the price of
# 5 to 12 % more rows to look at.
CLEAR_RATIO = 3.0


@dataclass(frozen=True)
class WrongLabel:
    """A label that is probably wrong.

    Parameters
    ----------
    row : int
        0-based.
    label_id, proposed_id : int
        The given label, and the most probable other one.
    score : float
        How suspect the label is, 0 to 1: the probability of all other labels together.
    """

    row: int
    label_id: int
    proposed_id: int
    score: float


def find_wrong_labels(label_ids: np.ndarray, probs: np.ndarray) -> list[WrongLabel]:
    """Return the suspects, the most suspect first.

    Parameters
    ----------
    label_ids : int array of shape (n_texts,)
        The given labels, as columns of `probs`.
    probs : float array of shape (n_texts, n_classes)
        Probabilities by models that did not see the text; rows sum to 1. Rows of NaN are not
        judged.

    Raises
    ------
    InputError
        The shapes do not fit, or a label id has no column.

    Examples
    --------
    >>> probs = np.array([[0.9, 0.1]] * 5 + [[0.1, 0.9]] * 5)
    >>> label_ids = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    >>> [(one.row, one.proposed_id) for one in find_wrong_labels(label_ids, probs)]
    [(4, 0)]
    """
    label_ids, probs = _checked(label_ids, probs)
    judged = np.flatnonzero(~np.isnan(probs).any(axis=1))
    label_ids, probs = label_ids[judged], probs[judged]
    if len(np.unique(label_ids)) < 2:
        return []  # all rows have the same label: there is no other to mix it up with
    each_row = np.arange(len(probs))
    given = probs[each_row, label_ids]
    others = probs.copy()
    others[each_row, label_ids] = -1
    proposed = others.argmax(axis=1)
    is_suspect = others.max(axis=1) >= CLEAR_RATIO * given
    is_suspect[_confident_learning(label_ids, probs)] = True
    by_suspicion = np.argsort(given, kind="stable")
    return [
        WrongLabel(int(judged[i]), int(label_ids[i]), int(proposed[i]), float(1 - given[i]))
        for i in by_suspicion[is_suspect[by_suspicion]]
    ]


def _checked(label_ids: np.ndarray, probs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return label ids as int64 and probabilities as float64, or say why they do not fit."""
    label_ids, probs = np.asarray(label_ids, dtype=np.int64), np.asarray(probs, dtype=np.float64)
    if probs.ndim != 2 or label_ids.shape != probs.shape[:1]:
        raise InputError(
            f"label_ids has shape {label_ids.shape} and probs {probs.shape}; "
            "(n_texts,) and (n_texts, n_classes) are accepted"
        )
    if not len(label_ids):
        return label_ids, probs
    lowest, highest = label_ids.min(), label_ids.max()
    if lowest < 0 or highest >= probs.shape[1]:
        raise InputError(
            f"label ids from {lowest} to {highest}; 0 to {probs.shape[1] - 1} is accepted"
        )
    return label_ids, probs


def _confident_learning(label_ids: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """Return the rows that cleanlab calls issues."""
    find = require("cleanlab.filter").find_label_issues
    with warnings.catch_warnings():
        # cleanlab warns that it ignores classes of one row.
        warnings.simplefilter("ignore")
        rows: np.ndarray = find(
            label_ids, probs, return_indices_ranked_by="self_confidence", n_jobs=1
        )
    return rows
