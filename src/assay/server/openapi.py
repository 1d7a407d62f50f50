"""The OpenAPI description of the routes, with the limits of this server in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from assay._version import __version__
from assay.server.api import Route, Schema, refer_to
from assay.server.limits import Limits
from assay.server.schemas import describe_shapes

__all__ = ["TITLE", "describe_api"]

TITLE = "assay"
DESCRIPTION = (
    "Labels of short texts with calibrated scores, from models that say how sure they are."
)
ERRORS = {
    400: "The body is no JSON.",
    401: "The key is missing or wrong.",
    404: "There is no such model.",
    408: "The body did not come in time.",
    413: "A limit is passed: bytes, texts, characters or tokens.",
    421: "The Host header names another server.",
    422: "The JSON has another shape than accepted.",
    429: "Too many texts wait; Retry-After says when to try again.",
    500: "The model could not score a text, or the server made a mistake.",
    503: "Too many requests are in work, or the server is stopping.",
    504: "There was no answer in time.",
}
EXAMPLE = {"inputs": "what a lovely day"}


def describe_api(
    routes: Sequence[Route],
    *,
    model_names: Sequence[str],
    limits: Limits,
    needs_key: bool,
    checks_host: bool,
) -> Schema:
    """Return the OpenAPI description.

    Parameters
    ----------
    routes : sequence of Route
    model_names : sequence of str
        The served models; the first one answers requests that name none.
    limits : Limits
    needs_key : bool
        Whether requests must bring a key.
    checks_host : bool
        Whether requests under a wrong host name are refused.
    """
    router = APIRouter()
    for route in routes:
        statuses = [status for status in route.errors if needs_key or status != 401]
        if checks_host:
            statuses.append(421)
        router.add_api_route(
            route.path,
            route.endpoint,
            methods=[route.method],
            response_class=Response,
            response_model=None,
            responses=_describe_answers(route, statuses),
            openapi_extra=_describe_request(route, model_names, needs_key=401 in statuses),
            operation_id=route.endpoint.__name__,  # type: ignore[attr-defined]
        )
    content = get_openapi(
        title=TITLE, version=__version__, description=DESCRIPTION, routes=router.routes
    )
    content["components"] = {"schemas": describe_shapes(limits, model_names)}
    if needs_key:
        content["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    return content


def _describe_answers(route: Route, statuses: Sequence[int]) -> dict[int | str, Any]:
    """Return the description of each status."""
    answers: dict[int | str, Any] = {
        200: {
            "description": "The answer.",
            "content": {route.media_type: {"schema": route.answer}},
        }
    }
    error = {"application/json": {"schema": refer_to("ErrorAnswer")}}
    for status in statuses:
        answers[status] = {"description": ERRORS[status], "content": error}
    return answers


def _describe_request(route: Route, model_names: Sequence[str], *, needs_key: bool) -> Schema:
    """Return the query, the body and the key that a route takes."""
    described: Schema = {}
    if route.takes_texts:
        body = {"schema": refer_to(route.request), "example": EXAMPLE}
        described["parameters"] = [_describe_model_choice(model_names)]
        described["requestBody"] = {"required": True, "content": {"application/json": body}}
    if needs_key:
        described["security"] = [{"key": []}]
    return described


def _describe_model_choice(model_names: Sequence[str]) -> Schema:
    return {
        "name": "model",
        "in": "query",
        "required": False,
        "schema": {"type": "string", "enum": list(model_names)},
        "description": f"Which model; {model_names[0]} where none is named.",
    }
