"""A speed trick: head and body of an answer go out together.

What it is for: uvicorn writes the head and then the body. Each write is a call of the system and a
packet, and each costs as much as all the work on a small answer. What it costs: this file, and one
flush at the end of each answer (protocol.py). The plain version is to give uvicorn's protocol the
transport itself.
"""

from __future__ import annotations

import asyncio
from typing import Any

from assay.server.slow_readers import SlowReaders

__all__ = ["LARGE_BYTES", "JoinedWrites"]

LARGE_BYTES = 65_536


class JoinedWrites:
    """A transport that sends together what is written in one turn of the event loop.

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
        self._slow_readers = slow_readers
        self._loop = loop
        self._written: list[bytes] = []
        self._later: asyncio.Handle | None = None

    def write(self, data: bytes) -> None:
        """Send `data` at the end of this turn, or at once if it is large."""
        if self._later is None:
            self._later = self._loop.call_soon(self.flush)
        self._written.append(data)
        if len(data) > LARGE_BYTES:
            self.flush()  # the flow control of the transport must see large answers at once

    def flush(self) -> None:
        """Send what was written so far; a connection that was cut off takes nothing more."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self.transport.is_closing():  # uvloop's raise an error then
            self._written.clear()
        if self._written:
            data = b"".join(self._written)
            self._written.clear()
            self.n_written += len(data)
            self.transport.write(data)
            if self._slow_readers is not None:
                self._slow_readers.note(self, self._loop)

    def close(self) -> None:
        """Send what was written, and close."""
        self.flush()
        self.transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)
