"""Tests of assay.evaluation.label_rules: thresholds that are chosen on the evidence, and refusals."""

from dataclasses import replace

import numpy as np
import pytest

from _support.made_up_scores import LABELS, made_up_split
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts
from assay.evaluation.label_rules import AskedRule, find_impossible, judge_rule
from assay.evaluation.metrics import score_predictions
from assay.evaluation.scoring import ScoredSplit
from assay.runtime.limits.wilson import wilson_bounds

NAMES = LABELS.names


@pytest.fixture(scope="module")
def splits():
    """Scores of a model that is often right, on validation and on test."""
    return {
        "validation": made_up_split(2000, seed=1, skill=2.0),
        "test": made_up_split(2000, seed=2, skill=2.0),
    }


def shares(scored, rule, label_id):
    """Return recall and precision of a label, each as right and all texts."""
    given = scored.probs.argmax(axis=1) if rule is None else rule.choose(scored.probs)
    gets, has = given == label_id, scored.label_ids == label_id
    return ((gets & has).sum(), has.sum()), ((gets & has).sum(), gets.sum())


def lower_end(pair):
    """Return the lower end of the interval of a share."""
    low, _ = wilson_bounds(np.array([pair[0]]), np.array([pair[1]]))
    return float(low[0])


@pytest.mark.parametrize("target", [0.85, 0.95, 0.99])
def test_recall_is_shown_at_the_lowest_price(splits, target):
    """The lower end of its interval reaches the target, and a higher threshold would not."""
    scored = splits["validation"]
    outcome = judge_rule(AskedRule(NAMES, min_recall={"sadness": target}), splits)
    recall, _ = shares(scored, outcome.rule, 1)
    assert lower_end(recall) >= target
    threshold = outcome.rule.thresholds[1]
    scores = np.sort(scored.probs[:, 1])
    nearby = scores[np.searchsorted(scores, threshold)]
    tighter = replace(outcome.rule, thresholds=(None, float(np.nextafter(nearby, 1))))
    assert (
        lower_end(shares(scored, tighter, 1)[0]) < target
        or tighter.choose(scored.probs).sum() == outcome.rule.choose(scored.probs).sum()
    )


@pytest.mark.parametrize("target", [0.85, 0.95])
def test_precision_is_shown(splits, target):
    """Fewer texts get the label, and more of them have it."""
    outcome = judge_rule(AskedRule(NAMES, min_precision={"joy": target}), splits)
    _, precision = shares(splits["validation"], outcome.rule, 0)
    assert lower_end(precision) >= target
    effect = outcome.effects[0].labels[0]
    assert effect.by_rule.n_given < effect.by_score.n_given
    assert effect.by_rule.recall < effect.by_score.recall


def test_what_is_reached_already_needs_no_rule(splits):
    """Every text keeps the label with the highest score."""
    outcome = judge_rule(AskedRule(NAMES, min_recall={"sadness": 0.5}), splits)
    assert (outcome.rule, outcome.refusal) == (None, None)
    effect = outcome.effects[0]
    assert effect.accuracy == effect.accuracy_without
    assert outcome.to_dict(NAMES)["thresholds"] == {}


def test_test_takes_no_part_in_the_choice(splits):
    """With all its labels changed, the rule is the same."""
    asked = AskedRule(NAMES, min_recall={"sadness": 0.95})
    test = splits["test"]
    turned = {**splits, "test": replace(test, label_ids=1 - test.label_ids)}
    assert judge_rule(asked, splits).rule == judge_rule(asked, turned).rule
    assert judge_rule(asked, splits).effects[1] != judge_rule(asked, turned).effects[1]
    assert judge_rule(asked, {"validation": splits["validation"]}).rule is not None


def test_effects_name_both_sides_of_the_price(splits):
    """Evidence first, then test: recall rises, precision and accuracy fall."""
    outcome = judge_rule(AskedRule(NAMES, min_recall={"sadness": 0.97}), splits)
    assert [one.split for one in outcome.effects] == ["validation", "test"]
    for effect in outcome.to_dict(NAMES)["effects"]:
        (one,) = effect["labels"]
        assert one["recall"] > one["recall_without"]
        assert one["precision"] < one["precision_without"]
        assert effect["accuracy"] < effect["accuracy_without"]
        assert effect["mean_cost"] is None


def test_costs_lower_the_mean_cost_on_fresh_texts(splits):
    """Scores are calibrated, so that what is expected to cost least does."""
    outcome = judge_rule(AskedRule(NAMES, costs=((0.0, 1.0), (8.0, 0.0))), splits)
    for effect in outcome.effects:
        assert effect.mean_cost < effect.mean_cost_without
        assert effect.accuracy < effect.accuracy_without


def test_a_precision_that_cannot_be_shown_is_refused_with_the_best(splits):
    """The sentence says what could be shown, and at which price."""
    few = {"validation": made_up_split(60, seed=3, skill=1.0)}
    outcome = judge_rule(AskedRule(NAMES, min_precision={"joy": 0.99}), few)
    assert outcome.rule is None
    assert outcome.effects == ()
    assert outcome.refused.startswith("a precision of 99.0% for 'joy' cannot be shown")
    assert "is the best (lower end of the 95% interval)" in outcome.refused
    assert outcome.to_dict(NAMES)["min_precision"] == {"joy": 0.99}


def test_a_recall_is_refused_before_training_where_too_few_texts_have_the_label():
    """Of 40 texts, all found, 91.2 % are shown."""
    asked = AskedRule(NAMES, min_recall={"joy": 0.95})
    fact = find_impossible(asked, {"joy": 40}, "validation")
    assert (fact.kind, fact.values["n_texts"]) == ("rule.recall_refused", 40)
    assert fact.values["best"] == pytest.approx(0.9124, abs=1e-4)
    assert find_impossible(asked, {"joy": 80}, "validation") is None


def test_recalls_that_exclude_each_other_are_refused(splits):
    """Nobody finds 99 % of both labels with scores that overlap."""
    asked = AskedRule(NAMES, min_recall={"joy": 0.99, "sadness": 0.99})
    outcome = judge_rule(asked, splits)
    assert outcome.rule is None
    assert outcome.refusal.kind in ("rule.together", "rule.recall_refused")


def three_labels():
    """Return scores of three labels of which the last is rare."""
    labels, rng = LabelSet(("a", "b", "rare")), np.random.default_rng(0)
    label_ids = rng.choice(3, size=3000, p=[0.5, 0.4, 0.1])
    logits = rng.normal(size=(3000, 3)) + 2.0 * np.eye(3)[label_ids] + np.log([0.5, 0.4, 0.1])
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    texts = tuple(map(str, range(3000)))
    labelled = LabelledTexts(texts, tuple(labels[i] for i in label_ids))
    scores = score_predictions(label_ids, probs, labels, seed=0, n_resamples=5)
    return labels, {"validation": ScoredSplit(labelled, label_ids, probs, scores, 0.1)}


def test_several_labels_are_chosen_for_together():
    """Each label reaches its own goal while the other takes texts from it."""
    labels, scored = three_labels()
    asked = AskedRule(labels.names, min_recall={"rare": 0.9}, min_precision={"a": 0.85})
    outcome = judge_rule(asked, scored)
    recall, _ = shares(scored["validation"], outcome.rule, 2)
    _, precision = shares(scored["validation"], outcome.rule, 0)
    assert lower_end(recall) >= 0.9
    assert lower_end(precision) >= 0.85
    assert outcome.rule.thresholds[1] is None
