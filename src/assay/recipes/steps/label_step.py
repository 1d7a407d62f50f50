"""Who judges the labels of a run: every cheap method that was trained, on texts it did not see.

Where methods are judged out of fold, those predictions are there already. Elsewhere models of the
cheap methods are fitted on folds of train for this purpose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.evaluation.judges import JudgedLabels, judge_by_folds, judge_evidence, mix_judges
from assay.methods import LABEL_CHECK, METHODS
from assay.models import select_parameters
from assay.recipes.steps.fit import FittedModel
from assay.recipes.steps.fold_step import FoldStep
from assay.reporting.method_result import MethodResult

__all__ = ["judge_labels"]

# What the folds cost, in fits: five of four fifths of the texts, predictions, calibration.
LABEL_CHECK_FITS = 8


def judge_labels(
    results: Sequence[MethodResult], models: Mapping[str, FittedModel], step: FoldStep
) -> JudgedLabels | None:
    """Return what the cheap methods say about the labels.

    Parameters
    ----------
    results : sequence of MethodResult
    models : mapping of method to FittedModel
    step : FoldStep

    Returns
    -------
    JudgedLabels or None
        None if the budget has no time for it.

    Raises
    ------
    DataError
        The texts hold too few labels to learn from.
    """
    splits = step.data.splits
    judges = []
    for one in results:
        method = METHODS[one.method]
        if not method.reads_texts or method.trains_in_epochs:
            continue
        found = models[one.method].folds
        if found is not None:
            test_probs = one.scored["test"].probs
            judges.append(judge_evidence(splits, one.method, found, test_probs=test_probs))
        elif _has_time(step, one.fit_s):
            judges.append(_fit_judge(step, one))
    if judges:
        return mix_judges(judges, splits)
    if step.budget.left_s is not None:
        return None
    return judge_by_folds(splits, LABEL_CHECK, seed=step.options.seed, progress=step.progress)


def _has_time(step: FoldStep, fit_s: float) -> bool:
    left_s = step.budget.left_s
    return left_s is None or left_s > LABEL_CHECK_FITS * fit_s


def _fit_judge(step: FoldStep, one: MethodResult) -> JudgedLabels:
    """Fit models of one method on folds of train; its saved model has read the other splits."""
    options = step.options
    given = {
        "checkpoint": options.checkpoint,
        "long_texts": options.long_texts,
        "class_weight": options.class_weight,
    }
    return judge_by_folds(
        step.data.splits,
        one.method,
        parameters=select_parameters(one.method, given),
        known={split: scored.probs for split, scored in one.scored.items()},
        seed=options.seed,
        progress=step.progress,
    )
