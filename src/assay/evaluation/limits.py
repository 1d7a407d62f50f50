"""What a model knows of its own limits: how much it can answer at which accuracy, and which texts it was made for.

Everything is chosen on validation. Test only shows what the choices are worth.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.evaluation.coverage import TARGETS, measure_answered, measure_coverage
from assay.evaluation.scoring import ScoredSplit
from assay.models.term_statistics import fit_scope_reference
from assay.runtime.entries import LimitEntries
from assay.runtime.layout import Layout
from assay.runtime.limits.abstain import AbstainRule, CoverageCurve
from assay.runtime.limits.scope import TermStatistics

__all__ = ["answered_rows", "describe_coverage", "measure_limits"]

logger = logging.getLogger(__name__)


def measure_limits(
    folder: Path, validation: ScoredSplit, *, target_accuracy: float | None = None
) -> LimitEntries:
    """Return what assay.json says of the model's limits.

    Parameters
    ----------
    folder : Path
        The saved model.
    validation : ScoredSplit
        Its own scores.
    target_accuracy : float, optional
        The model is to abstain so that what it answers reaches this. Where that cannot be shown, it
        never abstains.

    Returns
    -------
    LimitEntries
        `coverage_curve`, and where they could be measured `scope` and `abstain`.
    """
    curve = measure_coverage(validation.label_ids, validation.probs).thin()
    measured: LimitEntries = {"coverage_curve": curve.to_dict()}
    if Layout(folder).scope.is_file():
        statistics = TermStatistics.load(folder, n_classes=validation.probs.shape[1])
        measured["scope"] = fit_scope_reference(
            statistics, validation.part.texts, validation.probs
        ).to_dict()
    if target_accuracy is not None:
        rule = curve.reaching(target_accuracy)
        if rule is None:
            logger.warning(
                "on %d validation texts no answers can be shown to be right %g of the time: %.4f is the best; "
                "the model was saved without a rule, so that it always answers",
                curve.n_texts,
                target_accuracy,
                curve.proven_accuracy.max(),
            )
        else:
            measured["abstain"] = rule.to_dict()
    return measured


def describe_coverage(scored: Mapping[str, ScoredSplit]) -> dict[str, Any]:
    """Return what a report shows of one method: the curve of test, and what thresholds chosen on validation do there.

    Parameters
    ----------
    scored : mapping of split to ScoredSplit
        With validation; the curve is of test where there is one.

    Returns
    -------
    dict
        ``{"split", "n_texts", "area", "points": [[coverage, accuracy], ...], "targets":
        [{"target_accuracy", "threshold", "best", "validation", "test"}]}``. The last two are as
        `Answered.to_dict`; where no threshold reaches the target, they and the threshold are None,
        and `best` is the highest accuracy that can be shown.
    """
    chosen = measure_coverage(scored["validation"].label_ids, scored["validation"].probs).thin()
    split = "test" if "test" in scored else "validation"
    shown = measure_coverage(scored[split].label_ids, scored[split].probs, split=split)
    few = shown.thin()
    return {
        "split": split,
        "n_texts": shown.n_texts,
        "area": shown.area,
        "points": [
            list(point) for point in zip(few.coverage.tolist(), few.accuracy.tolist(), strict=True)
        ],
        "targets": [_describe_target(target, chosen, scored) for target in TARGETS],
    }


def _describe_target(
    target: float, chosen: CoverageCurve, scored: Mapping[str, ScoredSplit]
) -> dict[str, Any]:
    rule = chosen.reaching(target)
    answered = {
        split: None
        if rule is None
        else measure_answered(scored[split].label_ids, scored[split].probs, rule).to_dict()
        for split in ("validation", "test")
        if split in scored
    }
    return {
        "target_accuracy": target,
        "threshold": None if rule is None else rule.threshold,
        "best": float(chosen.proven_accuracy.max()),
        **answered,
    }


def answered_rows(
    scored: ScoredSplit, *, curve: CoverageCurve | None, rule: AbstainRule | None
) -> list[dict[str, Any]]:
    """Return what the model's own rule, and the thresholds it recorded for the usual targets, answer on a split.

    Parameters
    ----------
    scored : ScoredSplit
    curve : CoverageCurve, optional
        What the model recorded on validation.
    rule : AbstainRule, optional
        What it recorded to abstain by; comes first.

    Returns
    -------
    list of {is_rule, target_accuracy, threshold, n_texts, n_answered, n_right, coverage, accuracy}
    """
    reached = [] if curve is None else [curve.reaching(target) for target in TARGETS]
    rules = [(rule, True), *((one, False) for one in reached)]
    return [
        {
            "is_rule": is_rule,
            "target_accuracy": one.target_accuracy,
            "threshold": one.threshold,
            **measure_answered(scored.label_ids, scored.probs, one).to_dict(),
        }
        for one, is_rule in rules
        if one is not None
    ]
