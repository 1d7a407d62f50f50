"""Tests of assay.runtime.limits.label_rule: which label thresholds and costs give."""

from pathlib import Path

import numpy as np
import pytest

from assay.errors import ModelError
from assay.runtime.limits.label_rule import LabelRule

WHERE = Path("assay.json")


def test_a_label_is_given_from_its_threshold_on_and_never_below_it():
    """At the threshold it is given though another score is higher; below it the best other label is."""
    rule = LabelRule(thresholds=(None, None, 0.2))
    probs = np.array([[0.5, 0.3, 0.2], [0.3, 0.5, 0.1999], [0.1, 0.1, 0.8]])
    assert rule.choose(probs).tolist() == [2, 1, 2]
    strict = LabelRule(thresholds=(None, None, 0.9))
    assert strict.choose(probs).tolist() == [0, 1, 0]


def test_of_several_labels_the_one_furthest_above_its_threshold_is_given():
    """0.3 is twice 0.15, and 0.4 is four thirds of 0.3."""
    rule = LabelRule(thresholds=(0.3, 0.15, None))
    assert rule.choose(np.array([[0.4, 0.3, 0.3]])).tolist() == [1]


def test_where_all_labels_have_thresholds_the_closest_is_given():
    """There is always an answer."""
    rule = LabelRule(thresholds=(0.9, 0.6))
    assert rule.choose(np.array([[0.55, 0.45], [0.7, 0.3]])).tolist() == [1, 0]


def test_costs_give_the_label_that_is_expected_to_cost_least():
    """To miss the second label costs nine times as much as to give it wrongly."""
    rule = LabelRule(costs=((0, 1), (9, 0)))
    assert rule.choose(np.array([[0.89, 0.11], [0.91, 0.09]])).tolist() == [1, 0]


def test_equal_costs_give_the_highest_score():
    """They are the rule that needs none."""
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(4), 200)
    costs = tuple(map(tuple, (1 - np.eye(4)).tolist()))
    assert (LabelRule(costs=costs).choose(probs) == probs.argmax(axis=1)).all()


def test_of_labels_that_cost_the_same_the_best_is_given():
    """It costs nothing to confuse the first two: both are expected to cost as much."""
    rule = LabelRule(costs=((0, 0, 1), (0, 0, 1), (1, 1, 0)))
    probs = np.array([[0.1, 0.8, 0.1], [0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])
    assert rule.choose(probs).tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    "rule",
    [
        LabelRule((None, 0.25), (), "validation", 300),
        LabelRule((), ((0.0, 2.0), (5.0, 0.0)), "out_of_fold", 60),
    ],
)
def test_a_rule_is_read_back_as_it_was_written(rule):
    """As it is in assay.json."""
    assert LabelRule.from_dict(rule.to_dict(), n_labels=2, where=WHERE) == rule


@pytest.mark.parametrize(
    "plain",
    [
        {},
        {"thresholds": [0.5]},
        {"thresholds": [None, 0]},
        {"thresholds": [None, 1.5]},
        {"thresholds": [None, True]},
        {"costs": [[0, 10**400], [1, 0]]},
        {"thresholds": [None, float("nan")]},
        {"costs": [[0, 1]]},
        {"costs": [[0, 1], [1]]},
        {"costs": [[0, -1], [1, 0]]},
        {"costs": [[0, "a"], [1, 0]]},
        {"costs": [[0, 1], [1, 0]], "thresholds": [None, 0.5]},
    ],
)
def test_a_damaged_rule_is_refused(plain):
    """No model answers by half a rule."""
    with pytest.raises(ModelError, match="label_rule holds neither"):
        LabelRule.from_dict(plain, n_labels=2, where=WHERE)
