"""How rows are divided into folds: stratified by label, seeded, equal texts always in one fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from assay.data.duplicates import shared_groups
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts
from assay.errors import DataError

__all__ = ["FoldPlan", "deal_folds", "plan_folds"]


@dataclass(frozen=True)
class FoldPlan:
    """Which texts each fold's model is fitted on, and which it may judge.

    Parameters
    ----------
    label_ids, folds : int64 arrays of shape (n_texts,)
        Label and fold of each training text.
    n_folds : int
    classes : int64 array of shape (n_known_classes,)
        The label ids that every fold's model sees: those that occur in at least two folds.
    unseen : dict
        Other split -> bool array of shape (n_folds, n_texts): whether the model of a fold did not
        see the text.
    """

    label_ids: np.ndarray
    folds: np.ndarray
    n_folds: int
    classes: np.ndarray
    unseen: dict[str, np.ndarray]


def deal_folds(label_ids: np.ndarray, groups: np.ndarray, *, n_folds: int, seed: int) -> np.ndarray:
    """Divide rows into folds: stratified, and all rows of a group in one fold.

    Parameters
    ----------
    label_ids, groups : int arrays of shape (n_rows,)
        A group counts with the label of its first row.
    n_folds : int
    seed : int

    Returns
    -------
    int64 array of shape (n_rows,)
        The fold of each row, from 0.
    """
    _, first, group_of_row = np.unique(groups, return_index=True, return_inverse=True)
    sizes = np.bincount(group_of_row)
    # Groups are dealt in turn like cards: label by label, large groups first, equal ones in random
    # order. No fold gets much more of a label than another.
    shuffled = np.random.default_rng(seed).permutation(len(first))
    order = np.lexsort((shuffled, -sizes, label_ids[first]))
    fold_of_group = np.empty(len(first), dtype=np.int64)
    fold_of_group[order] = np.arange(len(first)) % n_folds
    return fold_of_group[group_of_row]


def plan_folds(
    train: LabelledTexts,
    label_set: LabelSet,
    others: Mapping[str, LabelledTexts],
    *,
    n_folds: int,
    seed: int,
) -> FoldPlan:
    """Divide the training texts, and find out which model did not see which text of other splits.

    Parameters
    ----------
    train : LabelledTexts
    label_set : LabelSet
    others : mapping
        Other split -> its texts.
    n_folds : int
        At most; there are never more folds than distinct texts.
    seed : int

    Raises
    ------
    DataError
        Fewer than two labels occur in at least two folds.
    """
    label_ids = label_set.ids(train.labels)
    groups, *other_groups = shared_groups([train, *others.values()])
    n_folds = max(1, min(n_folds, len(np.unique(groups))))
    folds = deal_folds(label_ids, groups, n_folds=n_folds, seed=seed)
    classes = _known_classes(label_ids, folds, n_classes=len(label_set))
    if len(classes) < 2:
        raise DataError(
            f"{len(train):,} texts do not hold two labels that each occur on two different texts; "
            "without them no model can be held against the labels"
        )
    fold_of_group = dict(zip(groups.tolist(), folds.tolist(), strict=True))
    unseen = {
        name: _unseen(own, fold_of_group, n_folds)
        for name, own in zip(others, other_groups, strict=True)
    }
    return FoldPlan(label_ids, folds, n_folds, classes, unseen)


def _known_classes(label_ids: np.ndarray, folds: np.ndarray, *, n_classes: int) -> np.ndarray:
    """Return the label ids that occur in at least two folds."""
    occurs = np.zeros((folds.max() + 1, n_classes), dtype=bool)
    occurs[folds, label_ids] = True
    return np.flatnonzero(occurs.sum(axis=0) >= 2)


def _unseen(groups: np.ndarray, fold_of_group: Mapping[int, int], n_folds: int) -> np.ndarray:
    """Tell for each fold's model which texts it did not see.

    A text that does not occur in train was seen by none of the models. One that does was held out
    from the model of its own fold only: with three folds, a text of fold 1 gives the column
    ``[False, True, False]``.
    """
    fold_of_text = np.array([fold_of_group.get(group, -1) for group in groups.tolist()], np.int64)
    is_own_fold = fold_of_text == np.arange(n_folds)[:, None]
    unseen: np.ndarray = (fold_of_text == -1) | is_own_fold
    return unseen
