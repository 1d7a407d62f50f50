"""uvicorn's protocol of HTTP, with bounds on what a request may say around its body, and on time.

uvicorn closes connections that are idle after an answer, but it waits forever for the rest of a
head that a client began to send, and keeps whatever comes of it in memory. It does so with headers
behind a body in chunks (trailers), too, and with requests that a client sends without waiting for
answers (pipelining).
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from assay.server.failures import ApiError
from assay.server.slow_readers import CountedWrites, SlowReaders

__all__ = ["MAX_HEAD_BYTES", "make_protocol"]

MAX_HEAD_BYTES = 65_536  # URL and headers together
# What is received is parsed in pieces: a head that is too long is noticed after one more piece, and
# a piece holds 200 of the shortest requests at most.
PIECE_BYTES = 4_096
SEPARATOR_BYTES = 4  # colon, space and the end of a line: what a header has beside name and value


class HeadTooLong(Exception):
    """The head of a request is over the limit."""


class _BoundedProtocol(HttpToolsProtocol):  # type: ignore[misc]
    """A connection whose requests must have a complete head, of bounded length, in time."""

    parser: Any
    client_s = 10.0  # `make_protocol` sets these three
    slow_readers: SlowReaders | None = None
    cors_origins: Sequence[str] = ()
    _patience: asyncio.TimerHandle | None = None
    _is_reading_head = False
    _is_head_too_long = False
    _is_asked_to_change = False  # to another protocol, by the request whose head was read last
    _piece = b""  # what is parsed
    _is_news = False  # whether the last piece brought the begin or end of a head, or of a body
    _n_silent_bytes = 0  # received since then: of a head, of trailers, between chunks

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unread: deque[bytes] = deque()

    @property
    def _is_in_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: Any) -> None:
        super().connection_made(CountedWrites(transport, self.loop, self.slow_readers))
        self._start_waiting()

    def data_received(self, data: bytes) -> None:
        self._unread.extend(_cut(data))
        self._read_on()

    def _read_on(self) -> None:
        """Parse what was received, until a request has to wait for the answer to another."""
        while self._unread and not self.pipeline:
            piece = self._piece = self._unread.popleft()
            self._is_news = False
            super().data_received(piece)
            if self.transport.is_closing():
                self._unread.clear()
                return
            self._n_silent_bytes = 0 if self._is_news else self._n_silent_bytes + len(piece)
            if self._n_silent_bytes > MAX_HEAD_BYTES:
                self._refuse(_make_head_error(is_trailer=not self._is_reading_head))
                return
        if self._is_in_work:
            self._stop_waiting()
        else:
            self._start_waiting()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_reading_head = self._is_news = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_reading_head:  # a trailer means nothing to us
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_reading_head = False
        self._is_news = True
        self._is_asked_to_change = _asks_for_another_protocol(self.headers)
        if _count_head_bytes(self.url, self.headers) > MAX_HEAD_BYTES:
            self._is_head_too_long = True
            raise HeadTooLong  # the parser stops, and send_400_response is called
        if not self._is_asked_to_change:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._is_news = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_news = True
        if not self._is_asked_to_change:
            super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """Read a request that asks for another protocol as if it did not.

        Java's client asks for HTTP/2 in every first request, and so does ``curl --http2``. A server
        may go on with HTTP/1.1; the parser stops behind the head, and would never read the body.
        """
        stopped = sys.exc_info()[1]  # the parser says where, and `_piece` is what it was given
        if not self._is_asked_to_change or stopped is None:
            return
        version = self.parser.get_http_version().encode()
        start = b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)
        head = _write_head(start, self.headers)
        rest = self._piece[stopped.args[0] :]
        self.parser = type(self.parser)(self)
        with suppress(AttributeError):  # as uvicorn does; older parsers have no such method
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._piece = head + rest
        super().data_received(self._piece)

    def send_400_response(self, msg: str) -> None:
        err = ApiError(400, "validation", "this is no request of HTTP")
        self._refuse(_make_head_error() if self._is_head_too_long else err)

    def _refuse(self, err: ApiError) -> None:
        """Answer before there is a request, and close the connection."""
        allowed = _find_allowed(self.cors_origins, self.headers or [])
        self.transport.write(_render(err, allowed=allowed))
        self.transport.close()
        self._unread.clear()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self.pipeline:
            self.flow.pause_reading()  # uvicorn reads on, however many requests wait already
        elif self._unread:
            self._read_on()
        if self._is_reading_head and not self._is_in_work:
            self._start_waiting()  # half of the next head came with this request

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._unread.clear()
        if self.slow_readers is not None:
            self.slow_readers.forget(self.transport)
        super().connection_lost(exc)

    def _start_waiting(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(self.client_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if not self._is_in_work:
            self.transport.close()


def make_protocol(
    client_s: float, *, max_unsent_bytes: int, cors_origins: Sequence[str] = ()
) -> type[Any]:
    """Return the protocol class for a server.

    Parameters
    ----------
    client_s : float
        Seconds to wait for the head of a request, or for a client that does not read its answer,
        until the connection is closed.
    max_unsent_bytes : int
        Bytes of all connections together that may wait for their clients to read them.
    cors_origins : sequence of str
        Origins whose pages may read the answers that are given before there is a request.
    """
    slow_readers = SlowReaders(client_s=client_s, max_bytes=max_unsent_bytes)
    shared = {
        "client_s": client_s,
        "slow_readers": slow_readers,
        "cors_origins": tuple(cors_origins),
    }
    return type("Protocol", (_BoundedProtocol,), shared)


def _cut(data: bytes) -> Iterator[bytes]:
    if len(data) <= PIECE_BYTES:
        yield data
        return
    for start in range(0, len(data), PIECE_BYTES):
        yield data[start : start + PIECE_BYTES]


def _count_head_bytes(url: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    n_bytes = len(url)
    for name, value in headers:
        n_bytes += len(name) + len(value) + SEPARATOR_BYTES
    return n_bytes


def _asks_for_another_protocol(headers: list[tuple[bytes, bytes]]) -> bool:
    """Tell whether the parser will stop behind a head because of its header Upgrade."""
    names = {name for name, _ in headers}
    if not {b"upgrade", b"connection"} <= names:
        return False
    values = [value.lower() for name, value in headers if name == b"connection"]
    return any(b"upgrade" in value for value in values)


def _write_head(start: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Return the head of a request, without what asks for another protocol."""
    lines = [start]
    for name, value in headers:
        if name == b"connection":
            options = [one.strip() for one in value.split(b",")]
            kept = [one for one in options if one.lower() not in (b"upgrade", b"http2-settings")]
            value = b", ".join(kept)
        if name not in (b"upgrade", b"http2-settings"):
            lines.append(name + b": " + value)
    return b"\r\n".join([*lines, b"", b""])


