"""Out-of-fold predictions: probabilities of every training text from a model that did not see it.

The rows are divided into folds; a model is fitted on all folds but one and predicts that one. Each
fold is calibrated on the other folds. Texts of other splits get the mean of the models that did not
see them. Wrong labels are found with these probabilities.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts
from assay.errors import InputError
from assay.evaluation.folds import FoldPlan, plan_folds
from assay.methods import LABEL_CHECK, find_method
from assay.models import make_estimator, name_labels
from assay.models.estimator import TextClassifier
from assay.progress import Progress
from assay.runtime.linear import softmax
from assay.training.one_blas_thread import one_blas_thread
from assay.training.temperature import fit_temperature

__all__ = ["Calibration", "OutOfFold", "fit_calibration", "predict_out_of_fold"]

N_FOLDS = 5
# Inverse strength of the calibration's regularisation; it has a weight for every pair of classes.
# From 0.01 to 1 the suspects are the same.
CALIBRATION_C = 0.1
MAX_ITERATIONS = 1000

# Turns logits of shape (n_texts, n_known_classes) into probabilities of that shape.
Calibration = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class OutOfFold:
    """What models predict for texts that they did not see.

    Parameters
    ----------
    probs : float64 array of shape (n_texts, n_classes), in LabelSet order
        Rows sum to 1. A row of NaN could not be judged: no text outside its fold has its label.
    other_probs : dict
        Other split -> the same for its texts.
    folds : int64 array of shape (n_texts,)
        The fold of each training text.
    fit_s : float
        Seconds of fitting and predicting.
    """

    probs: np.ndarray
    other_probs: dict[str, np.ndarray]
    folds: np.ndarray
    fit_s: float


def predict_out_of_fold(
    train: LabelledTexts,
    label_set: LabelSet,
    *,
    method: str = LABEL_CHECK,
    parameters: Mapping[str, Any] | None = None,
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
    parameters : mapping of str to value, optional
        Parameters of the estimator.
    others : mapping, optional
        Other split -> texts that are predicted too, and take no part in any fit.
    n_folds : int
        At least 2; there are never more folds than distinct texts.
    seed : int
        Seed of the folds and of the models.
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
    plan = plan_folds(train, label_set, others, n_folds=n_folds, seed=seed)
    given = {**name_labels(method, label_set), **(parameters or {})}
    make = partial(make_estimator, method, seed=seed, **given)
    with progress.track(f"folds ({method})", plan.n_folds) as advance:
        logits, other_logits = _fit_folds(train, others, plan, make=make, advance=advance)
    calibrations = [_fit_fold_calibration(logits, plan, fold) for fold in range(plan.n_folds)]
    probs = _calibrate_folds(logits, plan, calibrations)
    other_probs = {}
    for name, labelled in others.items():
        mean = _mean_of_unseen(other_logits[name], calibrations, plan.unseen[name])
        label_ids = label_set.ids(labelled.labels)
        other_probs[name] = _all_classes(mean, plan.classes, label_ids, len(label_set))
    return OutOfFold(
        probs=_all_classes(probs, plan.classes, plan.label_ids, len(label_set)),
        other_probs=other_probs,
        folds=plan.folds,
        fit_s=time.perf_counter() - started_s,
    )


def _calibrate_folds(
    logits: np.ndarray, plan: FoldPlan, calibrations: list[Calibration]
) -> np.ndarray:
    """Return the probabilities of each training text, by the calibration of its fold."""
    probs = np.zeros_like(logits)
    for fold, calibrate in enumerate(calibrations):
        is_own = plan.folds == fold
        probs[is_own] = calibrate(logits[is_own])
    return probs


def _fit_folds(
    train: LabelledTexts,
    others: Mapping[str, LabelledTexts],
    plan: FoldPlan,
    *,
    make: Callable[[], TextClassifier],
    advance: Callable[[int], None],
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Fit one model per fold, and let it read its fold and all other splits.

    Returns
    -------
    logits : float64 array of shape (n_texts, n_known_classes)
        Logits of each training text, by the model of its own fold.
    other_logits : dict
        Other split -> logits by every model, of shape (n_folds, n_texts, n_known_classes).
    """
    n_train, n_classes = len(train), len(plan.classes)
    texts = [*train.texts]
    for labelled in others.values():
        texts += labelled.texts
    # The estimator reads no label of a text outside.
    label_ids = np.concatenate([plan.label_ids, np.zeros(len(texts) - n_train, np.int64)])
    logits = np.zeros((n_train, n_classes))
    by_fold = np.zeros((plan.n_folds, len(texts) - n_train, n_classes))
    for fold in range(plan.n_folds):
        is_outside = np.ones(len(texts), dtype=bool)
        is_outside[:n_train] = plan.folds == fold
        found, classes = make().predict_fold(texts, label_ids, is_outside)
        known = found[:, np.searchsorted(classes, plan.classes)]
        n_own = int(is_outside[:n_train].sum())
        logits[plan.folds == fold] = known[:n_own]
        by_fold[fold] = known[n_own:]
        advance(1)
    stops = np.cumsum(list(map(len, others.values())))[:-1]
    pieces = np.split(by_fold, stops, axis=1)
    return logits, dict(zip(others, pieces, strict=False))


