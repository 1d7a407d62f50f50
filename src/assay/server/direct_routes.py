"""A speed trick: the routes that score texts are answered past the router and its layers.

What it is for: FastAPI's router, its exit stacks and its error layers, and the headers that are
worked out, take an eighth of the processor time of a small answer (dev/LOG.md, "Sockets, routes and
event loops"). What it costs: this file, and that what these endpoints raise is answered by the gate
alone. The plain version is to leave this middleware out: the same endpoints are routes of the
application too, and answer the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from assay.server.failures import encode_json

__all__ = ["DirectRoutes", "Endpoint", "JsonAnswer"]

Endpoint = Callable[[Request], Awaitable[Response]]


class DirectRoutes:
    """ASGI middleware that calls some endpoints itself.

    Parameters
    ----------
    app : ASGI application
        Answers every other request.
    endpoints : mapping of (method, path) to endpoint
    """

    def __init__(self, app: ASGIApp, *, endpoints: Mapping[tuple[str, str], Endpoint]) -> None:
        self._app = app
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        endpoint = None
        if scope["type"] == "http":
            endpoint = self._endpoints.get((scope["method"], scope["path"]))
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        answer = await endpoint(Request(scope, receive))
        await answer(scope, receive, send)


class JsonAnswer(Response):
    """An answer of JSON whose two headers are written down instead of worked out.

    The plain version is starlette's `JSONResponse` with `encode_json` as its `render`.

    Parameters
    ----------
    content : plain values
    """

    def __init__(self, content: Any) -> None:
        self.status_code = 200
        self.background = None
        self.body = encode_json(content)
        self.raw_headers = [
            (b"content-length", str(len(self.body)).encode()),
            (b"content-type", b"application/json"),
        ]
