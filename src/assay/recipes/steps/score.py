"""Score one method: its evidence, and the splits that its saved model did not see."""

from __future__ import annotations

from assay.evaluation.coverage_report import describe_coverage
from assay.evaluation.evidence import EvidencePredictions
from assay.evaluation.fold_evidence import FoldEvidence
from assay.evaluation.scoring import ScoredSplit, score_split
from assay.progress import Progress
from assay.recipes.steps.finish import SPLITS
from assay.recipes.steps.fit import FittedModel, TrainingSet
from assay.recipes.steps.fold_step import FoldStep
from assay.reporting.method_result import MethodResult

__all__ = ["judge_folds", "score_method", "score_unseen"]


def score_method(
    method: str, fitted: FittedModel, step: FoldStep, *, seed: int, progress: Progress
) -> MethodResult:
    """Score a saved model on test, and on validation unless it was trained on that.

    Parameters
    ----------
    method : str
    fitted : FittedModel
        With its predictions out of fold, where those are the evidence.
    step : FoldStep
    seed : int
        Seed of the intervals.
    progress : Progress
    """
    out_of_fold = judge_folds(fitted, step, seed=seed)
    scored = score_unseen(fitted, step, seed=seed, progress=progress)
    if fitted.folds is None or out_of_fold is None:
        return MethodResult(
            fitted.model,
            fitted.fit_s,
            scored,
            fitted.history,
            coverage=describe_coverage(scored),
            held_out=_predictions(scored["validation"], step.data),
            note=step.notes.get(method, ""),
        )
    return MethodResult(
        fitted.model,
        fitted.fit_s,
        scored,
        fitted.history,
        coverage=describe_coverage({"validation": out_of_fold.scored, "test": scored["test"]}),
        out_of_fold=out_of_fold,
        folds_s=fitted.folds.fit_s,
    )


def judge_folds(fitted: FittedModel, step: FoldStep, *, seed: int) -> FoldEvidence | None:
    """Score what was predicted out of fold; None where the evidence is validation.

    Parameters
    ----------
    fitted, step, seed
        As in `score_method`.
    """
    if fitted.folds is None:
        return None
    whole = step.data.whole
    return FoldEvidence.judge(
        fitted.folds,
        step.texts,
        whole.train,
        whole.splits.label_set,
        temperature=fitted.model.manifest.temperature,
        seed=seed,
    )


def score_unseen(
    fitted: FittedModel, step: FoldStep, *, seed: int, progress: Progress
) -> dict[str, ScoredSplit]:
    """Score the splits that the saved model was not trained on.

    Parameters
    ----------
    fitted, step, seed, progress
        As in `score_method`.
    """
    data = step.data
    if fitted.folds is not None:
        data = data.whole
    scored = {}
    for split in SPLITS:
        if split not in data.fitted_on:
            scored[split] = score_split(
                fitted.model, data.splits[split], seed=seed, train=data.train, progress=progress
            )
    return scored


def _predictions(validation: ScoredSplit, data: TrainingSet) -> EvidencePredictions:
    """Return the predictions for validation, numbered as in train and validation together."""
    first_row = len(data.train)
    return EvidencePredictions.held_out(
        validation.label_ids,
        validation.probs.argmax(axis=1),
        groups=data.whole.groups[first_row:],
        first_row=first_row,
    )