def _fit_fold_calibration(logits: np.ndarray, plan: FoldPlan, fold: int) -> Calibration:
    """Fit the calibration of a fold on the other folds: no row's own label takes part."""
    rows = np.flatnonzero(np.isin(plan.label_ids, plan.classes) & (plan.folds != fold))
    return fit_calibration(logits[rows], np.searchsorted(plan.classes, plan.label_ids[rows]))


def fit_calibration(logits: np.ndarray, label_ids: np.ndarray) -> Calibration:
    """Fit what turns logits into probabilities.

    A temperature is fitted, then a weight for every pair of classes (matrix scaling; Guo et al.,
    2017): margins of one-against-rest machines are not on one scale, and the order of suspects
    depends on how sure the model was of other classes too. Of 5 % labels flipped in emotion, that
    finds one in a hundred more than a temperature alone.

    Parameters
    ----------
    logits : float64 array of shape (n_texts, n_classes)
    label_ids : int array of shape (n_texts,)
        Columns of `logits`. Columns that are not among them get a probability of 0.
    """
    if len(np.unique(label_ids)) < 2:  # nothing to tell apart
        return softmax
    temperature = fit_temperature(logits, label_ids)
    scaling = LogisticRegression(C=CALIBRATION_C, max_iter=MAX_ITERATIONS)
    with one_blas_thread():
        scaling.fit(logits / temperature, label_ids)
    known = scaling.classes_

    def calibrate(values: np.ndarray) -> np.ndarray:
        probs = np.zeros_like(values)
        if len(values):
            probs[:, known] = scaling.predict_proba(values / temperature)
        return probs

    return calibrate


def _mean_of_unseen(
    logits: np.ndarray, calibrations: list[Calibration], unseen: np.ndarray
) -> np.ndarray:
    """Average the probabilities of each text over the models that did not see it.

    Parameters
    ----------
    logits : array of shape (n_folds, n_texts, n_known_classes)
    calibrations : list of n_folds functions
    unseen : bool array of shape (n_folds, n_texts)
    """
    by_fold = np.stack(
        [calibrate(own) for calibrate, own in zip(calibrations, logits, strict=True)]
    )
    weights = unseen / unseen.sum(axis=0)
    mean: np.ndarray = np.einsum("fnc,fn->nc", by_fold, weights)
    return mean


def _all_classes(
    probs: np.ndarray, classes: np.ndarray, label_ids: np.ndarray, n_classes: int
) -> np.ndarray:
    """Put columns in LabelSet order; rows whose label no model knows become NaN."""
    wide = np.zeros((len(probs), n_classes))
    wide[:, classes] = probs
    wide[~np.isin(label_ids, classes)] = np.nan
    return wide
