"""A threshold and the curve it is taken from: what is proven, chosen and refused; and a model's own rule."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from assay.data.labels import LabelSet
from assay.errors import InputError, ModelError
from assay.runtime import load_model
from assay.runtime.limits.abstain import (
    AbstainRule,
    CoverageCurve,
    check_target,
    choose_rule,
)

CURVE = CoverageCurve((0.0, 0.4, 0.6, 0.9), (1000, 800, 500, 100), (820, 740, 490, 100))


@st.composite
def curves(draw):
    """Draw a curve as measuring makes one: thresholds rise from 0, fewer texts are answered, some of them right."""
    leaving = draw(
        st.lists(st.tuples(st.integers(1, 40), st.integers(0, 40)), min_size=1, max_size=300)
    )
    n_answered = np.cumsum([n for n, _ in leaving][::-1])[::-1]
    n_right = np.cumsum([min(n, right) for n, right in leaving][::-1])[::-1]
    thresholds = np.linspace(0, 1, len(leaving) + 1)[:-1]
    return CoverageCurve(
        tuple(thresholds.tolist()), tuple(n_answered.tolist()), tuple(n_right.tolist())
    )


@pytest.mark.parametrize(("target", "n_needed"), [(0.95, 73), (0.98, 189), (0.99, 381)])
def test_target_needs_so_many_answers_without_a_mistake(target, n_needed):
    """A handful of right answers proves nothing: the numbers that the documentation names are the least."""
    short = CoverageCurve((0.0,), (n_needed - 1,), (n_needed - 1,))
    enough = CoverageCurve((0.0,), (n_needed,), (n_needed,))
    assert short.reaching(target) is None
    assert enough.reaching(target).threshold == 0.0


def test_fractions_of_the_curve_are_counts_over_counts():
    """Coverage is over all texts, accuracy over those that are answered."""
    assert CURVE.n_texts == 1000
    assert CURVE.coverage.tolist() == [1.0, 0.8, 0.5, 0.1]
    assert CURVE.accuracy.tolist() == pytest.approx([0.82, 0.925, 0.98, 1.0])
    assert (CURVE.proven_accuracy < CURVE.accuracy).all()


@given(curves())
def test_area_is_the_mean_risk_over_texts(curve):
    """Of each text the share of wrong answers among all that are as sure or surer, and the mean of those."""
    risks = []
    for i, n_answered in enumerate(curve.n_answered):
        below = curve.n_answered[i + 1] if i + 1 < len(curve.n_answered) else 0
        risks += [1 - curve.n_right[i] / n_answered] * (n_answered - below)
    assert len(risks) == curve.n_texts
    assert curve.area == pytest.approx(np.mean(risks), abs=1e-12)


def test_area_of_a_perfect_and_of_a_hopeless_order():
    """All right is 0; right answers first are less than by chance, wrong answers first are more."""
    assert CoverageCurve((0.0, 0.5), (10, 5), (10, 5)).area == 0.0
    right_first = CoverageCurve((0.0, 0.5), (10, 5), (5, 5)).area
    wrong_first = CoverageCurve((0.0, 0.5), (10, 5), (5, 0)).area
    assert (right_first, wrong_first) == pytest.approx((0.25, 0.75))


@given(curves(), st.floats(0.01, 1))
def test_reaching_takes_the_lowest_proven_threshold(curve, target):
    """The chosen point is proven, none with a lower threshold is, and None means that no point is."""
    is_proven = [
        binomtest(right, n).proportion_ci(method="wilson").low >= target
        for n, right in zip(curve.n_answered, curve.n_right, strict=True)
    ]
    rule = curve.reaching(target)
    if not any(is_proven):
        assert rule is None
        return
    i = is_proven.index(True)
    expected = AbstainRule(
        curve.thresholds[i],
        target,
        curve.n_answered[i] / curve.n_texts,
        curve.n_right[i] / curve.n_answered[i],
        curve.n_texts,
    )
    assert rule == expected


@given(curves(), st.floats(0, 1))
def test_rule_of_a_threshold_has_what_was_measured_just_above(curve, threshold):
    """The threshold stays as it was given; the figures are those of the first point at or above it."""
    rule = curve.at(threshold)
    assert (rule.threshold, rule.n_texts, rule.target_accuracy) == (threshold, curve.n_texts, None)
    above = [i for i, t in enumerate(curve.thresholds) if t >= threshold]
    if above:
        assert rule.coverage == pytest.approx(curve.n_answered[above[0]] / curve.n_texts)
        assert rule.accuracy == pytest.approx(curve.n_right[above[0]] / curve.n_answered[above[0]])
    else:
        assert (rule.coverage, rule.accuracy) == (0.0, None)


@given(curves(), st.integers(2, 120))
def test_thin_curve_is_a_part_of_the_whole(curve, n_points):
    """No more points than wanted, each of them one of the curve, both ends kept, no gap too wide."""
    thin = curve.thin(n_points)
    assert len(thin.thresholds) <= max(n_points, 1)
    whole = list(zip(curve.thresholds, curve.n_answered, curve.n_right, strict=True))
    kept = list(zip(thin.thresholds, thin.n_answered, thin.n_right, strict=True))
    assert set(kept) <= set(whole)
    assert (kept[0], kept[-1]) == (whole[0], whole[-1])
    assert kept == sorted(kept)
    if len(whole) <= n_points:
        assert thin == curve
    step = curve.n_texts / (n_points - 1)
    largest = max(-np.diff(curve.n_answered), default=0)  # texts of one score stay together
    assert max(-np.diff(thin.n_answered), default=0) <= step + largest


@given(curves())
def test_curve_survives_json(curve):
    """What assay.json holds is read back as the same curve."""
    plain = json.loads(json.dumps(curve.to_dict()))
    assert plain["n_texts"] == curve.n_texts
    assert CoverageCurve.from_dict(plain, where="assay.json") == curve


@pytest.mark.parametrize(
    "points",
    [
        None,
        "no points",
        7,
        [[0.0, 10]],
        [[0.0, 10, "many"]],
        [["low", 10, 5]],
        [[0.0, None, 5]],
        [[0.0, float("inf"), 5]],
        [[0.0, float("nan"), 5]],
    ],
    ids=[
        "none",
        "text",
        "number",
        "pair",
        "word-count",
        "word-threshold",
        "null-count",
        "infinite",
        "nan",
    ],
)
def test_points_that_are_none_are_refused(points):
    """Whatever is there instead of triples of numbers is a sentence, not a traceback."""
    with pytest.raises(
        ModelError, match=r"assay\.json: coverage_curve holds no points \[threshold, n_answered"
    ):
        CoverageCurve.from_dict({} if points is None else {"points": points}, where="assay.json")


@pytest.mark.parametrize(
    "points",
    [
        [],
        [[0.1, 10, 5]],
        [[0.0, 10, 5], [0.0, 8, 5]],
        [[0.0, 10, 5], [0.5, 10, 5]],
        [[0.0, 10, 11]],
        [[0.0, 10, -1]],
        [[0.0, 0, 0]],
        [[0.0, 10, 5], [float("nan"), 8, 5]],
    ],
    ids=[
        "empty",
        "starts-late",
        "same-threshold",
        "same-count",
        "more-right",
        "negative",
        "nobody",
        "nan",
    ],
)
def test_points_that_are_no_curve_are_refused(points):
    """Points out of order, or with more right than answered, are nobody's measurement."""
    with pytest.raises(
        ModelError, match="the points of coverage_curve are not in order, or count more right"
    ):
        CoverageCurve.from_dict({"points": points}, where="assay.json")


