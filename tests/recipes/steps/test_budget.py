"""Durations as people write them, and who gets how much of the time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import InputError
from assay.models import METHODS
from assay.recipes.steps.budget import RESERVED_FRACTION, Budget, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("1.5h", 5400),
        ("2H", 7200),
        ("45", 45),
        ("0.5s", 0.5),
        (" 3m", 180),
        ("1e2s", 100),
    ],
)
def test_durations_are_read(text, seconds):
    """A number and s, m or h; without a unit it is seconds."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "m", "ten", "0", "-5m", "5d", "1h30m", "nan", "infs", "nans", "1e12h", "5 m s"]
)
def test_other_texts_are_no_durations(text):
    """What is not positive and finite is refused, with what is accepted."""
    with pytest.raises(
        InputError, match=rf"^'{text}' is no duration; a number with s, m or h is accepted"
    ):
        parse_duration(text)


@given(st.floats(0.001, 1e5), st.sampled_from(["s", "m", "h"]))
def test_units_multiply(number, unit):
    """The same number is 60 times as long in the next unit."""
    factor = {"s": 1, "m": 60, "h": 3600}[unit]
    assert parse_duration(f"{number!r}{unit}") == pytest.approx(number * factor)


def test_no_budget_sets_no_limit():
    """None: every method runs for as long as it takes."""
    budget = Budget(None)
    assert (budget.left_s, budget.is_spent) == (None, False)
    assert all(
        budget.share_s(method) is None and budget.reason_to_skip(method) is None
        for method in METHODS
    )


def test_long_trainings_share_what_is_left(monkeypatch):
    """Only trainings that can be shortened get a limit, less than what is left, and at least a second."""
    now = [1000.0]
    monkeypatch.setattr("assay.recipes.steps.budget.time.monotonic", lambda: now[0])
    budget = Budget(600)
    assert budget.left_s == pytest.approx(600 * (1 - RESERVED_FRACTION))
    assert budget.share_s("linear") is None
    assert budget.share_s("compact") < budget.share_s("finetune") < budget.left_s
    now[0] += 509.9
    assert budget.elapsed_s == pytest.approx(509.9)
    assert budget.share_s("finetune") == 1.0
    assert not budget.is_spent
    now[0] += 1
    assert budget.is_spent
    assert [method for method in METHODS if budget.reason_to_skip(method) is None] == [
        "majority",
        "linear",
    ]
    assert (
        budget.reason_to_skip("finetune")
        == "left out: the budget of 600 s was spent before it began"
    )
