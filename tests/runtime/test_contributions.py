"""The contributions of words to a linear model: they sum to the logits, and each is at the place of its characters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from _support.small_models import EDGE_TEXTS
from assay.runtime.contributions import linear_contributions
from assay.runtime.linear import LinearModel, TextTerms
from assay.tokenization import find_words

AWKWARD = " \t\n\x1c\x85\u200b\u2028aAİıßΣσςĿ오늘ㅠ\u1112\u1161é\u0301\u3099か嬉今カ1_-.'"
TRICKY = st.text(st.sampled_from(AWKWARD) | st.characters(), max_size=30)


def model_of(texts, *, max_chars=5, rule=2):
    """Make a model of random weights that knows every term of `texts`."""
    rng = np.random.default_rng(0)
    terms = TextTerms(max_chars=max_chars, rule=rule)
    splitters = [terms.words, terms.characters][: 2 if max_chars else 1]
    vocabularies = [sorted({term for text in texts for term in split(text)}) for split in splitters]
    n_terms = sum(map(len, vocabularies))
    return LinearModel(
        terms=terms,
        vocabularies=vocabularies,
        idf=rng.uniform(1, 5, n_terms),
        weights=rng.normal(size=(n_terms, 3)),
        bias=rng.normal(size=3),
    )


def assert_sums(model, text):
    """Hold that bias and contributions make up the logits."""
    words = find_words(text)
    found = linear_contributions(model, text, words)
    assert found.shape == (len(words), 3)
    np.testing.assert_allclose(model.bias + found.sum(axis=0), model.logits([text])[0], atol=1e-9)


@given(TRICKY, st.sampled_from([0, 3, 5]), st.sampled_from([1, 2]))
def test_contributions_and_bias_sum_to_the_logits(text, max_chars, rule):
    """Nothing is lost and nothing is counted twice: any script, any blanks, letters that fold to more letters."""
    assert_sums(model_of([text], max_chars=max_chars, rule=rule), text)


@pytest.mark.parametrize("text", EDGE_TEXTS, ids=range(len(EDGE_TEXTS)))
def test_contributions_of_awkward_texts_sum_to_the_logits(text):
    """Terms that the model does not know take nothing away from those it does."""
    assert_sums(model_of(EDGE_TEXTS[::2]), text)


def test_word_has_its_own_terms_and_half_of_its_pairs():
    """One known word, one known pair, no character n-grams: the arithmetic by hand."""
    model = LinearModel(
        terms=TextTerms(max_chars=0),
        vocabularies=[["good", "good day"]],
        idf=np.array([1.0, 1.0]),
        weights=np.array([[2.0, 0.0], [0.0, 4.0]]),
        bias=np.zeros(2),
    )
    found = linear_contributions(model, "a good day", find_words("a good day"))
    np.testing.assert_allclose(found, np.array([[0, 0], [2, 2], [0, 2]]) / np.sqrt(2), atol=1e-6)


def test_term_across_words_is_shared_by_characters():
    """Where no white space parts the words, an n-gram belongs to them by the characters that it covers of each."""
    model = LinearModel(
        terms=TextTerms(min_chars=3, max_chars=3, rule=1),
        vocabularies=[["none"], ["嬉しい"]],
        idf=np.ones(2),
        weights=np.array([[0.0], [3.0]]),
        bias=np.zeros(1),
    )
    np.testing.assert_allclose(
        linear_contributions(model, "嬉しい", find_words("嬉しい")), [[1.0], [2.0]], atol=1e-6
    )


def test_repeated_word_has_equal_parts():
    """A term that occurs twice has its value divided among its places."""
    model = model_of(["so good so"])
    found = linear_contributions(model, "so x so", find_words("so x so"))
    np.testing.assert_allclose(found[0], found[2])
    assert not found[1].any()
