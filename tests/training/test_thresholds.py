"""Thresholds for F1. That they beat a half is in `test_targets.py`."""

import numpy as np

from assay.training.thresholds import find_min_labels, fit_thresholds


def draw_single(n_texts=4000, n_labels=12, seed=0):
    """Return calibrated scores of texts with exactly one label each, and their labels."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n_texts, n_labels)) * 5
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    ids = np.array([rng.choice(n_labels, p=row) for row in probs])
    return probs, np.eye(n_labels, dtype=np.int64)[ids]


def micro_f1(truth, given):
    """Return the F1 over all entries."""
    return 2 * (truth * given).sum() / (truth.sum() + given.sum())


def test_texts_that_all_have_a_label_get_one_each():
    """Read as several labels, one label per text loses less than two points of its accuracy."""
    probs, truth = draw_single()
    chosen = fit_thresholds(probs[:2000], truth[:2000])
    assert chosen.min_labels == 1
    given = chosen.decide(probs[2000:])
    assert (given.sum(axis=1) >= 1).all()
    accuracy = (probs[2000:].argmax(axis=1) == truth[2000:].argmax(axis=1)).mean()
    assert micro_f1(truth[2000:], given) > accuracy - 0.02
    may_be_none = fit_thresholds(probs[:2000], truth[:2000], min_labels=0)
    assert not may_be_none.decide(probs[2000:]).any(axis=1).all()


def test_one_text_without_a_label_is_enough_to_give_none():
    """The rule follows from the texts; no texts say nothing."""
    probs, truth = draw_single(50)
    assert find_min_labels(truth) == 1
    truth[7] = 0
    assert find_min_labels(truth) == fit_thresholds(probs, truth).min_labels == 0
    assert find_min_labels(truth[:0]) == 0
