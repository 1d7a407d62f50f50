"""Which labels are probably wrong, by probabilities of models that did not see the texts.

Suspects are ordered by the probability of the given label, the lowest first: where probabilities
are right, no other order is better. How many are listed follows from how many of them are expected
to be wrong: see `assay.audit.planting`. Beside confident learning (Northcutt, Jiang and Chuang,
2021, arXiv:1911.00068), which orders them alike, the list is shorter where models are weak.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.audit.planting import DOUBTFUL, LEAST_LISTED, PROBABLE, count_listed, expect_wrong
from assay.errors import InputError

__all__ = ["MOST_DOUBTED", "WrongLabel", "find_wrong_labels"]

# Standard errors by which the estimate is lowered where labels are called wrong. Measured:
# dev/LOG.md, "Lists of suspects of small sets".
CAUTION = 0.75
# Models that doubt more than this share of the labels list right ones of hard texts before wrong
# ones (same heading): none is called wrong then
MOST_DOUBTED = 0.4
# Models that doubt a larger share of all labels make mistakes of their own, however few texts
WEAK_DOUBTS = 0.1


@dataclass(frozen=True)
class WrongLabel:
    """A label that is probably wrong, or at least doubtful.

    Parameters
    ----------
    row : int
        0-based.
    label_id, proposed_id : int
        The given label, and the most probable other one.
    score : float
        How suspect the label is, 0 to 1: the probability of all other labels together.
    is_probable : bool
        Whether it is called wrong; else it is only worth a look.
    expected_share : float
        Which share of the suspects down to this one is expected to be wrong, 0 to 1; 1 where that
        was not estimated.
    """

    row: int
    label_id: int
    proposed_id: int
    score: float
    is_probable: bool = True
    expected_share: float = 1.0


def find_wrong_labels(
    label_ids: np.ndarray, probs: np.ndarray, *, bounds: tuple[float, float] | None = None
) -> list[WrongLabel]:
    """Return the suspects, the most suspect first.

    Parameters
    ----------
    label_ids : int array of shape (n_texts,)
        The given labels, as columns of `probs`.
    probs : float array of shape (n_texts, n_classes)
        Probabilities by models that did not see the text; rows sum to 1. Rows of NaN are not
        judged.
    bounds : pair of float, optional
        Labels with at most the first probability are called wrong, others with at most the second
        doubtful.
        None: as many as planting suggests, which needs the texts of a whole split.

    Raises
    ------
    InputError
        The shapes do not fit, or a label id has no column.

    Examples
    --------
    >>> probs = np.array([[0.9, 0.1]] * 30 + [[0.1, 0.9]] * 30)
    >>> label_ids = np.array([0] * 25 + [1] * 35)
    >>> [(one.row, one.proposed_id) for one in find_wrong_labels(label_ids, probs)]
    [(25, 0), (26, 0), (27, 0), (28, 0), (29, 0)]
    """
    label_ids, probs = _checked(label_ids, probs)
    judged = np.flatnonzero(~np.isnan(probs).any(axis=1))
    label_ids, probs = label_ids[judged], probs[judged]
    if len(np.unique(label_ids)) < 2:
        return []  # all rows have the same label: there is no other to mix it up with
    each_row = np.arange(len(probs))
    given, others = probs[each_row, label_ids], probs.copy()
    others[each_row, label_ids] = -1
    proposed = others.argmax(axis=1)
    is_doubted = others.max(axis=1) > given
    by_suspicion = np.argsort(given, kind="stable")
    if bounds is None:
        expected, n_probable, n_listed = _expect_wrong(label_ids, probs, is_doubted)
    else:
        expected = np.ones(len(given))
        n_probable, n_listed = (int((given <= bound).sum()) for bound in bounds)
    found = []
    for place, i in enumerate(by_suspicion[:n_listed].tolist()):
        if is_doubted[i]:
            one = WrongLabel(
                row=int(judged[i]),
                label_id=int(label_ids[i]),
                proposed_id=int(proposed[i]),
                score=float(1 - given[i]),
                is_probable=place < n_probable,
                expected_share=float(expected[place]),
            )
            found.append(one)
    return found


def _expect_wrong(
    label_ids: np.ndarray, probs: np.ndarray, is_doubted: np.ndarray
) -> tuple[np.ndarray, int, int]:
    """Return the expected share of each list, and how many are called wrong and listed."""
    expected = expect_wrong(label_ids, probs)
    n_listed = count_listed(expected, DOUBTFUL)
    careful = expect_wrong(label_ids, probs, caution=CAUTION)
    n_probable = _count_probable(careful, is_doubted)
    expected[:n_probable] = careful[:n_probable]
    return expected, n_probable, n_listed


def _count_probable(expected: np.ndarray, is_doubted: np.ndarray) -> int:
    """Return how many suspects are called wrong.

    None are if models doubt so many labels that they know little, or if the list is as short as in
    data without mistakes and many labels are doubted: where models are sure of nearly all labels,
    the few that they doubt are mostly wrong.

    Parameters
    ----------
    expected : float array of shape (n_texts,)
        As `expect_wrong` returns it.
    is_doubted : bool array of shape (n_texts,)
        Whether another label than the given one is the most probable.
    """
    if is_doubted.mean() > MOST_DOUBTED:
        return 0
    n_probable = count_listed(expected, PROBABLE)
    is_weak = is_doubted.sum() >= LEAST_LISTED or is_doubted.mean() > WEAK_DOUBTS
    return 0 if n_probable < LEAST_LISTED and is_weak else n_probable


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