def test_rule_survives_json():
    """Every part of a rule comes back; what it does not know is ignored."""
    rule = CURVE.reaching(0.9)
    plain = json.loads(json.dumps(rule.to_dict()))
    assert AbstainRule.from_dict({**plain, "of a later version": 1}, where="assay.json") == rule


@pytest.mark.parametrize(
    "threshold", [None, "0.5", True, -0.01, 1.01, float("nan"), [0.5]], ids=repr
)
def test_rule_without_a_threshold_is_refused(threshold):
    """A threshold that is no number from 0 to 1 names itself and what is accepted."""
    with pytest.raises(
        ModelError, match=r"abstain\.threshold is .*; a number from 0 to 1 is accepted"
    ):
        AbstainRule.from_dict({"threshold": threshold}, where="assay.json")


@given(
    st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=30),
    st.floats(0, 1),
)
def test_rule_answers_where_the_top_score_reaches_the_threshold(rows, threshold):
    """At the threshold itself there is an answer; just below it there is none."""
    expected = [max(row) >= threshold for row in rows]
    assert AbstainRule(threshold).answers(np.array(rows)).tolist() == expected


def test_precision_of_the_scores_moves_no_text():
    """Scores of a float32 network are compared as they are: rounding the threshold to float32 would let one pass."""
    below = np.float32(0.9)  # 0.89999998
    assert AbstainRule(0.9).answers(np.array([[below, 1 - below]])).tolist() == [False]
    assert AbstainRule(float(below)).answers(np.array([[below, 1 - below]])).tolist() == [True]


