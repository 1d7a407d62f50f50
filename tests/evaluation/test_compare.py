"""Paired tests between methods and the recommendation that follows from them."""

import json
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import InputError
from assay.evaluation.compare import Comparison, compare_methods, recommend
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


def test_recommend_takes_the_cheapest_that_is_not_significantly_worse():
    """Compact wins over a finetune that is better by chance, linear is out; the sentence carries the numbers."""
    correct = {
        "majority": flags((0, 650), (1, 350)),
        "linear": flags((0, 100), (1, 900)),
        "compact": flags((0, 66), (1, 934)),
        "finetune": flags((1, 5), (0, 57), (1, 933), (0, 5)),
    }
    method, why = recommend(
        compare_methods(correct),
        fit_s={"compact": 20.0, "finetune": 240.0},
        model_bytes={"compact": 6, "finetune": 90},
    )
    assert method == "compact"
    assert why == (
        "compact is the cheapest method that is not significantly worse than the best on validation "
        "(93.4% against 93.8% of finetune, p = 0.42, 1,000 texts); it trains 12 times faster and is 15 times smaller."
    )


def test_recommend_takes_the_best_when_every_cheaper_one_is_worse():
    """A dear method is recommended if the rest is significantly worse, and its price is said."""
    correct = {"linear": flags((0, 200), (1, 800)), "finetune": flags((0, 50), (1, 950))}
    method, why = recommend(compare_methods(correct), fit_s={"linear": 2.0, "finetune": 200.0})
    assert method == "finetune"
    assert why == (
        "finetune is the best on validation (95.0%, 1,000 texts), and every cheaper method is significantly worse: "
        "the closest, linear, has 80.0% (p < 0.001); against linear, it takes 100 times longer to train."
    )


def test_recommend_says_when_the_cheapest_is_the_best():
    """Nothing is bought with a dearer method."""
    correct = {
        "majority": flags((0, 90), (1, 10)),
        "linear": flags((1, 95), (0, 5)),
        "compact": flags((0, 6), (1, 94)),
    }
    method, why = recommend(compare_methods(correct))
    assert method == "linear"
    assert (
        why
        == "linear is the best on validation (95.0%, 100 texts) and the cheapest method that learns."
    )


def test_recommend_takes_majority_only_if_nothing_beats_it():
    """Where no method is significantly better than the floor, the floor is what there is, and the reader is told."""
    correct = {"majority": flags((1, 6), (0, 4)), "linear": flags((1, 7), (0, 3))}
    method, why = recommend(compare_methods(correct))
    assert method == "majority"
    assert why == (
        "no method is significantly better on validation than majority, which always answers the most frequent label "
        "(60.0% against 70.0% of linear, p = 1, 10 texts): more texts or cleaner labels are needed."
    )


def test_recommend_never_takes_majority_when_another_method_beats_it():
    """Majority is passed over if just one method, though not the best one, is significantly better than it."""
    rows = [
        Comparison("majority", "finetune", 50, 0.60, 0.72, 5, 11, 0.21, 0.21, None),
        Comparison("linear", "finetune", 50, 0.70, 0.72, 3, 4, 1.0, 1.0, 0.04),
        Comparison("finetune", "finetune", 50, 0.72, 0.72, 0, 0, 1.0, 1.0, 0.21),
    ]
    assert recommend(rows)[0] == "linear"


def test_recommend_ignores_a_method_that_is_worse_than_majority():
    """Being significantly different from the floor is no merit if it is below it."""
    rows = [
        Comparison("majority", "majority", 50, 0.60, 0.60, 0, 0, 1.0, 1.0, None),
        Comparison("linear", "majority", 50, 0.30, 0.60, 1, 16, 0.001, 0.001, 0.001),
    ]
    assert recommend(rows)[0] == "majority"


def test_recommend_works_with_one_method():
    """A run of one method recommends it and says that it had no rival."""
    method, why = recommend(compare_methods({"features": flags((1, 3), (0, 1))}))
    assert (method, why) == (
        "features",
        "features is the only method that was run (75.0% on validation, 4 texts).",
    )


def test_recommend_without_times_does_not_depend_on_them():
    """Left out, times leave no trace in the sentence, so that it can be the same in every run."""
    correct = {"linear": flags((1, 90), (0, 10)), "compact": flags((0, 9), (1, 91))}
    rows = compare_methods(correct)
    assert "faster" not in recommend(rows, model_bytes={"linear": 10, "compact": 100})[1]


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


def test_recommend_refuses_nothing():
    """Without a comparison there is nothing to recommend."""
    with pytest.raises(InputError, match="no method to recommend"):
        recommend([])