def _make_head_error(*, is_trailer: bool = False) -> ApiError:
    what = "what is around the body" if is_trailer else "the head"
    sentence = f"{what} of the request is too long; up to {MAX_HEAD_BYTES:,} bytes are accepted"
    return ApiError(431, "validation", sentence)


def _find_allowed(origins: Sequence[str], headers: list[tuple[bytes, bytes]]) -> str | None:
    """Return the origin whose pages may read an answer; None if that of the request may not.

    The headers may be cut off before they say whose page asked: then a lone origin is named, which
    allows no other.
    """
    if "*" in origins:
        return "*"
    asked = [value.decode("latin-1") for name, value in headers if name == b"origin"]
    if not asked:
        return origins[0] if len(origins) == 1 else None
    return asked[0] if asked[0] in origins else None


def _render(err: ApiError, *, allowed: str | None) -> bytes:
    """Return an answer of HTTP that ends its connection, readable by pages of an origin."""
    reason = {400: "Bad Request", 431: "Request Header Fields Too Large"}[err.status]
    body = err.body()
    head = (
        f"HTTP/1.1 {err.status} {reason}\r\n"
        "content-type: application/json\r\n"
        f"content-length: {len(body)}\r\n"
        "connection: close\r\n"
    )
    if allowed is not None:
        head += f"access-control-allow-origin: {allowed}\r\nvary: Origin\r\n"
    return head.encode("latin-1") + b"\r\n" + body
