"""Fit the cheap methods of a run on growing parts of its texts, to see what more would bring."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

import numpy as np

from assay.errors import DataError
from assay.evaluation.fold_predictions import FoldTexts
from assay.evaluation.learning_curve import LearningCurve, PredictPart, measure_curve
from assay.evaluation.more_texts import MoreTexts, expect_more
from assay.methods import METHODS
from assay.models import make_estimator, name_labels, select_parameters
from assay.recipes.steps.fold_step import FoldStep
from assay.reporting.method_result import MethodResult

__all__ = ["measure_more_texts"]

logger = logging.getLogger(__name__)

FEWEST_TEXTS = 60  # a quarter of fewer texts teaches nothing
MOST_TEXTS = 60_000  # parts of more texts would cost a run minutes


def measure_more_texts(
    results: Sequence[MethodResult], recommended: str, step: FoldStep
) -> MoreTexts | None:
    """Return what twice as many texts would bring.

    Parameters
    ----------
    results : sequence of MethodResult
    recommended : str
        The method that was chosen.
    step : FoldStep

    Returns
    -------
    MoreTexts or None
        None if there are too few or too many texts, no cheap method was trained, or the budget has
        no time for it.
    """
    n_texts = len(step.data.whole.train)
    if not FEWEST_TEXTS <= n_texts <= MOST_TEXTS:
        return None
    curves = []
    for one in results:
        method = METHODS[one.method]
        if not method.reads_texts or method.trains_in_epochs or step.budget.is_spent:
            continue
        try:
            curve = _measure(one, step)
        except DataError as err:  # a part holds nothing to learn from
            logger.info("%s: no learning curve, because %s", one.method, err.message)
            continue
        if curve is not None:
            curves.append(curve)
    if not curves:
        return None
    fitted_on = step.data
    if results[-1].out_of_fold is not None:
        fitted_on = step.data.whole
    label_set = step.data.splits.label_set
    counts = np.bincount(fitted_on.label_ids, minlength=len(label_set))
    return expect_more(
        curves, counts, label_set.names, recommended=recommended, seed=step.options.seed
    )


def _measure(one: MethodResult, step: FoldStep) -> LearningCurve | None:
    """Measure one method on the folds, or the validation texts, that it was judged on."""
    texts, predictions = step.texts, one.predictions()
    folds = np.full(len(texts.texts), -1)
    folds[predictions.rows] = 0
    if one.out_of_fold is not None:
        folds = one.out_of_fold.folds[0]
    return measure_curve(
        texts,
        folds,
        predictions.predicted_ids[0],
        _predictor(one, texts, step),
        method=one.method,
        seed=step.options.seed,
        may_go_on=lambda: not step.budget.is_spent,
        progress=step.progress,
    )


def _predictor(one: MethodResult, texts: FoldTexts, step: FoldStep) -> PredictPart:
    """Return what fits the method on some texts and predicts others."""
    given = {
        "checkpoint": step.options.checkpoint,
        "long_texts": step.options.long_texts,
        "class_weight": step.options.class_weight,
    }
    parameters = select_parameters(one.method, given)
    parameters |= name_labels(one.method, step.data.splits.label_set)
    make = partial(make_estimator, one.method, seed=step.options.seed, **parameters)
    if METHODS[one.method].needs_checkpoint:
        from assay.models.features import Features

        estimator = make()
        if isinstance(estimator, Features):  # the encoder's work is done already
            pieces = [texts.texts]
            if one.out_of_fold is None:
                pieces = [step.data.splits[name].texts for name in ("train", "validation")]
            features = estimator.read_features(pieces, progress=step.progress)
            return partial(estimator.predict_part, features, texts.label_ids)

    def predict(is_inside: np.ndarray, is_outside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        inside, outside = np.flatnonzero(is_inside), np.flatnonzero(is_outside)
        label_ids = texts.label_ids[inside].tolist()
        estimator = make().fit([texts.texts[i] for i in inside], label_ids)
        return estimator.decision_logits([texts.texts[i] for i in outside]), estimator.classes_

    return predict
