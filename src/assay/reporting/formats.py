"""Numbers as a reader sees them: percentages, intervals, sizes, durations.

Everywhere else, shares are fractions from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from assay.checkpoints.auto import CheckpointChoice, describe_choice

__all__ = [
    "checkpoint_choice",
    "count",
    "decimal",
    "duration",
    "interval",
    "p_value",
    "percent",
    "rate",
    "size",
    "source",
]

MISSING = "–"


def percent(fraction: float | None, digits: int = 1) -> str:
    """Write a fraction as a percentage; a dash if it is None, as everywhere here.

    >>> percent(0.934)
    '93.4%'
    """
    return MISSING if fraction is None else f"{fraction:.{digits}%}"


def interval(bounds: Sequence[float] | None) -> str:
    """Write two fractions as a range of percentages.

    >>> interval((0.923, 0.945))
    '92.3–94.5%'
    """
    if bounds is None:
        return MISSING
    low, high = bounds
    return f"{100 * low:.1f}–{100 * high:.1f}%"


def count(n: float | None) -> str:
    """Write a number with thousands separated, and one decimal unless it is a whole number.

    >>> count(2000), count(12.5)
    ('2,000', '12.5')
    """
    return MISSING if n is None else f"{n:,.1f}".removesuffix(".0")


def decimal(value: float | None, digits: int = 3) -> str:
    """Write a number with a fixed number of decimals."""
    return MISSING if value is None else f"{value:.{digits}f}"


def p_value(p: float | None) -> str:
    """Write a p value with two digits.

    >>> p_value(0.00002)
    '< 0.001'
    """
    if p is None:
        return MISSING
    return "< 0.001" if p < 0.001 else f"{p:.2g}"


def size(n_bytes: int | None) -> str:
    """Write bytes in the decimal unit that fits.

    >>> size(9_400_000)
    '9.4 MB'
    """
    if n_bytes is None:
        return MISSING
    value = float(n_bytes)
    for unit in ("B", "kB", "MB"):
        if value < 999.5:
            digits = 0 if unit == "B" or value >= 100 else 1
            return f"{value:.{digits}f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def duration(seconds: float | None) -> str:
    """Write seconds as a person would say them.

    >>> duration(291)
    '4 min 51 s'
    """
    if seconds is None:
        return MISSING
    if seconds < 0.1:
        return "< 0.1 s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def rate(per_second: float | None) -> str:
    """Write a speed with two significant digits, or one decimal below ten.

    >>> rate(2_417.3)
    '2,400'
    """
    if per_second is None:
        return MISSING
    if per_second < 10:
        return f"{per_second:.1f}"
    return f"{float(f'{per_second:.2g}'):,.0f}"


def source(given: str) -> str:
    """Name a data set in public: a Hub id as it is, a path on somebody's machine by its last part.

    >>> source("dair-ai/emotion"), source("/home/me/secret/mails.csv")
    ('dair-ai/emotion', 'mails.csv')
    """
    is_path = given.startswith(("/", ".", "~")) or given.count("/") > 1 or "\\" in given
    return PurePath(given.replace("\\", "/")).name if is_path else given


def checkpoint_choice(facts: Mapping[str, Any]) -> str:
    """Say which checkpoint a run used, and why: see `CheckpointChoice.to_dict`."""
    choice = CheckpointChoice.from_dict(facts)
    return describe_choice(choice) or f"checkpoint {choice.checkpoint}, as asked"
