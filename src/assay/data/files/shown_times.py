"""Dates, times and spans as they are seen in a spreadsheet: ``2026-11-26``, ``25:00:00``."""

from __future__ import annotations

import datetime
from typing import Any

__all__ = ["show_time"]

TIMES = (datetime.date, datetime.time, datetime.timedelta)  # a datetime is a date, too


def show_time(value: Any) -> str | None:
    """Return a date, a time or a span as it is seen; None for values of other kinds.

    >>> show_time(datetime.datetime(2026, 11, 26)), show_time(datetime.datetime(2026, 11, 26, 9))
    ('2026-11-26', '2026-11-26 09:00:00')
    >>> show_time("2026")
    """
    if not isinstance(value, TIMES):
        return None
    if isinstance(value, datetime.timedelta):
        return _show_duration(value)
    if isinstance(value, datetime.datetime):
        # What pandas has beside microseconds is no part of `time`
        if value.time() == datetime.time() and not getattr(value, "nanosecond", 0):
            return value.date().isoformat()
        return value.isoformat(sep=" ")
    return value.isoformat()


def _show_duration(span: datetime.timedelta) -> str:
    """Return hours, which may be many, minutes and seconds, as a spreadsheet shows them.

    >>> _show_duration(datetime.timedelta(days=1, hours=1, seconds=5))
    '25:00:05'
    """
    seconds = round(span.total_seconds())
    sign = "-" * (seconds < 0)
    minutes, seconds = divmod(abs(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}:{minutes:02}:{seconds:02}"
