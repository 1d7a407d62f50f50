"""How many requests are in work at once; those whose body has not arrived wait outside.

Otherwise a few hundred clients that begin a request and never end it would shut out all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from assay.server.failures import ApiError

__all__ = ["Places"]

# Requests whose body is on its way, for each place; they only take memory.
READING_PER_PLACE = 4


class Places:
    """Counts the requests inside.

    Parameters
    ----------
    limit : int
        Requests in work at the same time.

    Attributes
    ----------
    n_taken, n_reading : int
        Requests in work, and those whose body is being received.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.n_taken = 0
        self.n_reading = 0

    def check(self) -> None:
        """Refuse the request that has just come in if there is no place for it.

        Raises
        ------
        ApiError
            503.
        """
        if self.n_taken > self._limit or self.n_reading > READING_PER_PLACE * self._limit:
            raise ApiError(
                503,
                "overloaded",
                f"{self._limit:,} requests are in work, and no more are taken "
                "(assay serve --max-requests)",
                headers={"Retry-After": "1"},
            )

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Give the place of a request back while its body is received.

        Raises
        ------
        ApiError
            503: all places are taken when the body is whole.
        """
        self.n_taken -= 1
        self.n_reading += 1
        try:
            yield
        finally:
            self.n_taken += 1
            self.n_reading -= 1
        self.check()
