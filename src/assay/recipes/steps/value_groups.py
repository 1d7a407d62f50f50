"""Which texts go together by a column: each of few values apart, ranges of numbers and of days.

A score of each amount or each day would rest on a text or two. So numbers become four ranges with
as many texts each, and days become months, quarters or years.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from datetime import date

import numpy as np

__all__ = ["MAX_VALUES", "NO_VALUE", "OTHER_VALUES", "group_by_value"]

MAX_VALUES = 20  # scored apart, the most frequent first; the others together
NO_VALUE, OTHER_VALUES = "(no value)", "(other values)"
N_RANGES = 4
LEAST_READ = 0.95  # a column of numbers may have some words, such as "unknown"
# 007 is a code, no number. Digits may be grouped: 1,250.5
NUMBER = re.compile(r"[-+−]?(?:0|[1-9]\d*|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d+)?(?:[eE][-+]?\d+)?")
YEAR_FIRST = re.compile(r"(\d{4})([-/.])\s?(\d{1,2})\2\s?(\d{1,2})(?:\D.*)?")
YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?:\D.*)?")


def group_by_value(values: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the rows of each group of values; no row is left out, and none is in two.

    Parameters
    ----------
    values : sequence of str, n_texts long
        `NO_VALUE` where there is none.

    Returns
    -------
    dict of str to int64 array
        Up to 20 different values: each is a group, the most frequent first. More of them: ranges
        of numbers, or parts of the calendar, in their own order; of other values the 20 most
        frequent, and last all others.

    Examples
    --------
    >>> {name: len(rows) for name, rows in group_by_value([str(n) for n in range(40)]).items()}
    {'0 to 9': 10, '10 to 19': 10, '20 to 29': 10, '30 to 39': 10}
    """
    counts = Counter(values)
    names = None
    if len(counts) - (NO_VALUE in counts) > MAX_VALUES:
        names = _name_days(counts) or _name_numbers(counts)
    if names is None:
        in_order = list(dict(counts.most_common(MAX_VALUES)))
        names = dict(zip(in_order, in_order, strict=True))
    else:
        in_order = list(dict.fromkeys(names.values()))
        names[NO_VALUE] = NO_VALUE
        in_order.append(NO_VALUE)
    in_order.append(OTHER_VALUES)
    name_of_row = np.array([names.get(value, OTHER_VALUES) for value in values], dtype=object)
    found = {}
    for name in in_order:
        rows = np.flatnonzero(name_of_row == name)
        if len(rows):
            found[name] = rows
    return found


def _name_numbers(counts: Counter[str]) -> dict[str, str] | None:
    """Return the range of each number, the lowest first. None if the values are no numbers."""
    numbers = {}
    for value in counts:
        if NUMBER.fullmatch(value):
            numbers[value] = float(value.replace(",", "").replace("−", "-"))
    if not _reads_most(numbers, counts) or not all(map(math.isfinite, numbers.values())):
        return None
    return _name_ranges(numbers, counts)


def _name_days(counts: Counter[str]) -> dict[str, str] | None:
    """Return the part of the calendar of each day, the earliest first. None if they are no days."""
    days = _read_days(counts)
    if not _reads_most(days, counts):
        return None
    in_order = sorted(days, key=lambda value: (days[value], value))
    for name_day in (_name_day, _name_month, _name_quarter, _name_year):
        names = {value: name_day(days[value]) for value in in_order}
        if 1 < len(set(names.values())) <= MAX_VALUES:
            return names
    numbers = map(date.toordinal, days.values())
    return _name_ranges(dict(zip(days, numbers, strict=True)), counts)


def _reads_most(
    read: Sequence[str] | dict[str, float] | dict[str, date], counts: Counter[str]
) -> bool:
    """Return whether nearly all texts with a value have one that was read."""
    n_texts = counts.total() - counts[NO_VALUE]
    return sum(map(counts.__getitem__, read)) >= LEAST_READ * n_texts


def _name_ranges(numbers: dict[str, float], counts: Counter[str]) -> dict[str, str]:
    """Divide numbers into ranges of as many texts each, named by their lowest and highest one."""
    in_order = sorted(numbers, key=lambda value: (numbers[value], value))
    sorted_numbers = np.array(list(map(numbers.get, in_order)))
    n_texts = np.array(list(map(counts.get, in_order)))
    of_texts = np.repeat(sorted_numbers, n_texts)
    shares = np.arange(1, N_RANGES) / N_RANGES
    cuts = np.unique(np.quantile(of_texts, shares, method="lower"))
    range_of_value = np.searchsorted(cuts, sorted_numbers, side="left")
    names = {}
    for number in np.unique(range_of_value):
        first, end = np.searchsorted(range_of_value, [number, number + 1]).tolist()
        own = in_order[first:end]
        name = own[0] if numbers[own[0]] == numbers[own[-1]] else f"{own[0]} to {own[-1]}"
        names.update(dict.fromkeys(own, name))
    return names


def _read_days(counts: Counter[str]) -> dict[str, date]:
    """Return the day of each value that is one.

    03/04/2024 is a day in March or in April: another value of the column has to tell, such as
    13/04/2024. Where none does, no such value is read.
    """
    days: dict[str, date] = {}
    years_last = {}
    for value in counts:
        if found := YEAR_FIRST.fullmatch(value):
            year, _, month, day = found.groups()
            _add_day(days, value, int(year), int(month), int(day))
        elif found := YEAR_LAST.fullmatch(value):
            first, _, second, year = found.groups()
            years_last[value] = (int(year), int(first), int(second))
    is_day_first = any(first > 12 for _, first, _ in years_last.values())
    is_month_first = any(second > 12 for _, _, second in years_last.values())
    if is_day_first != is_month_first:
        for value, (whole_year, first_part, second_part) in years_last.items():
            month_and_day = (first_part, second_part)
            if is_day_first:
                month_and_day = (second_part, first_part)
            _add_day(days, value, whole_year, *month_and_day)
    return days


def _add_day(days: dict[str, date], value: str, year: int, month: int, day: int) -> None:
    try:
        days[value] = date(year, month, day)
    except ValueError:  # 2024-02-31
        return


def _name_day(day: date) -> str:
    return day.isoformat()


def _name_month(day: date) -> str:
    return f"{day.year:04}-{day.month:02}"


def _name_quarter(day: date) -> str:
    return f"{day.year:04} Q{(day.month + 2) // 3}"


def _name_year(day: date) -> str:
    return f"{day.year:04}"
