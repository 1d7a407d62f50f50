"""uvicorn's protocol, with an end to its patience: it waits for the head of a request for a limited time only.

uvicorn itself closes connections that are idle after an answer, but waits forever for the rest of a head that a
client began to send, or never began.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

__all__ = ["make_protocol"]


def make_protocol(client_s: float) -> type[Any]:
    """Return a protocol class that closes a connection whose request has no whole head after `client_s` seconds."""

    class PatientProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        _patience: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
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
            is_in_work = self.cycle is not None and not self.cycle.response_complete
            if not is_in_work and self._patience is None:  # what came with the request may be half of another
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
