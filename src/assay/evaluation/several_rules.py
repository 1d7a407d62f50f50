"""Thresholds of several labels, where recall or precision of a label is asked for, or costs are.

Each label has a threshold of its own, so that labels take no texts from one another. As for one
label per text, a share counts as reached where the lower end of its 95 % Wilson interval reaches
it, and test only shows what the choice is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from assay.catalogue import Fact
from assay.evaluation.label_rules import AskedRule, count_thresholds
from assay.evaluation.rule_effects import LabelEffect, RuleEffect, RuleOutcome, count_given
from assay.evaluation.several_scoring import SeveralScored
from assay.runtime.limits.label_rule import LabelRule
from assay.runtime.limits.thresholds import Thresholds
from assay.training.thresholds import fit_thresholds

__all__ = ["Chosen", "ForF1", "choose_several_thresholds", "judge_several_rule"]

LOWEST = 1e-9  # a threshold of 0 would give the label to every text
MISSING, EXTRA = 0, 1  # columns of the costs of several labels


@dataclass(frozen=True)
class Chosen:
    """Thresholds that reach what is asked for, or why there are none.

    Parameters
    ----------
    thresholds : dict of str to float
        Label -> the score from which it is given, for the labels of which something is asked.
    refusal : Fact, optional
        Why what is asked for cannot be shown; then there are no thresholds.
    """

    thresholds: Mapping[str, float]
    refusal: Fact | None = None


@dataclass(frozen=True)
class ForF1:
    """Thresholds for F1, of which nothing is asked.

    Parameters
    ----------
    thresholds : Thresholds
        Those of a model without a rule, which may give each text one label at least.
    free : float array of shape (n_labels,)
        Those of a model that gives a text no label where none reaches its threshold.
    """

    thresholds: Thresholds
    free: np.ndarray

    @classmethod
    def fit(cls, probs: np.ndarray, truth: np.ndarray) -> Self:
        """Fit both on texts that were not trained on; see `fit_thresholds`."""
        thresholds = fit_thresholds(probs, truth)
        return cls(thresholds, fit_thresholds(probs, truth, min_labels=0).scores)


def choose_several_thresholds(
    asked: AskedRule,
    probs: np.ndarray,
    truth: np.ndarray,
    *,
    split: str,
    usual: np.ndarray | None = None,
) -> Chosen:
    """Choose thresholds on texts that were not trained on.

    A label that reaches what is asked of it with the threshold for F1 keeps that. A text gets none
    of the labels where no score reaches its threshold, whatever the texts here have: who asks for
    precision wants no label that is below its threshold.

    Parameters
    ----------
    asked : AskedRule
    probs : float array of shape (n_texts, n_labels)
        Calibrated.
    truth : int array of that shape
        Zeros and ones.
    split : str
        What these texts are called.
    usual : float array of shape (n_labels,), optional
        The thresholds for F1. None: those of these texts.
    """
    if usual is None:
        usual = fit_thresholds(probs, truth, min_labels=0).scores
    if asked.costs:
        cheapest = _by_costs(asked, usual, probs, truth)
        return Chosen(dict(zip(asked.labels, cheapest, strict=True)))
    thresholds = {}
    for goal in asked.goals:
        has, scores = truth[:, goal.label_id] > 0, probs[:, goal.label_id]
        threshold = float(usual[goal.label_id])
        gets = scores >= threshold
        if not goal.is_reached(gets, has):
            counts = count_thresholds(scores, has)
            chosen = counts.choose(goal)
            if chosen is None:
                return Chosen({}, counts.refuse(goal, split))
            threshold = chosen
        thresholds[goal.label] = threshold
    return Chosen(thresholds)


def _by_costs(
    asked: AskedRule, usual: np.ndarray, probs: np.ndarray, truth: np.ndarray
) -> list[float]:
    """Return the threshold of each label that costs least: that of calibrated scores, or for F1.

    A label that is given to a text with the score p costs ``(1 - p) * extra``, one that is not
    given ``p * missing``: equal where p is ``extra / (extra + missing)``. Scores of a rare label
    may be too badly calibrated for that; it keeps the threshold for F1 where that costs less on
    the evidence. So no label costs more there than without the rule.
    """
    costs = np.asarray(asked.costs, dtype=np.float64)
    total = costs.sum(axis=1)
    shares = costs[:, EXTRA] / np.where(total > 0, total, 1.0)
    expected = np.where(total > 0, np.maximum(shares, LOWEST), usual)
    has = truth > 0
    saves = _label_costs(costs, has, probs >= usual) < _label_costs(costs, has, probs >= expected)
    thresholds: list[float] = np.where(saves, usual, expected).tolist()
    return thresholds


def _label_costs(costs: np.ndarray, truth: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Return what the wrong entries of each label cost, of all texts together."""
    n_missing, n_extra = (truth & ~given).sum(axis=0), (given & ~truth).sum(axis=0)
    by_label: np.ndarray = n_missing * costs[:, MISSING] + n_extra * costs[:, EXTRA]
    return by_label


def judge_several_rule(
    asked: AskedRule, scored: Mapping[str, SeveralScored], saved: Thresholds, usual: ForF1
) -> RuleOutcome:
    """Tell what the thresholds of a model change on the evidence and on test.

    Parameters
    ----------
    asked : AskedRule
    scored : mapping of split to SeveralScored
        The evidence, validation or out of fold, and test, which took no part in the choice.
    saved : Thresholds
        Those of the model, which `choose_several_thresholds` chose on the evidence.
    usual : ForF1
        What it would have had if nothing had been asked for.
    """
    (split,) = set(scored) - {"test"}
    evidence = scored[split]
    chosen = choose_several_thresholds(
        asked, evidence.probs, evidence.truth, split=split, usual=usual.free
    )
    if chosen.refusal is not None:
        return RuleOutcome(None, chosen.refusal, asked.min_recall, asked.min_precision)
    effects = (
        _measure(asked, evidence, split, saved, usual.thresholds),
        _measure(asked, scored["test"], "test", saved, usual.thresholds),
    )
    shown: list[float | None] = []
    for label, threshold in zip(asked.labels, saved.scores.tolist(), strict=True):
        shown.append(threshold if label in chosen.thresholds else None)
    rule = LabelRule(tuple(shown), (), split, len(evidence.truth))
    return RuleOutcome(rule, None, asked.min_recall, asked.min_precision, effects)


def _measure(
    asked: AskedRule, scored: SeveralScored, split: str, saved: Thresholds, usual: Thresholds
) -> RuleEffect:
    """Measure what other thresholds than those for F1 change on a split."""
    truth = scored.truth > 0
    given, without = saved.decide(scored.probs) > 0, usual.decide(scored.probs) > 0
    effects = []
    for goal in asked.goals:
        own, column = truth[:, goal.label_id], goal.label_id
        with_rule = count_given(own, given[:, column])
        effects.append(LabelEffect(goal.label, with_rule, count_given(own, without[:, column])))
    return RuleEffect(
        split,
        len(truth),
        float((given == truth).all(axis=1).mean()),
        float((without == truth).all(axis=1).mean()),
        _mean_cost(asked, truth, given),
        _mean_cost(asked, truth, without),
        tuple(effects),
    )


def _mean_cost(asked: AskedRule, truth: np.ndarray, given: np.ndarray) -> float | None:
    """Return what wrong label entries cost per text; None if no costs are given."""
    if not asked.costs:
        return None
    costs = np.asarray(asked.costs, dtype=np.float64)
    return float(_label_costs(costs, truth, given).sum() / len(truth))
