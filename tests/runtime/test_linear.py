"""The numpy side of `linear`: its terms and its logits are scikit-learn's, and its two files are checked when read."""

import json
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from _support.small_models import EDGE_TEXTS, small_data
from assay.errors import ModelError
from assay.runtime.layout import Layout
from assay.runtime.linear import LinearModel, TextTerms, softmax
from assay.tokenization.words import RULES

# Blanks of every kind, case pairs that change length, and what is no letter, beside any other
# character.
AWKWARD = " \t\n\x0b\x1c\x85\u00a0\u2003\u200b\u2028aAİıßĿ오늘ㅠé1_-.'"
TRICKY = st.text(st.sampled_from(AWKWARD) | st.characters(), max_size=40)


def random_model(texts, *, max_chars=5, n_classes=3, seed=0):
    """Make a model of random weights with the vocabulary of `texts`; return it and scikit-learn's vectorisers."""
    rng = np.random.default_rng(seed)
    terms = TextTerms(max_chars=max_chars)
    analyzers = [terms.words, terms.characters] if max_chars else [terms.words]
    vectorizers = [
        TfidfVectorizer(analyzer=analyzer, sublinear_tf=True).fit(texts) for analyzer in analyzers
    ]
    idf = np.concatenate([vectorizer.idf_ for vectorizer in vectorizers])
    model = LinearModel(
        terms=terms,
        vocabularies=[list(vectorizer.get_feature_names_out()) for vectorizer in vectorizers],
        idf=idf,
        weights=rng.normal(size=(len(idf), n_classes)),
        bias=rng.normal(size=n_classes),
    )
    return model, vectorizers


@given(TRICKY, st.integers(1, 4), st.integers(0, 3))
def test_character_terms_are_those_of_scikit_learn(text, min_chars, more):
    """The same n-grams, each as often, as ``CountVectorizer(analyzer="char_wb")`` makes of any text."""
    max_chars = min_chars + more
    oracle = CountVectorizer(
        analyzer="char_wb", ngram_range=(min_chars, max_chars)
    ).build_analyzer()
    terms = TextTerms(min_chars=min_chars, max_chars=max_chars, rule=1)
    assert Counter(terms.characters(text)) == Counter(oracle(unicodedata.normalize("NFC", text)))


@given(TRICKY)
def test_word_terms_are_words_and_pairs(text):
    """The same as scikit-learn's words and word pairs, where one-letter words count."""
    oracle = CountVectorizer(token_pattern=r"\w+", ngram_range=(1, 2)).build_analyzer()
    assert Counter(TextTerms(rule=1).words(text)) == Counter(
        oracle(unicodedata.normalize("NFC", text))
    )


def test_decomposed_text_has_the_terms_of_the_composed_one():
    """Korean as macOS writes it, in loose letters, is the same Korean."""
    composed, loose = "배송이 늦어요 café", unicodedata.normalize("NFD", "배송이 늦어요 café")
    assert loose != composed
    assert TextTerms().words(loose) == TextTerms().words(composed)
    assert TextTerms().characters(loose) == TextTerms().characters(composed)


def test_one_syllable_words_count():
    """Korean has them, and scikit-learn's default pattern would drop them."""
    assert TextTerms().words("나 참 좋아") == ["나", "참", "좋아", "나 참", "참 좋아"]


@pytest.mark.parametrize("max_chars", [5, 0])
def test_logits_are_those_of_scikit_learn(max_chars):
    """TF-IDF through scikit-learn times the weights gives the same logits, awkward texts among them."""
    texts, _ = small_data()
    model, vectorizers = random_model(texts, max_chars=max_chars)
    tested = [*texts, *EDGE_TEXTS, "good good GOOD day", "행복해요 행복해요"]
    matrix = np.concatenate(
        [vectorizer.transform(tested).toarray() for vectorizer in vectorizers], axis=1
    )
    np.testing.assert_allclose(model.logits(tested), matrix @ model.weights + model.bias, atol=1e-6)


def test_text_without_known_words_gets_the_bias():
    """Empty and wholly unknown texts are legal: nothing speaks for any class but the bias."""
    model, _ = random_model(["good day", "bad day"])
    np.testing.assert_array_equal(
        model.logits(["", " ", "zzzz 놀람", "😀"]), np.tile(model.bias, (4, 1))
    )


