"""The prefix under which a proxy offers the server, such as /nlp: taken off the path of a request.

Both kinds of proxies work: those that send the prefix on, and those that take it off themselves.
Addresses in the pages are relative, so they need not know it.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["RootPath"]


class RootPath:
    """ASGI middleware around everything else.

    Parameters
    ----------
    app : ASGI application
    prefix : str
        Begins with a slash, and does not end with one.
    """

    def __init__(self, app: ASGIApp, *, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the prefix off; without its last slash, lead to the page."""
        path = scope.get("path", "")
        if path == self._prefix and scope["method"] in ("GET", "HEAD"):
            # Relative addresses in the page would otherwise lack the prefix.
            await _send_on(self._prefix + "/", send)
            return
        if path == self._prefix or path.startswith(self._prefix + "/"):
            scope = {**scope, "path": path.removeprefix(self._prefix) or "/"}
        await self._app(scope, receive, send)


async def _send_on(where: str, send: Send) -> None:
    headers = [(b"location", where.encode("latin-1")), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 308, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