@pytest.mark.parametrize("target", [0.0, -0.5, 1.0001, 95, float("nan"), float("inf")])
def test_target_that_is_no_share_is_refused(target):
    """95 for 95 % is a slip that a sentence catches."""
    with pytest.raises(
        InputError,
        match=rf"the target accuracy is {target:g}; a fraction above 0, up to 1, is accepted",
    ):
        check_target(target)
    with pytest.raises(InputError, match="a fraction above 0, up to 1, is accepted"):
        choose_rule(CURVE, target_accuracy=target)


def test_nothing_asked_is_no_rule():
    """Without a threshold and without a target the caller gets None, curve or not."""
    assert choose_rule(CURVE) is None
    assert choose_rule(None) is None


def test_threshold_needs_no_curve():
    """With a curve the rule says what was measured there; without one it is the threshold alone."""
    assert choose_rule(None, abstain_below=0.7) == AbstainRule(0.7)
    assert choose_rule(CURVE, abstain_below=0.5) == AbstainRule(0.5, None, 0.5, 0.98, 1000)
    assert choose_rule(CURVE, abstain_below=0) == AbstainRule(0, None, 1.0, 0.82, 1000)
    assert choose_rule(CURVE, abstain_below=1) == AbstainRule(1, None, 0.0, None, 1000)


def test_target_is_looked_up():
    """The lowest threshold of the curve that is proven to reach it."""
    assert choose_rule(CURVE, target_accuracy=0.9) == AbstainRule(0.4, 0.9, 0.8, 0.925, 1000)
    assert (
        choose_rule(CURVE, target_accuracy=0.8).threshold == 0.4
    )  # 0.82 of 1,000 proves 0.795 alone


@pytest.mark.parametrize("threshold", [-0.1, 1.1, 80, float("nan")])
def test_threshold_out_of_range_is_refused(threshold):
    """No score can reach it, or every score does: it was not meant."""
    with pytest.raises(
        InputError, match=rf"the threshold is {threshold}; a score from 0 to 1 is accepted"
    ):
        choose_rule(CURVE, abstain_below=threshold)


def test_two_wishes_are_refused():
    """A threshold and a target contradict one another."""
    with pytest.raises(
        InputError, match="a threshold and a target accuracy were given; one of the two is accepted"
    ):
        choose_rule(CURVE, abstain_below=0.5, target_accuracy=0.9)


def test_target_needs_a_curve():
    """A model saved without scores cannot look a threshold up."""
    with pytest.raises(
        InputError, match="the model has no coverage curve to take the threshold from"
    ) as caught:
        choose_rule(None, target_accuracy=0.9)
    assert caught.value.hint == "give the threshold itself"


