"""Probabilities of every training text from a model that did not see it: the base of finding wrong labels.

The rows are dealt into folds, stratified and seeded, the same text always into one; a model is
fitted on all folds but one and predicts that one. Each fold is calibrated on the other folds. Texts
of other splits get the mean of the models that did not see them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from assay.data.duplicates import duplicate_groups
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts
from assay.errors import DataError, InputError
from assay.methods import LABEL_CHECK, find_method
from assay.models import make_estimator
from assay.progress import Progress
from assay.training.temperature import fit_temperature

__all__ = ["OutOfFold", "deal_folds", "predict_out_of_fold"]

N_FOLDS = 5
# Of the calibration, which has a weight for every pair of classes; from 0.01 to 1 the suspects are
# the same.
CALIBRATION_C = 0.1
MAX_ITERATIONS = 1000


@dataclass(frozen=True)
class OutOfFold:
    """What models say of rows that they did not see.

    Parameters
    ----------
    probs : float64 array of shape (n_texts, n_classes), in LabelSet order
        Rows sum to 1. A row of NaN could not be judged: no text outside its fold has its label.
    other_probs : dict
        Split -> the same for the texts of other splits.
    folds : int64 array of shape (n_texts,)
        The fold of each row.
    fit_s : float
        Seconds of fitting and predicting.
    """

    probs: np.ndarray
    other_probs: dict[str, np.ndarray]
    folds: np.ndarray
    fit_s: float


def deal_folds(label_ids: np.ndarray, groups: np.ndarray, *, n_folds: int, seed: int) -> np.ndarray:
    """Deal rows into folds: stratified, and a group always into one fold.

    Parameters
    ----------
    label_ids, groups : int arrays of shape (n_rows,)
        A group is dealt by the label of its first row.
    n_folds : int
    seed : int

    Returns
    -------
    int64 array of shape (n_rows,)
        The fold of each row, from 0.
    """
    _, first, group_of = np.unique(groups, return_index=True, return_inverse=True)
    sizes = np.bincount(group_of)
    # Label by label, large groups first, else in random order: dealt in turn, no fold gets much
    # more of a label.
    order = np.lexsort(
        (np.random.default_rng(seed).permutation(len(first)), -sizes, label_ids[first])
    )
    fold_of_group = np.empty(len(first), dtype=np.int64)
    fold_of_group[order] = np.arange(len(first)) % n_folds
    return fold_of_group[group_of]


def predict_out_of_fold(
    train: LabelledTexts,
    label_set: LabelSet,
    *,
    method: str = LABEL_CHECK,
    others: Mapping[str, LabelledTexts] | None = None,
    n_folds: int = N_FOLDS,
    seed: int = 0,
    progress: Progress | None = None,
) -> OutOfFold:
    """Fit a method on all folds but one, for each fold, and predict what it did not see.

    Parameters
    ----------
    train : LabelledTexts
    label_set : LabelSet
    method : str
        Any method that reads the texts, so not ``majority``.
    others : mapping, optional
        Split -> texts that are predicted too, and take no part in any fit.
    n_folds : int
        At least 2; there are never more than distinct texts.
    seed : int
    progress : Progress, optional

    Raises
    ------
    InputError
        The method or the number of folds cannot be used.
    DataError
        The texts hold too few labels to learn from.
    """
    if not find_method(method).reads_texts:
        raise InputError(f"method '{method}' does not read the texts; any other method is accepted")
    if n_folds < 2:
        raise InputError(f"n_folds is {n_folds}; at least 2 is accepted")
    others, progress = dict(others or {}), progress or Progress()
    started_s = time.perf_counter()
    plan = _plan(train, label_set, others, n_folds=n_folds, seed=seed)
    logits = np.zeros((len(train), len(plan.classes)))
    other_logits = {
        name: np.zeros((plan.n_folds, len(part), len(plan.classes)))
        for name, part in others.items()
    }
    with progress.track(f"folds ({method})", plan.n_folds) as advance:
        for fold in range(plan.n_folds):
            inside, outside = np.flatnonzero(plan.folds != fold), np.flatnonzero(plan.folds == fold)
            estimator = make_estimator(method, seed=seed)
            estimator.fit(
                [train.texts[i] for i in inside], plan.label_ids[inside].tolist(), progress=progress
            )
            columns = np.searchsorted(estimator.classes_, plan.classes)
            logits[outside] = estimator.decision_logits([train.texts[i] for i in outside])[
                :, columns
            ]
            for name, part in others.items():
                if len(part):
                    other_logits[name][fold] = estimator.decision_logits(part.texts)[:, columns]
            advance(1)
    calibrate = [_fit_calibration(logits, plan, fold) for fold in range(plan.n_folds)]
    probs = np.zeros_like(logits)
    for fold, calibrated in enumerate(calibrate):
        probs[plan.folds == fold] = calibrated(logits[plan.folds == fold])
    other_probs = {}
    for name, values in other_logits.items():
        by_fold = np.stack(
            [calibrated(own) for calibrated, own in zip(calibrate, values, strict=True)]
        )
        unseen = plan.unseen[name]
        mean = np.einsum("fnc,fn->nc", by_fold, unseen / unseen.sum(axis=0))
        other_probs[name] = _all_classes(
            mean, plan.classes, label_set.ids(others[name].labels), len(label_set)
        )
    return OutOfFold(
        _all_classes(probs, plan.classes, plan.label_ids, len(label_set)),
        other_probs,
        plan.folds,
        time.perf_counter() - started_s,
    )


@dataclass(frozen=True)
class _Plan:
    """Who is fitted on what.

    Parameters
    ----------
    label_ids, folds : int64 arrays of shape (n_texts,)
    n_folds : int
    classes : int64 array
        The label ids that every fold's model sees: those with rows in two folds.
    unseen : dict
        Other split -> bool array of shape (n_folds, n_texts): whose model did not see the text.
    """

    label_ids: np.ndarray
    folds: np.ndarray
    n_folds: int
    classes: np.ndarray
    unseen: dict[str, np.ndarray]


def _plan(
    train: LabelledTexts,
    label_set: LabelSet,
    others: Mapping[str, LabelledTexts],
    *,
    n_folds: int,
    seed: int,
) -> _Plan:
    label_ids = label_set.ids(train.labels)
    parts = [train.texts, *(part.texts for part in others.values())]
    pooled = duplicate_groups([text for texts in parts for text in texts])
    groups, *other_groups = np.split(pooled, np.cumsum([len(texts) for texts in parts])[:-1])
    n_folds = max(1, min(n_folds, len(np.unique(groups))))
    folds = deal_folds(label_ids, groups, n_folds=n_folds, seed=seed)
    counts = np.zeros((n_folds, len(label_set)), dtype=np.int64)
    np.add.at(counts, (folds, label_ids), 1)
    classes = np.flatnonzero((counts > 0).sum(axis=0) >= 2)
    if len(classes) < 2:
        raise DataError(
            f"{len(train):,} texts do not hold two labels that each stand on two different texts; "
            "without them no model can be held against the labels"
        )
    fold_of_group = dict(zip(groups.tolist(), folds.tolist(), strict=True))
    unseen = {
        name: _unseen(own, fold_of_group, n_folds)
        for name, own in zip(others, other_groups, strict=True)
    }
    return _Plan(label_ids, folds, n_folds, classes, unseen)


def _unseen(groups: np.ndarray, fold_of_group: Mapping[int, int], n_folds: int) -> np.ndarray:
    """Tell for each fold's model which texts it did not see: all, but those that train holds too."""
    fold = np.array([fold_of_group.get(group, -1) for group in groups.tolist()], dtype=np.int64)
    unseen: np.ndarray = (fold == -1) | (fold == np.arange(n_folds)[:, None])
    return unseen


