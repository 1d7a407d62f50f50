"""Counting all texts at once: the same as scikit-learn's vectoriser with the same terms.

Also tests `character_grams`.
"""

from itertools import compress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from _support.small_models import EDGE_TEXTS, small_data
from assay.models import character_grams
from assay.models.term_counts import count_terms, limit_terms
from assay.runtime.linear import TextTerms
from assay.runtime.rare_terms import bucket_of

TERMS = TextTerms()
WORDS = st.sampled_from(
    [
        "a",
        "an",
        "Ant",
        "don't",
        "배송이",
        "배송",
        "!!",
        "x_1",
        "é",
        "e\u0301",
        "\x1c",
        "\u00a0",
        " ",
    ]
)


def counts_of(vectoriser, texts):
    """Fit scikit-learn's vectoriser; return its terms and counts.

    An empty vocabulary is an error to it.
    """
    try:
        matrix = vectoriser.fit_transform(texts)
    except ValueError:
        return [], np.zeros((len(texts), 0))
    return vectoriser.get_feature_names_out().tolist(), matrix.toarray()


def check_against_scikit_learn(texts, min_count, terms=TERMS):
    """Compare both kinds of terms, whatever the order of the columns."""
    words, grams = count_terms(texts, terms, min_count=min_count)
    for counted, analyzer, min_df in (
        (words, terms.words, 1),
        (grams, terms.characters, min(min_count, len(texts))),
    ):
        names, expected = counts_of(CountVectorizer(analyzer=analyzer, min_df=min_df), texts)
        order = np.argsort(counted.vocabulary) if counted.vocabulary else []
        assert sorted(counted.vocabulary) == names
        np.testing.assert_array_equal(counted.matrix.toarray()[:, order], expected)


@given(
    st.lists(st.lists(WORDS, max_size=6).map(" ".join), min_size=1, max_size=6), st.integers(1, 3)
)
def test_counts_are_those_of_scikit_learn(texts, min_count):
    """Words, pairs across punctuation, n-grams of composed and decomposed letters, blank texts."""
    check_against_scikit_learn(texts, min_count)


def test_counts_of_sentences_are_those_of_scikit_learn():
    """The same of whole messages."""
    check_against_scikit_learn([*small_data(200)[0], *EDGE_TEXTS], 2)


@pytest.mark.parametrize(("shortest", "longest"), [(1, 2), (2, 9), (6, 6), (5, 12)])
def test_n_grams_of_any_length_are_those_of_scikit_learn(shortest, longest, monkeypatch):
    """Words shorter than the shortest count as a whole; numbers that would not fit are made smaller on the way."""
    texts = [*small_data(40)[0], *EDGE_TEXTS, "a bb ccc", "\ud800 lone", "𝄞𝄞𝄞"]
    for n_bits in (63, 20):
        monkeypatch.setattr(character_grams, "KEY_BITS", n_bits)
        check_against_scikit_learn(texts, 1, TextTerms(min_chars=shortest, max_chars=longest))


def test_n_grams_of_very_many_texts_are_left_out(monkeypatch):
    """What more texts than the bound hold is no column; words are kept."""
    texts = ["the same", "the other", "the third"]
    assert " the" in count_terms(texts, TERMS, min_count=1)[1].vocabulary
    monkeypatch.setattr(character_grams, "COMMON_TEXTS", 2)
    words, grams = count_terms(texts, TERMS, min_count=1)
    assert " the" not in grams.vocabulary
    assert " oth" in grams.vocabulary
    assert "the" in words.vocabulary


def test_rare_columns_are_added_up_by_bucket():
    """Terms of one text lose their names and keep their counts; the others stay as they were."""
    texts = ["one two two", "one three", "one four four four"]
    for counted in count_terms(texts, TERMS, min_count=1):
        hidden = counted.hide_rare()
        is_shared = np.bincount(counted.matrix.indices) > 1
        assert hidden.vocabulary == list(compress(counted.vocabulary, is_shared))
        kept, rare = np.split(hidden.matrix.toarray(), [len(hidden.vocabulary)], axis=1)
        np.testing.assert_array_equal(kept, counted.matrix.toarray()[:, is_shared])
        expected = np.zeros((3, 1 << hidden.rare.n_bits))
        for column in np.flatnonzero(~is_shared):
            bucket = bucket_of(counted.vocabulary[column], hidden.rare.n_bits)
            expected[:, bucket] += counted.matrix.toarray()[:, column]
        np.testing.assert_array_equal(rare, expected[:, hidden.rare.buckets])
        assert rare.sum() == expected.sum()


@pytest.mark.parametrize("texts", [[""], [" ", "\n"], ["!!", "..."]])
def test_texts_without_words_have_no_word_columns(texts):
    """There is nothing to count, and nothing fails."""
    words, _ = count_terms(texts, TERMS, min_count=1)
    assert words.vocabulary == []
    assert words.matrix.shape == (len(texts), 0)


def test_common_n_gram_that_tells_classes_apart_is_kept(monkeypatch):
    """What very many texts hold stays where it is in the texts of one class."""
    monkeypatch.setattr(character_grams, "COMMON_TEXTS", 2)
    texts = ["the good", "the good", "the good", "the bad", "the bad", "the bad"]
    label_ids = np.array([0, 0, 0, 1, 1, 1])
    _, grams = count_terms(texts, TERMS, min_count=1, label_ids=label_ids)
    assert " good" in grams.vocabulary
    assert " the" not in grams.vocabulary
    check_against_scikit_learn(["好吃 now", "難吃 now", "★★ か\u3099 น้ำ"], 1)


def test_too_many_weights_leave_out_the_terms_of_the_fewest_texts(monkeypatch):
    """What is kept is in more texts than what is left out, or comes before it; words come first."""
    texts, _ = small_data(40)
    counted = count_terms(texts, TERMS, min_count=1)
    assert limit_terms(counted, n_classes=3) == counted
    monkeypatch.setattr("assay.models.term_counts.MOST_WEIGHTS", 300)
    limited = limit_terms(counted, n_classes=5)
    assert sum(len(block.vocabulary) for block in limited) == 60
    lowest_kept, highest_left = [], []
    for block, own in zip(counted, limited, strict=True):
        n_texts = dict(
            zip(block.vocabulary, (block.matrix > 0).sum(axis=0).tolist()[0], strict=True)
        )
        assert [term for term in block.vocabulary if term in own.vocabulary] == own.vocabulary
        columns = [block.vocabulary.index(term) for term in own.vocabulary]
        assert (own.matrix != block.matrix[:, columns]).nnz == 0
        lowest_kept += [n_texts[term] for term in own.vocabulary]
        highest_left += [n for term, n in n_texts.items() if term not in own.vocabulary]
    assert min(lowest_kept) >= max(highest_left)


def test_only_a_few_terms_of_words_may_be_left(monkeypatch):
    """A block without a term is a block all the same."""
    counted = count_terms(["one two", "one three"], TERMS, min_count=1)
    monkeypatch.setattr("assay.models.term_counts.MOST_WEIGHTS", 2)
    words, characters = limit_terms(counted, n_classes=2)
    assert (words.vocabulary, characters.vocabulary) == (["one"], [])
