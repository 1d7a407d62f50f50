"""Shift of classes and lengths between splits."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from assay.audit.shift import find_class_shifts, find_length_shifts
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts, Splits


def splits_of(**parts):
    """Build splits from {split: (texts, labels)}."""
    labels = LabelSet(("a", "b", "c"))
    return Splits(
        {name: LabelledTexts(tuple(t), tuple(y)) for name, (t, y) in parts.items()},
        labels,
        source="memory",
    )


def rows(n, *, labels, length=10):
    """Make n texts of a length, labels in turn."""
    return ["x" * length] * n, [labels[i % len(labels)] for i in range(n)]


def test_class_shift_is_the_total_variation_distance():
    """Half of train is a and half b.

    Three quarters of test are a: a quarter of the labels would have to move.
    """
    (shift,) = find_class_shifts(
        splits_of(train=rows(400, labels="ab"), test=rows(400, labels="aaab"))
    )
    assert (shift.split, shift.reference, shift.label) == ("test", "train", "a")
    assert shift.distance == pytest.approx(0.25)
    assert (shift.fraction, shift.reference_fraction) == (0.75, 0.5)
    assert shift.is_notable
    assert shift.p_value == pytest.approx(
        scipy.stats.chi2_contingency([[300, 100], [200, 200]]).pvalue
    )


def test_small_or_chance_shift_is_not_notable():
    """Equal shares, and a large difference of four rows, are both nothing to act on."""
    (equal,) = find_class_shifts(
        splits_of(train=rows(400, labels="ab"), test=rows(200, labels="ab"))
    )
    (chance,) = find_class_shifts(
        splits_of(train=rows(8, labels="ab"), test=rows(4, labels="aaab"))
    )
    assert (equal.distance, equal.is_notable) == (0.0, False)
    assert (chance.distance, chance.is_notable) == (0.25, False)


def test_class_that_only_one_split_has_is_a_shift():
    """A label without rows in train is seen, and nothing is divided by zero."""
    (shift,) = find_class_shifts(splits_of(train=rows(100, labels="a"), test=rows(100, labels="c")))
    assert (shift.distance, shift.is_notable) == (1.0, True)


def test_length_shift_is_kolmogorov_smirnovs():
    """The statistic is scipy's; lengths are in characters."""
    rng = np.random.default_rng(0)
    here, there = rng.integers(5, 50, 300), rng.integers(20, 90, 500)
    made = splits_of(
        train=(["x" * n for n in there], ["a"] * 500), test=(["x" * n for n in here], ["a"] * 300)
    )
    (shift,) = find_length_shifts(made)
    assert shift.distance == pytest.approx(scipy.stats.ks_2samp(here, there).statistic)
    assert (shift.median_chars, shift.reference_median_chars) == (np.median(here), np.median(there))
    assert shift.is_notable
    assert shift.to_dict()["is_notable"] is True


def test_one_split_has_nothing_to_be_compared_with():
    """A lone file gives no shifts."""
    lone = splits_of(all=rows(10, labels="ab"))
    assert (find_class_shifts(lone), find_length_shifts(lone)) == ([], [])


def test_empty_split_is_left_out():
    """A split without rows is not compared."""
    made = splits_of(train=rows(10, labels="ab"), test=((), ()))
    assert (find_class_shifts(made), find_length_shifts(made)) == ([], [])
