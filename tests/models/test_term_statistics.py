"""Statistics of train and the place of validation texts, against counting by hand."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from _support.small_models import EDGE_TEXTS, WORDS, small_data
from assay.models.term_statistics import BITS, MAX_COUNTS, fit_scope_reference, fit_term_statistics
from assay.runtime.hashed_terms import BLOCKS, count_terms
from assay.runtime.limits.scope import ASPECTS, LEVELS, MEASURES


def count_by_hand(texts, label_ids, n_classes, bits):
    """Add up the terms of each class, text by text, term by term."""
    counts = Counter()
    for text, label_id in zip(texts, label_ids, strict=True):
        for block, terms in enumerate(count_terms([text], {})):
            for hashed, count in zip(terms.hashes.tolist(), terms.counts.tolist(), strict=True):
                counts[block, label_id, hashed >> (32 - bits)] += count
    dense = np.zeros((BLOCKS, n_classes, 1 << bits))
    for place, count in counts.items():
        dense[place] = count
    return dense


def ids_of(labels):
    """Return the positions of labels in the order of WORDS."""
    return np.array([list(WORDS).index(label) for label in labels])


@pytest.fixture(scope="module")
def train():
    """Three hundred small texts, more than one chunk, and awkward ones among them."""
    texts, labels = small_data(300)
    return [*texts, *EDGE_TEXTS], np.concatenate(
        [ids_of(labels), np.zeros(len(EDGE_TEXTS), dtype=int)]
    )


@pytest.fixture(scope="module")
def statistics(train):
    """The statistics of those texts."""
    return fit_term_statistics(*train, n_classes=3)


def test_counts_are_those_of_each_class(train, statistics):
    """Every count is that of the terms of its class, to the step of one byte on a log scale; 0 stays 0, 1 stays 1."""
    expected = count_by_hand(*train, n_classes=3, bits=statistics.bits)
    assert statistics.levels.shape == expected.shape
    assert statistics.levels.dtype == np.uint8
    assert (statistics.n_texts, statistics.largest) == (316, int(expected.max()))
    for block in range(BLOCKS):
        kept = statistics._counts(block).T
        assert ((kept == 0) == (expected[block] == 0)).all()
        step = np.exp(np.log(statistics.largest + 1) / LEVELS)  # between two levels
        np.testing.assert_allclose(
            kept[expected[block] > 0], expected[block][expected[block] > 0], rtol=step - 1
        )
        np.testing.assert_allclose(kept[expected[block] == 1], 1.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("n_classes", "bits"),
    [
        (2, 15),
        (3, 15),
        (77, 15),
        (80, 15),
        (81, 14),
        (161, 13),
        (1000, 11),
        (10_000, 8),
        (20_000, 8),
    ],
)
def test_more_classes_get_fewer_buckets(n_classes, bits):
    """What is unpacked stays within its bound, from the most buckets down to the fewest, always a power of two."""
    statistics = fit_term_statistics(
        ["a few words", "other words"], np.array([0, 1]), n_classes=n_classes
    )
    assert statistics.bits == bits
    assert statistics.levels.shape == (BLOCKS, n_classes, 1 << bits)
    assert BITS[0] <= bits <= BITS[1]
    assert bits == BITS[0] or n_classes << bits <= MAX_COUNTS


def test_texts_without_terms_are_no_obstacle():
    """Blank texts count as texts and leave every count at 0."""
    statistics = fit_term_statistics(["", " "], np.array([0, 1]), n_classes=2)
    assert (statistics.n_texts, statistics.largest, int(statistics.levels.max())) == (2, 1, 0)
    assert statistics.measure(["a word", ""]).tolist() == [[0.0] * 3] * 2


def test_text_counts_in_each_of_its_labels():
    """With one label each it is as with class ids; texts without any are a class of their own."""
    texts, labels = small_data(60)
    label_ids = ids_of(labels)
    each = np.eye(3, dtype=np.int64)[label_ids]
    alone = fit_term_statistics(texts, label_ids, n_classes=3)
    np.testing.assert_array_equal(
        fit_term_statistics(texts, each, n_classes=3).levels, alone.levels
    )
    each[:, 1] = 1
    both = fit_term_statistics(texts, each, n_classes=3)
    assert both.levels.shape == alone.levels.shape
    middle = fit_term_statistics(texts, np.ones(60, dtype=np.int64), n_classes=3)
    assert both.largest == middle.largest
    np.testing.assert_array_equal(both.levels[:, 1], middle.levels[:, 1])
    each[:20] = 0
    without = fit_term_statistics(texts, each, n_classes=3)
    expected = count_by_hand(texts[:20], np.zeros(20, dtype=int), 1, without.bits)
    assert without.levels.shape[1] == 4
    np.testing.assert_array_equal(without.levels[:, 3] > 0, expected[:, 0] > 0)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_order_of_the_texts_does_not_matter(train, statistics, seed):
    """The same rows in another order are the same statistics."""
    texts, label_ids = train
    order = np.random.default_rng(seed).permutation(len(texts))
    other = fit_term_statistics([texts[i] for i in order], label_ids[order], n_classes=3)
    np.testing.assert_array_equal(other.levels, statistics.levels)


def softmax_scores(n_texts, seed=0):
    """Make up rows of scores."""
    return np.random.default_rng(seed).dirichlet(np.ones(3), size=n_texts)


def test_reference_is_where_validation_stands(statistics):
    """Means and deviations of the signs, then of the looks, then quantiles of the worse look: computed step by step."""
    texts, _ = small_data(80, seed=1)
    probs = softmax_scores(80)
    reference = fit_scope_reference(statistics, texts, probs, split="validation")
    signs = np.column_stack([statistics.measure(texts), (probs * np.log(probs)).sum(axis=1)])
    assert len(MEASURES) == signs.shape[1]
    np.testing.assert_allclose(reference.means, signs.mean(axis=0))
    np.testing.assert_allclose(reference.stds, signs.std(axis=0))
    scaled = (signs - signs.mean(axis=0)) / signs.std(axis=0)
    looks = {name: scaled @ np.array(weights) for name, weights in ASPECTS.items()}
    np.testing.assert_allclose(reference.aspect_stds, [look.std() for look in looks.values()])
    worse = np.min([look / look.std() for look in looks.values()], axis=0)
    np.testing.assert_allclose(reference.worse_aspect(signs), worse)
    np.testing.assert_allclose(
        reference.quantiles, np.quantile(worse, np.linspace(0, 1, 101)), atol=1e-12
    )
    assert (reference.n_texts, reference.split, reference.threshold) == (80, "validation", 0.05)


def test_validation_itself_is_spread_evenly(statistics):
    """The scope of validation texts is their own rank: 5 % of them lie below 0.05, half below 0.5."""
    texts, _ = small_data(400, seed=2)
    probs = softmax_scores(400)
    reference = fit_scope_reference(statistics, texts, probs)
    signs = np.column_stack([statistics.measure(texts), (probs * np.log(probs)).sum(axis=1)])
    scope = np.sort(reference.scope(signs))
    assert scope.min() > 0
    assert scope.max() <= 1
    np.testing.assert_allclose(scope, np.arange(1, 401) / 400, atol=0.02)


@pytest.mark.parametrize(
    "texts", [["one text"], ["the same"] * 7, ["", ""]], ids=["one", "same", "blank"]
)
def test_validation_without_spread_is_no_obstacle(statistics, texts):
    """One text, or equal ones with equal scores: no sign has a deviation, and a scope is still a share."""
    probs = np.tile([0.5, 0.25, 0.25], (len(texts), 1))
    reference = fit_scope_reference(statistics, texts, probs)
    strange = np.array([[-5.0, -5.0, -5.0, -5.0], [5.0, 5.0, 5.0, 5.0]])
    for scope in (reference.scope(strange), reference.scope(np.zeros((1, 4)))):
        assert ((scope > 0) & (scope <= 1)).all()