def test_target_out_of_reach_names_the_best():
    """How far it gets, rounded down (0.96358 is not 0.9636), on how many texts, and what would help."""
    with pytest.raises(
        InputError,
        match=r"a target accuracy of 0\.99 cannot be reached: on the 1,000 texts of valid",
    ):
        choose_rule(CURVE, target_accuracy=0.99)
    with pytest.raises(
        InputError,
        match=r"shown is 0\.9635 .*, answering 50\.0% of them, of which 98\.0% are right",
    ) as e:
        choose_rule(CURVE, target_accuracy=0.99)
    assert "more validation texts" in e.value.hint


@pytest.fixture(scope="module")
def model(compact_folder):
    """Load a model that never abstains."""
    return load_model(compact_folder)


def with_facts(folder, tmp_path, **facts):
    """Copy a model folder and put facts into its manifest; return the copy's model."""
    copy = shutil.copytree(folder, tmp_path / "copy")
    path = copy / "assay.json"
    path.write_text(
        json.dumps({**json.loads(path.read_text(encoding="utf-8")), **facts}), encoding="utf-8"
    )
    return load_model(copy)


PROBS = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.25, 0.25, 0.5], [0.34, 0.33, 0.33]])


def test_model_without_a_rule_always_answers(model):
    """No rule recorded and none given: a name for every text, as `predict` gives it."""
    assert model.abstain_rule is None
    assert model.decide(PROBS) == [model.labels[i] for i in (0, 1, 2, 0)]
    texts = ["happy day", "", "오늘 슬퍼요"]
    assert model.decide(model.predict_proba(texts)) == model.predict(texts)


def test_given_rule_turns_unsure_answers_into_none(model):
    """Below the threshold there is no name; the scores are left as they are."""
    before = PROBS.copy()
    assert model.decide(PROBS, rule=AbstainRule(0.5)) == [
        model.labels[0],
        model.labels[1],
        model.labels[2],
        None,
    ]
    assert model.decide(PROBS, rule=AbstainRule(1.0)) == [None] * 4
    np.testing.assert_array_equal(PROBS, before)


def test_no_texts_are_no_decisions(model):
    """An empty block of scores is legal."""
    assert model.decide(np.empty((0, 3)), rule=AbstainRule(0.5)) == []


def test_recorded_rule_is_the_models_own(compact_folder, tmp_path):
    """It holds where none is given, and gives way to one that is."""
    rule = AbstainRule(0.6, 0.9, 0.5, 0.95, 300)
    model = with_facts(
        compact_folder, tmp_path, abstain=rule.to_dict(), coverage_curve=CURVE.to_dict()
    )
    assert model.abstain_rule == rule
    assert model.coverage_curve == CURVE
    assert model.decide(PROBS) == [None, model.labels[1], None, None]
    assert model.decide(PROBS, rule=AbstainRule(0.0)) == [model.labels[i] for i in (0, 1, 2, 0)]


def test_broken_record_is_a_model_error(compact_folder, tmp_path):
    """A rule or a curve that somebody edited is named with its file when it is asked for."""
    model = with_facts(
        compact_folder, tmp_path, abstain={"threshold": 2}, coverage_curve={"points": [[1, 2, 3]]}
    )
    with pytest.raises(
        ModelError, match=r"copy/assay\.json: abstain\.threshold is 2; a number from 0 to 1"
    ):
        model.decide(PROBS)
    with pytest.raises(
        ModelError, match=r"copy/assay\.json: the points of coverage_curve are not in order"
    ):
        _ = model.coverage_curve


def test_rule_is_frozen():
    """A rule that is shared between threads is changed by nobody."""
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'threshold'"):
        AbstainRule(0.5).threshold = 0.1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0, 1))
def test_decide_agrees_with_predict_where_it_answers(model, seed, threshold):
    """Abstaining takes answers away; it never changes one."""
    probs = np.random.default_rng(seed).dirichlet(np.ones(len(model.labels)), size=20)
    decided = model.decide(probs, rule=AbstainRule(threshold))
    for row, name in zip(probs, decided, strict=True):
        assert (name is None) == (row.max() < threshold)
        assert name in (None, LabelSet(model.labels)[int(row.argmax())])
