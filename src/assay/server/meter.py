"""What happens to every request, whatever becomes of it: it is counted, timed and logged.

Answers get the headers that every answer carries.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.server.metrics import Metrics

__all__ = ["STATIC_PREFIX", "Meter", "add_headers"]

logger = logging.getLogger(__name__)

Headers = Sequence[tuple[bytes, bytes]]

# Every answer is of the type that it says, and no cache keeps it.
ANSWER_HEADERS: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
)
# The page and its parts: nothing from elsewhere runs or is fetched, and no other page frames it.
# They say themselves how long to keep them (page.py).
CONTENT_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS: Headers = (
    (b"content-security-policy", CONTENT_POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
STATIC_PREFIX = "/static/"
CLIENT_GONE = 499  # nginx's number for it: nobody receives it, but logs and metrics show it
KNOWN_METHODS = {"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"}


class Meter:
    """ASGI middleware around everything else.

    Parameters
    ----------
    app : ASGI application
    metrics : Metrics
    paths : frozenset of str
        The paths that exist; metrics and logs call every other one "other".
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, paths: frozenset[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s = time.perf_counter()
        status = CLIENT_GONE

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = add_headers(message)
            await send(message)

        self._metrics.in_flight.inc()
        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            self._metrics.in_flight.dec()
            self._note(scope, status, time.perf_counter() - started_s)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = self._name_route(scope["path"])
        method = scope["method"] if scope["method"] in KNOWN_METHODS else "other"
        self._metrics.note_request(route, method, status, seconds)
        if logger.isEnabledFor(logging.INFO):
            facts = {
                "route": route,
                "method": method,
                "status": status,
                "ms": round(seconds * 1000, 2),
            }
            logger.info("request", extra={"facts": facts})

    def _name_route(self, path: str) -> str:
        """Return a path of the server's own; a stranger's could hold a text."""
        if path in self._paths:
            return path
        return STATIC_PREFIX if path.startswith(STATIC_PREFIX) else "other"


def add_headers(message: Message) -> Message:
    """Return the start of an answer with the headers that it has to carry."""
    headers = message.get("headers", ())
    is_page = any(name == b"etag" for name, _ in headers)
    added = PAGE_HEADERS if is_page else ANSWER_HEADERS
    return {**message, "headers": [*headers, *added]}