def _fit_calibration(
    logits: np.ndarray, plan: _Plan, fold: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Fit what turns a fold's logits into probabilities on the other folds, so that no row's own label takes part.

    A temperature, and then a weight for every pair of classes (matrix scaling; Guo et al., 2017):
    margins of one-against-rest machines are not on one scale, and the rank of a suspect hangs on
    how sure the model was of *other* classes too. Of 5 % labels flipped in emotion, that finds one
    in a hundred more than a temperature alone.
    """
    rows = np.flatnonzero(np.isin(plan.label_ids, plan.classes) & (plan.folds != fold))
    positions = np.searchsorted(plan.classes, plan.label_ids[rows])
    temperature = fit_temperature(logits[rows], positions)
    scaling = LogisticRegression(C=CALIBRATION_C, max_iter=MAX_ITERATIONS)
    scaling.fit(logits[rows] / temperature, positions)
    known = scaling.classes_

    def calibrated(values: np.ndarray) -> np.ndarray:
        probs = np.zeros_like(values)
        if len(values):
            probs[:, known] = scaling.predict_proba(values / temperature)
        return probs

    return calibrated


def _all_classes(
    probs: np.ndarray, classes: np.ndarray, label_ids: np.ndarray, n_classes: int
) -> np.ndarray:
    """Put columns in LabelSet order; rows whose label no model knows become NaN."""
    wide = np.zeros((len(probs), n_classes))
    wide[:, classes] = probs
    wide[~np.isin(label_ids, classes)] = np.nan
    return wide
