"""The table of routes: which endpoint answers which path, and with what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from assay.server import routes
from assay.server.direct_routes import Endpoint

__all__ = ["ROUTES", "Route", "Schema", "refer_to"]

Schema: TypeAlias = dict[str, Any]  # a JSON schema, or another part of an OpenAPI description


def refer_to(name: str) -> Schema:
    """Return a JSON schema that refers to a shape of schemas.py."""
    return {"$ref": f"#/components/schemas/{name}"}


def _list_of(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def _any_of(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)}


@dataclass(frozen=True)
class Route:
    """One operation of the API.

    Parameters
    ----------
    method, path : str
    endpoint : Endpoint
    answer : Schema
        JSON schema of the answer.
    request : str
        Name of the shape of the body; empty if there is no body.
    errors : tuple of int
        Statuses of the errors that it answers with, beside those that every route has.
    media_type : str
        Media type of the answer.
    """

    method: str
    path: str
    endpoint: Endpoint
    answer: Schema
    request: str = ""
    errors: tuple[int, ...] = ()
    media_type: str = "application/json"

    @property
    def takes_texts(self) -> bool:
        """Whether texts are sent to it."""
        return bool(self.request)


RANKED = _list_of(refer_to("LabelScore"))
JUDGED = refer_to("Judgement")
SCORING_ERRORS = (400, 401, 404, 408, 413, 422, 429, 500, 503, 504)

ROUTES = (
    Route(
        "POST",
        "/predict",
        routes.predict,
        _any_of(RANKED, _list_of(RANKED)),
        request="PredictRequest",
        errors=SCORING_ERRORS,
    ),
    Route(
        "POST",
        "/",
        routes.hub,
        _list_of(RANKED),
        request="HubRequest",
        errors=SCORING_ERRORS,
    ),
    Route(
        "POST",
        "/v1/classify",
        routes.classify,
        _any_of(JUDGED, _list_of(JUDGED)),
        request="ClassifyRequest",
        errors=SCORING_ERRORS,
    ),
    Route(
        "POST",
        "/explain",
        routes.explain,
        refer_to("ExplainedText"),
        request="ExplainRequest",
        errors=SCORING_ERRORS,
    ),
    Route("GET", "/health", routes.health, refer_to("Status"), errors=(503,)),
    Route("GET", "/health/live", routes.live, refer_to("Status")),
    Route("GET", "/info", routes.info, refer_to("Info"), errors=(401,)),
    Route(
        "GET",
        "/metrics",
        routes.metrics,
        {"type": "string"},
        errors=(401,),
        media_type="text/plain",
    ),
)
