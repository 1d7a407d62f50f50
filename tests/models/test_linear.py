"""`linear` and `majority`: the same as scikit-learn's own parts put together."""

from collections import Counter
from itertools import chain

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from _support.small_models import EDGE_TEXTS, small_data
from assay.errors import DataError, InputError
from assay.models import Linear, Majority
from assay.models.machine import MANY_TOLERANCE, TOLERANCE
from assay.models.term_settings import LARGE, SMALL
from assay.runtime.linear import LinearModel, TextTerms
from assay.runtime.rare_terms import bucket_bits, bucket_of

TEXTS, LABELS = small_data(90)
NEW_TEXTS = [*small_data(30, seed=1)[0], *EDGE_TEXTS]


def hide_rare(analyzer, texts):
    """Return an analyzer that spells the terms of a single text of `texts` as their buckets."""
    n_texts = Counter(chain.from_iterable(set(analyzer(text)) for text in texts))
    n_bits = bucket_bits(sum(n == 1 for n in n_texts.values()))

    def spell(text):
        shared = [(term, n_texts[term] > 1) for term in analyzer(text)]
        return [
            term if is_kept else f"#bucket {bucket_of(term, n_bits)}" for term, is_kept in shared
        ]

    return spell


def oracle(*, C=1.0, char_weight=SMALL.char_weight, multi_class="ovr", tol=TOLERANCE, texts=TEXTS):
    """Put the method together from scikit-learn's parts."""
    terms = TextTerms(min_chars=SMALL.min_chars)
    union = make_union(
        *(
            TfidfVectorizer(analyzer=hide_rare(cut, texts), sublinear_tf=True, dtype=np.float32)
            for cut in (terms.words, terms.characters)
        )
    )
    union.set_params(
        transformer_weights={"tfidfvectorizer-1": 1.0, "tfidfvectorizer-2": char_weight}
    )
    return make_pipeline(union, LinearSVC(C=C, tol=tol, multi_class=multi_class, random_state=0))


@pytest.mark.parametrize("parameters", [{}, {"C": 0.1}, {"char_weight": 1.0}])
def test_margins_are_those_of_a_scikit_learn_pipeline(parameters):
    """The numpy model gives the decision function of the pipeline that it stands for, on unknown words too."""
    pipeline = oracle(**parameters).fit(TEXTS, LABELS)
    linear = Linear(**parameters).fit(TEXTS, LABELS)
    np.testing.assert_allclose(
        linear.decision_logits(NEW_TEXTS), pipeline.decision_function(NEW_TEXTS), atol=1e-6
    )


def test_many_classes_have_one_machine():
    """More than 32 classes are told apart together, with a tolerance of their own; 32 are not."""
    for n_classes, multi_class, tol in (
        (32, "ovr", TOLERANCE),
        (33, "crammer_singer", MANY_TOLERANCE),
    ):
        texts, labels = small_data(150, labels=tuple(f"label{i}" for i in range(n_classes)))
        pipeline = oracle(multi_class=multi_class, tol=tol, texts=texts).fit(texts, labels)
        linear = Linear().fit(texts, labels)
        np.testing.assert_allclose(
            linear.decision_logits(NEW_TEXTS), pipeline.decision_function(NEW_TEXTS), atol=1e-6
        )


def test_two_classes_split_the_margin():
    """With two classes scikit-learn has one margin: the difference of the two logits."""
    labels = ["good" if label == "joy" else "bad" for label in LABELS]
    pipeline = oracle().fit(TEXTS, labels)
    logits = Linear().fit(TEXTS, labels).decision_logits(NEW_TEXTS)
    np.testing.assert_allclose(
        logits[:, 1] - logits[:, 0], pipeline.decision_function(NEW_TEXTS), atol=1e-6
    )


def test_character_terms_can_be_left_out():
    """With `max_chars` 0 there are words only, and misspelt ones say nothing."""
    linear = Linear(max_chars=0).fit(TEXTS, LABELS)
    assert len(linear.model_.vocabularies) == 1
    np.testing.assert_allclose(linear.decision_logits(["lovelyx"])[0], linear.model_.bias)
    assert (
        np.abs(Linear().fit(TEXTS, LABELS).decision_logits(["lovelyx"]) - linear.model_.bias).max()
        > 0.1
    )


