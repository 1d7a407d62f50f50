"""Tests of assay.evaluation.rule_effects: what a rule changes, counted by hand."""

from dataclasses import replace

import numpy as np
import pytest

from assay.catalogue import open_language
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts
from assay.evaluation.metrics import score_predictions
from assay.evaluation.rule_effects import RuleOutcome, find_dearer, measure_rule
from assay.evaluation.scoring import ScoredSplit
from assay.runtime.limits.label_rule import LabelRule

LABELS = LabelSet(("ok", "fraud"))
PROBS = np.array([[0.9, 0.1], [0.7, 0.3], [0.6, 0.4], [0.2, 0.8]])


@pytest.fixture
def scored():
    """Four texts, two of them fraud, of which the highest score finds one."""
    label_ids = np.array([0, 0, 1, 1])
    labelled = LabelledTexts(("a", "b", "c", "d"), tuple(LABELS[i] for i in label_ids))
    scores = score_predictions(label_ids, PROBS, LABELS, seed=0, n_resamples=2)
    return ScoredSplit(labelled, label_ids, PROBS, scores, 0.1)


def test_recall_and_precision_are_counted_with_and_without_the_rule(scored):
    """From 0.3 on: three texts get the label, both that have it among them."""
    effect = measure_rule(LabelRule((None, 0.3)), scored, "test", ["fraud"], ()).to_dict()
    (fraud,) = effect["labels"]
    assert (fraud["recall_without"], fraud["recall"]) == (0.5, 1.0)
    assert (fraud["precision_without"], fraud["precision"]) == (1.0, pytest.approx(2 / 3))
    assert (effect["accuracy_without"], effect["accuracy"]) == (0.75, 0.75)
    assert (fraud["n_texts"], effect["n_texts"], effect["split"]) == (2, 4, "test")
    assert fraud["recall_interval"][1] == 1.0


def test_costs_are_the_mean_over_the_texts(scored):
    """A missed fraud costs ten, so that every doubtful text is called fraud."""
    costs = ((0.0, 1.0), (10.0, 0.0))
    effect = measure_rule(LabelRule((), costs), scored, "test", [], costs)
    assert (effect.mean_cost_without, effect.mean_cost) == (2.5, 0.5)


def test_a_label_that_nothing_gets_has_no_precision(scored):
    """There is nothing to be right about."""
    effect = measure_rule(LabelRule((None, 0.95)), scored, "test", ["fraud"], ()).to_dict()
    assert effect["labels"][0]["precision"] is None
    assert effect["labels"][0]["precision_interval"] == [0.0, 1.0]


def test_an_outcome_names_the_thresholds_by_label():
    """As results.json holds them."""
    outcome = RuleOutcome(LabelRule((None, 0.3)), None, {"fraud": 0.9}).to_dict(LABELS.names)
    assert outcome["thresholds"] == {"fraud": 0.3}
    assert (outcome["min_recall"], outcome["refused"]) == ({"fraud": 0.9}, None)


def test_accuracy_and_costs_are_the_mean_of_all_divisions_into_folds(scored):
    """As every table gives them: the first division alone told another number beside it."""
    worse = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.6, 0.4]])
    divided = replace(scored, divisions=np.stack([PROBS, worse]))
    costs = ((0.0, 1.0), (4.0, 0.0))
    effect = measure_rule(None, divided, "out_of_fold", ["fraud"], costs).to_dict()
    assert effect["accuracy_without"] == effect["accuracy"] == (0.75 + 0.25) / 2
    assert effect["mean_cost"] == (4 / 4 + 9 / 4) / 2
    (fraud,) = effect["labels"]
    assert (fraud["recall"], fraud["n_texts"]) == (0.5, 2)


def test_costs_that_a_rule_does_not_lower_are_said(scored):
    """A run printed 0.26 by its rule and 0.23 without, as if that were what was asked for."""
    dear, cheap = ((0.0, 10.0), (1.0, 0.0)), ((0.0, 1.0), (10.0, 0.0))
    lowers = measure_rule(LabelRule((), cheap), scored, "out_of_fold", [], cheap).to_dict()
    raises = measure_rule(LabelRule((), cheap), scored, "out_of_fold", [], dear).to_dict()
    assert find_dearer([lowers, raises]) is None  # the evidence is first
    found = find_dearer([raises, lowers])
    assert found.kind == "rule.dearer"
    said = open_language("en").tell(found)
    assert f"costs {raises['mean_cost']:.4f} on average by it" in said
    thresholds = measure_rule(LabelRule((0.5, None)), scored, "out_of_fold", [], ()).to_dict()
    assert find_dearer([thresholds]) is None
    assert find_dearer([]) is None
