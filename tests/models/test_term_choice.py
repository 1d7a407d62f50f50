"""Which terms of `linear` are kept, and which only as buckets."""

from itertools import compress

import numpy as np
import pytest

from _support.small_models import small_data
from assay.models import term_choice
from assay.models.term_choice import hide_rare, keep_informative, limit_terms
from assay.models.term_counts import count_terms
from assay.runtime.linear import TextTerms
from assay.runtime.rare_terms import bucket_of

TERMS = TextTerms()


@pytest.fixture(params=[1 << 20, 3], autouse=True)
def at_once(request, monkeypatch):
    """Count all texts at once, and a few tokens at a time."""
    monkeypatch.setattr("assay.models.term_counts.TOKENS_AT_ONCE", request.param)


def informative_grams(texts, label_ids=None):
    """Return the n-grams that are kept."""
    _, grams = count_terms(texts, TERMS)
    return keep_informative(grams, label_ids, min_count=1).vocabulary()


def test_n_grams_of_very_many_texts_are_left_out(monkeypatch):
    """What more texts than the bound hold is no column."""
    texts = ["the same", "the other", "the third"]
    assert " the" in informative_grams(texts)
    monkeypatch.setattr(term_choice, "COMMON_TEXTS", 2)
    grams = informative_grams(texts)
    assert " the" not in grams
    assert " oth" in grams


@pytest.mark.parametrize(
    "label_ids",
    [np.array([0, 0, 0, 1, 1, 1]), np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1]])],
    ids=["single", "several"],
)
def test_common_n_gram_that_tells_classes_apart_is_kept(label_ids, monkeypatch):
    """What very many texts hold stays where it is in the texts of one class."""
    monkeypatch.setattr(term_choice, "COMMON_TEXTS", 2)
    texts = ["the good", "the good", "the good", "the bad", "the bad", "the bad"]
    grams = informative_grams(texts, label_ids)
    assert " good" in grams
    assert " the" not in grams


def test_rare_columns_are_added_up_by_bucket():
    """Terms of one text lose their names and keep their counts; the others stay as they were."""
    texts = ["one two two", "one three", "one four four four"]
    for counts in count_terms(texts, TERMS):
        hidden = hide_rare(counts)
        before, vocabulary = counts.matrix().toarray(), counts.vocabulary()
        is_shared = (before > 0).sum(axis=0) > 1
        assert hidden.vocabulary == list(compress(vocabulary, is_shared))
        after = hidden.counts.matrix().toarray()
        kept, rare = np.split(after, [len(hidden.vocabulary)], axis=1)
        np.testing.assert_array_equal(kept, before[:, is_shared])
        expected = np.zeros((3, 1 << hidden.rare.n_bits))
        for column in np.flatnonzero(~is_shared):
            expected[:, bucket_of(vocabulary[column], hidden.rare.n_bits)] += before[:, column]
        np.testing.assert_array_equal(rare, expected[:, hidden.rare.buckets])
        assert rare.sum() == expected.sum()
        assert hidden.counts.n_texts_with.tolist() == (after > 0).sum(axis=0).tolist()


def test_too_many_weights_leave_out_the_terms_of_the_fewest_texts(monkeypatch):
    """What is kept is in more texts than what is left out, or comes before it; words come first."""
    texts, _ = small_data(40)
    counted = count_terms(texts, TERMS)
    assert limit_terms(counted, n_classes=3) == counted
    monkeypatch.setattr(term_choice, "MOST_WEIGHTS", 300)
    limited = limit_terms(counted, n_classes=5)
    assert sum(counts.n_terms for counts in limited) == 60
    lowest_kept, highest_left = [], []
    for counts, own in zip(counted, limited, strict=True):
        vocabulary, kept = counts.vocabulary(), own.vocabulary()
        n_texts = dict(zip(vocabulary, counts.n_texts_with.tolist(), strict=True))
        assert [term for term in vocabulary if term in kept] == kept
        columns = [vocabulary.index(term) for term in kept]
        assert (own.matrix() != counts.matrix()[:, columns]).nnz == 0
        lowest_kept += [n_texts[term] for term in kept]
        highest_left += [n for term, n in n_texts.items() if term not in kept]
    assert min(lowest_kept) >= max(highest_left)


def test_only_a_few_terms_of_words_may_be_left(monkeypatch):
    """A kind of term that nothing is left of is a kind all the same."""
    counted = count_terms(["one two", "one three"], TERMS)
    monkeypatch.setattr(term_choice, "MOST_WEIGHTS", 2)
    words, characters = limit_terms(counted, n_classes=2)
    assert (words.vocabulary(), characters.vocabulary()) == (["one"], [])
