"""Explanations: their sum, their order, and that every kind of model has them."""

import numpy as np
import pytest

import assay.runtime.explain
from _support.small_models import EDGE_TEXTS, small_data, small_estimator
from assay.errors import InputError, ModelError
from assay.models import save_model
from assay.runtime import load_model
from assay.runtime.explain import explain_text, plan_explanation

LABEL = '화남, "분노"'


@pytest.fixture(scope="module")
def linear(tmp_path_factory):
    """Train a small linear model."""
    out = tmp_path_factory.mktemp("models") / "linear"
    save_model(small_estimator("linear").fit(*small_data(200)), out)
    return load_model(out)


@pytest.fixture(scope="module")
def compact(compact_folder):
    """Load the small network."""
    return load_model(compact_folder)


@pytest.fixture(scope="module")
def majority(tmp_path_factory):
    """Train a model that reads nothing."""
    out = tmp_path_factory.mktemp("models") / "majority"
    save_model(small_estimator("majority").fit(*small_data()), out)
    return load_model(out)


@pytest.fixture(params=["linear", "compact", "majority"])
def model(request):
    """Return each kind of model in turn."""
    return request.getfixturevalue(request.param)


def test_linear_explanation_sums_exactly(linear):
    """Base and words make up the centred logit of every label, of every awkward text."""
    for text in EDGE_TEXTS:
        assert np.abs(explain_text(linear, text).errors).max() < 1e-9, text


@pytest.mark.parametrize(
    "text", ["", " \n", "happy", "i am very happy today", "x" * 3000, "오늘 정말 행복해요"]
)
def test_parts_make_up_the_total(model, text):
    """Words, base and the stated error are the total; the total gives the score back; a part is never nan."""
    found = explain_text(model, text)
    np.testing.assert_allclose(
        found.base + found.contributions.sum(axis=0) + found.errors, found.totals, atol=1e-9
    )
    softmax = np.exp(found.totals) / np.exp(found.totals).sum()
    np.testing.assert_allclose(softmax, found.probs, atol=1e-9)
    np.testing.assert_allclose(found.probs, model.predict_proba([text])[0], atol=1e-6)


def test_occlusion_of_the_only_word_leaves_nothing_unexplained(compact):
    """One word: taking it out leaves the text without words."""
    np.testing.assert_allclose(explain_text(compact, "happy").errors, 0, atol=1e-6)


def test_occlusion_is_what_is_lost_with_the_word(compact):
    """A contribution is the centred logit with all words less that without the word."""
    found = explain_text(compact, "very happy today")
    with_, without = np.log(compact.predict_proba(["very happy today", "very today"]))
    expected = (with_ - with_.mean()) - (without - without.mean())
    np.testing.assert_allclose(found.contributions[1], expected, atol=1e-4)


def test_word_that_makes_the_class_is_on_top(model):
    """The word that the classes were made of pushes most towards its class, and against another."""
    found = explain_text(model, "i am very happy this day")
    if model.method == "majority":
        assert not found.contributions.any()
        return
    assert found.predicted_label == "joy"
    assert found.top_words(1)[0].word == "happy"
    assert found.words("sadness")[3].contribution < 0


def test_folder_is_explained_like_the_model_in_it(linear):
    """A path, as str or Path, is taken as by the other functions; what is no text or no model is said."""
    expected = explain_text(linear, "happy day")
    for folder in (linear.folder, str(linear.folder)):
        assert explain_text(folder, "happy day").to_dict() == expected.to_dict()
    with pytest.raises(InputError, match="text is of the type list; a text is accepted"):
        explain_text(linear, ["happy day"])
    with pytest.raises(ModelError, match="there is no model folder at nowhere"):
        explain_text("nowhere", "happy day")


def test_words_say_where_they_stand(linear):
    """Start and end cut the word out of the text, Korean and emoji included."""
    text = " 오늘\n😀행복해요 嬉しい "
    words = explain_text(linear, text).words()
    assert [word.word for word in words] == ["오늘", "😀", "행복해요", "嬉", "しい"]
    assert all(text[word.start : word.end] == word.word for word in words)


def test_long_text_is_explained_by_runs_of_words(compact, monkeypatch):
    """No more texts are scored than allowed; the runs cover all words, in order."""
    monkeypatch.setattr(assay.runtime.explain, "MAX_PARTS", 4)
    text = " ".join(f"w{i}" for i in range(10))
    plan = plan_explanation(compact, text)
    assert [text[a:b] for a, b in plan.spans] == ["w0 w1 w2", "w3 w4 w5", "w6 w7 w8", "w9"]
    assert plan.texts[2] == "w3 w4 w5 w6 w7 w8 w9"
    assert explain_text(compact, text).contributions.shape == (4, 3)


def test_unknown_label_is_an_error_with_the_labels(linear):
    """A misspelt label is named with what was meant."""
    with pytest.raises(
        InputError, match=r"no label 'joi'; labels: joy; sadness; .*Did you mean 'joy'\?"
    ):
        explain_text(linear, "happy").words("joi")


def test_explanation_as_plain_values_is_about_one_label(linear):
    """The dictionary tells label, score, sum and words; the default label is the predicted one."""
    found = explain_text(linear, "i hate this day")
    plain = found.to_dict()
    assert plain == found.to_dict(LABEL)
    assert (plain["label"], plain["predicted_label"], plain["kind"]) == (LABEL, LABEL, "exact")
    sums = plain["base"] + sum(word["contribution"] for word in plain["words"]) + plain["error"]
    assert sums == pytest.approx(plain["total"])
    assert found.to_dict("joy")["score"] < plain["score"]
