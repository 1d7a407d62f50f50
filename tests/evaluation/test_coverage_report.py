"""Tests of assay.evaluation.coverage_report.

Thresholds are chosen on validation and shown on test.
"""

import pytest

from _support.made_up_scores import made_up_split
from assay.evaluation.coverage import TARGETS, measure_answered, measure_coverage
from assay.evaluation.coverage_report import answered_rows, describe_coverage
from assay.runtime.limits.abstain import MAX_POINTS, AbstainRule


@pytest.fixture(scope="module")
def splits():
    """A validation and a test split of a model that is good enough to prove something."""
    return {"validation": made_up_split(3000, seed=1), "test": made_up_split(2000, seed=2)}


def test_report_shows_the_curve_of_test_and_thresholds_of_validation(splits):
    """Points and area are of test; each threshold is from validation alone, and counted on both."""
    found = describe_coverage(splits)
    test = measure_coverage(splits["test"].label_ids, splits["test"].probs, split="test")
    chosen = measure_coverage(splits["validation"].label_ids, splits["validation"].probs).thin()
    assert (found["split"], found["n_texts"], found["area"]) == ("test", 2000, test.area)
    assert found["points"][0] == [1.0, pytest.approx(splits["test"].scores.accuracy)]
    assert len(found["points"]) <= MAX_POINTS
    assert [coverage for coverage, _ in found["points"]] == sorted(
        (c for c, _ in found["points"]), reverse=True
    )
    assert [target["target_accuracy"] for target in found["targets"]] == list(TARGETS)
    for target in found["targets"]:
        rule = chosen.reaching(target["target_accuracy"])
        assert target["threshold"] == rule.threshold
        assert target["best"] == chosen.proven_accuracy.max()
        for split in ("validation", "test"):
            one = splits[split]
            assert target[split] == measure_answered(one.label_ids, one.probs, rule).to_dict()


def test_test_split_has_no_part_in_the_thresholds(splits):
    """Another test split, even a hopeless one, gives the same thresholds."""
    other = describe_coverage({**splits, "test": made_up_split(500, seed=9, skill=0.1)})
    same = describe_coverage(splits)
    keys = ("target_accuracy", "threshold", "best", "validation")
    assert [[target[key] for key in keys] for target in other["targets"]] == [
        [target[key] for key in keys] for target in same["targets"]
    ]
    assert other["points"] != same["points"]


def test_report_without_a_test_split_shows_validation(splits):
    """The curve is then that of validation, and no target speaks of test."""
    found = describe_coverage({"validation": splits["validation"]})
    assert (found["split"], found["n_texts"]) == ("validation", 3000)
    assert all(
        set(target) == {"target_accuracy", "threshold", "best", "validation"}
        for target in found["targets"]
    )


def test_target_out_of_reach_has_no_threshold():
    """Where nothing is proven the report says how far it gets."""
    few = made_up_split(30, seed=3)
    for target in describe_coverage({"validation": few, "test": few})["targets"]:
        assert (target["threshold"], target["validation"], target["test"]) == (None, None, None)
        assert 0 < target["best"] < target["target_accuracy"]


def test_rows_of_an_evaluation_start_with_the_models_own_rule(splits):
    """Its rule first, marked.

    Then the usual targets that its curve reaches, counted on the texts at hand.
    """
    curve = measure_coverage(splits["validation"].label_ids, splits["validation"].probs).thin()
    rule = AbstainRule(0.8)
    rows = answered_rows(splits["test"], curve=curve, rule=rule)
    assert [(row["is_rule"], row["target_accuracy"]) for row in rows] == [
        (True, None),
        *((False, t) for t in TARGETS),
    ]
    assert [row["threshold"] for row in rows] == [
        0.8,
        *(curve.reaching(target).threshold for target in TARGETS),
    ]
    for row in rows:
        expected = measure_answered(
            splits["test"].label_ids, splits["test"].probs, AbstainRule(row["threshold"])
        )
        assert {name: row[name] for name in expected.to_dict()} == expected.to_dict()


def test_rows_are_those_that_there_are(splits):
    """Without a curve the rule alone, without a rule the targets, without both nothing.

    None that is out of reach.
    """
    rule, few = (
        AbstainRule(0.8),
        measure_coverage(made_up_split(100, seed=3).label_ids, made_up_split(100, seed=3).probs),
    )
    assert [row["is_rule"] for row in answered_rows(splits["test"], curve=None, rule=rule)] == [
        True
    ]
    assert answered_rows(splits["test"], curve=None, rule=None) == []
    assert answered_rows(splits["test"], curve=few, rule=None) == []
