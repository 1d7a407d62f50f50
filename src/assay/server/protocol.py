"""uvicorn's protocol of HTTP, with an end to its patience.

uvicorn closes connections that are idle after an answer, but waits forever for the rest of a head
that a client began to send, or never began.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from assay.server.joined_writes import JoinedWrites

__all__ = ["make_protocol"]


def make_protocol(client_s: float) -> type[Any]:
    """Return a protocol class that closes a connection if no complete head comes.

    Parameters
    ----------
    client_s : float
        Seconds to wait for the head of a request.
    """

    class PatientProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        _patience: asyncio.TimerHandle | None = None

        @property
        def _is_in_work(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

        def connection_made(self, transport: Any) -> None:
            super().connection_made(JoinedWrites(transport, self.loop))
            self._start_waiting()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._is_in_work:
                self._stop_waiting()
            else:
                self._start_waiting()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self.transport.flush()  # the answer is complete: no need to wait for the turn to end
            if not self._is_in_work:
                self._start_waiting()  # what came with the request may be half of another

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            super().connection_lost(exc)

        def _start_waiting(self) -> None:
            if self._patience is None:
                self._patience = self.loop.call_later(client_s, self._give_up)

        def _stop_waiting(self) -> None:
            if self._patience is not None:
                self._patience.cancel()
                self._patience = None

        def _give_up(self) -> None:
            self._patience = None
            if not self._is_in_work:
                self.transport.close()

    return PatientProtocol
