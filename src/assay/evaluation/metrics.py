"""Scores of predictions, with 95 % intervals, in numpy alone.

Everything but the log loss and the calibration is a function of the confusion matrix. Scores and
their bootstrap therefore work on counts, not on texts.
"""

from __future__ import annotations

import numpy as np

from assay.data.labels import LabelSet
from assay.errors import InputError
from assay.evaluation.calibration import measure_calibration, measure_log_loss
from assay.evaluation.intervals import (
    Rates,
    label_intervals,
    measure_rates,
    resample_rates,
    score_interval,
    worth_of_macro,
)
from assay.evaluation.result import ClassScores, SplitScores

__all__ = ["check_predictions", "count_confusion", "score_predictions"]

# A float32 softmax over many classes sums to 1 much more exactly; logits and percentages do not.
LARGEST_SUM_ERROR = 1e-3


def score_predictions(
    label_ids: np.ndarray,
    probs: np.ndarray,
    label_set: LabelSet,
    *,
    seed: int,
    n_resamples: int = 1000,
) -> SplitScores:
    """Score predicted probabilities against true labels.

    Precision, recall and F1 agree with scikit-learn's under ``zero_division=0``: a class that is
    never predicted has precision 0, a class without texts has recall 0, and both have F1 0. As in
    scikit-learn, macro F1 is the plain mean over the classes that occur among the true or the
    predicted labels; `per_class` lists every class of `label_set`.

    The intervals are 95 % percentile intervals of a bootstrap within each true class (see
    `resample_rates`). If accuracy has no spread in it, as without any mistake, its interval is
    Wilson's. A width of zero elsewhere says that no mistake was seen, not that none is possible.

    Parameters
    ----------
    label_ids : int array of shape (n_texts,)
        True labels as positions in `label_set`.
    probs : float array of shape (n_texts, n_classes)
        Columns in LabelSet order, rows sum to 1. The predicted label is the first largest column.
    label_set : LabelSet
    seed : int
        Seed of the bootstrap.
    n_resamples : int
        Resamples of the bootstrap, at least 1.

    Raises
    ------
    InputError
        The shapes do not fit, a label id is out of range, or the rows are not probabilities.
    """
    label_ids, probs = check_predictions(label_ids, probs, label_set)
    if n_resamples < 1:
        raise InputError(f"n_resamples is {n_resamples}; a whole number of at least 1 is accepted")
    confusion = count_confusion(label_ids, probs.argmax(axis=1), n_classes=len(label_set))
    n_true = confusion.sum(axis=1)
    rates = measure_rates(np.diagonal(confusion), n_true, confusion.sum(axis=0))
    resampled = resample_rates(confusion, seed=seed, n_resamples=n_resamples)
    ece, bins = measure_calibration(label_ids, probs)
    return SplitScores(
        n_texts=len(label_ids),
        accuracy=float(rates.accuracy),
        f1_weighted=float(rates.f1_weighted),
        f1_macro=float(rates.f1_macro),
        intervals=_intervals(rates, resampled, confusion),
        per_class=_class_scores(rates, resampled.f1, confusion, label_set),
        confusion=tuple(map(tuple, confusion.tolist())),
        log_loss=measure_log_loss(label_ids, probs),
        ece=ece,
        reliability=bins,
    )


def _intervals(
    rates: Rates, resampled: Rates, confusion: np.ndarray
) -> dict[str, tuple[float, float]]:
    """Return the intervals of the three metrics of a split."""
    n_texts = float(confusion.sum())
    worth = {
        "accuracy": n_texts,
        "f1_weighted": n_texts,
        "f1_macro": worth_of_macro(confusion.sum(axis=1), confusion.sum(axis=0)),
    }
    intervals = {}
    for metric, n_worth in worth.items():
        score = float(getattr(rates, metric))
        intervals[metric] = score_interval(getattr(resampled, metric), score, n_texts=n_worth)
    return intervals


def _class_scores(
    rates: Rates, resampled_f1: np.ndarray, confusion: np.ndarray, label_set: LabelSet
) -> tuple[ClassScores, ...]:
    n_true, n_predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    intervals = label_intervals(resampled_f1, np.diagonal(confusion), n_true, n_predicted)
    return tuple(
        ClassScores(
            label=label,
            n_texts=int(n_true[i]),
            precision=float(rates.precision[i]),
            recall=float(rates.recall[i]),
            f1=float(rates.f1[i]),
            f1_interval=intervals[i],
        )
        for i, label in enumerate(label_set)
    )


def check_predictions(
    label_ids: np.ndarray, probs: np.ndarray, label_set: LabelSet
) -> tuple[np.ndarray, np.ndarray]:
    """Return label ids as int64 and probabilities as float64, or say why they cannot be scored.

    Parameters
    ----------
    label_ids : int array of shape (n_texts,), n_texts at least 1
    probs : float array of shape (n_texts, n_classes)
    label_set : LabelSet

    Raises
    ------
    InputError
        The shapes do not fit, a label id is out of range, or the rows are not probabilities.
    """
    ids = np.asarray(label_ids)
    scores = np.asarray(probs, dtype=np.float64)
    n_classes = len(label_set)
    if ids.ndim != 1 or len(ids) == 0:
        raise InputError(
            f"label ids have shape {ids.shape}; one id per text, for at least one text, is accepted"
        )
    if not np.issubdtype(ids.dtype, np.integer) or ids.min() < 0 or ids.max() >= n_classes:
        raise InputError(
            f"label ids of dtype {ids.dtype} are not all whole numbers from 0 to {n_classes - 1}"
        )
    if scores.shape != (len(ids), n_classes):
        raise InputError(
            f"probabilities have shape {scores.shape}; ({len(ids)}, {n_classes}) is accepted"
        )
    worst = np.abs(scores.sum(axis=1) - 1).max()
    if not worst <= LARGEST_SUM_ERROR or scores.min() < 0:  # "not <=" so that NaN is refused too
        raise InputError(
            "the scores are not probabilities; rows of numbers from 0 to 1 that sum to 1 are "
            "accepted"
        )
    return ids.astype(np.int64), scores


def count_confusion(
    label_ids: np.ndarray, predicted_ids: np.ndarray, *, n_classes: int
) -> np.ndarray:
    """Count pairs of true and predicted label.

    Parameters
    ----------
    label_ids, predicted_ids : int arrays of shape (n_texts,)
    n_classes : int

    Returns
    -------
    int64 array of shape (n_classes, n_classes), rows true, columns predicted
    """
    true = np.asarray(label_ids, dtype=np.int64)
    predicted = np.asarray(predicted_ids, dtype=np.int64)
    counts = np.bincount(true * n_classes + predicted, minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes)
