"""What a report says about abstaining: how much a model answers, and how right it is then.

Thresholds are chosen on validation. The test split only shows what the choices are worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NotRequired, TypedDict

from assay.evaluation.coverage import (
    TARGETS,
    AnsweredEntry,
    measure_answered,
    measure_coverage,
)
from assay.evaluation.scoring import ScoredSplit
from assay.runtime.limits.abstain import AbstainRule, CoverageCurve

__all__ = [
    "AnsweredRow",
    "CoverageEntry",
    "TargetEntry",
    "answered_rows",
    "describe_coverage",
]


class TargetEntry(TypedDict):
    """What it takes to reach one accuracy.

    Where no threshold reaches it, `threshold`, `validation` and `test` are None. `best` is the
    highest accuracy that can be shown on validation.
    """

    target_accuracy: float
    threshold: float | None
    best: float
    validation: AnsweredEntry | None
    test: NotRequired[AnsweredEntry | None]


class CoverageEntry(TypedDict):
    """The risk and coverage of one method, as results.json holds them.

    `points` are pairs of coverage and accuracy on `split`; `area` is the area under the curve of
    risk over coverage.
    """

    split: str
    n_texts: int
    area: float
    points: list[list[float]]
    targets: list[TargetEntry]


class AnsweredRow(AnsweredEntry):
    """What one threshold does to a split; `is_rule` marks the rule that the model applies.

    `unseen` is the same for the texts that the model was not trained on, where it was on others.
    """

    is_rule: bool
    target_accuracy: float | None
    threshold: float
    unseen: NotRequired[AnsweredEntry]


def describe_coverage(scored: Mapping[str, ScoredSplit]) -> CoverageEntry:
    """Return what a report shows of one method.

    Parameters
    ----------
    scored : mapping of split to ScoredSplit
        Holds validation. The curve is that of test, or of validation where there is no test.
    """
    chosen = _measure(scored, "validation").thin()
    split = "test" if "test" in scored else "validation"
    shown = _measure(scored, split)
    few = shown.thin()
    points = zip(few.coverage.tolist(), few.accuracy.tolist(), strict=True)
    return {
        "split": split,
        "n_texts": shown.n_texts,
        "area": shown.area,
        "points": list(map(list, points)),
        "targets": [_describe_target(target, chosen, scored) for target in TARGETS],
    }


def _measure(scored: Mapping[str, ScoredSplit], split: str) -> CoverageCurve:
    return measure_coverage(scored[split].label_ids, scored[split].probs, split=split)


def _describe_target(
    target: float, chosen: CoverageCurve, scored: Mapping[str, ScoredSplit]
) -> TargetEntry:
    rule = chosen.reaching(target)
    entry: TargetEntry = {
        "target_accuracy": target,
        "threshold": None if rule is None else rule.threshold,
        "best": float(chosen.proven_accuracy.max()),
        "validation": _answered(scored["validation"], rule),
    }
    if "test" in scored:
        entry["test"] = _answered(scored["test"], rule)
    return entry


def _answered(scored: ScoredSplit, rule: AbstainRule | None) -> AnsweredEntry | None:
    if rule is None:
        return None
    return measure_answered(scored.label_ids, scored.probs, rule).to_dict()


def answered_rows(
    scored: ScoredSplit, *, curve: CoverageCurve | None, rule: AbstainRule | None
) -> list[AnsweredRow]:
    """Return what a model answers on a split, by its own rule and for each of the usual targets.

    Parameters
    ----------
    scored : ScoredSplit
    curve : CoverageCurve, optional
        The curve that the model recorded on validation. A target that it cannot be shown to reach
        has no row.
    rule : AbstainRule, optional
        The rule by which the model abstains; its row comes first.
    """
    rows = []
    if rule is not None:
        rows.append(_answered_row(scored, rule, is_rule=True))
    if curve is not None:
        reached = [curve.reaching(target) for target in TARGETS]
        rows += [_answered_row(scored, one, is_rule=False) for one in reached if one is not None]
    return rows


def _answered_row(scored: ScoredSplit, rule: AbstainRule, *, is_rule: bool) -> AnsweredRow:
    answered = measure_answered(scored.label_ids, scored.probs, rule).to_dict()
    row: AnsweredRow = {
        "is_rule": is_rule,
        "target_accuracy": rule.target_accuracy,
        "threshold": rule.threshold,
        "n_texts": answered["n_texts"],
        "n_answered": answered["n_answered"],
        "n_right": answered["n_right"],
        "coverage": answered["coverage"],
        "accuracy": answered["accuracy"],
    }
    if scored.unseen is not None:
        new = scored.unseen
        row["unseen"] = measure_answered(new.label_ids, new.probs, rule).to_dict()
    return row
