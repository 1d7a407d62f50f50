"""Choosing which label is given, where recall or precision of a label is asked for, or costs are.

A threshold is chosen on the evidence. What is asked for counts as reached where the lower end of
the 95 % Wilson interval reaches it: of many thresholds some pass by luck. Test only shows what the
choice is worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from assay.catalogue import Fact
from assay.data.labels import list_labels
from assay.evaluation.rule_effects import RuleEffect, RuleOutcome, measure_rule
from assay.evaluation.scoring import ScoredSplit
from assay.runtime.entries import ThresholdRuleEntry
from assay.runtime.limits.label_rule import LabelRule
from assay.runtime.limits.wilson import wilson_bounds

__all__ = ["AskedRule", "count_thresholds", "find_impossible", "judge_rule"]

MAX_ROUNDS = 20  # thresholds of several labels are chosen in turn, until none of them moves
RECALL, PRECISION = "recall", "precision"
LOWEST = 1e-9  # a threshold of 0 would be reached by labels with a score of 0


@dataclass(frozen=True)
class AskedRule:
    """What is asked of the labels that a model gives.

    Parameters
    ----------
    labels : tuple of str
        In LabelSet order.
    min_recall, min_precision : mapping of str to float
        Label -> share, above 0 and up to 1.
    costs : tuple of tuple of float, shape (n_classes, n_classes)
        See `LabelRule`; empty if no costs are given. Where texts may have several labels, of shape
        (n_labels, 2): what it costs that a label is missing, and that it is given to a text without
        it.
    """

    labels: tuple[str, ...]
    min_recall: Mapping[str, float] = field(default_factory=dict)
    min_precision: Mapping[str, float] = field(default_factory=dict)
    costs: tuple[tuple[float, ...], ...] = ()

    def to_entry(self, split: str) -> ThresholdRuleEntry:
        """Return what assay.json says of thresholds that were chosen on a split for this."""
        entry: ThresholdRuleEntry = {"split": split}
        if self.min_recall:
            entry["min_recall"] = list(map(self.min_recall.get, self.labels))
        if self.min_precision:
            entry["min_precision"] = list(map(self.min_precision.get, self.labels))
        if self.costs:
            entry["costs"] = list(map(list, self.costs))
        return entry

    @property
    def goals(self) -> tuple[_Goal, ...]:
        """What is asked for each label."""
        named = [(RECALL, self.min_recall), (PRECISION, self.min_precision)]
        goals = []
        for measure, targets in named:
            for label, target in targets.items():
                goals.append(_Goal(measure, label, self.labels.index(label), target))
        return tuple(goals)


@dataclass(frozen=True)
class _Goal:
    """A recall or precision that a label is to reach; `label_id` is its column."""

    measure: str
    label: str
    label_id: int
    target: float

    def shown(self, n_hits: np.ndarray, n_given: np.ndarray, n_with: int) -> np.ndarray:
        """Return what is shown to be reached: the lower end of the 95 % interval.

        Parameters
        ----------
        n_hits, n_given : int arrays of one shape
            Texts that get the label and have it, and all that get it.
        n_with : int
            Texts that have it.
        """
        n_texts = n_given
        if self.measure == RECALL:
            n_texts = np.full_like(n_hits, n_with)
        low, _ = wilson_bounds(n_hits, np.maximum(n_texts, 1))
        return np.where(n_texts > 0, low, 0.0)

    def is_reached(self, gets: np.ndarray, has: np.ndarray) -> bool:
        """Tell whether it is shown to be reached by which texts get the label and have it."""
        n_hits, n_given = np.array([(gets & has).sum()]), np.array([gets.sum()])
        return bool(self.shown(n_hits, n_given, int(has.sum()))[0] >= self.target)


def find_impossible(asked: AskedRule, n_with: Mapping[str, int], split: str) -> Fact | None:
    """State which recall no model can be shown to reach, because too few texts have the label.

    Parameters
    ----------
    asked : AskedRule
    n_with : mapping of str to int
        Label -> texts of the evidence that have it.
    split : str
        What the evidence is called.
    """
    for goal in asked.goals:
        n_texts = n_with.get(goal.label, 0)
        best = float(goal.shown(np.array([n_texts]), np.array([n_texts]), n_texts)[0])
        if goal.measure == RECALL and best < goal.target:
            return _refuse_recall(goal, n_texts=n_texts, best=best, split=split)
    return None


def judge_rule(asked: AskedRule, scored: Mapping[str, ScoredSplit]) -> RuleOutcome:
    """Choose a rule on the evidence, and measure what it changes there and on test.

    Parameters
    ----------
    asked : AskedRule
    scored : mapping of split to ScoredSplit
        The evidence, validation or out of fold, and maybe test, which takes no part in the choice.
    """
    (split,) = set(scored) - {"test"}
    evidence = scored[split]
    rule: LabelRule | Fact | None
    if asked.costs:
        rule = LabelRule((), asked.costs, split, len(evidence.label_ids))
    else:
        rule = _choose_thresholds(asked, evidence, split)
    if isinstance(rule, Fact):
        return RuleOutcome(None, rule, asked.min_recall, asked.min_precision)
    effects: list[RuleEffect] = []
    for name in sorted(scored, key=lambda name: name == "test"):
        labels = [goal.label for goal in asked.goals]
        effects.append(measure_rule(rule, scored[name], name, labels, asked.costs))
    return RuleOutcome(rule, None, asked.min_recall, asked.min_precision, tuple(effects))


def _choose_thresholds(
    asked: AskedRule, evidence: ScoredSplit, split: str
) -> LabelRule | Fact | None:
    """Return thresholds that reach what is asked for; None if none is needed.

    Labels take texts from one another, so that their thresholds are chosen in turn. A fact says why
    there are none.
    """
    label_ids, probs = evidence.label_ids, evidence.probs
    thresholds: list[float | None] = [None] * len(asked.labels)
    for _ in range(MAX_ROUNDS):
        before = list(thresholds)
        for goal in asked.goals:
            thresholds[goal.label_id] = None
            if _is_reached(goal, label_ids, probs, thresholds):
                continue
            curve = _count_by_threshold(goal.label_id, label_ids, probs, thresholds)
            chosen = curve.choose(goal)
            if chosen is None:
                return curve.refuse(goal, split)
            thresholds[goal.label_id] = chosen
        if thresholds == before:
            break
    if not all(_is_reached(goal, label_ids, probs, thresholds) for goal in asked.goals):
        return Fact.of("rule.together", labels=list_labels(goal.label for goal in asked.goals))
    if thresholds == [None] * len(thresholds):
        return None
    return LabelRule(tuple(thresholds), (), split, len(label_ids))


def _is_reached(
    goal: _Goal, label_ids: np.ndarray, probs: np.ndarray, thresholds: Sequence[float | None]
) -> bool:
    """Tell whether labels that are given by these thresholds are shown to reach a goal."""
    gets = LabelRule(tuple(thresholds)).choose(probs) == goal.label_id
    return goal.is_reached(gets, label_ids == goal.label_id)


@dataclass(frozen=True)
class _Counts:
    """What each threshold of one label gives: arrays from the lowest threshold to the highest.

    Parameters
    ----------
    thresholds : float64 array of shape (n_thresholds,)
    n_hits, n_given : int64 arrays of that shape
        Texts that get the label and have it, and all that get it.
    n_with : int
        Texts that have it.
    """

    thresholds: np.ndarray
    n_hits: np.ndarray
    n_given: np.ndarray
    n_with: int

    def choose(self, goal: _Goal) -> float | None:
        """Return the threshold that reaches a goal at the lowest price; None if none does.

        For a recall it is the highest one, which gives the label to the fewest texts; for a
        precision the lowest one, which misses the fewest.
        """
        reached = np.flatnonzero(goal.shown(self.n_hits, self.n_given, self.n_with) >= goal.target)
        if not len(reached):
            return None
        place = reached[0]
        if goal.measure == RECALL:
            place = reached[-1]
        return float(self.thresholds[place])

    def refuse(self, goal: _Goal, split: str) -> Fact:
        """State what could be shown instead."""
        shown = goal.shown(self.n_hits, self.n_given, self.n_with)
        place = int(shown.argmax())
        best = float(shown[place])
        if goal.measure == RECALL:
            return _refuse_recall(goal, n_texts=self.n_with, best=best, split=split)
        return Fact.of(
            "rule.precision_refused",
            label=goal.label,
            target=goal.target,
            split=split,
            best=best,
            n_given=int(self.n_given[place]),
            recall=float(self.n_hits[place] / max(1, self.n_with)),
        )


def _count_by_threshold(
    label_id: int,
    label_ids: np.ndarray,
    probs: np.ndarray,
    thresholds: Sequence[float | None],
) -> _Counts:
    """Count at every threshold of one label that makes a difference, the others staying.

    A text gets the label up to some threshold, its critical one. Without other thresholds that is
    the text's own score. Where another label is, say, 1.5 times as high as its threshold, the score
    has to be 1.5 times as high as the threshold too.
    """
    ratios = np.zeros(len(probs))
    for other, threshold in enumerate(thresholds):
        if threshold is not None and other != label_id:
            ratios = np.maximum(ratios, probs[:, other] / threshold)
    others_have = [one is not None for i, one in enumerate(thresholds) if i != label_id]
    if not all(others_have):  # a label without a threshold takes what reaches none
        ratios = np.maximum(ratios, 1.0)
    critical = np.clip(probs[:, label_id] / np.maximum(ratios, LOWEST), 0.0, 1.0)
    return count_thresholds(critical, label_ids == label_id)


def count_thresholds(critical: np.ndarray, has: np.ndarray) -> _Counts:
    """Count at every threshold of one label that makes a difference.

    Parameters
    ----------
    critical : float array of shape (n_texts,)
        The threshold up to which each text gets the label.
    has : bool array of that shape
        Which texts have it.
    """
    order = np.argsort(critical, kind="stable")
    values, first = np.unique(critical[order], return_index=True)
    has = has[order]
    n_hits_from = np.cumsum(has[::-1])[::-1]
    # Halfway to the next lower score, so that rounding on another machine moves no text.
    lower = np.concatenate([[0.0], values[:-1]])
    between = np.maximum((lower + values) / 2, LOWEST)
    return _Counts(between, n_hits_from[first], len(critical) - first, int(has.sum()))


def _refuse_recall(goal: _Goal, *, n_texts: int, best: float, split: str) -> Fact:
    return Fact.of(
        "rule.recall_refused",
        label=goal.label,
        target=goal.target,
        n_texts=n_texts,
        split=split,
        best=best,
    )
