"""Tests of assay.evaluation.more_texts: which curve is told, which labels are starved, what is said."""

from dataclasses import replace

import numpy as np
import pytest

from assay.catalogue import LANGUAGES, open_language
from assay.evaluation.learning_curve import LearningCurve
from assay.evaluation.more_texts import expect_more

LABELS = ("ok", "rare", "few")
SIZES = (200, 400, 800)
COUNTS = np.array([800, 150, 50])


def curve_of(method, rows):
    """Make a curve: accuracies of each label's texts by part."""
    label_ids = np.repeat([0, 1, 2], [800, 150, 50])
    predicted = np.tile(label_ids, (3, 1))
    for part, accuracies in enumerate(rows):
        for label_id, accuracy in enumerate(accuracies):
            own = np.flatnonzero(label_ids == label_id)
            predicted[part, own[round(accuracy * len(own)) :]] = 3
    return LearningCurve(method, SIZES, predicted, label_ids, np.arange(1000))


@pytest.fixture(scope="module")
def more():
    """`features` is better, and its rare labels still grow."""
    linear = curve_of("linear", [(0.7, 0.1, 0.1)] * 3)
    features = curve_of("features", [(0.85, 0.25, 0.2), (0.88, 0.4, 0.3), (0.9, 0.52, 0.4)])
    return expect_more((linear, features), COUNTS, LABELS, recommended="compact")


def test_the_best_curve_is_told_unless_the_recommended_one_is_there(more):
    """`compact` has none; where `linear` is recommended, its own is told."""
    assert more.method == "features"
    again = expect_more(more.curves, COUNTS, LABELS, recommended="linear")
    assert again.method == "linear"


def test_starved_labels_are_named_with_their_own_gain(more):
    """Few texts, found rarely, and growing faster than the rest."""
    assert {one.label for one in more.labels} == {"rare", "few"}
    for one in more.labels:
        assert one.growth.gain > more.growth.gain
        assert one.growth.low <= one.growth.gain <= one.growth.high
    assert [one.n_texts for one in more.labels if one.label == "rare"] == [150]


def test_what_is_said_names_gain_and_interval(more):
    """In one or two sentences, and in other words where it may be nothing."""
    sure = replace(more, growth=replace(more.growth, low=0.004)).said
    assert sure.startswith("With twice as many texts (2,000 in place of 1,000): about +2.6 points")
    assert "(probably between 0.4 and 6.2)" in sure
    unsure = replace(more, growth=replace(more.growth, low=-0.004)).said
    assert "may bring nothing, or up to +6.2 points of accuracy: about +2.6 is expected" in unsure
    assert "as features grew on parts of these" in more.said
    assert "help most: " in more.said


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_gain_is_expected_where_nothing_is_shown_to_be_learnt(more, language):
    """With random labels a growth within chance was called "about +2.8 is expected"."""
    unsure = replace(more, growth=replace(more.growth, low=-0.004), is_learnt=False)
    kinds = [fact.kind for fact in unsure.facts()]
    assert kinds == ["more.unknown", "more.other"]
    said = open_language(language).tell(unsure.facts()[0])
    assert "2.6" not in said
    assert "6.2" in said
    sure = replace(more, growth=replace(more.growth, low=0.004), is_learnt=False)
    assert sure.facts()[0].kind == "more.gain"


def test_a_flat_curve_brings_little(more):
    """`linear` has stopped growing."""
    flat = curve_of("linear", [(0.9, 0.9, 0.9)] * 3)
    found = expect_more((flat,), COUNTS, LABELS, recommended="linear")
    assert found.growth.gain < 0.01
    assert found.labels == ()
    assert "may bring nothing, or up to +" in found.said


def test_a_recommended_method_without_a_curve_is_named(more):
    """What is told is of another one; where it is the recommended one, or none learns, nothing is added."""
    said = "compact, which is recommended, was not fitted on parts: it may gain more or less than"
    assert said in more.said
    for recommended in ("features", "majority"):
        assert "which is recommended" not in replace(more, recommended=recommended).said


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_gain_of_accuracy_is_called_that_where_methods_were_chosen_by_macro_f1(more, language):
    """Where one label has nearly all texts, accuracy says little of the others."""
    assert "macro" not in more.said
    *_, added = replace(more, metric="macro-f1", labels=(), recommended=more.method).facts()
    assert added.kind == "more.macro"
    assert "F1" in open_language(language).tell(added)


def test_where_all_is_right_nothing_is_left_to_gain():
    """An interval never promises more than there are mistakes."""
    perfect = curve_of("linear", [(0.99, 0.99, 0.99), (1, 1, 1), (1, 1, 1)])
    found = expect_more((perfect,), COUNTS, LABELS, recommended="linear")
    assert found.growth.high < 0.005
    assert "would bring hardly any accuracy, as linear grew" in found.said
    expected = found.to_dict()["expected"]
    assert expected["interval"][0] <= expected["accuracy"] <= expected["interval"][1] <= 1


def test_the_entry_holds_the_curves_and_the_expected_point(more):
    """As results.json has it."""
    entry = more.to_dict()
    assert [one["method"] for one in entry["curves"]] == ["linear", "features"]
    points = entry["curves"][1]["points"]
    assert [point["n_texts"] for point in points] == list(SIZES)
    expected = entry["expected"]
    assert expected["n_texts"] == 2000
    assert points[-1]["accuracy"] < expected["accuracy"] < 1
    low, high = expected["interval"]
    assert low <= expected["accuracy"] <= high


def test_the_figure_shows_the_growth_that_is_told(more):
    """From the open dot of all texts to both ends of the interval: the points of the sentence."""
    curve = curve_of("linear", [(0.6, 0.4, 0.2), (0.7, 0.5, 0.3), (0.8, 0.6, 0.4)])
    counts = COUNTS * 1.25  # out of fold, a model leaves a fifth of them out
    found = expect_more((curve,), counts.astype(int), LABELS, recommended="linear")
    plain = found.to_dict()
    now = plain["expected"]["accuracy"] - plain["growth"]["gain"]
    low, high = plain["expected"]["interval"]
    assert low - now == pytest.approx(plain["growth"]["low"])
    assert high - now == pytest.approx(plain["growth"]["high"])
    assert found.growth.high < found.from_curve.high
