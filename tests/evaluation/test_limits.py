"""Tests of assay.evaluation.limits: what a model records about its limits, chosen on validation."""

import pytest

from _support.made_up_scores import LABELS, made_up_split
from _support.small_models import small_data, small_estimator
from _support.small_runs import read_json, write_data
from assay.evaluation.coverage import measure_answered, measure_coverage
from assay.evaluation.limits import measure_limits
from assay.models import save_model
from assay.models.term_statistics import fit_scope_reference, fit_term_statistics
from assay.recipes.train import train_model
from assay.runtime import load_model
from assay.runtime.limits.abstain import MAX_POINTS, AbstainRule, CoverageCurve
from assay.runtime.limits.scope import TermStatistics


@pytest.fixture(scope="module")
def splits():
    """A validation and a test split of a model that is good enough to prove something."""
    return {"validation": made_up_split(3000, seed=1), "test": made_up_split(2000, seed=2)}


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
    """The curve is the thinned one of validation, the reference that of its texts.

    No rule unless one is asked for.
    """
    validation = splits["validation"]
    found = measure_limits(folder, validation)
    assert list(found) == ["coverage_curve", "scope"]
    curve = CoverageCurve.from_dict(found["coverage_curve"], where="assay.json")
    assert curve == measure_coverage(validation.label_ids, validation.probs).thin()
    assert (len(curve.thresholds), curve.split) == (MAX_POINTS, "validation")
    statistics = TermStatistics.load(folder, n_classes=2)
    assert (
        found["scope"]
        == fit_scope_reference(statistics, validation.labelled.texts, validation.probs).to_dict()
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


def test_target_out_of_reach_is_no_rule(folder):
    """Thirty texts prove nothing."""
    few = made_up_split(30, seed=3)
    assert "abstain" not in measure_limits(folder, few, target_accuracy=0.99)


@pytest.mark.parametrize(
    ("target", "method"), [(0.5, "linear"), (0.97, "majority"), (None, "linear")]
)
def test_training_records_the_rule_that_it_returns(tmp_path, target, method):
    """`train_model` says what it wrote.

    A rule, null where the target is out of reach, no key where none was asked.
    """
    data = write_data(tmp_path / "data", sizes={"train": 120, "validation": 60, "test": 60})
    result = train_model(data, tmp_path / "model", method=method, target_accuracy=target)
    manifest = read_json(tmp_path / "model" / "assay.json")
    assert ("abstain" in result) == (target is not None)
    assert ("abstain_refused" in result) == (target is not None)
    if target == 0.5:
        assert result["abstain_refused"] is None
        assert result["abstain"] == manifest["abstain"]
        assert load_model(tmp_path / "model").abstain_rule == AbstainRule.from_dict(
            result["abstain"], where="here"
        )
    else:
        assert not result.get("abstain")
        if target is not None:
            assert (
                "a target accuracy of 0.97 cannot be reached: on the 180 texts of train and"
                in (result["abstain_refused"])
            )
        assert not manifest["abstain"]
        assert load_model(tmp_path / "model").abstain_rule is None
    curve = load_model(tmp_path / "model").coverage_curve
    judged = (60, "validation") if target is None else (180, "out_of_fold")
    assert (curve.n_texts, curve.split) == judged
