"""What planting says about a list of suspects."""

from __future__ import annotations

import numpy as np
import pytest

from assay.audit.planting import PROBABLE, expect_wrong


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


def test_right_labels_are_hardly_listed():
    """Where all labels are right, the list is short however weak the models are."""
    label_ids, probs, _ = judged(0, strength=2.0)
    assert (expect_wrong(label_ids, probs) >= PROBABLE).sum() <= 20


def test_shares_are_between_zero_and_one_for_few_texts():
    """One text, or none, is no error."""
    assert expect_wrong(np.zeros(1, dtype=int), np.ones((1, 1))).tolist() == [0.0]
    assert len(expect_wrong(np.zeros(0, dtype=int), np.ones((0, 2)))) == 0
