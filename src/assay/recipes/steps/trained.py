"""Finish the one model of a training: score it, choose the rule that was asked for, say what it is.

The evidence is that of a run: validation, or where that has few texts and something is chosen on
them, predictions out of fold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

import numpy as np

from assay._display import Shown
from assay.audit.findings import AllRows
from assay.audit.near_duplicates import find_near_duplicates
from assay.checkpoints.auto import CheckpointChoice
from assay.data.labels import Task
from assay.evaluation.evidence import OUT_OF_FOLD, EvidencePredictions
from assay.evaluation.label_rules import judge_rule
from assay.evaluation.near_evidence import measure_near_evidence
from assay.evaluation.result import ScoresEntry
from assay.evaluation.rule_effects import RuleOutcomeEntry
from assay.evaluation.score_draws import METRICS, score_evidence
from assay.recipes.steps.finish import finish_model, score_baselines
from assay.recipes.steps.fit import FittedModel
from assay.recipes.steps.fold_step import FoldStep
from assay.recipes.steps.rule_options import RuleOptions
from assay.recipes.steps.score import judge_folds, score_unseen
from assay.recipes.steps.several_score import score_several_method
from assay.recipes.steps.shown import show_trained
from assay.runtime.entries import AbstainEntry, NearClaim
from assay.runtime.limits.abstain import CoverageCurve, say_unreachable

__all__ = ["Finishing", "TrainedEntry"]


class TrainedEntry(TypedDict, total=False):
    """What `train_model` returns: the model, what its training cost and what it scores.

    Nothing is in it in all processes but the first. `out_of_fold` takes the place of `validation`
    where the model was fitted on that too. `abstain` exists if a target accuracy was given; it is
    None if no threshold reaches it, and `abstain_refused` then says what can be reached; otherwise
    that is None. `label_rule` exists if a recall, a precision or costs were
    given. `task` is "multi", and there only, where texts may have several labels: each split then
    holds a `SeveralScores`.
    """

    model: str
    method: str
    task: str
    labels: list[str]
    fit_s: float
    model_bytes: int
    epochs: Sequence[Mapping[str, float]]
    validation: ScoresEntry
    out_of_fold: ScoresEntry
    test: ScoresEntry
    abstain: AbstainEntry | None
    abstain_refused: str | None
    label_rule: RuleOutcomeEntry


@dataclass(frozen=True)
class Finishing:
    """What a trained model is finished with.

    Parameters
    ----------
    out : Path
        The folder that it will be in, whose name is the title of the card.
    seed : int
        Seed of the intervals.
    rule : RuleOptions
        What is asked of the labels that it gives.
    target_accuracy : float, optional
        It abstains so that its answers reach this accuracy on the evidence.
    checkpoint_choice : CheckpointChoice, optional
        Why it starts from its checkpoint, for the card.
    language : str
        Language of the card.
    """

    out: Path
    seed: int
    rule: RuleOptions
    target_accuracy: float | None
    checkpoint_choice: CheckpointChoice | None
    language: str

    def finish(self, fitted: FittedModel, step: FoldStep) -> TrainedEntry:
        """Write scores, limits, rule and card into the folder of a saved model.

        Parameters
        ----------
        fitted : FittedModel
            With its predictions out of fold, where those are the evidence.
        step : FoldStep
        """
        return _FINISH[step.data.splits.label_set.task](self, fitted, step)


def _finish_single(order: Finishing, fitted: FittedModel, step: FoldStep) -> TrainedEntry:
    splits, method = step.data.splits, fitted.model.method
    out_of_fold = judge_folds(fitted, step, seed=order.seed)
    scored = score_unseen(fitted, step, seed=order.seed, progress=step.progress)
    measured_terms, near = None, None
    if out_of_fold is not None:
        near = _claim_near(step, out_of_fold.predictions, seed=order.seed)
        scored = {OUT_OF_FOLD: out_of_fold.scored, **scored}
        measured_terms = step.measured_terms
    asked = order.rule.resolve(splits.label_set)
    outcome = None if asked is None else judge_rule(asked, scored)
    manifest = finish_model(
        fitted.model,
        scored,
        name=order.out.name,
        baselines=score_baselines({method: scored}, splits),
        target_accuracy=order.target_accuracy,
        checkpoint_choice=order.checkpoint_choice,
        language=order.language,
        measured_terms=measured_terms,
        label_rule=outcome,
        near=near,
    )
    result = _describe(order, fitted)
    result |= {split: one.to_dict() for split, one in scored.items()}
    if outcome is not None:
        result["label_rule"] = outcome.to_dict(fitted.model.labels)
    if order.target_accuracy is not None:
        result["abstain"] = manifest.abstain or None
        result["abstain_refused"] = None
        if not manifest.abstain:
            curve = CoverageCurve.from_dict(manifest.coverage_curve, where=order.out)
            result["abstain_refused"] = say_unreachable(curve, order.target_accuracy)
    shown = show_trained(cast("TrainedEntry", result))
    return cast("TrainedEntry", Shown(result, as_html=shown))


def _claim_near(step: FoldStep, predictions: EvidencePredictions, *, seed: int) -> NearClaim | None:
    """Return what the model says about near duplicates, as that of a run; None if there are few."""
    rows = AllRows(step.data.splits)
    groups = rows.by_split(find_near_duplicates(rows.labelled, seed=seed).groups)
    near = np.concatenate([groups["train"], groups["validation"]])
    found = measure_near_evidence(predictions, near, metrics=METRICS, score=score_evidence)
    return found.claim() if found.is_notable else None


def _finish_several(order: Finishing, fitted: FittedModel, step: FoldStep) -> TrainedEntry:
    found = score_several_method(
        fitted,
        step,
        name=order.out.name,
        language=order.language,
        checkpoint_choice=order.checkpoint_choice,
    )
    result = _describe(order, fitted)
    result |= {split: one.to_dict() for split, one in found.reported.items()}
    asked = order.rule.resolve(step.data.splits.label_set)
    if asked is not None:
        outcome = found.judge_rule(asked)
        result["label_rule"] = outcome.to_dict(fitted.model.labels)
    return cast("TrainedEntry", result)


_FINISH: Mapping[Task, Callable[[Finishing, FittedModel, FoldStep], TrainedEntry]] = {
    "single": _finish_single,
    "multi": _finish_several,
}


def _describe(order: Finishing, fitted: FittedModel) -> dict[str, object]:
    """Return what is known of a model before its scores."""
    described: dict[str, object] = {"model": str(order.out), "method": fitted.model.method}
    if fitted.model.manifest.task == "multi":
        described["task"] = "multi"
    described |= {
        "labels": list(fitted.model.labels),
        "fit_s": round(fitted.fit_s, 2),
        "model_bytes": fitted.model.n_bytes,
        "epochs": fitted.history,
    }
    return described
