"""Texts of test that also occur in train.

Both scores are there, in the dict, in the sentence and in the model.
"""

import re
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from assay.catalogue import LANGUAGES, open_language
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts
from assay.evaluation.caveats import (
    FEW_TEST_TEXTS,
    find_caveats,
    find_fall,
    find_few_given,
    find_near_leaks,
    find_several_fall,
    find_several_leaks,
    find_several_small_test,
    find_small_test,
    find_too_clear,
    find_unknowable,
)
from assay.evaluation.evidence import OUT_OF_FOLD, EvidencePredictions
from assay.evaluation.metrics import score_predictions
from assay.evaluation.scoring import manifest_scores, score_parts, score_split
from assay.evaluation.several_scores import SEVERAL_METRICS, score_several
from assay.evaluation.several_scoring import SeveralScored
from assay.models import make_estimator, save_model
from assay.runtime.predictor import load_model

TRAIN = LabelledTexts(
    tuple(f"good day {i}" if i % 2 else f"bad day {i}" for i in range(40)), ("sadness", "joy") * 20
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Save a linear model of TRAIN."""
    out = tmp_path_factory.mktemp("models") / "linear"
    save_model(make_estimator("linear").fit(TRAIN.texts, TRAIN.labels), out)
    return load_model(out)


def part(leaked, new_right, new_wrong):
    """Make a split of texts of train, in another case, of new texts that are right, and of new ones that are wrong."""
    texts = (
        [t.upper() for t in TRAIN.texts[:leaked]]
        + ["good night"] * new_right
        + ["bad night"] * new_wrong
    )
    labels = [*TRAIN.labels[:leaked], *["joy"] * (new_right + new_wrong)]
    return LabelledTexts(tuple(texts), tuple(labels))


def sentences(scored, *, split):
    """Return the caveats of a split in English."""
    return [open_language("en").tell(fact) for fact in find_caveats(scored, split=split)]


def test_both_scores_are_measured(model):
    """Of ten leaked texts and four new ones, one wrong.

    Accuracy 13/14 with them and 3/4 without.
    """
    scored = score_split(model, part(10, 3, 1), seed=0, train=TRAIN)
    assert (scored.n_leaked, scored.scores.accuracy) == (10, pytest.approx(13 / 14))
    plain = scored.to_dict()
    assert plain["accuracy"] == pytest.approx(13 / 14)
    assert plain["without_leaks"]["accuracy"] == pytest.approx(3 / 4)
    assert plain["without_leaks"]["n_texts"] == 4
    assert plain["without_leaks"]["n_leaked"] == 10
    assert sentences(scored, split="test")[0] == (
        "10 of 14 test texts also occur in train: without them accuracy is 75.00%, with them 92.86%."
    )


def test_sentence_says_what_the_model_was_fitted_on(model):
    """Fitted on train and validation, and scored on its own texts: neither is called a copy of train."""
    scored = score_split(model, part(10, 3, 1), seed=0, train=TRAIN)
    both = find_caveats(scored, split="test", fitted_on=["train", "validation"])[0]
    assert open_language("en").tell(both) == (
        "10 of 14 test texts also occur in the training texts (train and validation): "
        "without them accuracy is 75.00%, with them 92.86%."
    )
    own = "the model was trained on 10 of these 14 texts: on the other 4 accuracy is 75.00%, "
    for split in ("all", "validation"):
        found = find_caveats(scored, split=split, fitted_on=["train", "validation"])[0]
        assert open_language("en").tell(found) == f"{own}on all of them 92.86%."
        assert "나머지 4개의 정확도는 75.00%" in open_language("ko").tell(found)
    none = score_split(model, part(10, 0, 0), seed=0, train=TRAIN)
    assert sentences(none, split="all")[0].startswith(
        "the model was trained on 10 of these 10 texts: no"
    )


def test_claims_of_a_model_carry_both(model):
    """What assay.json says has each score twice."""
    claims = manifest_scores({"test": score_split(model, part(10, 3, 1), seed=0, train=TRAIN)})
    accuracy = next(claim for claim in claims if claim["metric"] == "accuracy")
    assert accuracy["without_leaks"]["value"] == pytest.approx(3 / 4)
    assert accuracy["without_leaks"]["n_texts"] == 4
    low, high = accuracy["without_leaks"]["interval"]
    assert low <= 3 / 4 <= high


def test_nothing_is_said_where_nothing_leaked(model):
    """No key, no sentence."""
    scored = score_split(model, part(0, 3, 0), seed=0, train=TRAIN)
    assert "without_leaks" not in scored.to_dict()
    assert not [said for said in sentences(scored, split="test") if "occur in train" in said]
    assert (
        score_split(model, part(10, 1, 1), seed=0).n_leaked == 0
    )  # without train nothing can be known


def test_split_that_leaked_whole_has_no_other_score(model):
    """All of it in train: the other score is null and the sentence says why."""
    scored = score_split(model, part(10, 0, 0), seed=0, train=TRAIN)
    assert scored.to_dict()["without_leaks"] == {
        "n_leaked": 10,
        "n_texts": 0,
        "accuracy": None,
        "f1_weighted": None,
        "f1_macro": None,
        "intervals": {},
    }
    assert "no text is left to measure anything but memory on" in sentences(scored, split="test")[0]


@pytest.mark.parametrize("policy", ["truncate", "window"])
def test_long_texts_are_scored_apart(tmp_path, policy):
    """Texts that the model cannot read whole are a part of their own, however few they are."""
    compact = make_estimator("compact", max_tokens=8, n_epochs=1, hidden_size=8, long_texts=policy)
    save_model(
        compact.fit(TRAIN.texts, TRAIN.labels),
        tmp_path / "compact",
        label_set=LabelSet(("joy", "sadness")),
    )
    model = load_model(tmp_path / "compact")
    split = LabelledTexts(("good day",) * 12 + ("good day " * 30,) * 2, ("joy",) * 14)
    parts = {
        one.name: one
        for one in score_parts(model, score_split(model, split, seed=0))
        if one.kind == "limit"
    }
    long = "cut after 8 tokens" if policy == "truncate" else "read in windows of 8 tokens"
    assert {name: one.n_texts for name, one in parts.items()} == {long: 2, "read whole": 12}
    right = np.asarray(model.predict(split.texts)) == "joy"
    assert parts[long].accuracy == right[12:].mean()


def test_languages_are_parts(model):
    """Names that the caller brings are parts like the others."""
    split = LabelledTexts(("good day",) * 20, ("joy",) * 20)
    scored = score_split(model, split, seed=0)
    parts = [
        one
        for one in score_parts(model, scored, languages=["en"] * 10 + ["ko"] * 10)
        if one.kind == "language"
    ]
    assert [(one.name, one.n_texts) for one in parts] == [("en", 10), ("ko", 10)]


def scores(n_right, n_texts):
    """Return the scores of so many texts with two labels, of which so many are labelled right."""
    label_ids = np.arange(n_texts) % 2
    right = np.arange(n_texts) < n_right
    probs = np.eye(2)[np.where(right, label_ids, 1 - label_ids)]
    return score_predictions(label_ids, probs, LabelSet(("a", "b")), seed=0, n_resamples=99)


def test_a_fall_is_said_where_chance_does_not_explain_it():
    """Eight points on 1,000 texts are said; on 50, or of one point, they are not."""
    fall = find_fall(scores(875, 1000), scores(795, 1000))
    assert fall.to_dict() == {
        "kind": "caveats.fall",
        "accuracy": 0.795,
        "promised": 0.875,
        "n_texts": 1000,
    }
    assert find_fall(scores(44, 50), scores(40, 50)) is None
    assert find_fall(scores(16, 53), scores(0, 7)) is None  # once in twelve
    assert find_fall(scores(16, 53), scores(0, 20)) is not None
    assert find_fall(scores(87500, 100_000), scores(86500, 100_000)) is None
    assert find_fall(scores(795, 1000), scores(875, 1000)) is None


def test_the_evidence_is_said_beside_a_small_test():
    """All of eight test texts right is no promise; where test says as much, nothing is added."""
    evidence = scores(41, 52)
    fact = find_small_test(evidence, scores(8, 8))
    low, high = evidence.intervals["accuracy"]
    assert open_language("en").tell(fact) == (
        "8 test texts say little (100.0% right). Of the 52 texts that methods were chosen on, 78.8% were labelled "
        f"right (95% interval {low:.1%} to {high:.1%}): expect about that of new texts."
    )
    assert find_small_test(scores(200, 250), scores(100, 130)) is None
    assert find_small_test(evidence, scores(30, 30)) is None


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            "caveats.too_clear",
            "100.0% of the 200 texts that methods were chosen on were labelled right.",
        ),
        (
            "caveats.several_too_clear",
            "on the 200 texts that methods were chosen on, micro F1 is 100.0%.",
        ),
    ],
)
def test_scores_that_texts_of_people_seldom_have_are_said(kind, said):
    """All of many texts right is a reason to look at the texts; few can be right by chance."""
    (fact,) = find_too_clear(1.0, 200, kind=kind)
    told = open_language("en").tell(fact)
    assert told.startswith(said)
    assert "a template, an ID or a word that is the label itself" in told
    assert find_too_clear(0.995, 200, kind=kind)
    assert not find_too_clear(0.994, 200, kind=kind)
    assert not find_too_clear(1.0, 40, kind=kind)


def test_texts_that_are_nearly_those_of_train_are_said():
    """From two in a hundred on, of the splits that the model was fitted on."""
    near = {("test", "train"): 4, ("test", "validation"): 9, ("validation", "train"): 50}
    (fact,) = find_near_leaks(near, split="test", n_texts=15)
    said = open_language("en").tell(fact)
    assert said.startswith("4 of 15 test texts are nearly the same as texts of the training data")
    assert not find_near_leaks(near, split="test", n_texts=201)
    assert find_near_leaks(near, split="test", n_texts=201, fitted_on=("train", "validation"))
    assert not find_near_leaks({}, split="test", n_texts=15)


def test_near_texts_of_several_splits_and_those_like_none_are_all_texts():
    """Some are near train and others near validation: both are counted, and what is equal is not."""
    near = {("test", "train"): 2, ("test", "validation"): 1}
    alike, right = np.arange(15) < 4, np.arange(15) < 12
    given = {"split": "test", "n_texts": 15, "fitted_on": ("train", "validation")}
    (fact,) = find_near_leaks(near, alike=alike, n_equal=1, correct=right, **given)
    said = open_language("en").tell(fact)
    assert said.startswith("3 of 15 test texts are nearly the same as texts of the training data")
    assert "Of the 11 that are like none, 72.7% are labelled right" in said
    (fact,) = find_near_leaks(near, alike=alike, **given)
    assert "4 of 15" in open_language("en").tell(fact)
    (fact,) = find_near_leaks(near, alike=np.ones(15, dtype=bool), correct=right, **given)
    assert "like none" not in open_language("en").tell(fact)


def several_scores(n_texts, n_wrong, seed, share=0.4):
    """Return the scores of so many texts with three labels, of which so many are all wrong."""
    rng = np.random.default_rng(seed)
    truth = (rng.random((n_texts, 3)) < share).astype(np.int64)
    predicted = truth.copy()
    predicted[:n_wrong] = 1 - truth[:n_wrong]
    label_set = LabelSet(("a", "b", "c"), "multi")
    return score_several(
        truth, predicted * 0.9, predicted, label_set, np.full(3, 0.5), seed=0, n_resamples=200
    )


@pytest.mark.parametrize("metric", SEVERAL_METRICS)
def test_a_fall_is_said_where_texts_may_have_several_labels(metric):
    """The metric is that of the choice; the intervals of both scores do not explain the fall."""
    scores = several_scores
    good, bad = scores(1000, 100, 1), scores(1000, 300, 2)
    fact = find_several_fall(good, bad, metric=metric)
    assert (fact.kind, fact.values["metric"]) == ("caveats.several_fall", metric)
    assert fact.values["score"] < fact.values["promised"]
    assert find_several_fall(scores(30, 3, 3), scores(30, 4, 4), metric=metric) is None
    assert find_several_fall(bad, good, metric=metric) is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("metric", "field"), SEVERAL_METRICS.items())
def test_the_evidence_is_said_beside_a_small_test_of_several_labels(metric, field, language):
    """By the metric of the choice, with its interval; a test of a hundred texts speaks for itself."""
    evidence = several_scores(120, 30, 1)
    fact = find_several_small_test(evidence, several_scores(60, 0, 2), metric=metric)
    said = open_language(language).tell(fact)
    low, high = evidence.intervals[field]
    for number in (getattr(evidence, field), low, high, fact.values["score"]):
        assert f"{number:.1%}" in said
    assert "60" in said
    assert "120" in said
    assert find_several_small_test(evidence, several_scores(61, 0, 2), metric=metric) is None
    large = several_scores(400, 30, 1)
    assert find_several_small_test(large, several_scores(100, 0, 2), metric=metric) is None
    assert find_several_small_test(large, several_scores(99, 0, 2), metric=metric) is not None


@pytest.mark.parametrize("language", LANGUAGES)
def test_few_labels_of_many_texts_are_said(language):
    """Of 200 texts of which three in a hundred have a label, six had a macro F1 of 100 %."""
    scores = several_scores(200, 0, 3, share=0.01)
    n_given = sum(row.n_texts for row in scores.per_label)
    said = open_language(language).tell(find_few_given(scores))
    assert "200" in said
    assert str(n_given) in said
    assert 0 < n_given < 10
    assert find_few_given(several_scores(200, 0, 3)) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_of_train_are_said_where_texts_may_have_several_labels(language):
    """How many of test, and the score with and without them; where none is left, that is said."""
    labelled = LabelledTexts(("a",) * 100, ("b",) * 100)
    nothing = np.zeros((0, 3))
    every, others = several_scores(100, 20, 1), several_scores(70, 30, 1)
    scored = SeveralScored(labelled, nothing, nothing, nothing, every, 1.0, 30, others)
    said = {}
    for fitted_on in (("train",), ("train", "validation")):
        fact = find_several_leaks(scored, split="test", fitted_on=fitted_on, metric="micro-f1")
        said[fitted_on] = open_language(language).tell(fact)
        for number in (f"{every.f1_micro:.2%}", f"{others.f1_micro:.2%}", "30", "100"):
            assert number in said[fitted_on]
    assert len(set(said.values())) == 2
    none_left = find_several_leaks(
        replace(scored, n_leaked=100, without_leaks=None), split="test", metric="micro-f1"
    )
    assert none_left.kind == "caveats.all_leaked"
    clean = replace(scored, n_leaked=0, without_leaks=None)
    assert find_several_leaks(clean, split="test", metric="micro-f1") is None


def test_a_label_whose_texts_are_all_equal_cannot_be_known_out_of_fold():
    """Equal texts are in one fold; on held-out texts nothing of that kind is said."""
    label_ids = np.array([0, 0, 1, 1, 2])
    folded = EvidencePredictions(
        kind=OUT_OF_FOLD,
        label_ids=label_ids,
        predicted_ids=label_ids[None],
        groups=np.array([0, 1, 2, 2, 3]),
        rows=np.arange(5),
        n_folds=2,
    )
    (fact,) = find_unknowable(folded, ("joy", "fear", "anger"))
    assert open_language("en").tell(fact) == (
        "2 labels have no two different texts (fear, anger): out of fold no model could know them, "
        "so that all texts with them count as wrong there."
    )
    assert find_unknowable(EvidencePredictions.held_out(label_ids, label_ids), "abc") == []


def test_the_page_of_the_server_has_the_rule_of_small_tests():
    """It shows the evidence first where reports do, and the server knows no evaluation."""
    page = resources.files("assay.server").joinpath("static/page.js").read_text(encoding="utf-8")
    (n_texts,) = re.findall(r"FEW_TEST_TEXTS = (\d+);", page)
    assert int(n_texts) == FEW_TEST_TEXTS
    assert "test.n_texts < FEW_TEST_TEXTS && evidence.n_texts >= 2 * test.n_texts" in page
