"""What planting says about a list of suspects."""

from __future__ import annotations

import numpy as np
import pytest

from assay.audit.planting import PROBABLE, count_listed, expect_wrong, expect_wrong_among


def judged(n_wrong, *, n_texts=2000, n_classes=4, strength=4.0, seed=0):
    """Draw labels from calibrated probabilities, then flip some of them."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n_texts, n_classes)) * strength
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    label_ids = np.array([rng.choice(n_classes, p=row) for row in probs])
    is_wrong = np.zeros(n_texts, dtype=bool)
    is_wrong[rng.choice(n_texts, n_wrong, replace=False)] = True
    label_ids[is_wrong] = (label_ids[is_wrong] + rng.integers(1, n_classes, n_wrong)) % n_classes
    return label_ids, probs, is_wrong


@pytest.mark.parametrize("strength", [3.0, 6.0])
def test_at_least_the_expected_share_is_wrong(strength):
    """Of lists that are expected to be half wrong, a half or more is, and not nearly all."""
    shares = []
    for seed in range(5):
        label_ids, probs, is_wrong = judged(100, strength=strength, seed=seed)
        n_listed = int(np.flatnonzero(expect_wrong(label_ids, probs) >= PROBABLE).max()) + 1
        given = probs[np.arange(len(probs)), label_ids]
        shares.append(is_wrong[np.argsort(given, kind="stable")[:n_listed]].mean())
    assert PROBABLE <= np.mean(shares) <= 0.75


def test_caution_makes_up_for_few_texts():
    """Of 240 texts with 12 wrong labels, lists said to be half wrong are, on average."""
    n_listed, n_wrong = np.zeros(2), np.zeros(2)
    for seed in range(40):
        label_ids, probs, is_wrong = judged(12, n_texts=240, n_classes=6, strength=3.0, seed=seed)
        order = np.argsort(probs[np.arange(240), label_ids], kind="stable")
        for i, caution in enumerate((0.0, 0.75)):
            expected = expect_wrong(label_ids, probs, caution=caution)
            listed = order[: count_listed(expected, PROBABLE)]
            n_listed[i] += len(listed)
            n_wrong[i] += is_wrong[listed].sum()
    plain, careful = n_wrong / n_listed
    assert plain < careful
    assert careful > 0.48


def test_right_labels_are_hardly_listed():
    """Where all labels are right, the list is short however weak the models are."""
    label_ids, probs, _ = judged(0, strength=2.0)
    assert (expect_wrong(label_ids, probs) >= PROBABLE).sum() <= 20


def test_shares_are_between_zero_and_one_for_few_texts():
    """One text, or none, is no error."""
    assert expect_wrong(np.zeros(1, dtype=int), np.ones((1, 1))).tolist() == [0.0]
    assert len(expect_wrong(np.zeros(0, dtype=int), np.ones((0, 2)))) == 0


def test_equally_suspect_labels_are_judged_alike():
    """Probabilities that are all 0 hold no order: neither the first nor the last is better known."""
    given = np.concatenate([np.zeros(40), np.full(360, 0.9)])
    planted = np.concatenate([np.zeros(300), np.full(100, 0.9)])
    expected = expect_wrong_among(given, planted)
    assert len(set(expected[:40].tolist())) == 1
    assert expected[0] == 1.0  # 13 % of the labels may be wrong, three quarters of these are here


def test_probabilities_that_cannot_tell_planted_labels_list_nothing():
    """Nearly everything might be wrong, for all that they say."""
    rng = np.random.default_rng(0)
    expected = expect_wrong_among(rng.random(500), rng.random(5_000))
    assert count_listed(expected, PROBABLE) == 0
