"""What a model says about itself: values of other types are named, before they are calculated with."""

import pytest

from assay.runtime.entry_check import find_odd_entry

SCORE = {"split": "test", "metric": "accuracy", "value": 0.9, "interval": [0.8, 1], "n_texts": 9}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"scores": [SCORE, {**SCORE, "without_leaks": {"value": 1, "n_texts": 3, "later": "x"}}]},
        {"checkpoint": None, "versions": {"python": "3.11"}, "parity": {}},
        {"checkpoint": {"name": "a", "revision": None}},
        {"training_data": {"reading": {"header": True}, "cut": {"max_rows": 5}, "later": [1]}},
        {"export": {"accuracy_before": None, "limits": {"accuracy": None}}},
    ],
)
def test_what_assay_writes_is_right(values):
    """Also what a later version adds."""
    assert find_odd_entry(values) is None


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"training_data": {"emoji": "yes"}}, "training_data.emoji is not true or false"),
        ({"temperature": "warm"}, "temperature is not a number"),
        ({"scores": [5]}, "scores[0] is not an object"),
        ({"scores": [{"metric": "accuracy"}]}, "scores[0] lacks split"),
        ({"scores": [{**SCORE, "value": "high"}]}, "scores[0].value is not a number"),
        ({"scores": [{**SCORE, "value": float("nan")}]}, "scores[0].value is not a number"),
        ({"scores": [{**SCORE, "value": 10**400}]}, "scores[0].value is not a number"),
        ({"scores": [{**SCORE, "n_texts": True}]}, "scores[0].n_texts is not a whole number"),
        ({"scores": [{**SCORE, "interval": "wide"}]}, "scores[0].interval is not a list"),
        ({"versions": {"python": 3}}, "versions['python'] is not a text"),
        ({"checkpoint": "x"}, "checkpoint is not an object or null"),
        ({"checkpoint": {"revision": 5}}, "checkpoint.revision is not a text or null"),
        ({"parity": {"n_texts": []}}, "parity.n_texts is not a whole number"),
        ({"training_data": {"cut": {"max_rows": "5"}}}, "training_data.cut.max_rows is not a"),
    ],
)
def test_values_of_other_types_are_named(values, problem):
    """With the place, and what is accepted."""
    assert find_odd_entry(values).startswith(problem)
