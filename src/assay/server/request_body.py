"""Read the body of a request, within its limits of size and time."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from assay.server.failures import ApiError, ClientGone, make_limit_error
from assay.server.limits import Limits

__all__ = ["read_body"]

SHOWN_CHARS = 20  # of an encoding that is not read


async def read_body(request: Request, limits: Limits) -> bytes:
    """Return the body. No more of it is kept in memory than is accepted.

    Raises
    ------
    ApiError
        413: it is too long. 408: it does not come in time. 400: it is packed.
    ClientGone
        The client left before its end.
    """
    _refuse_packed(request)
    _check_announced_length(request, limits)
    try:
        async with asyncio.timeout(limits.client_s):
            return await _read_chunks(request, limits)
    except TimeoutError as err:
        sentence = f"the body was not whole after {limits.client_s:g} s (assay serve --client-s)"
        raise ApiError(408, "validation", sentence, headers={"Connection": "close"}) from err


def _refuse_packed(request: Request) -> None:
    for name, value in request.scope["headers"]:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            shown = value.decode("latin-1")[:SHOWN_CHARS]
            sentence = f"the body is packed (Content-Encoding: {shown}); send it as it is"
            raise ApiError(400, "validation", sentence)


def _check_announced_length(request: Request, limits: Limits) -> None:
    for name, value in request.scope["headers"]:
        if name == b"content-length":
            if value.isdigit():
                _check_length(int(value), limits)
            return


async def _read_chunks(request: Request, limits: Limits) -> bytes:
    chunks: list[bytes] = []
    n_bytes = 0
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        n_bytes += len(chunk)
        _check_length(n_bytes, limits)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _check_length(n_bytes: int, limits: Limits) -> None:
    most = limits.max_body_bytes
    if n_bytes > most:
        err = make_limit_error("bytes in the body:", n_bytes, most, "--max-body-bytes")
        err.headers["Connection"] = "close"  # the rest of it is not read
        raise err