def test_one_row_a_class_suffices():
    """Two texts are a training set, though no n-gram need be in both."""
    linear = Linear().fit(["good", "나쁜"], ["pos", "neg"])
    assert list(linear.predict(["good", "나쁜"])) == ["pos", "neg"]


@pytest.mark.parametrize(("n_texts", "is_kept"), [(90, True), (8000, False)])
def test_many_texts_ask_more_of_an_n_gram(n_texts, is_kept):
    """What occurs in two texts of few is a term, of many it is not; who asks for it gets it."""
    texts, labels = small_data(n_texts)
    texts[:2] = "quixotic", "quixotic"
    assert (" quix" in Linear().fit(texts, labels).model_.vocabularies[1]) == is_kept
    assert " quix" in Linear(min_count=2).fit(texts, labels).model_.vocabularies[1]


def test_models_of_folds_count_the_terms_of_the_final_model(monkeypatch):
    """As all texts ask for them, however many are left outside; the next fit asks anew."""
    monkeypatch.setattr("assay.models.term_settings.LARGE_TEXTS", 60)
    monkeypatch.setattr("assay.models.term_settings.SMALL_TERMS_TEXTS", 60)
    texts, labels = small_data(60)
    label_ids = np.unique(labels, return_inverse=True)[1]
    linear = Linear()
    linear.predict_fold(texts, label_ids, np.arange(60) < 12)
    assert linear.model_.terms.min_chars == LARGE.min_chars
    assert linear.fit(texts[12:], labels[12:]).model_.terms.min_chars == SMALL.min_chars


def test_terms_of_a_single_text_have_no_spelling(tmp_path):
    """A name and a number of one training text cannot be read in the saved files, and still count."""
    texts, labels = small_data(60)
    texts[0] += " Vladimira 5550173"
    linear = Linear().fit(texts, labels)
    assert not any("vladi" in term or "5550" in term for term in chain(*linear.model_.vocabularies))
    linear.write_parts(tmp_path, np.arange(len(linear.classes_)))
    written = (tmp_path / "vocabulary.json").read_text(encoding="utf-8")
    assert "vlad" not in written
    assert "55501" not in written
    reloaded = LinearModel.load(tmp_path)
    np.testing.assert_allclose(
        reloaded.logits(NEW_TEXTS), linear.decision_logits(NEW_TEXTS), atol=1e-5
    )
    known = linear.decision_logits(["Vladimira 5550173"])[0]
    assert linear.classes_[known.argmax()] == labels[0]


def test_blank_texts_are_learnt_from():
    """Some blank texts among others are legal; texts that are all blank hold nothing to learn."""
    assert Linear().fit(["", "good", " "], ["a", "b", "a"]).predict(["good"])[0] == "b"
    with pytest.raises(
        DataError, match="none of the 2 training texts holds a word; all of them are blank"
    ):
        Linear().fit(["", " \n"], ["a", "b"])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"min_chars": 6}, "min_chars is 6; 1 to max_chars, which is 5, is accepted"),
        ({"min_chars": 0}, "min_chars is 0"),
        ({"min_count": 0}, "min_count is 0; at least 1 is accepted"),
    ],
)
def test_impossible_parameters_are_refused(parameters, message):
    """They are found in `fit`, before they turn into a model without terms."""
    with pytest.raises(InputError, match=message):
        Linear(**parameters).fit(TEXTS, LABELS)


def test_majority_is_scikit_learns_dummy():
    """The shares of the classes for every text, whatever it says; the first of equals wins."""
    dummy = DummyClassifier(strategy="prior").fit(TEXTS, LABELS)
    majority = Majority().fit(TEXTS, LABELS)
    np.testing.assert_allclose(
        majority.predict_proba(EDGE_TEXTS), dummy.predict_proba(EDGE_TEXTS), atol=1e-12
    )
    assert (majority.predict(EDGE_TEXTS) == dummy.predict(EDGE_TEXTS)).all()
    assert Majority().fit(["x"] * 4, ["b", "a", "b", "a"]).predict(["y"])[0] == "a"


def test_texts_whose_n_grams_all_say_nothing_are_learnt_by_their_words():
    """Every n-gram of answers such as 1 and 2 is in very many texts; signs hold no word."""
    for first, second in (("1 2", "2 1"), ("★", "☆")):
        texts, labels = [first, second] * 600, ["one", "two"] * 600
        assert Linear().fit(texts, labels).predict([first]).tolist() == ["one"]
