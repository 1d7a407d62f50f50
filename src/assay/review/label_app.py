"""The HTTP application of the label page: its files, the state, and what a person does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from assay.review.adviser import Adviser
from assay.review.background import run_aside
from assay.review.items import Given
from assay.review.label_state import describe_item, describe_state
from assay.review.page_gate import PageGate
from assay.review.page_parts import (
    answer_with,
    is_place,
    page_routes,
    read_id,
    read_names,
    read_page_body,
    read_whole,
)
from assay.review.session import LabelSession
from assay.server.failures import encode_json
from assay.server.json_body import (
    JsonObject,
    check_keys,
    read_flag,
    read_name,
    refuse,
)
from assay.server.page import JSON_TYPE

__all__ = ["create_label_app"]

MAX_NOTE_CHARS = 10_000
DECISION_KEYS = (
    "id",
    "version",
    "position",
    "mark",
    "labels",
    "is_skip",
    "seconds",
    "note",
)


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
        if not is_place(back):
            refuse("back is no number; 0 or more is accepted")
        found = await asyncio.to_thread(self._session.history, int(back))
        return Response(encode_json({"item": describe_item(found)}), media_type=JSON_TYPE)

    async def decide(self, request: Request) -> Response:
        """Keep a decision."""
        content = await read_page_body(request)
        check_keys(content, DECISION_KEYS)
        given = Given(
            id=read_id(content),
            position=read_whole(content, "position"),
            labels=_read_labels(content),
            is_skip=bool(read_flag(content, "is_skip")),
            seconds=_read_seconds(content),
            note=(read_name(content, "note", of="the text") or "")[:MAX_NOTE_CHARS],
            mark=read_name(content, "mark", of="a text") or "",
        )
        version = read_whole(content, "version")
        return await self._answer(lambda: self._session.decide(given, version=version))

    async def undo(self, request: Request) -> Response:
        """Take the latest decision back."""
        content = await read_page_body(request)
        check_keys(content, ("id", "version"))
        event_id, version = read_id(content), read_whole(content, "version")
        return await self._answer(lambda: self._session.undo(event_id, version=version))

    async def map(self, request: Request) -> Response:
        """Return texts as points on a plane."""
        found = await run_aside(self._adviser.map_texts, "map")
        return Response(encode_json(found), media_type=JSON_TYPE)

    async def region(self, request: Request) -> Response:
        """Let the texts that were drawn around on the map come first."""
        content = await read_page_body(request)
        check_keys(content, ("id", "version", "names"))
        names = read_names(content)
        if not all(map(is_place, names)):
            refuse("names holds something else than places in the pool")
        return await self._answer(lambda: self._session.choose_region(map(int, names)))

    async def labels(self, request: Request) -> Response:
        """Add a label, or give one another name."""
        content = await read_page_body(request)
        check_keys(content, ("id", "version", "label", "to"))
        event_id, version = read_id(content), read_whole(content, "version")
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
        return await answer_with(act, lambda: describe_state(self._session, self._adviser))


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
        Route("/map", own.map, methods=["GET"]),
        Route("/region", own.region, methods=["POST"]),
        *page_routes("label.html", prefix="label_page."),
    ]
    app = Starlette(routes=routes)
    app.add_middleware(PageGate, hosts=hosts)
    return app


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
