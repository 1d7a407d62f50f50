"""uvicorn's protocol, with an end to its patience, and answers in one piece.

uvicorn itself closes connections that are idle after an answer, but waits forever for the rest of a
head that a client began to send, or never began. And it writes head and body of an answer one after
the other: two calls of the system and two packets, of which each costs as much as all the work on a
small answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

__all__ = ["OnePiece", "make_protocol"]

LARGE_BYTES = 65_536


class OnePiece:
    """A transport that sends what is written in one turn of the event loop together.

    Parameters
    ----------
    transport : asyncio.Transport
    loop : asyncio event loop
    """

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._written: list[bytes] = []
        self._later: asyncio.Handle | None = None

    def write(self, data: bytes) -> None:
        """Send `data` at the end of this turn."""
        if self._later is None:
            self._later = self._loop.call_soon(self.flush)
        self._written.append(data)
        if len(data) > LARGE_BYTES:
            self.flush()  # so that the flow control of large answers sees them at once

    def flush(self) -> None:
        """Send what was written so far."""
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._written:
            written, self._written = self._written, []
            self._transport.write(b"".join(written))

    def close(self) -> None:
        """Send what was written, and close."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def make_protocol(client_s: float) -> type[Any]:
    """Return a protocol class that closes a connection whose request has no whole head after `client_s` seconds."""

    class PatientProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        _patience: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(OnePiece(transport, self.loop))
            self._start_waiting()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            is_in_work = self.cycle is not None and not self.cycle.response_complete
            if is_in_work:
                self._stop_waiting()
            elif self._patience is None:
                self._start_waiting()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self.transport.flush()  # the answer is whole: it need not wait for the end of the turn
            is_in_work = self.cycle is not None and not self.cycle.response_complete
            if (
                not is_in_work and self._patience is None
            ):  # what came with the request may be half of another
                self._start_waiting()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def _start_waiting(self) -> None:
            self._patience = self.loop.call_later(client_s, self._give_up)

        def _stop_waiting(self) -> None:
            if self._patience is not None:
                self._patience.cancel()
                self._patience = None

        def _give_up(self) -> None:
            self._patience = None
            if self.cycle is None or self.cycle.response_complete:
                self.transport.close()

    return PatientProtocol
