"""The HTTP application of the label page: its files, the state, and what a person does."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from assay.review.adviser import Adviser
from assay.review.label_state import describe_item, describe_state
from assay.review.page_gate import PageGate
from assay.review.session import Given, LabelSession, OtherPageError, UnknownChoiceError
from assay.server.failures import ApiError, encode_json
from assay.server.json_body import (
    JsonObject,
    check_keys,
    read_flag,
    read_json,
    read_name,
    read_number,
    refuse,
)
from assay.server.limits import Limits
from assay.server.meter import STATIC_PREFIX
from assay.server.page import JSON_TYPE, load_static
from assay.server.request_body import read_body

__all__ = ["create_label_app"]

FOLDER = Path(__file__).parent / "static"
SHARED = ("page.css", "say.js", "server.js", "icon.svg")  # of the page of `assay serve`
LIMITS = Limits(max_body_bytes=100_000)
MAX_NOTE_CHARS = 10_000
MAX_ID_CHARS = 64
FULL = (errno.ENOSPC, errno.EDQUOT)


class _Endpoints:
    """What answers the page.

    Parameters
    ----------
    session : LabelSession
    adviser : Adviser
    """

    def __init__(self, session: LabelSession, adviser: Adviser) -> None:
        self._session = session
        self._adviser = adviser

    async def state(self, request: Request) -> Response:
        """Return all that the page shows."""
        return await self._answer(lambda: None)

    async def history(self, request: Request) -> Response:
        """Return the text of an earlier decision."""
        back = request.query_params.get("back", "")
        if not back.isdecimal():
            refuse("back is no number; 0 or more is accepted")
        found = await asyncio.to_thread(self._session.history, int(back))
        return Response(encode_json({"item": describe_item(found)}), media_type=JSON_TYPE)

    async def decide(self, request: Request) -> Response:
        """Keep a decision."""
        content = await _read(request)
        check_keys(content, ("id", "version", "position", "labels", "is_skip", "seconds", "note"))
        given = Given(
            id=_read_id(content),
            position=_read_whole(content, "position"),
            labels=_read_labels(content),
            is_skip=bool(read_flag(content, "is_skip")),
            seconds=_read_seconds(content),
            note=(read_name(content, "note", of="the text") or "")[:MAX_NOTE_CHARS],
        )
        version = _read_whole(content, "version")
        return await self._answer(lambda: self._session.decide(given, version=version))

    async def undo(self, request: Request) -> Response:
        """Take the latest decision back."""
        content = await _read(request)
        check_keys(content, ("id", "version"))
        event_id, version = _read_id(content), _read_whole(content, "version")
        return await self._answer(lambda: self._session.undo(event_id, version=version))

    async def labels(self, request: Request) -> Response:
        """Add a label, or give one another name."""
        content = await _read(request)
        check_keys(content, ("id", "version", "label", "to"))
        event_id, version = _read_id(content), _read_whole(content, "version")
        label = read_name(content, "label", of="a label")
        to = read_name(content, "to", of="a label")
        if label is None:
            refuse("label is missing; the name of a label is accepted")
        if to is None:
            return await self._answer(
                lambda: self._session.add_label(event_id, label, version=version)
            )
        return await self._answer(
            lambda: self._session.rename_label(event_id, label, to, version=version)
        )

    async def _answer(self, act: Callable[[], None]) -> Response:
        """Do something and return the state after it."""

        def work() -> bytes:
            act()
            return encode_json(describe_state(self._session, self._adviser))

        try:
            body = await asyncio.to_thread(work)
        except OtherPageError as err:
            raise ApiError(409, "validation", err.message) from err
        except UnknownChoiceError as err:
            raise ApiError(422, "validation", err.message) from err
        except OSError as err:
            reason = "the disk is full" if err.errno in FULL else (err.strerror or "disk error")
            sentence = f"{reason}: the decision is not kept yet; nothing else is lost"
            raise ApiError(507, "backend", sentence) from err
        return Response(body, media_type=JSON_TYPE)


def create_label_app(
    session: LabelSession, adviser: Adviser, *, hosts: frozenset[str] | None = None
) -> Starlette:
    """Make the application.

    Parameters
    ----------
    session : LabelSession
    adviser : Adviser
        Started and stopped by the caller.
    hosts : frozenset of str, optional
        Names by which the server may be called, without port; None: any.
    """
    own = _Endpoints(session, adviser)
    routes = [
        Route("/state", own.state, methods=["GET"]),
        Route("/history", own.history, methods=["GET"]),
        Route("/decide", own.decide, methods=["POST"]),
        Route("/undo", own.undo, methods=["POST"]),
        Route("/labels", own.labels, methods=["POST"]),
        *page_routes("label.html", prefix="label_page."),
    ]
    app = Starlette(routes=routes)
    app.add_middleware(PageGate, hosts=hosts)
    return app


def page_routes(first: str, *, prefix: str) -> list[Route]:
    """Return the routes of a page and its parts.

    Parameters
    ----------
    first : str
        Name of the file that is the page.
    prefix : str
        What the keys of its sentences begin with.
    """
    shared = load_static()
    files = {name: shared[name] for name in SHARED}
    files |= load_static(FOLDER, prefix=prefix)
    routes = [Route("/", files[first].endpoint(), methods=["GET"])]
    for name, content in files.items():
        routes.append(Route(f"{STATIC_PREFIX}{name}", content.endpoint(), methods=["GET"]))
    return routes


async def _read(request: Request) -> JsonObject:
    return read_json(await read_body(request, LIMITS))


def _read_id(content: JsonObject) -> str:
    """Return the name that the page gave to what it sends."""
    found = read_name(content, "id", of="the decision")
    if not found or len(found) > MAX_ID_CHARS:
        refuse(f"id is missing or too long; 1 to {MAX_ID_CHARS} characters are accepted")
    return found


def _read_whole(content: JsonObject, name: str) -> int:
    found = read_number(content, name, least=0)
    if found is None:
        refuse(f"{name} is missing; a whole number is accepted")
    return found


def _read_labels(content: JsonObject) -> tuple[str, ...]:
    given: Any = content.get("labels", [])
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        refuse('labels is no list of names; a list such as ["joy"] is accepted')
    return tuple(dict.fromkeys(given))


def _read_seconds(content: JsonObject) -> float:
    given = content.get("seconds", 0)
    if isinstance(given, bool) or not isinstance(given, int | float):
        refuse("seconds is no number; 0 or more is accepted")
    return float(max(0.0, min(given, 86_400.0)))
