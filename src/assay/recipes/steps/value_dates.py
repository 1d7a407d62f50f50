"""Which day, month or time of day a value of a column says, in the forms that files have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

__all__ = ["SaidDate", "read_dates"]

AFTER_DAY = r"(?:\.?\s*|\.?[T\s,(].*)"  # of 2024.3.5.7, which is an address, no such thing follows
YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])\s?(\d{{1,2}})\2\s?(\d{{1,2}}){AFTER_DAY}")
YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){AFTER_DAY}")
IN_WORDS = re.compile(r"(\d{4})[년年]\s?(\d{1,2})[월月](?:\s?(\d{1,2})[일日].*)?")
YEAR_AND_MONTH = re.compile(r"(\d{4})[-/](\d{1,2})")
DIGITS = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?![\d:])")
HALF_DAY = re.compile(r"[ap]\.?m\b|오전|오후|午", re.IGNORECASE)
DAY_S = 24 * 60 * 60


@dataclass(frozen=True)
class SaidDate:
    """What a value says.

    Parameters
    ----------
    day : datetime.date
        The first one of a month or a year.
    second : int
        Time of the day in seconds; 0 where none is said.
    precision : str
        ``day``, ``month`` or ``year``.
    """

    day: date
    second: int = 0
    precision: str = "day"

    @property
    def order(self) -> int:
        """Seconds since the beginning of the calendar."""
        return self.day.toordinal() * DAY_S + self.second

    def start_of(self, part: str) -> date:
        """Return the first day of its month or its year; the day itself for ``day``."""
        if part == "year":
            return self.day.replace(month=1, day=1)
        return self.day.replace(day=1) if part == "month" else self.day


def read_dates(values: Iterable[str]) -> dict[str, SaidDate]:
    """Return what each value says that is a day or a month.

    03/04/2024 is a day in March or in April: another value of the column has to tell, such as
    13/04/2024. Where none does, the year alone is read.
    """
    found: dict[str, SaidDate] = {}
    years_last: dict[str, tuple[str, str, str]] = {}
    for value in values:
        if match := YEAR_LAST.fullmatch(value):
            first, _, second, year = match.groups()
            years_last[value] = (year, first, second)
        elif parts := _year_first(value):
            _add(found, value, *parts)
    is_day_first = any(int(first) > 12 for _, first, _ in years_last.values())
    is_month_first = any(int(second) > 12 for _, _, second in years_last.values())
    for value, (year, first, second) in years_last.items():
        if is_day_first == is_month_first:
            _add(found, value, year, None, None)
        elif is_day_first:
            _add(found, value, year, second, first)
        else:
            _add(found, value, year, first, second)
    return found


def _year_first(value: str) -> tuple[str, str, str | None] | None:
    """Return year, month and day, if one is said; None for what is written otherwise."""
    if match := YEAR_FIRST.fullmatch(value):
        year, _, month, day = match.groups()
        return year, month, day
    match = IN_WORDS.fullmatch(value) or DIGITS.fullmatch(value)
    if match:
        return match[1], match[2], match[3]
    match = YEAR_AND_MONTH.fullmatch(value)
    return (match[1], match[2], None) if match else None


def _add(
    found: dict[str, SaidDate], value: str, year: str, month: str | None, day: str | None
) -> None:
    try:
        said = date(int(year), int(month or 1), int(day or 1))
    except ValueError:  # 2024-02-31
        return
    if month is None:
        found[value] = SaidDate(said, precision="year")
    elif day is None:
        found[value] = SaidDate(said, precision="month")
    else:
        found[value] = SaidDate(said, _read_clock(value))


def _read_clock(value: str) -> int:
    """Return the second of the day; 0 where a value says none, or which half of the day."""
    match = CLOCK.search(value)
    if match is None or HALF_DAY.search(value):
        return 0
    hours, minutes, seconds = map(int, match.groups(default="0"))
    return 60 * (60 * hours + minutes) + seconds
