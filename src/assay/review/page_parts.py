"""What the label page and the review page share: their files, what they send, what goes wrong."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from assay.review.event_session import OtherPageError, UnknownChoiceError
from assay.server.failures import ApiError, encode_json
from assay.server.json_body import JsonObject, read_json, read_name, read_number, refuse
from assay.server.limits import Limits
from assay.server.meter import STATIC_PREFIX
from assay.server.page import JSON_TYPE, load_static
from assay.server.request_body import read_body

__all__ = [
    "answer_with",
    "is_place",
    "page_routes",
    "read_id",
    "read_names",
    "read_page_body",
    "read_whole",
]

FOLDER = Path(__file__).parent / "static"
SHARED = ("page.css", "say.js", "server.js", "icon.svg")  # of the page of `assay serve`
LIMITS = Limits(max_body_bytes=1_000_000)
MAX_ID_CHARS = 64
MAX_PLACE_DIGITS = 12  # Python refuses to read numbers of thousands
FULL = (errno.ENOSPC, errno.EDQUOT)


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


async def answer_with(act: Callable[[], None], describe: Callable[[], Any]) -> Response:
    """Do something in a thread, and answer with the state after it.

    Raises
    ------
    ApiError
        409: another page decided meanwhile. 422: there is no such choice. 507: the disk refused.
    """

    def work() -> bytes:
        act()
        return encode_json(describe())

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


async def read_page_body(request: Request) -> JsonObject:
    """Return the JSON object that a page sent."""
    return read_json(await read_body(request, LIMITS))


def read_id(content: JsonObject) -> str:
    """Return the name that the page gave to what it sends."""
    found = read_name(content, "id", of="the decision")
    if not found or len(found) > MAX_ID_CHARS:
        refuse(f"id is missing or too long; 1 to {MAX_ID_CHARS} characters are accepted")
    return found


def read_names(content: JsonObject) -> tuple[str, ...]:
    """Return the names of the texts that were drawn around on the map."""
    given: Any = content.get("names")
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        refuse("names is no list of names; the names of texts on the map are accepted")
    return tuple(given)


def is_place(written: str) -> bool:
    """Tell whether a text is a whole number of at least 0, and no longer than any place is."""
    return written.isdecimal() and len(written) <= MAX_PLACE_DIGITS


def read_whole(content: JsonObject, name: str) -> int:
    """Return a whole number of at least 0."""
    found = read_number(content, name, least=0)
    if found is None:
        refuse(f"{name} is missing; a whole number is accepted")
    return found
