"""The gate that every request passes: who may enter, what every answer carries, what is counted and logged of it."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from assay.server.failures import ApiError, ClientGone
from assay.server.logs import describe_exception
from assay.server.service import Service

__all__ = ["Gate", "name_of_host"]

logger = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

# On every answer: it is what it says it is, and no cache keeps it.
ANSWER_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
# On what a browser shows: nothing from elsewhere runs or is fetched, nobody may frame it.
PAGE_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
OPEN_PREFIX = "/static/"
OPEN_PATHS = {
    "/health",
    "/health/live",
    "/docs",
    "/openapi.json",
}  # tell nothing of the models or their texts
CLIENT_GONE = 499  # nginx's number for it; nobody receives it, logs and metrics do
KNOWN_METHODS = {"GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"}


class Gate:
    """ASGI middleware around all routes.

    Parameters
    ----------
    app : ASGI application
    service : Service
    api_key : str or None
        That requests have to bring; None: none.
    hosts : frozenset of str or None
        Names by which this server may be called, without port; None: any.
    routes : frozenset of str
        The paths that exist; metrics and logs call every other one "other".
    """

    def __init__(
        self,
        app: Asgi,
        *,
        service: Service,
        api_key: str | None,
        hosts: frozenset[str] | None,
        routes: frozenset[str],
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._service = service
        self._api_key = None if api_key is None else api_key.encode()
        self._routes = routes
        self._n_inside = 0

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Let a request in, or say why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s = time.perf_counter()
        status = CLIENT_GONE

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message.get("headers", ())
                is_page = any(
                    name == b"etag" for name, _ in headers
                )  # those of page.py say themselves what to keep
                message = {
                    **message,
                    "headers": [*headers, *(PAGE_HEADERS if is_page else ANSWER_HEADERS)],
                }
            await send(message)

        self._n_inside += 1
        self._service.metrics.in_flight.inc()
        try:
            self._check(scope)
            await self._app(scope, receive, send_marked)
        except ClientGone:
            pass
        except ApiError as err:
            await _answer(err, send_marked)
        except (
            Exception
        ) as err:  # nothing of it may reach the client, and its message may hold a text
            logger.error("a request failed", extra={"facts": describe_exception(err)})
            if status == CLIENT_GONE:
                await _answer(
                    ApiError(500, "backend", "the server made a mistake; its log says more"),
                    send_marked,
                )
        finally:
            self._n_inside -= 1
            self._service.metrics.in_flight.dec()
            self._note(scope, status, time.perf_counter() - started_s)

    def _check(self, scope: MutableMapping[str, Any]) -> None:
        """Refuse what may not enter."""
        if self._hosts is not None:
            self._check_host(scope["headers"], self._hosts)
        path = scope["path"]
        is_open = (
            path in OPEN_PATHS
            or path.startswith(OPEN_PREFIX)
            or (path == "/" and scope["method"] != "POST")
        )
        if is_open or scope["method"] == "OPTIONS":
            return
        if self._api_key is not None:
            given = dict(scope["headers"]).get(b"authorization", b"")
            kind, _, key = given.partition(b" ")
            if kind.lower() != b"bearer" or not hmac.compare_digest(key.strip(), self._api_key):
                sentence = "the key is missing or wrong; the header 'Authorization: Bearer KEY' is accepted"
                raise ApiError(401, "validation", sentence, headers={"WWW-Authenticate": "Bearer"})
        if self._service.is_stopping and scope["method"] == "POST":
            sentence = "the server is stopping: it takes no more requests"
            raise ApiError(
                503, "unhealthy", sentence, headers={"Retry-After": "5", "Connection": "close"}
            )
        limit = self._service.limits.max_requests
        if self._n_inside > limit:
            sentence = f"{limit:,} requests are in work, and no more are taken (assay serve --max-requests)"
            raise ApiError(503, "overloaded", sentence, headers={"Retry-After": "1"})

    def _check_host(self, headers: Iterable[tuple[bytes, bytes]], hosts: frozenset[str]) -> None:
        """Refuse a name that is not this server's.

        A page from elsewhere may have its own name point to this machine (DNS rebinding), and would
        then be of one origin with this server: its scripts could ask whatever stands behind the
        loopback address. The browser says by which name it came, and that is not one of ours.
        Clients without any, of HTTP/1.0, are no browsers.
        """
        for name, value in headers:
            if name == b"host" and (given := name_of_host(value.decode("latin-1"))) not in hosts:
                sentence = (
                    f"this server is not '{given[:80]}'; it answers to {', '.join(sorted(hosts))}"
                )
                raise ApiError(421, "validation", f"{sentence} (assay serve --allowed-host)")

    def _note(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        path = scope["path"]
        route = (
            path
            if path in self._routes
            else OPEN_PREFIX
            if path.startswith(OPEN_PREFIX)
            else "other"
        )
        method = scope["method"] if scope["method"] in KNOWN_METHODS else "other"
        self._service.metrics.note_request(route, method, status, seconds)
        if logger.isEnabledFor(logging.INFO):
            facts = {
                "route": route,
                "method": method,
                "status": status,
                "ms": round(seconds * 1000, 2),
            }
            logger.info("request", extra={"facts": facts})


def name_of_host(value: str) -> str:
    """Return a Host header without its port, in lower case; an IPv6 address keeps its brackets."""
    value = value.strip().lower()
    name, colon, port = value.rpartition(":")
    return name if colon and not port.strip("0123456789") else value


async def _answer(err: ApiError, send: Send) -> None:
    """Send an error: every one has the same shape."""
    body = err.body()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in err.headers.items()]
    await send({"type": "http.response.start", "status": err.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
