"""Which texts go together by a column: each of few values apart, ranges of numbers and of days.

A score of each amount or each day would rest on a text or two. So numbers and times of day become
four ranges with as many texts each, and days become months, quarters or years.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date

import numpy as np

from assay.data.label_columns import MISSING_WORDS
from assay.recipes.steps.value_dates import SaidDate, read_dates

__all__ = ["MAX_VALUES", "NO_VALUE", "OTHER_VALUES", "group_by_value"]

MAX_VALUES = 20  # scored apart, the most frequent first; the others together
NO_VALUE, OTHER_VALUES = "(no value)", "(other values)"
N_RANGES = 4
LEAST_READ = 0.95  # a column of numbers may have some words, such as "unknown"
# 007 is a code, no number. Digits may be grouped: 1,250.5, or in Europe 1.250,5
WHOLE = r"(?:0|[1-9]\d*|[1-9]\d{0,2}(?:GROUP\d{3})+)?"
NUMBER = rf"[-+−]?(?=\d|POINT\d){WHOLE}(?:POINT\d+)?(?:[eE][-+]?\d+)?"
CURRENCY = r"[$€£¥₩￦₹฿]|USD|EUR|GBP|JPY|KRW|CNY"
UNIT = rf"(?:{CURRENCY}|%|‰|[^\W\d_]{{1,4}})"  # behind a number: 5%, 300원, 12 kg
CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d)(?:\.\d+)?)?")


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
        of numbers, or parts of the calendar, in their own order, and N/A and the like have no
        value; of other values the 20 most frequent, and last all others.

    Examples
    --------
    >>> {name: len(rows) for name, rows in group_by_value([str(n) for n in range(40)]).items()}
    {'0 to 9': 10, '10 to 19': 10, '20 to 29': 10, '30 to 39': 10}
    """
    counts = Counter(values)
    names = None
    if len(counts) - (NO_VALUE in counts) > MAX_VALUES:
        names = _name_days(counts) or _name_times(counts) or _name_numbers(counts)
    if names is None:
        in_order = list(dict(counts.most_common(MAX_VALUES)))
        names = dict(zip(in_order, in_order, strict=True))
    else:
        in_order = list(dict.fromkeys(names.values()))
        names.update(dict.fromkeys((NO_VALUE, *MISSING_WORDS), NO_VALUE))
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
    for group, point in ((",", "."), (".", ",")):
        numbers = _read_numbers(counts, group, point)
        if _reads_most(numbers, counts) and all(map(math.isfinite, numbers.values())):
            return _name_ranges(numbers, counts)
    return None


def _read_numbers(counts: Counter[str], group: str, point: str) -> dict[str, float]:
    """Return the numbers that have the most frequent unit, if any have one."""
    number = NUMBER.replace("GROUP", re.escape(group)).replace("POINT", re.escape(point))
    with_unit = re.compile(rf"([-+−]?)({CURRENCY})?\s?({number})\s?({UNIT})?")
    by_unit: dict[tuple[str, str], dict[str, float]] = {}
    for value in counts:
        found = with_unit.fullmatch(value)
        if found is None:
            continue
        sign, before, digits, after = found.groups(default="")
        plain = (sign + digits).replace(group, "").replace(point, ".").replace("−", "-")
        if plain[1:2] not in ("-", "+"):  # of --5
            by_unit.setdefault((before, after), {})[value] = float(plain)
    return max(by_unit.values(), key=lambda own: _n_texts(own, counts), default={})


def _name_times(counts: Counter[str]) -> dict[str, str] | None:
    """Return the range of each time of day, the earliest first. None if they are no times."""
    seconds: dict[str, float] = {}
    for value in counts:
        if found := CLOCK.fullmatch(value):
            hour, minute, second = map(int, found.groups(default="0"))
            seconds[value] = 60 * (60 * hour + minute) + second
    return _name_ranges(seconds, counts) if _reads_most(seconds, counts) else None


def _name_days(counts: Counter[str]) -> dict[str, str] | None:
    """Return the part of the calendar of each day, the earliest first. None if they are no days."""
    found = read_dates(counts)
    if not _reads_most(found, counts):
        return None
    in_order = sorted(found, key=lambda value: (found[value].order, value))
    precisions = {said.precision for said in found.values()}
    coarsest = max(PARTS.index(precision) for precision in precisions)
    for name_part in NAMED_PARTS[coarsest:]:
        names = {value: name_part(found[value].day) for value in in_order}
        if 1 < len(set(names.values())) <= MAX_VALUES:
            return names
    return _name_date_ranges(found, counts, PARTS[coarsest])


def _name_date_ranges(
    found: Mapping[str, SaidDate], counts: Counter[str], part: str
) -> dict[str, str] | None:
    """Return ranges of days, months or years; of times if all are of one day."""
    name_part = NAMED_PARTS[PARTS.index(part)]
    shown = {value: name_part(said.day) for value, said in found.items()}
    if len(set(shown.values())) > 1:
        numbers = {value: said.start_of(part).toordinal() for value, said in found.items()}
        return _name_ranges(numbers, counts, shown=shown)
    if part != "day":
        return None  # nobody knows in which order they are
    return _name_ranges({value: said.order for value, said in found.items()}, counts)


def _reads_most(read: Collection[str], counts: Counter[str]) -> bool:
    """Return whether nearly all texts with a value have one that was read."""
    n_missing = _n_texts({NO_VALUE, *MISSING_WORDS}, counts)
    return len(read) > 0 and _n_texts(read, counts) >= LEAST_READ * (counts.total() - n_missing)


def _n_texts(values: Collection[str], counts: Counter[str]) -> int:
    return sum(counts[value] for value in values)


def _name_ranges(
    numbers: Mapping[str, float], counts: Counter[str], *, shown: Mapping[str, str] | None = None
) -> dict[str, str]:
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
        lowest, highest = own[0], own[-1]
        if numbers[lowest] == numbers[highest]:
            lowest = highest = max(own, key=counts.__getitem__)
        if shown is not None:
            lowest, highest = shown[lowest], shown[highest]
        name = lowest if lowest == highest else f"{lowest} to {highest}"
        names.update(dict.fromkeys(own, name))
    return names


def _name_day(day: date) -> str:
    return day.isoformat()


def _name_month(day: date) -> str:
    return f"{day.year:04}-{day.month:02}"


def _name_quarter(day: date) -> str:
    return f"{day.year:04} Q{(day.month + 2) // 3}"


def _name_year(day: date) -> str:
    return f"{day.year:04}"


PARTS = ("day", "month", "quarter", "year")
NAMED_PARTS = (_name_day, _name_month, _name_quarter, _name_year)
