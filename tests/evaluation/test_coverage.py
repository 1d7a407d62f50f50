"""Risk and coverage, against counting by hand, text by text."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import InputError
from assay.evaluation.coverage import (
    TARGETS,
    Answered,
    measure_answered,
    measure_coverage,
)
from assay.runtime.limits.abstain import AbstainRule


@st.composite
def predictions(draw):
    """Draw labels and scores over 2-5 classes.

    Scores of few values, so that many are equal, or of any.
    """
    n_classes, n_texts = draw(st.integers(2, 5)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    probs = rng.dirichlet(np.ones(n_classes), size=n_texts)
    if draw(st.booleans()):
        probs = np.maximum(np.round(probs, 1), 0.01)
    return rng.integers(0, n_classes, n_texts), probs


def count_by_hand(label_ids, probs, threshold):
    """Walk through the texts: how many are answered from this score on, how many of those right."""
    n_answered = n_right = 0
    for label_id, row in zip(label_ids.tolist(), probs.tolist(), strict=True):
        if max(row) >= threshold:
            n_answered += 1
            n_right += row.index(max(row)) == label_id
    return n_answered, n_right


@settings(deadline=None)
@given(predictions())
def test_every_point_is_what_counting_gives(case):
    """At each threshold of the curve as many texts are answered, and as many of those right, as a loop finds."""
    curve = measure_coverage(*case)
    found = list(zip(curve.n_answered, curve.n_right, strict=True))
    assert found == [count_by_hand(*case, threshold) for threshold in curve.thresholds]
    assert curve.thresholds[0] == 0
    assert curve.n_texts == len(case[0])


@settings(deadline=None)
@given(predictions(), st.floats(0, 1))
def test_no_threshold_makes_another_difference(case, threshold):
    """Whatever the threshold, what it does is a point of the curve, or answers nothing."""
    curve = measure_coverage(*case)
    points = {(0, 0), *zip(curve.n_answered, curve.n_right, strict=True)}
    assert count_by_hand(*case, threshold) in points
    tops = case[1].max(axis=1)
    assert len(curve.thresholds) == len(np.unique(tops))


@settings(deadline=None)
@given(predictions())
def test_area_is_the_mean_risk_of_the_surest(case):
    """For every text: the share of wrong answers among all with its score or a higher one.

    The mean of those.
    """
    label_ids, probs = case
    top, is_wrong = probs.max(axis=1), probs.argmax(axis=1) != label_ids
    expected = np.mean([is_wrong[top >= score].mean() for score in top])
    assert measure_coverage(*case).area == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(predictions(), st.integers(0, 100))
def test_order_of_the_texts_does_not_matter(case, seed):
    """Texts in another order give the same curve."""
    order = np.random.default_rng(seed).permutation(len(case[0]))
    assert measure_coverage(case[0][order], case[1][order]) == measure_coverage(*case)


@given(st.floats(0.5, 0.999), st.integers(1, 4))
def test_neighbouring_floats_are_told_apart(score, n_steps):
    """Scores that differ in the last bit are two points, and each threshold is above the lower of them."""
    tops = [score]
    for _ in range(n_steps):
        tops.append(np.nextafter(tops[-1], 1))
    probs = np.array([[top, 1 - top] for top in tops])
    curve = measure_coverage(np.zeros(len(tops), dtype=int), probs)
    assert curve.n_answered == tuple(range(len(tops), 0, -1))
    for threshold, n_answered in zip(curve.thresholds, curve.n_answered, strict=True):
        assert int((probs.max(axis=1) >= threshold).sum()) == n_answered


def test_threshold_keeps_clear_of_the_scores():
    """Halfway between two scores, so that the noise of other arithmetic moves no text."""
    curve = measure_coverage(np.zeros(3, dtype=int), np.array([[0.5, 0.5], [0.7, 0.3], [0.9, 0.1]]))
    assert curve.thresholds == pytest.approx((0.0, 0.6, 0.8))
    assert curve.split == "validation"
    assert measure_coverage(np.array([0]), np.array([[1.0, 0.0]]), split="test").split == "test"


@settings(deadline=None)
@given(predictions(), st.floats(0, 1))
def test_rule_on_a_split_is_counted(case, threshold):
    """What a rule from elsewhere answers here, as a loop finds it; no answers have no accuracy."""
    found = measure_answered(*case, AbstainRule(threshold))
    n_answered, n_right = count_by_hand(*case, threshold)
    assert found == Answered(len(case[0]), n_answered, n_right)
    assert found.coverage == n_answered / len(case[0])
    assert found.accuracy == (n_right / n_answered if n_answered else None)
    assert found.to_dict() == {
        "n_texts": len(case[0]),
        "n_answered": n_answered,
        "n_right": n_right,
        "coverage": found.coverage,
        "accuracy": found.accuracy,
    }


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_points_hold_for_the_scores_they_were_measured_on(dtype):
    """Scores of a float32 network, a rounding error apart, are answered as the curve counted them."""
    step = np.float32(0.5) + np.arange(40, dtype=np.float32) * np.finfo(np.float32).eps
    probs = np.column_stack([step, 1 - step]).astype(dtype)
    label_ids = np.zeros(len(probs), dtype=int)
    curve = measure_coverage(label_ids, probs)
    assert len(curve.thresholds) == 40
    for threshold, n_answered in zip(curve.thresholds, curve.n_answered, strict=True):
        assert measure_answered(label_ids, probs, AbstainRule(threshold)).n_answered == n_answered


def simulate(n_texts, seed):
    """Make texts whose top score, often near 1, is the chance that they are right."""
    rng = np.random.default_rng(seed)
    top = 1 - 0.5 * rng.random(n_texts) ** 3
    return (rng.random(n_texts) > top).astype(int), np.column_stack([top, 1 - top])


@pytest.mark.parametrize("target", TARGETS)
def test_chosen_threshold_is_the_lowest_that_is_proven(target):
    """The rule of `reaching`, from the scores alone; None where nothing is proven."""
    label_ids, probs = simulate(20_000, 0)
    curve = measure_coverage(label_ids, probs)
    points = zip(curve.thresholds, curve.proven_accuracy, strict=True)
    assert curve.reaching(target).threshold == min(t for t, proven in points if proven >= target)
    assert measure_coverage(label_ids[:20], probs[:20]).reaching(target) is None


def test_promise_of_a_target_is_kept_on_other_texts():
    """Chosen on some texts, the answers of others reach the target nearly always.

    By luck, half the time.
    """
    kept, kept_by_luck = [], []
    for seed in range(40):
        chosen, fresh = simulate(1000, seed), simulate(20_000, 1000 + seed)
        curve = measure_coverage(*chosen)
        lucky = curve.thresholds[int(np.flatnonzero(curve.accuracy >= 0.92)[0])]
        proven = curve.reaching(0.92).threshold
        kept.append(measure_answered(*fresh, AbstainRule(proven)).accuracy >= 0.92)
        kept_by_luck.append(measure_answered(*fresh, AbstainRule(lucky)).accuracy >= 0.92)
    assert np.mean(kept) >= 0.95
    assert np.mean(kept_by_luck) < 0.75


@pytest.mark.parametrize(
    ("label_ids", "probs", "said"),
    [
        ([], np.empty((0, 2)), r"0 labels and scores of shape \(0, 2\)"),
        (
            [0, 1],
            np.ones((3, 2)),
            r"2 labels and scores of shape \(3, 2\); one row per label is accepted",
        ),
        ([0, 1], np.ones(2), r"2 labels and scores of shape \(2,\)"),
    ],
    ids=["no-texts", "other-number", "one-column"],
)
def test_shapes_that_do_not_fit_are_refused(label_ids, probs, said):
    """Nothing to measure, or nobody knows which row is whose."""
    for measure in (measure_coverage, lambda a, b: measure_answered(a, b, AbstainRule(0.5))):
        with pytest.raises(InputError, match=said):
            measure(np.array(label_ids, dtype=int), probs)
