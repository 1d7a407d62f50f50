"""What a rule for giving labels changes on a split: recall, precision, accuracy and costs.

Everything is given twice: by the rule, and by the highest score alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

import numpy as np

from assay._display import Brief
from assay.catalogue import ENGLISH, Fact, open_language
from assay.evaluation.scoring import ScoredSplit
from assay.runtime.entries import LabelRuleEntry
from assay.runtime.limits.label_rule import LabelRule
from assay.runtime.limits.wilson import wilson_interval

__all__ = [
    "LabelEffect",
    "LabelEffectEntry",
    "RuleEffect",
    "RuleEffectEntry",
    "RuleOutcome",
    "RuleOutcomeEntry",
    "count_given",
    "find_dearer",
    "measure_rule",
]


class LabelEffectEntry(TypedDict):
    """A `LabelEffect` as JSON holds it."""

    label: str
    n_texts: int
    recall: float
    recall_interval: list[float]
    recall_without: float
    precision: float | None
    precision_interval: list[float]
    precision_without: float | None


class RuleEffectEntry(TypedDict):
    """A `RuleEffect` as JSON holds it."""

    split: str
    n_texts: int
    accuracy: float
    accuracy_without: float
    mean_cost: float | None
    mean_cost_without: float | None
    labels: list[LabelEffectEntry]


class RuleOutcomeEntry(TypedDict):
    """A `RuleOutcome` as JSON holds it."""

    rule: LabelRuleEntry | None
    refused: str | None
    min_recall: dict[str, float]
    min_precision: dict[str, float]
    thresholds: dict[str, float]
    effects: list[RuleEffectEntry]


@dataclass(frozen=True)
class _Counted:
    """Texts that get a label, those that have it, and those that do both."""

    n_hits: int
    n_given: int
    n_with: int

    @property
    def recall(self) -> float:
        return self.n_hits / max(1, self.n_with)

    @property
    def precision(self) -> float | None:
        if not self.n_given:
            return None
        return self.n_hits / self.n_given


@dataclass(frozen=True, repr=False)
class LabelEffect(Brief):
    """What a rule does to one label.

    Parameters
    ----------
    label : str
    by_rule, by_score : _Counted
        With the rule, and where every text gets the label with the highest score.
    """

    label: str
    by_rule: _Counted
    by_score: _Counted

    def to_dict(self) -> LabelEffectEntry:
        """Return plain values; a precision is None where no text gets the label."""
        one = self.by_rule
        return {
            "label": self.label,
            "n_texts": one.n_with,
            "recall": one.recall,
            "recall_interval": list(wilson_interval(one.n_hits, one.n_with)),
            "recall_without": self.by_score.recall,
            "precision": one.precision,
            "precision_interval": list(wilson_interval(one.n_hits, one.n_given)),
            "precision_without": self.by_score.precision,
        }


@dataclass(frozen=True, repr=False)
class RuleEffect(Brief):
    """What a rule does to a split.

    Parameters
    ----------
    split : str
    n_texts : int
    accuracy, accuracy_without : float
        With the rule, and by the highest score alone.
    mean_cost, mean_cost_without : float or None
        Per text; None if no costs are given.
    labels : tuple of LabelEffect
        The labels of which something is asked.
    """

    split: str
    n_texts: int
    accuracy: float
    accuracy_without: float
    mean_cost: float | None
    mean_cost_without: float | None
    labels: tuple[LabelEffect, ...]

    def to_dict(self) -> RuleEffectEntry:
        """Return plain values."""
        return {
            "split": self.split,
            "n_texts": self.n_texts,
            "accuracy": self.accuracy,
            "accuracy_without": self.accuracy_without,
            "mean_cost": self.mean_cost,
            "mean_cost_without": self.mean_cost_without,
            "labels": [one.to_dict() for one in self.labels],
        }


@dataclass(frozen=True)
class RuleOutcome:
    """The rule that was chosen for a model, or why there is none.

    Parameters
    ----------
    rule : LabelRule or None
        None if what is asked for cannot be shown, or is reached without a rule.
    refusal : Fact or None
        Why it cannot be shown.
    min_recall, min_precision : mapping of str to float
        What is asked for, by label.
    effects : tuple of RuleEffect
        The evidence first.
    """

    rule: LabelRule | None
    refusal: Fact | None
    min_recall: Mapping[str, float] = field(default_factory=dict)
    min_precision: Mapping[str, float] = field(default_factory=dict)
    effects: tuple[RuleEffect, ...] = ()

    @property
    def refused(self) -> str | None:
        """Why there is no rule, in English; None if what is asked for is reached."""
        if self.refusal is None:
            return None
        return open_language(ENGLISH).tell(self.refusal)

    def to_dict(self, labels: Sequence[str]) -> RuleOutcomeEntry:
        """Return plain values, with the thresholds by the names of their labels."""
        rule: LabelRuleEntry | None = None
        thresholds: dict[str, float] = {}
        if self.rule is not None:
            rule, thresholds = self.rule.to_dict(), self.rule.named_thresholds(labels)
        return {
            "rule": rule,
            "refused": self.refused,
            "min_recall": dict(self.min_recall),
            "min_precision": dict(self.min_precision),
            "thresholds": thresholds,
            "effects": [one.to_dict() for one in self.effects],
        }


def measure_rule(
    rule: LabelRule | None,
    scored: ScoredSplit,
    split: str,
    labels: Sequence[str],
    costs: Sequence[Sequence[float]],
) -> RuleEffect:
    """Measure what a rule changes on a split.

    Out of fold, accuracy and costs are the mean over all divisions into folds, as in every table;
    recall and precision are those that the rule was chosen by, of the first.

    Parameters
    ----------
    rule : LabelRule or None
        None: labels are given by the highest score.
    scored : ScoredSplit
    split : str
    labels : sequence of str
        The labels to measure.
    costs : sequence of sequence of float
        See `LabelRule`; empty if there are none.
    """
    label_ids = scored.label_ids
    divisions = scored.probs[None]
    if scored.divisions is not None:
        divisions = scored.divisions
    all_by_score = divisions.argmax(axis=2)
    all_by_rule = all_by_score
    if rule is not None:
        all_by_rule = np.stack(list(map(rule.choose, divisions)))
    by_rule, by_score = all_by_rule[0], all_by_score[0]  # what the rule was chosen on
    names = [row.label for row in scored.scores.per_class]
    effects = []
    for label in labels:
        label_id = names.index(label)
        has = label_ids == label_id
        counted = [count_given(has, given == label_id) for given in (by_rule, by_score)]
        effects.append(LabelEffect(label, *counted))
    mean_cost, mean_cost_without = None, None
    if costs:
        matrix = np.asarray(costs, dtype=np.float64)
        mean_cost = float(matrix[label_ids, all_by_rule].mean())
        mean_cost_without = float(matrix[label_ids, all_by_score].mean())
    return RuleEffect(
        split,
        len(label_ids),
        float((all_by_rule == label_ids).mean()),
        float((all_by_score == label_ids).mean()),
        mean_cost,
        mean_cost_without,
        tuple(effects),
    )


def find_dearer(effects: Sequence[RuleEffectEntry]) -> Fact | None:
    """Return the fact that a rule is not shown to lower the costs that were given; None if it is.

    Parameters
    ----------
    effects : sequence of RuleEffectEntry
        The evidence first.
    """
    for effect in effects[:1]:
        by_rule, without = effect["mean_cost"], effect["mean_cost_without"]
        if by_rule is not None and without is not None and by_rule >= without:
            return Fact.of("rule.dearer", split=effect["split"], cost=by_rule, without=without)
    return None


def count_given(has: np.ndarray, gets: np.ndarray) -> _Counted:
    """Count the texts that have a label, those that get it, and those that do both."""
    return _Counted(int((has & gets).sum()), int(gets.sum()), int(has.sum()))