@given(st.lists(st.lists(st.floats(-700, 700), min_size=3, max_size=3), min_size=1, max_size=5))
def test_softmax_rows_sum_to_one(logits):
    """However large the logits, rows are probabilities in the same order."""
    probs = softmax(np.array(logits))
    assert np.isfinite(probs).all()
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-12)
    assert (
        np.take_along_axis(probs, np.argmax(logits, axis=1)[:, None], axis=1)[:, 0]
        == probs.max(axis=1)
    ).all()


def test_model_survives_the_disk(tmp_path):
    """What was saved scores as it did, terms with line ends, nulls and half characters included."""
    texts = [*small_data()[0], *EDGE_TEXTS]
    model, _ = random_model(texts)
    model.save(tmp_path)
    loaded = LinearModel.load(tmp_path)
    assert loaded.vocabularies == model.vocabularies
    assert loaded.terms == model.terms
    np.testing.assert_array_equal(loaded.logits(texts), model.logits(texts))
    assert "행복해요" in Layout(tmp_path).vocabulary.read_text(encoding="utf-8")


def replace_arrays(root, **changes):
    path = str(Layout(root).weights)
    save_file(
        {name: array for name, array in (load_file(path) | changes).items() if array is not None},
        path,
    )


def replace_content(root, **changes):
    path = Layout(root).vocabulary
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda root: Layout(root).weights.unlink(), "cannot be read: .*model.safetensors"),
        (lambda root: Layout(root).weights.write_bytes(b"\0" * 20), "cannot be read"),
        (lambda root: Layout(root).vocabulary.write_text("[]"), "cannot be read"),
        (lambda root: Layout(root).vocabulary.write_text("{"), "cannot be read"),
        (lambda root: replace_content(root, min_chars="three"), "cannot be read"),
        (lambda root: replace_content(root, rule=9), "cannot be read: words are cut by rule 9"),
        (
            lambda root: replace_content(root, blocks=[["good"]]),
            r"has idf of shape \(\d+,\), not \(1,\)",
        ),
        (
            lambda root: replace_content(root, blocks=[["good", {"bad": 1}]]),
            "cannot be read: a term of its vocabulary is no text: {'bad': 1}",
        ),
        (lambda root: replace_arrays(root, idf=None), "cannot be read: 'idf'"),
        (
            lambda root: replace_arrays(root, bias=np.zeros(4, "f4")),
            r"has weights of shape \(\d+, 3\), not \(\d+, 4\)",
        ),
        (
            lambda root: replace_arrays(root, bias=np.zeros((3, 1), "f4")),
            r"has bias of shape \(3, 1\), not \(3,\)",
        ),
    ],
)
def test_broken_files_are_a_model_error(tmp_path, damage, message):
    """A missing or broken file, or sizes that do not fit, are found when the model is loaded, not when it predicts."""
    random_model(["good day", "bad day"])[0].save(tmp_path)
    damage(tmp_path)
    with pytest.raises(ModelError, match=rf"the linear model in .* {message}"):
        LinearModel.load(tmp_path)


def test_model_without_a_rule_keeps_that_of_0_1_0(tmp_path):
    """Version 0.1.0 wrote no rule: such a model goes on cutting words as it was trained to."""
    terms = TextTerms(rule=1)
    words = ["द", "好吃"]
    grams = [" 好吃 "]
    LinearModel(
        terms=terms,
        vocabularies=[words, grams],
        idf=np.ones(3),
        weights=np.eye(3),
        bias=np.zeros(3),
    ).save(tmp_path)
    path = Layout(tmp_path).vocabulary
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content.pop("rule") == 1
    path.write_text(json.dumps(content))
    loaded = LinearModel.load(tmp_path)
    assert loaded.terms.rule == 1
    np.testing.assert_allclose(loaded.logits(["दि"])[0], [1, 0, 0])
    np.testing.assert_allclose(loaded.logits(["好吃"])[0], [0, 1, 1])


@pytest.mark.parametrize("rule", RULES)
def test_words_are_cut_by_the_rule_that_a_model_was_saved_with(tmp_path, rule):
    """What a later version takes for the same word stays another one for a model of an earlier one."""
    model = LinearModel(
        terms=TextTerms(max_chars=0, rule=rule),
        vocabularies=[["abc", "ａｂｃ"]],
        idf=np.ones(2),
        weights=np.array([[2.0, 0.0], [0.0, 2.0]]),
        bias=np.zeros(2),
    )
    model.save(tmp_path)
    loaded = LinearModel.load(tmp_path)
    wide = loaded.logits(["ＡＢＣ"])[0].argmax()
    assert wide == (0 if rule == 3 else 1)
    assert loaded.logits(["ABC"])[0].argmax() == 0
