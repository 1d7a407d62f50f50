"""Connections whose answers wait to be sent, because their clients do not read them.

Each waiting answer takes memory. A client has to read some of it in time, and all clients together
may leave only so much unread: then those that have waited longest are cut off.
"""

from __future__ import annotations

import asyncio
from typing import Any

__all__ = ["MIN_READ_BYTES", "CountedWrites", "SlowReaders"]

# What a client has to read within `client_s`, where so much waits for it.
MIN_READ_BYTES = 65_536


class CountedWrites:
    """The transport of one connection, which counts what it is given.

    Parameters
    ----------
    transport : asyncio.Transport
    loop : asyncio event loop
    slow_readers : SlowReaders, optional
        Told of each write.

    Attributes
    ----------
    n_written : int
        Bytes that the transport was given.
    """

    def __init__(
        self,
        transport: Any,
        loop: asyncio.AbstractEventLoop,
        slow_readers: SlowReaders | None = None,
    ) -> None:
        self.transport = transport
        self.n_written = 0
        self._loop = loop
        self._slow_readers = slow_readers

    def write(self, data: bytes) -> None:
        """Send `data`; a connection that was cut off takes nothing more."""
        if self.transport.is_closing():  # uvloop's raise an error then
            return
        self.n_written += len(data)
        self.transport.write(data)
        if self._slow_readers is not None:
            self._slow_readers.note(self, self._loop)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)


class SlowReaders:
    """The connections of a server that have something unsent.

    Parameters
    ----------
    client_s : float
        Seconds in which a client has to read `MIN_READ_BYTES` of what waits for it, or all.
    max_bytes : int
        Unsent bytes of all connections together.
    """

    def __init__(self, *, client_s: float, max_bytes: int) -> None:
        self._client_s = client_s
        self._max_bytes = max_bytes
        self._waiting: dict[CountedWrites, None] = {}  # in the order in which they began to wait

    def note(self, connection: CountedWrites, loop: asyncio.AbstractEventLoop) -> None:
        """Look at a connection that was written to."""
        if not connection.transport.get_write_buffer_size():
            return
        if connection not in self._waiting:
            self._waiting[connection] = None
            self._look_later(connection, loop)
        sizes = {one: one.transport.get_write_buffer_size() for one in self._waiting}
        total = sum(sizes.values())
        for one, size in sizes.items():
            if total <= self._max_bytes:
                return
            self._cut_off(one)
            total -= size

    def forget(self, connection: CountedWrites) -> None:
        """Note that a connection is closed."""
        self._waiting.pop(connection, None)

    def _look_later(self, connection: CountedWrites, loop: asyncio.AbstractEventLoop) -> None:
        n_sent = _count_sent(connection)
        loop.call_later(self._client_s, self._look, connection, n_sent, loop)

    def _look(
        self, connection: CountedWrites, before: int, loop: asyncio.AbstractEventLoop
    ) -> None:
        """Cut a connection off if its client has read too little since then."""
        if connection not in self._waiting:
            return
        if not connection.transport.get_write_buffer_size():
            self.forget(connection)
        elif _count_sent(connection) - before < MIN_READ_BYTES:
            self._cut_off(connection)
        else:
            self._look_later(connection, loop)

    def _cut_off(self, connection: CountedWrites) -> None:
        self.forget(connection)
        connection.transport.abort()


def _count_sent(connection: CountedWrites) -> int:
    unsent: int = connection.transport.get_write_buffer_size()
    return connection.n_written - unsent
