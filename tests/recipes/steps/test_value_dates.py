"""Which day, month or time of day a value says."""

from __future__ import annotations

from datetime import date

import pytest

from assay.recipes.steps.value_dates import SaidDate, read_dates


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2026-03-05", SaidDate(date(2026, 3, 5))),
        ("2026. 3. 5.", SaidDate(date(2026, 3, 5))),
        ("2026-03-05T13:05:09.5+09:00", SaidDate(date(2026, 3, 5), 13 * 3600 + 309)),
        ("2026년 3월 5일", SaidDate(date(2026, 3, 5))),
        ("20260305", SaidDate(date(2026, 3, 5))),
        ("2026-03-05 오후 1:05", SaidDate(date(2026, 3, 5))),  # 13:05 is another form's
        ("2026-03", SaidDate(date(2026, 3, 1), precision="month")),
        ("2026년 3월", SaidDate(date(2026, 3, 1), precision="month")),
        ("13/04/2026", SaidDate(date(2026, 4, 13))),
        ("04/13/2026", SaidDate(date(2026, 4, 13))),
        ("04/05/2026", SaidDate(date(2026, 1, 1), precision="year")),
    ],
)
def test_forms_of_dates(value, said):
    """As files of many countries have them; what nobody knows is not read."""
    assert read_dates([value]) == {value: said}


@pytest.mark.parametrize(
    "value", ["2026-02-31", "2026.3.4.7", "99999999", "26-03-05", "12", "", "x"]
)
def test_what_is_no_date(value):
    """Or may be one of several."""
    assert read_dates([value]) == {}


def test_parts_of_the_calendar():
    """The first day of each."""
    said = SaidDate(date(2026, 3, 5))
    starts = [said.start_of(part) for part in ("day", "month", "year")]
    assert starts == [date(2026, 3, 5), date(2026, 3, 1), date(2026, 1, 1)]
