"""Who may ask the pages of `label` and `review`, and how errors are answered.

A page from elsewhere must neither read texts nor decide: its name is not this server's, its
origin is not, and a form of it cannot send JSON.
"""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.server.failures import ApiError
from assay.server.gate import answer_guarded, check_host, send_error
from assay.server.meter import add_headers

__all__ = ["PageGate"]

JSON = b"application/json"
ENDED = "the command that serves this page has ended"


class PageGate:
    """ASGI middleware around the routes of a page.

    Parameters
    ----------
    app : ASGI application
    hosts : frozenset of str or None
        Names by which this server may be called, without port; None: any.
    """

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str] | None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        has_started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                message = add_headers(message)
            await send(message)

        try:
            await answer_guarded(self._app, scope, receive, send_with_headers, check=self._check)
        except asyncio.CancelledError:  # the command ends while something is worked out
            if not has_started:
                await send_error(ApiError(503, "backend", ENDED), send_with_headers)

    def _check(self, scope: Scope) -> None:
        """Refuse what comes by another name, from another origin, or not as JSON.

        Raises
        ------
        ApiError
            421, 403 or 415.
        """
        if self._hosts is not None:
            check_host(scope, self._hosts)
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        if scope["method"] in ("GET", "HEAD"):
            return
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin and urlsplit(origin).netloc.casefold() != host.casefold():
            raise ApiError(403, "validation", "pages of other origins may not decide")
        if not headers.get(b"content-type", b"").startswith(JSON):
            raise ApiError(415, "validation", "the body is not sent as application/json")
