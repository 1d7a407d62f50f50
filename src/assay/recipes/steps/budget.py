"""A wall-clock budget for a run: how long each training may take, and when to leave one out."""

from __future__ import annotations

import time

__all__ = ["Budget", "parse_duration"]

from assay.errors import InputError
from assay.methods import METHODS

RESERVED_FRACTION = 0.15  # for saving, scoring, the map and the report
UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str) -> float:
    """Return the seconds of a duration such as ``90s``, ``10m`` or ``1.5h``.

    Raises
    ------
    InputError
        The text is no such duration, or the duration is not positive.
    """
    number, unit = text, "s"
    if text[-1:].lower() in UNITS_S:
        number, unit = text[:-1], text[-1].lower()
    try:
        seconds = float(number) * UNITS_S[unit]
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e9:
        raise InputError(
            f"'{text}' is no duration; "
            "a number with s, m or h is accepted, such as 90s, 10m or 1.5h"
        )
    return seconds


class Budget:
    """Wall-clock time spent so far, and what is left of `total_s`; None: no limit."""

    def __init__(self, total_s: float | None) -> None:
        self.total_s = total_s
        self._started_s = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._started_s

    @property
    def left_s(self) -> float | None:
        """Seconds left for training; None: no limit."""
        if self.total_s is None:
            return None
        return max(0.0, self.total_s * (1 - RESERVED_FRACTION) - self.elapsed_s)

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left for training."""
        return self.left_s == 0.0

    def share_s(self, method: str) -> float | None:
        """Return how long the training of `method` may take; None: as long as it takes."""
        fraction = METHODS[method].budget_fraction
        if self.left_s is None or fraction is None:
            return None
        return max(1.0, self.left_s * fraction)

    def reason_to_skip(self, method: str) -> str | None:
        """Return why `method` is left out, or None.

        The cheap methods always run: there must be something to ship.
        """
        if self.is_spent and not METHODS[method].ignores_budget:
            return f"left out: the budget of {self.total_s:g} s was spent before it began"
        return None
