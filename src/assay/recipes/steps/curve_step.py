"""Fit the cheap methods of a run on growing parts of its texts, to see what more would bring."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

import numpy as np

from assay.catalogue import Fact
from assay.errors import DataError
from assay.evaluation.fold_predictions import FoldTexts
from assay.evaluation.learning_curve import LearningCurve, PredictPart, measure_curve
from assay.evaluation.more_texts import MoreTexts, expect_more
from assay.methods import METHODS, Method, join_names, methods_where
from assay.models import make_estimator, name_labels, select_parameters
from assay.recipes.steps.fold_step import FoldStep
from assay.reporting.method_result import MethodResult

__all__ = ["measure_more_texts"]

logger = logging.getLogger(__name__)

FEWEST_TEXTS = 60  # a quarter of fewer texts teaches nothing
MOST_TEXTS = 60_000  # parts of more texts would cost a run minutes


def measure_more_texts(
    results: Sequence[MethodResult], recommended: str, step: FoldStep
) -> MoreTexts | Fact:
    """Return what twice as many texts would bring.

    Parameters
    ----------
    results : sequence of MethodResult
    recommended : str
        The method that was chosen.
    step : FoldStep

    Returns
    -------
    MoreTexts or Fact
        The fact says why it was not worked out: there are too few or too many texts, no cheap
        method was trained, or the budget has no time for it.
    """
    cheap = [one for one in results if _is_cheap(METHODS[one.method])]
    why_not = _find_obstacle(len(step.data.whole.train), cheap)
    if why_not is not None:
        return why_not
    curves = []
    for one in cheap:
        if step.budget.is_spent:
            break
        try:
            curve = _measure(one, step)
        except DataError as err:  # a part holds nothing to learn from
            logger.info("%s: no learning curve, because %s", one.method, err.message)
            continue
        if curve is not None:
            curves.append(curve)
    if not curves and step.budget.is_spent:
        return Fact.of("more.no_time")
    if not curves:
        return Fact.of("more.unlearnable")
    fitted_on = step.data
    if results[-1].out_of_fold is not None:
        fitted_on = step.data.whole
    label_set = step.data.splits.label_set
    counts = np.bincount(fitted_on.label_ids, minlength=len(label_set))
    return expect_more(
        curves, counts, label_set.names, recommended=recommended, seed=step.options.seed
    )


def _find_obstacle(n_texts: int, cheap: Sequence[MethodResult]) -> Fact | None:
    """State why nothing can be measured; None if it can."""
    if n_texts < FEWEST_TEXTS:
        return Fact.of("more.too_few", n=n_texts, least=FEWEST_TEXTS)
    if n_texts > MOST_TEXTS:
        return Fact.of("more.too_many", n=n_texts, most=MOST_TEXTS)
    if not cheap:
        return Fact.of("more.no_cheap", methods=join_names(methods_where(_is_cheap)))
    return None


def _is_cheap(method: Method) -> bool:
    """Tell whether models of it are fitted on parts of the texts: in seconds, and they learn."""
    return method.reads_texts and not method.trains_in_epochs


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
