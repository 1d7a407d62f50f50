"""Which labels are probably wrong: confident learning over probabilities of models that did not see the texts.

Northcutt, Jiang, Chuang: Confident Learning, JAIR 2021, arXiv:1911.00068, as cleanlab does it. The
rank is the probability of the given label: where probabilities are right, no other order is better.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from assay._optional import require
from assay.errors import InputError

__all__ = ["WrongLabel", "find_wrong_labels"]

# Confident learning names as many rows as it thinks are wrong, which is too few where labels are
# clean: of 5 % flipped labels, about 89 %. Rows whose other label is three times as probable add 4
# % of them, with 5 to 12 % more rows.
CLEAR_RATIO = 3.0


@dataclass(frozen=True)
class WrongLabel:
    """A label that is probably wrong.

    Parameters
    ----------
    row : int
        0-based.
    label_id, proposed_id : int
        The label that is given, and the most probable other one.
    score : float
        How suspect the label is: the probability of all other labels together.
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
        The labels that are given.
    probs : float array of shape (n_texts, n_classes)
        Of models that did not see the text; rows sum to 1. Rows of NaN are not judged.

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
    label_ids, probs = np.asarray(label_ids, dtype=np.int64), np.asarray(probs, dtype=np.float64)
    if probs.ndim != 2 or label_ids.shape != probs.shape[:1]:
        raise InputError(
            f"label_ids has shape {label_ids.shape} and probs {probs.shape}; (n_texts,) and (n_texts, n_classes) "
            "are accepted"
        )
    if len(label_ids) and not 0 <= label_ids.min() <= label_ids.max() < probs.shape[1]:
        raise InputError(
            f"label ids from {label_ids.min()} to {label_ids.max()}; 0 to {probs.shape[1] - 1} is accepted"
        )
    judged = np.flatnonzero(~np.isnan(probs).any(axis=1))
    label_ids, probs = label_ids[judged], probs[judged]
    if len(np.unique(label_ids)) < 2:
        return []  # every row says the same: no class to mix it up with
    given = probs[np.arange(len(probs)), label_ids]
    others = probs.copy()
    others[np.arange(len(probs)), label_ids] = -1
    proposed = others.argmax(axis=1)
    is_suspect = others.max(axis=1) >= CLEAR_RATIO * given
    is_suspect[_confident_learning(label_ids, probs)] = True
    ranked = [i for i in np.argsort(given, kind="stable") if is_suspect[i]]
    return [
        WrongLabel(int(judged[i]), int(label_ids[i]), int(proposed[i]), float(1 - given[i]))
        for i in ranked
    ]


def _confident_learning(label_ids: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """Return the rows that cleanlab calls issues."""
    find = require("cleanlab.filter").find_label_issues
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that classes of one row are not looked at
        rows: np.ndarray = find(
            label_ids, probs, return_indices_ranked_by="self_confidence", n_jobs=1
        )
    return rows
