"""Tests of assay.evaluation.recommendation.

Which method is chosen, and the sentence that says why.
"""

import numpy as np
import pytest

from assay.catalogue import open_language
from assay.errors import InputError
from assay.evaluation.compare import Comparison, compare_methods
from assay.evaluation.recommendation import recommend


def flags(*runs):
    """Build a bool array from (value, count) pairs."""
    return np.concatenate([np.full(n, bool(value)) for value, n in runs])


def choose(comparisons, **options):
    """Return the recommended method, and the reasons in English."""
    method, reasons = recommend(comparisons, **options)
    english = open_language("en")
    return method, " ".join(english.tell(reason) for reason in reasons)


def test_recommend_takes_the_cheapest_that_is_not_significantly_worse():
    """Compact wins over a finetune that is better by chance, linear is out.

    The sentence carries the numbers.
    """
    correct = {
        "majority": flags((0, 650), (1, 350)),
        "linear": flags((0, 100), (1, 900)),
        "compact": flags((0, 66), (1, 934)),
        "finetune": flags((1, 5), (0, 57), (1, 933), (0, 5)),
    }
    method, why = choose(
        compare_methods(correct),
        model_bytes={"compact": 6, "finetune": 90},
    )
    assert method == "compact"
    assert why == (
        "compact is the cheapest method that is not significantly worse than the best on validation "
        "(93.4% against 93.8% of finetune, p = 0.42, 1,000 texts). Compared with finetune, it is 15 times smaller."
    )


def test_recommend_takes_the_best_when_every_cheaper_one_is_worse():
    """An expensive method is recommended if the rest is significantly worse, and its price is said."""
    correct = {"linear": flags((0, 200), (1, 800)), "finetune": flags((0, 50), (1, 950))}
    method, why = choose(compare_methods(correct), model_bytes={"linear": 2, "finetune": 200})
    assert method == "finetune"
    assert why == (
        "finetune is the best on validation (95.0%, 1,000 texts), and every cheaper method is significantly worse: "
        "the closest, linear, has 80.0% (p < 0.001). Compared with linear, it is 100 times larger."
    )


def test_recommend_says_when_the_cheapest_is_the_best():
    """Nothing is bought with a more expensive method."""
    correct = {
        "majority": flags((0, 90), (1, 10)),
        "linear": flags((1, 95), (0, 5)),
        "compact": flags((0, 6), (1, 94)),
    }
    method, why = choose(compare_methods(correct))
    assert method == "linear"
    assert (
        why
        == "linear is the best on validation (95.0%, 100 texts) and the cheapest method that learns."
    )


def test_recommend_takes_majority_only_if_nothing_beats_it():
    """Where no method is significantly better than the floor, the floor is what there is, and the reader is told."""
    correct = {"majority": flags((1, 6), (0, 4)), "linear": flags((1, 7), (0, 3))}
    method, why = choose(compare_methods(correct))
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
    method, why = choose(compare_methods({"features": flags((1, 3), (0, 1))}))
    assert (method, why) == (
        "features",
        "features is the only method that was run (75.0% on validation, 4 texts).",
    )


def test_recommend_says_sizes_only_where_they_are_known_and_differ():
    """A size that is not known, or about the same, leaves no trace in the sentence."""
    correct = {"linear": flags((1, 90), (0, 10)), "compact": flags((0, 9), (1, 91))}
    rows = compare_methods(correct)
    assert "10 times smaller" in choose(rows, model_bytes={"linear": 10, "compact": 100})[1]
    assert "smaller" not in choose(rows, model_bytes={"linear": 10})[1]
    assert "smaller" not in choose(rows, model_bytes={"linear": 10, "compact": 12})[1]


def test_recommend_refuses_nothing():
    """Without a comparison there is nothing to recommend."""
    with pytest.raises(InputError, match="no method to recommend"):
        recommend([])
