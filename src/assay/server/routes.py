"""The routes: from a request to the service and back to JSON. Owns starlette's requests and answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from assay.server.failures import ApiError, ClientGone, encode_json, is_too_long
from assay.server.limits import Limits
from assay.server.models import ServedModel
from assay.server.requests import AskedTexts, read_classify, read_explain, read_hub, read_json, read_predict
from assay.server.service import Caller, Service

__all__ = ["ask", "classify", "explain", "health", "hub", "info", "live", "metrics", "predict"]

Reader = Callable[[dict[str, Any], Limits], AskedTexts]


def answer_json(content: Any, *, status: int = 200) -> Response:
    """Return an answer of JSON."""
    return Response(encode_json(content), status, media_type="application/json")


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
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limits.max_body_bytes:
        raise _body_too_long(int(length), limits)
    chunks: list[bytes] = []
    n_bytes = 0
    try:
        async with asyncio.timeout(limits.client_s):
            async for chunk in request.stream():
                n_bytes += len(chunk)
                if n_bytes > limits.max_body_bytes:
                    raise _body_too_long(n_bytes, limits)
                chunks.append(chunk)
    except TimeoutError as err:
        sentence = f"the body was not whole after {limits.client_s:g} s (assay serve --client-s)"
        raise ApiError(408, "validation", sentence, headers={"Connection": "close"}) from err
    except ClientDisconnect as err:
        raise ClientGone from err
    return b"".join(chunks)


def _body_too_long(n_bytes: int, limits: Limits) -> ApiError:
    err = is_too_long("bytes in the body:", n_bytes, limits.max_body_bytes, "--max-body-bytes")
    err.headers["Connection"] = "close"  # what is left of it is not read
    return err


async def ask(request: Request, reader: Reader) -> tuple[Service, ServedModel, AskedTexts, Caller]:
    """Read a request: which model, what is asked of it, and who waits."""
    service = service_of(request)
    served = service.shelf.find(request.query_params.get("model"))
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
    return answer_json(ranked if asked.is_batch else ranked[0])


async def hub(request: Request) -> Response:
    """Score texts, as the Hub's inference API answers: a list of lists, even for one text."""
    service, served, asked, caller = await ask(request, read_hub)
    return answer_json(await service.score(served, asked, caller))


async def classify(request: Request) -> Response:
    """Answer with all that is known: label or none, all scores, in scope or not, words behind it on request."""
    service, served, asked, caller = await ask(request, read_classify)
    judgements = await service.judge(served, asked, caller)
    return answer_json(judgements if asked.is_batch else judgements[0])


async def explain(request: Request) -> Response:
    """Say which words of a text pushed a label."""
    service, served, asked, caller = await ask(request, read_explain)
    return answer_json(await service.explain(served, asked, caller))


async def health(request: Request) -> Response:
    """Say whether requests should be sent here."""
    problem = service_of(request).problem()
    if problem is not None:
        raise ApiError(503, "unhealthy", problem)
    return answer_json({"status": "ready"})


async def live(request: Request) -> Response:
    """Say that the process answers."""
    return answer_json({"status": "alive"})


async def info(request: Request) -> Response:
    """Say what is served, and what is accepted."""
    return answer_json(service_of(request).describe())


async def metrics(request: Request) -> Response:
    """Return counts and times in Prometheus form."""
    content, media_type = service_of(request).metrics.render()
    return Response(content, headers={"content-type": media_type})
