"""Tests of assay.evaluation.fold_interval: how wide it is, and that it holds the accuracy on fresh texts."""

from dataclasses import replace

import numpy as np
import pytest

from assay.evaluation.evidence import EvidencePredictions
from assay.evaluation.fold_interval import fold_interval, fold_spread, widen_interval
from assay.evaluation.folds import deal_folds
from assay.runtime.limits.wilson import wilson_bounds, wilson_interval

N_CLASSES, N_TEXTS, N_FRESH, WIDTH = 60, 300, 2000, 30


def answers_of(label_ids, predicted_ids, groups=None, n_folds=5):
    """Return predictions of one division."""
    rows = np.arange(len(label_ids))
    groups = rows if groups is None else groups
    return EvidencePredictions(
        "out_of_fold", label_ids, predicted_ids[None, :], groups, rows, n_folds
    )


@pytest.mark.parametrize(("n_folds", "n_worth"), [(5, 100), (2, 75), (10, 225 / (19 / 9))])
def test_texts_out_of_fold_are_worth_fewer_fresh_texts(n_folds, n_worth):
    """Less than half as many with five folds; a third with two."""
    label_ids = np.arange(225) % 2
    predicted = np.where(np.arange(225) < 180, label_ids, 1 - label_ids)
    found = fold_interval(answers_of(label_ids, predicted, n_folds=n_folds))
    low, high = wilson_bounds(np.array([0.8 * n_worth]), np.array([n_worth]))
    assert found == pytest.approx((low[0], high[0]))


def test_equal_texts_are_one_piece_of_evidence():
    """Half as many distinct texts give the interval of half as many texts."""
    label_ids = np.arange(100) % 2
    predicted = np.where(np.arange(100) < 80, label_ids, 1 - label_ids)
    found = fold_interval(answers_of(label_ids, predicted, np.arange(100) // 2))
    assert found == pytest.approx(fold_interval(answers_of(label_ids[::2], predicted[::2])))


def test_more_divisions_do_not_narrow_the_interval():
    """They judge the same texts."""
    label_ids = np.arange(50) % 2
    once = answers_of(label_ids, np.where(np.arange(50) < 40, label_ids, 1 - label_ids))
    thrice = replace(once, predicted_ids=np.tile(once.predicted_ids, (3, 1)))
    assert fold_interval(thrice) == pytest.approx(fold_interval(once))


def test_intervals_of_f1_are_wider_by_the_same_factor():
    """1.5 times with five folds, more where texts are equal; within 0 and 1, and moved afterwards."""
    assert fold_spread(np.arange(225), 5) == pytest.approx(1.5)
    assert fold_spread(np.arange(200) // 2, 5) == pytest.approx(1.5 * 2**0.5)
    assert widen_interval((0.5, 0.8), 0.6, spread=1.5, moved=0.02) == pytest.approx((0.47, 0.92))
    assert widen_interval((0.1, 1.0), 0.9, spread=1.5) == (0.0, 1.0)


def predict(texts, label_ids, others):
    """Return the label whose mean is nearest, shrunk where it has few texts."""
    classes, counts = np.unique(label_ids, return_counts=True)
    means = np.stack([texts[label_ids == one].sum(axis=0) for one in classes])
    means /= counts[:, None] + 1.5
    scores = others @ means.T - 0.5 * (means**2).sum(axis=1) + 0.5 * np.log(counts)
    return classes[scores.argmax(axis=1)]


def test_intervals_hold_the_accuracy_on_fresh_texts_with_five_texts_per_label():
    """More often than if they were fresh texts, and in nine of ten draws."""
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
        low, high = fold_interval(answers_of(own_ids, predicted))
        n_held += low <= fresh <= high
        plain = wilson_interval(int((predicted == own_ids).sum()), N_TEXTS)
        n_held_plain += plain[0] <= fresh <= plain[1]
    assert n_held >= max(0.9 * n_draws, n_held_plain)
