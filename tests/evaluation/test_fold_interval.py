"""Tests of assay.evaluation.fold_interval: what labels weigh, and that intervals hold fresh accuracy."""

import numpy as np
import pytest

from assay.evaluation.evidence import Answers
from assay.evaluation.fold_interval import fold_interval, weigh_labels
from assay.evaluation.folds import deal_folds
from assay.runtime.limits.wilson import wilson_interval

N_CLASSES, N_TEXTS, N_FRESH, WIDTH = 60, 300, 2000, 30


def answers_of(label_ids, predicted_ids, groups=None):
    """Return answers of one division."""
    rows = np.arange(len(label_ids))
    groups = rows if groups is None else groups
    return Answers("out_of_fold", label_ids, predicted_ids[None, :], groups, rows, 5)


def test_labels_with_equally_many_texts_have_the_interval_of_wilson():
    """Nothing is weighed."""
    label_ids = np.arange(100) % 2
    predicted = np.where(np.arange(100) < 80, label_ids, 1 - label_ids)
    found = fold_interval(answers_of(label_ids, predicted), 2)
    assert found == pytest.approx(wilson_interval(80, 100))


def test_equal_texts_are_one_piece_of_evidence():
    """Half as many distinct texts give a wider interval."""
    label_ids = np.arange(100) % 2
    predicted = np.where(np.arange(100) < 80, label_ids, 1 - label_ids)
    low, high = fold_interval(answers_of(label_ids, predicted, np.arange(100) // 2), 2)
    assert (low, high) == pytest.approx(wilson_interval(40, 50))


def test_a_label_without_texts_weighs_nothing():
    """It cannot be judged."""
    assert weigh_labels(np.array([0, 0, 2, 2]), 3)[1] == 0


def predict(texts, label_ids, others):
    """Return the label whose mean is nearest, shrunk where it has few texts."""
    classes, counts = np.unique(label_ids, return_counts=True)
    means = np.stack([texts[label_ids == one].sum(axis=0) for one in classes])
    means /= counts[:, None] + 1.5
    scores = others @ means.T - 0.5 * (means**2).sum(axis=1) + 0.5 * np.log(counts)
    return classes[scores.argmax(axis=1)]


def test_intervals_hold_the_accuracy_on_fresh_texts_with_five_texts_per_label():
    """At least as often as without weights, and in nine of ten draws."""
    rng = np.random.default_rng(0)
    rates = rng.dirichlet(np.full(N_CLASSES, 30.0))
    centres = rng.normal(size=(N_CLASSES, WIDTH)) * 0.75
    n_held, n_held_plain, n_draws = 0, 0, 40
    for draw in range(n_draws):
        label_ids = rng.choice(N_CLASSES, N_TEXTS + N_FRESH, p=rates)
        texts = centres[label_ids] + rng.normal(size=(len(label_ids), WIDTH))
        own, own_ids = texts[:N_TEXTS], label_ids[:N_TEXTS]
        folds = deal_folds(own_ids, np.arange(N_TEXTS), n_folds=5, seed=draw)
        predicted = np.zeros(N_TEXTS, dtype=np.int64)
        for fold in range(5):
            is_own = folds == fold
            predicted[is_own] = predict(own[~is_own], own_ids[~is_own], own[is_own])
        fresh = (predict(own, own_ids, texts[N_TEXTS:]) == label_ids[N_TEXTS:]).mean()
        low, high = fold_interval(answers_of(own_ids, predicted), N_CLASSES)
        n_held += low <= fresh <= high
        plain = wilson_interval(int((predicted == own_ids).sum()), N_TEXTS)
        n_held_plain += plain[0] <= fresh <= plain[1]
    assert n_held >= max(0.9 * n_draws, n_held_plain)
