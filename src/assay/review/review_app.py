"""The HTTP application of the review page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, NotRequired, TypedDict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from assay.audit.issues import KINDS, Issue
from assay.errors import DataError
from assay.review.background import run_aside
from assay.review.effect import Effect
from assay.review.map_colours import map_suspects
from assay.review.page_gate import PageGate
from assay.review.page_parts import (
    answer_with,
    page_routes,
    read_id,
    read_names,
    read_page_body,
    read_whole,
)
from assay.review.review_session import Filter, ReviewSession
from assay.review.row_names import RowNames
from assay.review.suspects import Nearest, Suspect, key_of
from assay.server.failures import ApiError, encode_json
from assay.server.json_body import JsonObject, check_keys, read_flag, read_name, refuse
from assay.server.page import JSON_TYPE

__all__ = ["ReviewState", "create_review_app"]

Measure = Callable[[Mapping[tuple[str, int], str]], Effect]

FILTERS = ("kind", "given_label", "split")  # label is what a row gets
EVERY_ACT = ("id", "version", "list_mark", *FILTERS)  # what the page sends with whatever it does


class RowEntry(TypedDict):
    """A row of the data for the page."""

    text: str
    label: str
    split: str
    row: int
    is_decided: bool
    id: NotRequired[str]


class SuspectEntry(TypedDict):
    """A row to decide on."""

    key: str
    kinds: list[str]
    row: RowEntry
    proposed: str
    is_by_decision: bool
    guess: str
    score: float | None
    others: list[RowEntry]
    nearest: list[RowEntry]


class ReviewState(TypedDict):
    """All that the page shows."""

    version: int
    list_mark: str
    labels: list[str]
    several: bool
    kinds: dict[str, int]
    n_waiting: int
    n_matching: int
    n_region: int
    n_acceptable: int
    n_guesses: int
    decided: dict[str, int]
    all_labels: list[str]
    splits: list[str]
    item: SuspectEntry | None


class _Endpoints:
    """What answers the page."""

    def __init__(self, session: ReviewSession, nearest: Nearest, measure: Measure) -> None:
        self._session = session
        self._nearest = nearest
        self._measure = measure
        self._one_at_a_time = threading.Lock()

    async def state(self, request: Request) -> Response:
        """Return all that the page shows, for the rows that it looks at."""
        wanted = _filter({name: request.query_params.get(name, "") for name in FILTERS})
        return await self._answer(lambda: None, wanted)

    async def decide(self, request: Request) -> Response:
        """Keep a decision on one row, or on all that wait and are looked at."""
        content = await read_page_body(request)
        check_keys(content, (*EVERY_ACT, "key", "label", "accepts", "is_skip", "all"))
        wanted = _filter(content)
        key = read_name(content, "key", of="a row")
        if key is None:
            refuse("key is missing; the name of a row is accepted")
        takes_all = bool(read_flag(content, "all"))
        label = read_name(content, "label", of="a label")
        accepts, is_skip = bool(read_flag(content, "accepts")), bool(read_flag(content, "is_skip"))
        event_id, version = read_id(content), read_whole(content, "version")

        def act() -> None:
            keys = self._session.keys_like(wanted, accepts=accepts) if takes_all else (key,)
            self._session.decide(
                event_id, keys, version=version, label=label, accepts=accepts, is_skip=is_skip
            )

        return await self._answer(act, wanted, content)

    async def undo(self, request: Request) -> Response:
        """Take the latest decision back."""
        content = await read_page_body(request)
        check_keys(content, EVERY_ACT)
        event_id, version = read_id(content), read_whole(content, "version")
        wanted = _filter(content)

        def act() -> None:
            self._session.undo(event_id, version=version)

        return await self._answer(act, wanted, content)

    async def effect(self, request: Request) -> Response:
        """Measure what the decisions so far do to the score, which takes seconds to minutes."""
        check_keys(await read_page_body(request), ())

        def work() -> Effect:
            with self._one_at_a_time:
                return self._measure(self._session.changed_labels())

        try:
            found = await run_aside(work, "effect")
        except DataError as err:
            raise ApiError(422, "validation", err.message) from err
        return Response(encode_json(found.to_dict()), media_type=JSON_TYPE)

    async def map(self, request: Request) -> Response:
        """Return the rows as points on a plane, among other rows of the data."""
        suspects, labels = list(self._session.suspects.values()), self._session.label_set
        found = await run_aside(lambda: map_suspects(suspects, self._nearest, labels), "map")
        return Response(encode_json(found), media_type=JSON_TYPE)

    async def region(self, request: Request) -> Response:
        """Look at the rows alone that were drawn around on the map."""
        content = await read_page_body(request)
        check_keys(content, (*EVERY_ACT, "names"))
        names, wanted = read_names(content), _filter(content)
        return await self._answer(lambda: self._session.choose_region(names), wanted, content)

    async def _answer(
        self, act: Callable[[], None], wanted: Filter, content: JsonObject | None = None
    ) -> Response:
        """Do what a page sent, if it knows the same rows, and return the state after it."""
        list_mark = read_name(content or {}, "list_mark", of="the list of rows")

        def work() -> None:
            self._session.check_list(list_mark)
            act()

        return await answer_with(work, lambda: _describe(self._session, self._nearest, wanted))


def create_review_app(
    session: ReviewSession,
    nearest: Nearest,
    measure: Measure,
    *,
    hosts: frozenset[str] | None = None,
) -> Starlette:
    """Make the application.

    Parameters
    ----------
    session : ReviewSession
    nearest : Nearest
        Prepared by the caller, now or later.
    measure : callable
        Measures the effect of labels that change, by split and line, on the score.
    hosts : frozenset of str, optional
        Names by which the server may be called, without port; None: any.
    """
    own = _Endpoints(session, nearest, measure)
    routes = [
        Route("/state", own.state, methods=["GET"]),
        Route("/decide", own.decide, methods=["POST"]),
        Route("/undo", own.undo, methods=["POST"]),
        Route("/effect", own.effect, methods=["POST"]),
        Route("/map", own.map, methods=["GET"]),
        Route("/region", own.region, methods=["POST"]),
        *page_routes("review.html", prefix="review_page."),
    ]
    app = Starlette(routes=routes)
    app.add_middleware(PageGate, hosts=hosts)
    return app


def _filter(content: JsonObject) -> Filter:
    """Return which rows the page looks at."""
    values: dict[str, Any] = {name: read_name(content, name, of="a filter") for name in FILTERS}
    kind = values["kind"] or ""
    if kind and kind not in KINDS:
        refuse(f"there is no kind '{kind[:40]}'; kinds: {', '.join(KINDS)}")
    return Filter(kind, values["given_label"] or "", values["split"] or "")


def _describe(session: ReviewSession, nearest: Nearest, wanted: Filter) -> ReviewState:
    """Return the state of a session, with the row to decide on."""
    suspects = session.suspects.values()
    return {
        "version": session.version,
        "list_mark": session.list_mark,
        "labels": list(session.label_set),
        "several": session.label_set.task != "single",
        "kinds": session.counts(),
        "n_waiting": session.n_waiting,
        "n_matching": session.count(wanted),
        "n_region": session.n_region,
        "n_acceptable": len(session.keys_like(wanted, accepts=True)),
        "n_guesses": session.count_guesses(wanted),
        "decided": session.decided(),
        "all_labels": session.labels_of_rows(),
        "splits": list(dict.fromkeys(one.issue.split for one in suspects)),
        "item": _describe_suspect(session, session.current(wanted), nearest),
    }


def _describe_suspect(
    session: ReviewSession, suspect: Suspect | None, nearest: Nearest
) -> SuspectEntry | None:
    if suspect is None:
        return None
    issue, proposal = suspect.issue, session.proposals().of(suspect)
    labels, names = session.labels_now(), session.names
    near = [
        Issue("", one["split"], one["row"], one["text"], one["label"])
        for one in nearest.find(issue.text)
    ]
    return {
        "key": suspect.key,
        "kinds": list(suspect.kinds),
        "row": _describe_row(issue, labels, names),
        "proposed": proposal.label,
        "is_by_decision": proposal.is_decided,
        "guess": proposal.guess,
        "score": issue.score,
        "others": [_describe_row(one, labels, names) for one in suspect.others],
        "nearest": [_describe_row(one, labels, names) for one in near],
    }


def _describe_row(issue: Issue, labels: Mapping[str, str], names: RowNames) -> RowEntry:
    """Return a row as it is now: `labels` are those of decided rows, by key."""
    key = key_of(issue)
    entry: RowEntry = {
        "text": issue.text,
        "label": labels.get(key, issue.label),
        "split": issue.split,
        "row": issue.row,
        "is_decided": key in labels,
    }
    name = names.by_place.get((issue.split, issue.row))
    if name is not None:
        entry["id"] = name
    return entry
