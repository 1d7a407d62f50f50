"""How accuracy grows with the number of training texts: cheap models, fitted on growing parts.

The parts are nested, so that their models are compared text by text. What more texts would bring is
worked out in `growth`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assay.evaluation.fold_predictions import FoldTexts
from assay.progress import Progress

__all__ = ["LearningCurve", "PredictPart", "measure_curve"]

# Takes which texts to fit on and which to predict, bool arrays of shape (n_texts,); returns logits
# and the label ids of their columns, as `predict_fold` does.
PredictPart = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

PARTS = (0.25, 0.5)  # of the texts that each model may be fitted on, beside all of them
FEWEST = 2  # classes that a part must hold for a model to be fitted on it


@dataclass(frozen=True)
class LearningCurve:
    """What models that were fitted on growing parts of the texts answer to the same texts.

    Parameters
    ----------
    method : str
    n_fitted : tuple of int
        The texts that the models were fitted on, ascending; a mean where there are several folds.
    predicted_ids : int64 array of shape (n_parts, n_judged)
    label_ids : int64 array of shape (n_judged,)
        True labels.
    groups : int64 array of shape (n_judged,)
        Equal numbers mark equal texts.
    """

    method: str
    n_fitted: tuple[int, ...]
    predicted_ids: np.ndarray
    label_ids: np.ndarray
    groups: np.ndarray

    @property
    def correct(self) -> np.ndarray:
        """Whether each text got its label, bool of shape (n_parts, n_judged)."""
        is_right: np.ndarray = self.predicted_ids == self.label_ids
        return is_right

    @property
    def accuracy(self) -> np.ndarray:
        """Accuracy of each part's models, float64 of shape (n_parts,)."""
        accuracy: np.ndarray = self.correct.mean(axis=1)
        return accuracy

    def recall(self, label_id: int) -> np.ndarray:
        """Share of the texts of a label that get it, float64 of shape (n_parts,)."""
        recall: np.ndarray = self.correct[:, self.label_ids == label_id].mean(axis=1)
        return recall


def measure_curve(
    texts: FoldTexts,
    folds: np.ndarray,
    whole: np.ndarray,
    predict: PredictPart,
    *,
    method: str,
    seed: int,
    may_go_on: Callable[[], bool] = lambda: True,
    progress: Progress,
) -> LearningCurve | None:
    """Fit models on a quarter and a half of the texts outside of each fold.

    Parameters
    ----------
    texts : FoldTexts
    folds : int64 array of shape (n_texts,)
        The fold of each text; -1: it is in none, and never judged.
    whole : int64 array of shape (n_judged,)
        What models that were fitted on all texts outside of a fold answered to the texts in it, for
        the judged texts in row order.
    predict : PredictPart
    method : str
        Its name.
    seed : int
        Seed of the parts.
    may_go_on : callable
        Asked before each fit.
    progress : Progress

    Returns
    -------
    LearningCurve or None
        None if there was no time for it.
    """
    judged = np.flatnonzero(folds >= 0)
    n_folds = int(folds.max()) + 1
    predicted = np.zeros((len(PARTS), len(folds)), dtype=np.int64)
    sizes = np.zeros((len(PARTS) + 1, n_folds))
    with progress.track(f"parts ({method})", n_folds * len(PARTS)) as advance:
        for fold in range(n_folds):
            is_outside = folds == fold
            order = _shuffle_groups(texts.groups, np.flatnonzero(~is_outside), seed=seed + fold)
            sizes[-1, fold] = len(order)
            for i, share in enumerate(PARTS):
                if not may_go_on():
                    return None
                part = order[: round(share * len(order))]
                sizes[i, fold] = len(part)
                predicted[i, is_outside] = _predict(texts, part, is_outside, predict)
                advance(1)
    return LearningCurve(
        method=method,
        n_fitted=tuple(sizes.mean(axis=1).round().astype(int).tolist()),
        predicted_ids=np.vstack([predicted[:, judged], whole]),
        label_ids=texts.label_ids[judged],
        groups=texts.groups[judged],
    )


def _shuffle_groups(groups: np.ndarray, rows: np.ndarray, *, seed: int) -> np.ndarray:
    """Return rows in random order, those of a group one after the other."""
    _, group_of_row = np.unique(groups[rows], return_inverse=True)
    places = np.random.default_rng(seed).permutation(int(group_of_row.max()) + 1)
    shuffled: np.ndarray = rows[np.argsort(places[group_of_row], kind="stable")]
    return shuffled


def _predict(
    texts: FoldTexts, part: np.ndarray, is_outside: np.ndarray, predict: PredictPart
) -> np.ndarray:
    """Return the label ids that a model of a part gives to the texts outside.

    A part with one label teaches nothing else.
    """
    found = np.unique(texts.label_ids[part])
    if len(found) < FEWEST:
        return np.full(int(is_outside.sum()), found[0])
    is_inside = np.zeros(len(is_outside), dtype=bool)
    is_inside[part] = True
    with warnings.catch_warnings():
        # scikit-learn takes labels for numbers where there are nearly as many of them as texts.
        warnings.filterwarnings("ignore", message="The number of unique classes")
        logits, classes = predict(is_inside, is_outside)
    given: np.ndarray = classes[logits.argmax(axis=1)]
    return given
