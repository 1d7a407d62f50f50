"""The gate that every request passes: who may enter, and how errors are answered."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assay.server.failures import ApiError, ClientGone
from assay.server.logs import describe_exception
from assay.server.meter import STATIC_PREFIX
from assay.server.service import Service

__all__ = ["Gate", "answer_guarded", "check_host", "parse_host", "send_error"]

logger = logging.getLogger(__name__)

# These tell nothing about the models or their texts: they need no key.
OPEN_PATHS = {"/health", "/health/live", "/docs", "/openapi.json"}
SHOWN_CHARS = 80  # of a host name that is not this server's
KEY_ACCEPTED = "the header 'Authorization: Bearer KEY' is accepted"


class Gate:
    """ASGI middleware around all routes.

    Parameters
    ----------
    app : ASGI application
    service : Service
    api_key : str or None
        The key that requests must bring; None: they need none.
    hosts : frozenset of str or None
        Names by which this server may be called, without port; None: any.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        service: Service,
        api_key: str | None,
        hosts: frozenset[str] | None,
    ) -> None:
        self._app = app
        self._service = service
        self._api_key = None if api_key is None else api_key.encode()
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._service.places.n_taken += 1
        try:
            await answer_guarded(self._app, scope, receive, send, check=self._check)
        finally:
            self._service.places.n_taken -= 1

    def _check(self, scope: Scope) -> None:
        """Refuse what may not enter.

        Raises
        ------
        ApiError
            421, 401 or 503.
        """
        if self._hosts is not None:
            check_host(scope, self._hosts, hint=" (assay serve --allowed-host)")
        if _is_open(scope):
            return
        if self._api_key is not None:
            given = dict(scope["headers"]).get(b"authorization", b"")
            _check_key(given, self._api_key)
        if self._service.is_stopping and scope["method"] == "POST":
            raise ApiError(
                503,
                "unhealthy",
                "the server is stopping: it takes no more requests",
                headers={"Retry-After": "5", "Connection": "close"},
            )
        self._service.places.check()


async def answer_guarded(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, check: Callable[[Scope], None]
) -> None:
    """Check a request and hand it on; answer with an error what either of them raises."""
    has_started = False

    async def send_noted(message: Message) -> None:
        nonlocal has_started
        has_started = True
        await send(message)

    try:
        check(scope)
        await app(scope, receive, send_noted)
    except ClientGone:
        pass
    except ApiError as err:
        await send_error(err, send)
    except Exception as err:  # its message may hold a text, so the client learns nothing of it
        logger.error("a request failed", extra={"facts": describe_exception(err)})
        if not has_started:
            sentence = "the server made a mistake; its log says more"
            await send_error(ApiError(500, "backend", sentence), send)


def _is_open(scope: Scope) -> bool:
    """Return whether a request is let in without a key and however many are inside."""
    path, method = scope["path"], scope["method"]
    is_page = path == "/" and method != "POST"
    return is_page or method == "OPTIONS" or path in OPEN_PATHS or path.startswith(STATIC_PREFIX)


def check_host(scope: Scope, hosts: frozenset[str], *, hint: str = "") -> None:
    """Refuse a request for a name that is not this server's.

    A page from elsewhere may have its own name point to this machine (DNS rebinding). It would then
    have one origin with this server, and its scripts could ask whatever listens on the loopback
    address. The browser says by which name it came, and that name is not one of ours. Clients that
    send no name, such as those of HTTP/1.0, are no browsers.

    Parameters
    ----------
    scope : ASGI scope
    hosts : frozenset of str
        Without port.
    hint : str
        How to have more names, for the end of the message.

    Raises
    ------
    ApiError
        421: one of the names in the headers is another one.
    """
    for name, value in scope["headers"]:
        given = parse_host(value.decode("latin-1")) if name == b"host" else None
        if given is not None and given not in hosts:
            raise ApiError(
                421,
                "validation",
                f"this server is not '{given[:SHOWN_CHARS]}'; it answers to "
                f"{', '.join(sorted(hosts))}{hint}",
            )


def _check_key(authorization: bytes, api_key: bytes) -> None:
    kind, _, key = authorization.partition(b" ")
    if kind.lower() != b"bearer" or not hmac.compare_digest(key.strip(), api_key):
        raise ApiError(
            401,
            "validation",
            f"the key is missing or wrong; {KEY_ACCEPTED}",
            headers={"WWW-Authenticate": "Bearer"},
        )


def parse_host(value: str) -> str:
    """Return a Host header without its port, in lower case; an IPv6 address keeps its brackets.

    >>> parse_host("Box.example:8000"), parse_host("[::1]")
    ('box.example', '[::1]')
    """
    value = value.strip().lower()
    name, colon, port = value.rpartition(":")
    has_port = bool(colon) and not port.strip("0123456789")
    return name if has_port else value


async def send_error(err: ApiError, send: Send) -> None:
    """Answer with an error: all of them have the same shape."""
    body = err.body()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    for name, value in err.headers.items():
        headers.append((name.lower().encode(), value.encode()))
    await send({"type": "http.response.start", "status": err.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
