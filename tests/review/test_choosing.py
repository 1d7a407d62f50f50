"""Texts are chosen for variety without a model, and where it is unsure with one; no text twice."""

import numpy as np
import pytest

from assay.review import choosing
from assay.review.choosing import choose_texts, to_directions, uncertainty, uncertainty_of_several


@pytest.fixture
def clusters():
    """Five groups of forty similar texts, as features and the group of each."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(5, 16)) * 4
    groups = np.repeat(np.arange(5), 40)
    return centres[groups] + rng.normal(size=(200, 16)), groups


def choose(features, is_open, n, probs=None):
    """Choose with a fixed seed."""
    rng = np.random.default_rng(1)
    unsure = None if probs is None else uncertainty(probs)
    return choose_texts(to_directions(features), is_open, n=n, rng=rng, unsure=unsure)


def test_first_texts_are_of_every_group(clusters):
    """Five texts of five groups: one of each."""
    features, groups = clusters
    chosen = choose(features, np.ones(200, dtype=bool), 5)
    assert sorted(groups[chosen]) == [0, 1, 2, 3, 4]


def test_group_that_has_labels_comes_last(clusters):
    """What is labelled already speaks for the texts like it."""
    features, groups = clusters
    is_open = np.ones(200, dtype=bool)
    is_open[np.flatnonzero(groups == 2)[:10]] = False
    assert 2 not in groups[choose(features, is_open, 4)]


def test_text_that_covers_nothing_leaves_its_group_open(clusters):
    """A group whose labelled texts came at random is as new as the others."""
    features, groups = clusters
    is_open = np.ones(200, dtype=bool)
    is_open[np.flatnonzero(groups == 2)[:10]] = False
    directions, nothing = to_directions(features), np.zeros(200, dtype=bool)
    chosen = choose_texts(directions, is_open, n=5, rng=np.random.default_rng(1), covers=nothing)
    assert sorted(groups[chosen]) == [0, 1, 2, 3, 4]
    assert is_open[chosen].all()


def test_unsure_model_decides(clusters):
    """All that is chosen is where the model has no lead."""
    features, groups = clusters
    probs = np.where((groups == 3)[:, None], [[0.5, 0.5]], [[0.99, 0.01]])
    chosen = choose(features, np.ones(200, dtype=bool), 6, probs)
    assert set(groups[chosen]) == {3}


def test_same_text_is_not_chosen_twice():
    """A text that is there forty times is chosen once in one go."""
    rng = np.random.default_rng(0)
    features = np.concatenate(
        [np.ones((40, 8)) + 1e-3 * rng.normal(size=(40, 8)), -rng.random((4, 8))]
    )
    chosen = choose(features, np.ones(44, dtype=bool), 5)
    assert sum(row < 40 for row in chosen) == 1


def test_closed_texts_are_never_chosen(clusters):
    """More is wanted than is open: all that is open comes, each once; of nothing comes nothing."""
    features, _ = clusters
    is_open = np.zeros(200, dtype=bool)
    is_open[[3, 60, 130]] = True
    assert sorted(choose(features, is_open, 10)) == [3, 60, 130]
    assert choose(features, np.zeros(200, dtype=bool), 10) == []


def test_uncertainty_is_the_missing_lead():
    """One where two labels tie, none where one has everything; one label alone is no knowledge."""
    probs = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.6, 0.3, 0.1]])
    assert uncertainty(probs) == pytest.approx([1.0, 0.0, 0.7])
    assert uncertainty(np.ones((2, 1))).tolist() == [1.0, 1.0]


def test_text_with_a_label_near_its_threshold_is_uncertain():
    """Of several labels the most doubtful one counts, beside its own threshold."""
    probs = np.array([[0.5, 0.0], [1.0, 0.0], [0.25, 0.8]])
    assert uncertainty_of_several(probs) == pytest.approx([1.0, 0.0, 0.5])
    found = uncertainty_of_several(probs, np.array([0.25, 0.9]))
    assert found == pytest.approx([2 / 3, 0.0, 1.0])


def test_greedy_choice_is_that_of_looking_at_every_text_again(clusters):
    """What a text adds only falls while others are chosen, so that few are looked at twice."""
    features, _ = clusters
    directions, rng = to_directions(features), np.random.default_rng(0)
    is_open, unsure = np.arange(200) % 5 > 0, rng.random(200)
    chosen = choose_texts(directions, is_open, n=12, rng=rng, unsure=unsure)
    rows = np.flatnonzero(is_open)
    similarity = np.exp((directions[rows] @ directions[rows].T - 1) / choosing.WIDTH)
    coverage = np.exp((directions[rows] @ directions[~is_open].T - 1) / choosing.WIDTH).max(axis=1)
    weights, is_free, expected = np.maximum(unsure, 0.02)[rows], np.ones(len(rows), dtype=bool), []
    for _ in range(12):
        gains = (np.maximum(similarity - coverage, 0) @ weights) * weights
        best = int(np.where(is_free, gains, -1).argmax())
        expected.append(int(rows[best]))
        coverage = np.maximum(coverage, similarity[best])
        is_free &= directions[rows] @ directions[rows[best]] < choosing.REPEAT
        is_free[best] = False
    assert chosen == expected
