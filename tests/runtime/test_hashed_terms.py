"""Terms as hashes and counts: the terms of `linear`, hashed one by one, and sums over texts as a loop makes them."""

import zlib
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from _support.small_models import EDGE_TEXTS
from assay.runtime.hashed_terms import BLOCKS, TERMS, TermCounts, count_terms
from assay.tokenization.words import RULE, RULES

# Blanks of every kind, letters whose lower case depends on their place or is longer, combining
# marks.
AWKWARD = " \t\n\x0b\x1c\x85\u00a0\u2003\u200b\u2028aAİıßĿΣσς오늘ㅠé1_-.'\u0301\u1112\u1161\ud800"
TEXTS = st.lists(
    st.text(st.sampled_from(AWKWARD) | st.characters(codec=None), max_size=30), max_size=6
)


def by_hand(text, rule=RULE):
    """Hash each term on its own and count: words with pairs, character n-grams."""
    terms = TERMS[rule]
    blocks = (terms.words(text), terms.characters(text))
    return [
        Counter(zlib.crc32(term.encode("utf-8", "surrogatepass"), salt) for term in terms)
        for salt, terms in enumerate(blocks)
    ]


def unpack(terms):
    """Return what a block holds: a Counter of hashes for each text."""
    counters = [Counter() for _ in range(terms.n_texts)]
    for row, hashed, count in zip(
        terms.rows.tolist(), terms.hashes.tolist(), terms.counts.tolist(), strict=True
    ):
        assert hashed not in counters[row]
        counters[row][hashed] = count
    return counters


@given(TEXTS, st.sampled_from(RULES))
def test_terms_are_those_of_linear_hashed_and_counted(texts, rule):
    """The same terms, each as often as `linear` has them, whatever the text; the second block with its own salt."""
    words, characters = count_terms(texts, {}, rule=rule)
    assert [list(pair) for pair in zip(unpack(words), unpack(characters), strict=True)] == [
        by_hand(t, rule) for t in texts
    ]


@given(TEXTS, TEXTS)
def test_words_seen_before_change_nothing(first, second):
    """What is remembered between calls saves time and is no other result."""
    seen = {}
    count_terms(first, seen)
    for fresh, remembered in zip(count_terms(second, {}), count_terms(second, seen), strict=True):
        assert unpack(fresh) == unpack(remembered)


def test_a_document_without_spaces_is_not_remembered():
    """Its one token has as many n-grams as twice its letters, and hardly comes again."""
    seen = {}
    texts = ["ab" * 25_000, "short words"]
    first = count_terms(texts, seen)
    assert sorted(seen) == ["short", "words"]
    for one, again in zip(first, count_terms(texts, seen), strict=True):
        np.testing.assert_array_equal(one.hashes, again.hashes)
        np.testing.assert_array_equal(one.counts, again.counts)


def test_awkward_texts_have_terms_or_none():
    """Blank texts have none, special tokens and emoji are text like any other."""
    words, characters = count_terms(EDGE_TEXTS, {})
    assert BLOCKS == 2
    for terms in (words, characters):
        assert terms.n_texts == len(EDGE_TEXTS)
        assert (np.diff(terms.rows) >= 0).all()
        assert (terms.hashes.dtype, terms.counts.dtype) == (np.uint32, np.float64)
        assert not {0, 1, 2} & set(terms.rows.tolist())  # "", " ", blanks
    assert len(unpack(characters)[3]) > 0


@given(st.lists(st.integers(0, 2**32 - 1), max_size=30), st.integers(1, 32))
def test_bucket_is_the_upper_bits(hashes, bits):
    """Of all buckets the one that the first bits of the hash name."""
    terms = TermCounts(
        1, np.zeros(len(hashes), dtype=int), np.array(hashes, dtype=np.uint32), np.ones(len(hashes))
    )
    assert terms.buckets(bits).tolist() == [hashed >> (32 - bits) for hashed in hashes]
    assert terms.buckets(bits).dtype == np.int64


@given(st.lists(st.lists(st.floats(-10, 10), max_size=4), max_size=8), st.booleans())
def test_sums_are_those_of_each_text(values, has_columns):
    """Values of terms are summed over their own text; a text without terms has 0."""
    rows = np.repeat(np.arange(len(values)), [len(own) for own in values])
    flat = np.array([value for own in values for value in own])
    terms = TermCounts(len(values), rows, np.zeros(len(rows), dtype=np.uint32), np.ones(len(rows)))
    expected = np.array([sum(own) for own in values], dtype=np.float64)
    if has_columns:
        found = terms.sum_by_text(np.column_stack([flat, 2 * flat]))
        assert found.shape == (len(values), 2)
        np.testing.assert_allclose(found, np.column_stack([expected, 2 * expected]), atol=1e-12)
    else:
        np.testing.assert_allclose(terms.sum_by_text(flat), expected, atol=1e-12)


@pytest.mark.parametrize("texts", [[], ["", " \t"]], ids=["no-texts", "blank"])
def test_nothing_to_count_is_no_error(texts):
    """No texts, or texts without terms, give empty arrays and zero sums."""
    for terms in count_terms(texts, {}):
        assert terms.n_texts == len(texts)
        assert len(terms.rows) == len(terms.hashes) == len(terms.counts) == 0
        assert terms.sum_by_text(np.zeros((0, 3))).tolist() == [[0.0] * 3] * len(texts)


def test_one_large_text_does_not_stop_the_next():
    """A text of a hundred thousand characters beside a short one: each has its own terms."""
    long = "word " * 20_000
    words, _ = count_terms([long, "word"], {})
    assert unpack(words) == [by_hand(long)[0], by_hand("word")[0]]
    assert sorted(unpack(words)[0].values()) == [19_999, 20_000]
