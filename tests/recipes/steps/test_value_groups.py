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
        lambda day: f"{day:%Y%m%d}",
        lambda day: f"{day.year}년 {day.month}월 {day.day}일",
        lambda day: f"{day.year}年{day.month}月{day.day}日 午後",
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


def test_years_that_all_forms_agree_on_are_read():
    """03/04/2023 and 03/04/2024 are in two years, whichever the month."""
    values = [f"{a:02}/{b:02}/{2023 + a % 2}" for a in range(1, 13) for b in range(1, 13)]
    assert _sizes(values) == {"2023": 72, "2024": 72}
    old = [f"{1 + i % 12:02}/{1 + i % 11:02}/{1960 + i}" for i in range(40)]
    assert list(_sizes(old)) == ["1960 to 1969", "1970 to 1979", "1980 to 1989", "1990 to 1999"]


@pytest.mark.parametrize("write", ["{0}-{1:02}", "{0}/{1}", "{0}년 {1}월"])
def test_many_months_are_quarters(write):
    """They say no day."""
    values = [write.format(2023 + i // 12, 1 + i % 12) for i in range(24)]
    assert list(_sizes(values))[:2] == ["2023 Q1", "2023 Q2"]


@pytest.mark.parametrize("day", ["", "2026-03-05 ", "2026. 3. 5. "])
def test_times_are_ranges_of_the_day(day):
    """Also those of a single day, which was one group by the name of its first time."""
    values = [f"{day}{i // 2:02}:{i % 2 * 30:02}" for i in range(48)]
    found = _sizes(values)
    assert list(found.values()) == [12] * 4
    assert next(iter(found)) == f"{day}00:00 to {day}05:30"


def test_many_days_of_one_month_are_ranges_of_days():
    """Named by days, whatever else a value says."""
    values = [f"2026-03-{1 + i:02}T10:{i:02}:00Z" for i in range(28)]
    assert next(iter(_sizes(values))) == "2026-03-01 to 2026-03-07"


def test_addresses_are_no_days():
    """2001.3.4 begins one, and is followed by more numbers."""
    values = [f"2001.{1 + i % 12}.{1 + i % 28}.{i}" for i in range(60)]
    assert list(_sizes(values))[-1] == OTHER_VALUES


@pytest.mark.parametrize(
    ("write", "first"),
    [
        ("{}%", "0% to 9%"),
        ("${}", "$0 to $9"),
        ("-€ {}.50", "-€ 39.50 to -€ 30.50"),
        ("1{:02},000원", "100,000원 to 109,000원"),
        ("{} kg", "0 kg to 9 kg"),
        ("{},5", "0,5 to 9,5"),
        ("{}세", "0세 to 9세"),
    ],
)
def test_numbers_may_have_a_unit(write, first):
    """The same one for nearly all of them."""
    values = [write.format(number) for number in range(40)]
    found = _sizes(values)
    assert list(found.values()) == [10] * 4
    assert next(iter(found)) == first


def test_words_for_nothing_are_no_value_of_a_column_of_numbers():
    """However many; N/A among names is a name."""
    values = [f"{n}" for n in range(80)] + ["N/A"] * 30 + ["-"] * 10 + [NO_VALUE] * 2
    assert _sizes(values)[NO_VALUE] == 42
    assert _sizes([f"x{n}" for n in range(30)] + ["N/A"] * 9)["N/A"] == 9


def test_numbers_of_several_units_are_no_numbers():
    """5 kg is less than 100 g to them."""
    values = [f"{i} {'kg' if i % 2 else 'g'}" for i in range(60)]
    assert list(_sizes(values))[-1] == OTHER_VALUES


def test_codes_with_zeros_in_front_are_no_numbers():
    """Ranges of 00123 would say nothing."""
    found = _sizes([f"{n:05}" for n in range(30)])
    assert (len(found), found[OTHER_VALUES]) == (21, 10)
