"""Tests of assay.evaluation.compare: exact paired tests, corrected for their number."""

import json
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import InputError
from assay.evaluation.compare import compare_methods
from assay.methods import METHODS


def flags(*runs):
    """Build a bool array from (value, count) pairs."""
    return np.concatenate([np.full(n, bool(value)) for value, n in runs])


def by_method(comparisons):
    """Index comparisons by their method."""
    return {c.method: c for c in comparisons}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 5))
def test_p_value_is_the_exact_binomial(n_first, n_second, n_both):
    """The p value is the two-sided binomial tail over the texts that just one method got right."""
    n = n_first + n_second
    linear = flags((1, n_first), (0, n_second), (1, n_both + 1))
    compact = flags((0, n_first), (1, n_second), (1, n_both + 1))
    found = by_method(compare_methods({"linear": linear, "compact": compact}))
    worse = found["compact" if found["linear"].is_best else "linear"]
    tail = sum(comb(n, k) for k in range(min(n_first, n_second) + 1)) / 2**n
    assert worse.p_value == pytest.approx(min(1.0, 2 * tail))
    assert {worse.n_only_method_right, worse.n_only_best_right} == {n_first, n_second}


def test_p_values_are_corrected_by_holm():
    """The smallest p value counts as often as there are tests, the next one time less, never falling."""
    best = np.ones(60, dtype=bool)
    found = by_method(
        compare_methods(
            {
                "finetune": best,
                "linear": flags((0, 7), (1, 53)),
                "compact": flags((0, 6), (1, 54)),
                "features": flags((0, 5), (1, 55)),
            }
        )
    )
    raw = [2 / 2**7, 2 / 2**6, 2 / 2**5]
    assert [found[m].p_value for m in ("linear", "compact", "features")] == pytest.approx(raw)
    adjusted = [raw[0] * 3, max(raw[0] * 3, raw[1] * 2), max(raw[1] * 2, raw[2])]
    assert [found[m].p_adjusted for m in ("linear", "compact", "features")] == pytest.approx(
        adjusted
    )
    assert [found[m].significantly_worse for m in ("linear", "compact", "features")] == [
        True,
        False,
        False,
    ]


def test_comparisons_come_in_order_of_cost():
    """The order of cost holds whatever order the methods were passed in."""
    right = np.array([True, False])
    found = compare_methods(dict.fromkeys(reversed(METHODS), right))
    assert [c.method for c in found] == list(METHODS)


def test_best_of_equals_is_the_cheapest():
    """With equal accuracy the cheaper method is the best."""
    found = compare_methods({"finetune": flags((1, 9), (0, 1)), "linear": flags((0, 1), (1, 9))})
    assert {c.best for c in found} == {"linear"}


def test_comparison_to_dict_is_json():
    """A comparison is JSON-able and carries its verdict."""
    rows = compare_methods({"linear": flags((0, 20), (1, 30)), "compact": flags((1, 50))})
    plain = json.loads(json.dumps([c.to_dict() for c in rows]))
    assert [row["significantly_worse"] for row in plain] == [True, False]


@pytest.mark.parametrize(
    ("correct", "match"),
    [
        ({}, "cannot be compared"),
        ({"linear": np.array([], dtype=bool)}, "cannot be compared"),
        (
            {"linear": np.ones(3, dtype=bool), "compact": np.ones(4, dtype=bool)},
            "cannot be compared",
        ),
        (
            {"finetun": np.ones(3, dtype=bool)},
            "no cost is known for 'finetun'.*Did you mean 'finetune'",
        ),
    ],
)
def test_compare_methods_refuses_what_cannot_be_paired(correct, match):
    """No methods, no texts, different lengths and unknown methods are refused with a sentence."""
    with pytest.raises(InputError, match=match):
        compare_methods(correct)
