"""Numbers as a reader of one language sees them: percentages, intervals, sizes, durations.

Everywhere else, shares are fractions from 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay._display import MISSING, hundredfold, hundredfold_bounds

__all__ = ["MISSING", "Numbers"]

EXACT_DIGITS = 6  # after the point, of a percentage


@dataclass(frozen=True)
class Numbers:
    """How one language writes numbers. None is a dash everywhere.

    Parameters
    ----------
    decimal_point, thousands : str
        What is between whole numbers and decimals, and between groups of three digits.
    percent_sign : str
        What follows a percentage, with the space before it if there is one.
    to : str
        What is between the ends of a range.
    units : mapping of str to str
        The words of ``seconds``, ``minutes``, ``hours`` and ``bytes``, ``kilobytes``,
        ``megabytes``, ``gigabytes``, with the space before them if there is one.
    """

    decimal_point: str
    thousands: str
    percent_sign: str
    to: str
    units: Mapping[str, str]

    def _local(self, text: str) -> str:
        """Exchange the comma and the point of Python's formats for those of the language."""
        swapped = {",": self.thousands, ".": self.decimal_point}
        return "".join(swapped.get(character, character) for character in text)

    def percent(self, fraction: float | None, digits: int = 1) -> str:
        """Write a fraction as a percentage, such as ``93.4%``."""
        if fraction is None:
            return MISSING
        return self._local(hundredfold(fraction, digits)) + self.percent_sign

    def exact_percent(self, fraction: float) -> str:
        """Write a share that somebody asked for, with all of its digits: ``95.0%``, ``99.99%``."""
        digits = 1
        while digits < EXACT_DIGITS and not math.isclose(
            float(hundredfold(fraction, digits)), 100 * fraction
        ):
            digits += 1
        return self.percent(fraction, digits)

    def points(self, difference: float | None) -> str:
        """Write a difference of two shares in percentage points, such as ``1.8``."""
        return MISSING if difference is None else self._local(hundredfold(difference))

    def interval(self, bounds: Sequence[float] | None) -> str:
        """Write two fractions as a range of percentages, such as ``92.3–94.5%``."""
        if bounds is None:
            return MISSING
        low, high = map(self._local, hundredfold_bounds(*bounds))
        return f"{low}{self.to}{high}{self.percent_sign}"

    def count(self, n: float | None) -> str:
        """Write a number with thousands separated, and one decimal unless it is a whole number."""
        return MISSING if n is None else self._local(f"{n:,.1f}".removesuffix(".0"))

    def decimal(self, value: float | None, digits: int = 3) -> str:
        """Write a number with a fixed number of decimals."""
        return MISSING if value is None else self._local(f"{value:.{digits}f}")

    def p_value(self, p: float | None) -> str:
        """Write a p value with two digits, such as ``0.032``, or ``< 0.001``."""
        if p is None:
            return MISSING
        if p < 0.001:
            return self._local("< 0.001")
        return self._local(f"{p:.2g}")

    def ratio(self, value: float) -> str:
        """Write how many times one number is another: one decimal below ten, none above."""
        if value >= 10:
            return self._local(f"{value:,.0f}")
        return self._local(f"{value:.1f}")

    def rate(self, per_second: float | None) -> str:
        """Write a speed with two significant digits, or one decimal below ten."""
        if per_second is None:
            return MISSING
        if per_second < 10:
            return self._local(f"{per_second:.1f}")
        return self._local(f"{float(f'{per_second:.2g}'):,.0f}")

    def size(self, n_bytes: int | None) -> str:
        """Write bytes in the decimal unit that fits, such as ``9.4 MB``."""
        if n_bytes is None:
            return MISSING
        value = float(n_bytes)
        for unit in ("bytes", "kilobytes", "megabytes"):
            if value < 999.5:
                digits = 0 if unit == "bytes" or value >= 100 else 1
                return self._local(f"{value:.{digits}f}") + self.units[unit]
            value /= 1000
        return self._local(f"{value:.1f}") + self.units["gigabytes"]

    def duration(self, seconds: float | None) -> str:
        """Write seconds as a person would say them, such as ``4 min 51 s``."""
        if seconds is None:
            return MISSING
        if seconds < 0.1:
            return self._local("< 0.1") + self.units["seconds"]
        if seconds < 60:
            digits = 1 if seconds < 10 else 0
            return self._local(f"{seconds:.{digits}f}") + self.units["seconds"]
        minutes, rest = divmod(round(seconds), 60)
        if minutes >= 60:
            hours, minutes = divmod(minutes, 60)
            return f"{hours}{self.units['hours']} {minutes}{self.units['minutes']}"
        written = f"{minutes}{self.units['minutes']}"
        if not rest:
            return written
        return f"{written} {rest}{self.units['seconds']}"
