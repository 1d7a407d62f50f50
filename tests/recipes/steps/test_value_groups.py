"""Which texts go together by a column."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from assay.recipes.steps.value_groups import NO_VALUE, OTHER_VALUES, group_by_value


def _sizes(values):
    groups = group_by_value(values)
    rows = np.sort(np.concatenate(list(groups.values())))
    np.testing.assert_array_equal(rows, np.arange(len(values)))  # each row once
    return {name: len(own) for name, own in groups.items()}


def test_few_values_are_groups_whatever_they_are():
    """Ratings, codes and days are not made ranges of while each value can be shown."""
    values = ["1"] * 3 + ["2"] * 5 + [NO_VALUE] * 4
    assert list(_sizes(values).items()) == [("2", 5), (NO_VALUE, 4), ("1", 3)]


def test_many_numbers_are_four_ranges_in_their_order():
    """Each has about as many texts; words and missing values among the numbers come last."""
    values = [f"{n / 4:.2f}" for n in range(-50, 150)] + ["unknown"] * 3 + [NO_VALUE] * 7
    found = _sizes(values)
    assert found == {
        "-12.50 to -0.25": 50,
        "0.00 to 12.25": 50,
        "12.50 to 24.75": 50,
        "25.00 to 37.25": 50,
        NO_VALUE: 7,
        OTHER_VALUES: 3,
    }
    assert next(iter(found)) == "-12.50 to -0.25"


def test_equal_numbers_stay_together():
    """A number that most texts have is a range of its own."""
    found = _sizes(["0"] * 60 + [f"{1000 + n:,}" for n in range(40)])
    assert found == {"0": 60, "1,000 to 1,014": 15, "1,015 to 1,039": 25}


@pytest.mark.parametrize(
    "write",
    [
        lambda day: day.isoformat(),
        lambda day: f"{day} 13:05:00+09:00",
        lambda day: f"{day.year}. {day.month}. {day.day}.",
        lambda day: f"{day:%m/%d/%Y}",
        lambda day: f"{day:%d.%m.%Y} 08:00",
    ],
)
def test_many_days_are_months_quarters_or_years(write):
    """The finest part of the calendar of which there are at most twenty."""
    for n_days, first, last, n_groups in (
        (300, "2023-01", "2023-10", 10),
        (900, "2023 Q1", "2025 Q2", 10),
        (3000, "2023", "2031", 9),
    ):
        days = [date(2023, 1, 1) + timedelta(days=i) for i in range(n_days)]
        found = list(_sizes([write(day) for day in reversed(days)]))
        assert (found[0], found[-1], len(found)) == (first, last, n_groups)


def test_days_that_may_be_read_in_two_ways_are_not_read():
    """03/04/2024 is in March or in April, and no other value tells."""
    values = [f"{a:02}/{b:02}/2024" for a in range(1, 13) for b in range(1, 13)]
    assert list(_sizes(values))[-1] == OTHER_VALUES


def test_codes_with_zeros_in_front_are_no_numbers():
    """Ranges of 00123 would say nothing."""
    found = _sizes([f"{n:05}" for n in range(30)])
    assert (len(found), found[OTHER_VALUES]) == (21, 10)
