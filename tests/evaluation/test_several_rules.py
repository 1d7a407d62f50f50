"""Thresholds of several labels that reach what is asked of them."""

import numpy as np
import pytest

from assay.evaluation.label_rules import AskedRule
from assay.evaluation.several_rules import choose_several_thresholds
from assay.runtime.limits.wilson import wilson_interval
from assay.training.thresholds import fit_thresholds

LABELS = ("rude", "fun")


def draw(n_texts=2000, seed=0):
    """Return calibrated scores, and which labels the texts have."""
    rng = np.random.default_rng(seed)
    probs = rng.beta(0.6, 1.4, (n_texts, len(LABELS)))
    return probs, (rng.random(probs.shape) < probs).astype(np.int64)


@pytest.mark.parametrize("target", [0.5, 0.8, 0.95])
def test_recall_is_shown_at_the_lowest_price(target):
    """The lower end of the interval reaches it; the next higher score does not."""
    probs, truth = draw()
    asked = AskedRule(LABELS, min_recall={"fun": target})
    chosen = choose_several_thresholds(asked, probs, truth, split="validation")
    scores, has = probs[:, 1], truth[:, 1] > 0

    def shown(threshold):
        return wilson_interval(int((has & (scores >= threshold)).sum()), int(has.sum()))[0]

    threshold, usual = (
        chosen.thresholds["fun"],
        fit_thresholds(probs, truth, min_labels=0).scores[1],
    )
    assert chosen.thresholds.keys() == {"fun"}
    assert shown(threshold) >= target
    if shown(usual) >= target:
        assert threshold == usual
    else:
        higher = np.sort(scores[has & (scores > threshold)])
        assert shown(higher[1]) < target


def test_precision_is_shown_and_what_cannot_be_is_refused():
    """With the best that can be; then no threshold changes."""
    probs, truth = draw()
    asked = AskedRule(LABELS, min_precision={"rude": 0.8})
    threshold = choose_several_thresholds(asked, probs, truth, split="validation").thresholds[
        "rude"
    ]
    gets = probs[:, 0] >= threshold
    assert wilson_interval(int(truth[gets, 0].sum()), int(gets.sum()))[0] >= 0.8
    asked = AskedRule(LABELS, min_recall={"fun": 0.5}, min_precision={"rude": 0.999})
    refused = choose_several_thresholds(asked, probs, truth, split="validation")
    assert (refused.thresholds, refused.refusal.kind) == ({}, "rule.precision_refused")


@pytest.mark.parametrize("costs", [(1.0, 1.0), (9.0, 1.0), (1.0, 4.0)])
def test_costs_are_lowest_at_the_threshold(costs):
    """On calibrated scores no other threshold costs clearly less; without costs that of F1 stays."""
    probs, truth = draw(50_000)
    asked = AskedRule(LABELS, costs=(costs, (0.0, 0.0)))
    found = choose_several_thresholds(asked, probs, truth, split="validation").thresholds
    assert found["fun"] == fit_thresholds(probs, truth, min_labels=0).scores[1]

    def cost(threshold):
        gets, has = probs[:, 0] >= threshold, truth[:, 0] > 0
        return costs[0] * (has & ~gets).sum() + costs[1] * (gets & ~has).sum()

    grid = [cost(threshold) for threshold in np.linspace(0.01, 0.99, 99)]
    assert cost(found["rude"]) <= 1.01 * min(grid)
    free = AskedRule(LABELS, costs=((1.0, 0.0), (0.0, 1.0)))
    found = choose_several_thresholds(free, probs, truth, split="validation").thresholds
    assert found == {"rude": pytest.approx(1e-9), "fun": 1.0}


def test_costs_never_cost_more_on_the_evidence_than_the_thresholds_for_f1():
    """Scores that are far too low would keep a label from all texts; that for F1 is cheaper."""
    _, truth = draw(400)
    noise = np.random.default_rng(1).random(truth.shape)
    probs = 0.3 * (0.7 * truth + 0.3 * noise)
    asked = AskedRule(LABELS, costs=((1.0, 1.0), (4.0, 1.0)))
    usual = fit_thresholds(probs, truth, min_labels=0).scores
    found = choose_several_thresholds(asked, probs, truth, split="validation").thresholds
    chosen = np.array([found[label] for label in LABELS])
    assert (
        cost_by_label(asked, truth, probs >= 0.5)[0]
        > cost_by_label(asked, truth, probs >= usual)[0]
    )
    assert chosen[0] == usual[0]
    assert (
        cost_by_label(asked, truth, probs >= chosen) <= cost_by_label(asked, truth, probs >= usual)
    ).all()


def cost_by_label(asked, truth, given):
    """Return what the wrong entries of each label cost."""
    missing, extra = np.array(asked.costs).T
    has = truth > 0
    return missing * (has & ~given).sum(axis=0) + extra * (given & ~has).sum(axis=0)
