"""The routes: from a request to the service and back to JSON.

Owns starlette's requests and answers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from assay.server.failures import ApiError, ClientGone, encode_json, is_too_long
from assay.server.limits import Limits
from assay.server.served_models import ServedModel
from assay.server.requests import (
    AskedTexts,
    read_classify,
    read_explain,
    read_hub,
    read_json,
    read_predict,
)
from assay.server.service import Caller, Service

__all__ = [
    "DirectRoutes",
    "ask",
    "classify",
    "explain",
    "health",
    "hub",
    "info",
    "live",
    "metrics",
    "predict",
]

Endpoint = Callable[[Request], Awaitable[Response]]
Reader = Callable[[dict[str, Any], Limits], AskedTexts]


class JsonAnswer(Response):
    """An answer of JSON: what it sends is known, so that nothing has to be worked out.

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


class DirectRoutes:
    """ASGI middleware that answers some routes itself, past the router and its layers.

    They cost as much as all the rest of a small answer: 0.2 of 0.7 ms. What these endpoints raise
    is the gate's to say.

    Parameters
    ----------
    app : ASGI application
        For every other request.
    endpoints : dict of (method, path) to endpoint
    """

    def __init__(self, app: ASGIApp, *, endpoints: dict[tuple[str, str], Endpoint]) -> None:
        self._app = app
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        endpoint = self._endpoints.get((scope.get("method", ""), scope.get("path", "")))
        if endpoint is None or scope["type"] != "http":
            await self._app(scope, receive, send)
        else:
            answer = await endpoint(Request(scope, receive))
            await answer(scope, receive, send)


def service_of(request: Request) -> Service:
    """Return what the application serves with."""
    service: Service = request.app.state.service
    return service


async def read_body(request: Request, limits: Limits) -> bytes:
    """Return the body, of which no more is kept than accepted.

    Raises
    ------
    ApiError
        413: it is too long. 408: it does not come.
    ClientGone
        The client left in the middle of it.
    """
    length = next(
        (value for name, value in request.scope["headers"] if name == b"content-length"), b""
    )
    if length.isdigit() and int(length) > limits.max_body_bytes:
        raise _body_too_long(int(length), limits)
    chunks: list[bytes] = []
    n_bytes, is_whole = 0, False
    try:
        async with asyncio.timeout(limits.client_s):
            while not is_whole:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                chunk = message.get("body", b"")
                n_bytes += len(chunk)
                if n_bytes > limits.max_body_bytes:
                    raise _body_too_long(n_bytes, limits)
                chunks.append(chunk)
                is_whole = not message.get("more_body", False)
    except TimeoutError as err:
        sentence = f"the body was not whole after {limits.client_s:g} s (assay serve --client-s)"
        raise ApiError(408, "validation", sentence, headers={"Connection": "close"}) from err
    return b"".join(chunks)


def _body_too_long(n_bytes: int, limits: Limits) -> ApiError:
    err = is_too_long("bytes in the body:", n_bytes, limits.max_body_bytes, "--max-body-bytes")
    err.headers["Connection"] = "close"  # what is left of it is not read
    return err


async def ask(request: Request, reader: Reader) -> tuple[Service, ServedModel, AskedTexts, Caller]:
    """Read a request: which model, what is asked of it, and who waits."""
    service = service_of(request)
    served = service.shelf.find(
        request.query_params.get("model") if request.scope["query_string"] else None
    )
    body = await read_body(request, service.limits)
    asked = reader(read_json(body), service.limits)

    async def wait_for_end() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    return service, served, asked, Caller(wait_for_end, time.monotonic())


async def predict(request: Request) -> Response:
    """Score texts, as text-embeddings-inference answers: a list of labels, or for a batch a list of those."""
    service, served, asked, caller = await ask(request, read_predict)
    ranked = await service.score(served, asked, caller)
    return JsonAnswer(ranked if asked.is_batch else ranked[0])


async def hub(request: Request) -> Response:
    """Score texts, as the Hub's inference API answers: a list of lists, even for one text."""
    service, served, asked, caller = await ask(request, read_hub)
    return JsonAnswer(await service.score(served, asked, caller))


async def classify(request: Request) -> Response:
    """Answer with all that is known: label or none, all scores, in scope or not, words behind it on request."""
    service, served, asked, caller = await ask(request, read_classify)
    judgements = await service.judge(served, asked, caller)
    return JsonAnswer(judgements if asked.is_batch else judgements[0])


async def explain(request: Request) -> Response:
    """Say which words of a text pushed a label."""
    service, served, asked, caller = await ask(request, read_explain)
    return JsonAnswer(await service.explain(served, asked, caller))


async def health(request: Request) -> Response:
    """Say whether requests should be sent here."""
    problem = service_of(request).problem()
    if problem is not None:
        raise ApiError(503, "unhealthy", problem)
    return JsonAnswer({"status": "ready"})


async def live(request: Request) -> Response:
    """Say that the process answers."""
    return JsonAnswer({"status": "alive"})


async def info(request: Request) -> Response:
    """Say what is served, and what is accepted."""
    return JsonAnswer(service_of(request).describe())


async def metrics(request: Request) -> Response:
    """Return counts and times in Prometheus form."""
    content, media_type = service_of(request).metrics.render()
    return Response(content, headers={"content-type": media_type})
