"""What a model records of its own limits, and what a report says of them: chosen on validation, shown on test."""

import logging

import numpy as np
import pytest

from _support.small_models import small_data, small_estimator
from _support.small_runs import read_json, write_data
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts
from assay.evaluation.coverage import TARGETS, measure_answered, measure_coverage
from assay.evaluation.limits import answered_rows, describe_coverage, measure_limits
from assay.evaluation.metrics import score_predictions
from assay.evaluation.scoring import ScoredSplit
from assay.models import save_model
from assay.models.term_statistics import fit_scope_reference, fit_term_statistics
from assay.recipes.train import train_model
from assay.runtime import load_model
from assay.runtime.limits.abstain import MAX_POINTS, AbstainRule, CoverageCurve
from assay.runtime.limits.scope import TermStatistics

LABELS = LabelSet(("joy", "sadness"))


def scored(n_texts, *, seed, skill=12.0):
    """Make up a scored split whose scores are roughly the chance to be right."""
    rng = np.random.default_rng(seed)
    margin = rng.normal(size=n_texts) * skill
    first = 1 / (1 + np.exp(-margin))
    probs = np.column_stack([first, 1 - first])
    label_ids = (rng.random(n_texts) > first).astype(np.int64)
    part = LabelledTexts(
        tuple(f"text {i}" for i in range(n_texts)), tuple(LABELS[i] for i in label_ids)
    )
    return ScoredSplit(
        part,
        label_ids,
        probs,
        score_predictions(label_ids, probs, LABELS, seed=0, n_resamples=5),
        0.1,
    )


@pytest.fixture(scope="module")
def splits():
    """A validation and a test split of a model that is good enough to prove something."""
    return {"validation": scored(3000, seed=1), "test": scored(2000, seed=2)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A saved linear model of two classes, with term statistics."""
    texts, labels = small_data(80, labels=LABELS.names)
    statistics = fit_term_statistics(texts, LABELS.ids(labels), n_classes=2)
    out = tmp_path_factory.mktemp("limits") / "linear"
    save_model(
        small_estimator("linear").fit(texts, labels),
        out,
        label_set=LABELS,
        term_statistics=statistics,
    )
    return out


def test_curve_and_scope_of_validation_are_recorded(folder, splits):
    """The curve is the thinned one of validation, the reference that of its texts; no rule unless one is asked for."""
    validation = splits["validation"]
    found = measure_limits(folder, validation)
    assert list(found) == ["coverage_curve", "scope"]
    curve = CoverageCurve.from_dict(found["coverage_curve"], where="assay.json")
    assert curve == measure_coverage(validation.label_ids, validation.probs).thin()
    assert (len(curve.thresholds), curve.split) == (MAX_POINTS, "validation")
    statistics = TermStatistics.load(folder, n_classes=2)
    assert (
        found["scope"]
        == fit_scope_reference(statistics, validation.part.texts, validation.probs).to_dict()
    )
    assert found["scope"]["n_texts"] == 3000
    assert load_model(folder).scope_threshold is None  # recorded by whoever asked, not here


def test_model_without_statistics_has_no_scope(tmp_path, splits):
    """A folder without scope.json, as that of majority, records the curve alone."""
    save_model(
        small_estimator("majority").fit(["a", "b", "c"], ["joy", "joy", "sadness"]),
        tmp_path / "floor",
    )
    assert list(measure_limits(tmp_path / "floor", splits["validation"])) == ["coverage_curve"]


def test_target_that_is_reached_becomes_the_rule(folder, splits):
    """The lowest proven threshold of the recorded curve, with what was measured at it."""
    found = measure_limits(folder, splits["validation"], target_accuracy=0.95)
    rule = AbstainRule.from_dict(found["abstain"], where="assay.json")
    curve = CoverageCurve.from_dict(found["coverage_curve"], where="assay.json")
    assert rule == curve.reaching(0.95)
    answered = measure_answered(splits["validation"].label_ids, splits["validation"].probs, rule)
    assert (answered.coverage, answered.accuracy) == (rule.coverage, rule.accuracy)
    assert rule.accuracy > 0.95


def test_target_out_of_reach_is_a_warning_and_no_rule(folder, caplog):
    """Thirty texts prove nothing: the model is saved without a rule, and the log says why and how far it gets."""
    few = scored(30, seed=3)
    best = measure_coverage(few.label_ids, few.probs).proven_accuracy.max()
    with caplog.at_level(logging.WARNING, logger="assay"):
        found = measure_limits(folder, few, target_accuracy=0.99)
    assert "abstain" not in found
    assert (
        f"on 30 validation texts no answers can be shown to be right 0.99 of the time: {best:.4f} is the best"
        in (caplog.text)
    )
    assert "so that it always answers" in caplog.text


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
    other = describe_coverage({**splits, "test": scored(500, seed=9, skill=0.1)})
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
    few = scored(30, seed=3)
    for target in describe_coverage({"validation": few, "test": few})["targets"]:
        assert (target["threshold"], target["validation"], target["test"]) == (None, None, None)
        assert 0 < target["best"] < target["target_accuracy"]


def test_rows_of_an_evaluation_start_with_the_models_own_rule(splits):
    """Its rule first, marked; then the usual targets that its curve reaches, counted on the texts at hand."""
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
    """Without a curve the rule alone, without a rule the targets, without both nothing; none that is out of reach."""
    rule, few = (
        AbstainRule(0.8),
        measure_coverage(scored(100, seed=3).label_ids, scored(100, seed=3).probs),
    )
    assert [row["is_rule"] for row in answered_rows(splits["test"], curve=None, rule=rule)] == [
        True
    ]
    assert answered_rows(splits["test"], curve=None, rule=None) == []
    assert answered_rows(splits["test"], curve=few, rule=None) == []


@pytest.mark.parametrize(("target", "is_reached"), [(0.5, True), (0.999, False), (None, False)])
def test_training_records_the_rule_that_it_returns(tmp_path, target, is_reached):
    """`train_model` says what it wrote: a rule, null where the target is out of reach, no key where none was asked."""
    data = write_data(tmp_path / "data", sizes={"train": 120, "validation": 60, "test": 60})
    result = train_model(data, tmp_path / "model", method="linear", target_accuracy=target)
    manifest = read_json(tmp_path / "model" / "assay.json")
    assert ("abstain" in result) == (target is not None)
    if is_reached:
        assert result["abstain"] == manifest["abstain"]
        assert load_model(tmp_path / "model").abstain_rule == AbstainRule.from_dict(
            result["abstain"], where="here"
        )
    else:
        assert not result.get("abstain")
        assert not manifest["abstain"]
        assert load_model(tmp_path / "model").abstain_rule is None
    curve = load_model(tmp_path / "model").coverage_curve
    assert (curve.n_texts, curve.split) == (60, "validation")
