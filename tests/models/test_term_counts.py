"""Counting all texts at once: the same as scikit-learn's vectoriser with the same terms.

Also tests `character_grams`.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from _support.small_models import EDGE_TEXTS, small_data
from assay.models import character_grams, term_counts
from assay.models.term_choice import keep_informative
from assay.models.term_counts import count_terms
from assay.runtime.linear import TextTerms

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
    words, grams = count_terms(texts, terms)
    min_df = min(min_count, len(texts))
    frequent = keep_informative(grams, None, min_count=min_df)
    for counted, analyzer, least in (
        (words, terms.words, 1),
        (frequent, terms.characters, min_df),
    ):
        names, expected = counts_of(CountVectorizer(analyzer=analyzer, min_df=least), texts)
        vocabulary = counted.vocabulary()
        order = np.argsort(vocabulary) if vocabulary else []
        assert sorted(vocabulary) == names
        np.testing.assert_array_equal(counted.matrix().toarray()[:, order], expected)
        assert counted.n_texts_with.tolist() == (counted.matrix() > 0).sum(axis=0).tolist()[0]


@pytest.fixture(params=[1 << 20, 3], autouse=True)
def at_once(request, monkeypatch):
    """Count all texts at once, and a few tokens at a time."""
    monkeypatch.setattr(term_counts, "TOKENS_AT_ONCE", request.param)


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


@pytest.mark.parametrize("texts", [[""], [" ", "\n"], ["!!", "..."]])
def test_texts_without_words_have_no_word_columns(texts):
    """There is nothing to count, and nothing fails."""
    words, _ = count_terms(texts, TERMS)
    assert words.vocabulary() == []
    assert words.matrix().shape == (len(texts), 0)


def test_slices_cover_all_texts_once(monkeypatch):
    """One after another, with at least one text each, blank texts at both ends too."""
    monkeypatch.setattr(term_counts, "TOKENS_AT_ONCE", 4)
    texts = ["", "a b c", "a b c d e f g h i", "", "a", "b", ""]
    words, grams = count_terms(texts, TERMS)
    assert words.slices == grams.slices
    assert len(words.slices) > 1
    assert [i for start, stop in words.slices for i in range(start, stop)] == list(range(7))


def test_counts_are_the_same_whenever_they_are_asked_for():
    """Nothing that is counted changes what it is counted from."""
    texts = ["two two one", "one two two two", "three"]
    for counts in count_terms(texts, TERMS):
        first = counts.matrix().toarray()
        counts.keep(np.arange(counts.n_terms)[::2]).matrix()
        counts.add_up(np.zeros(counts.n_terms, dtype=np.int64), 1).matrix()
        np.testing.assert_array_equal(counts.matrix().toarray(), first)


def test_kept_columns_keep_their_order_and_spelling():
    """Any selection, also of a selection."""
    texts, _ = small_data(20)
    for counts in count_terms(texts, TERMS):
        names = np.array(counts.vocabulary(), dtype=object)
        columns = np.arange(counts.n_terms)[::-3]
        kept = counts.keep(columns).keep(np.arange(0, len(columns), 2))
        assert kept.vocabulary() == names[columns[::2]].tolist()
        expected = counts.matrix()[:, columns[::2]].toarray()
        np.testing.assert_array_equal(kept.matrix().toarray(), expected)
