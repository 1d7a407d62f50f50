"""Which numbers a parameter accepts, and the sentence that refuses all others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real

from assay._arguments import show_value
from assay.errors import InputError

__all__ = ["COUNT", "FRACTION", "POSITIVE", "SEED", "Bounds"]


@dataclass(frozen=True)
class Bounds:
    """The numbers that a parameter accepts.

    Parameters
    ----------
    at_least, above : float, optional
        The lowest number, which is itself accepted or not. None: there is none.
    at_most, below : float, optional
        The highest one in the same way.
    is_whole : bool
        Whether only whole numbers are accepted.
    is_optional : bool
        Whether None is accepted too.

    Examples
    --------
    >>> Bounds(at_least=0, below=1).words()
    '0 up to less than 1'
    """

    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    is_whole: bool = False
    is_optional: bool = False

    def check(self, name: str, value: object) -> None:
        """Refuse a value that is not accepted.

        Raises
        ------
        InputError
            Says the name, the value and what is accepted.
        """
        if value is None and self.is_optional:
            return
        kind = Integral if self.is_whole else Real
        if not isinstance(value, kind):
            number = "a whole number" if self.is_whole else "a number"
            raise InputError(
                f"{name} is {show_value(value)}; {number}, {self.words()}, is accepted"
            )
        if not self._holds(float(value)):
            raise InputError(f"{name} is {value}; {self.words()} is accepted")

    def _holds(self, number: float) -> bool:
        """Tell whether a number is within the bounds; NaN never is."""
        if math.isnan(number):
            return False
        low = self.above if self.at_least is None else self.at_least
        high = self.below if self.at_most is None else self.at_most
        if low is not None and (number < low or number == self.above):
            return False
        return high is None or (number <= high and number != self.below)

    def words(self) -> str:
        """Say in words what is accepted."""
        has_end = self.at_most is not None or self.below is not None
        low = high = ""
        if self.at_least is not None:
            low = f"{self.at_least:.0f}"
            if not has_end:
                low = f"at least {low}"
        if self.above is not None:
            low = f"more than {self.above:.0f}"
        if self.at_most is not None:
            high = f" to {self.at_most:.0f}"
        if self.below is not None:
            high = f" up to less than {self.below:.0f}"
        return low + high


COUNT = Bounds(at_least=1, is_whole=True)
POSITIVE = Bounds(above=0)
FRACTION = Bounds(at_least=0, at_most=1)
SEED = Bounds(at_least=0, at_most=2**32 - 1, is_whole=True)  # what scikit-learn accepts
