"""`create_app(shelf)`: the HTTP application, made whole and without side effects. Owns fastapi."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exception_handlers import http_exception_handler
from fastapi.middleware.cors import CORSMiddleware
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from assay._version import __version__
from assay.server import routes
from assay.server.failures import ApiError, encode_json
from assay.server.gate import Gate, name_of_host
from assay.server.limits import Limits
from assay.server.served_models import ModelShelf
from assay.server.page import StaticFile, load_static, render_docs
from assay.server.schemas import describe_components
from assay.server.service import Service

__all__ = ["create_app"]

logger = logging.getLogger(__name__)

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


def create_app(
    shelf: ModelShelf,
    *,
    limits: Limits | None = None,
    api_key: str | None = None,
    cors_origins: Sequence[str] = (),
    hosts: Collection[str] | None = None,
    watch_s: float = 0.0,
) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    shelf : ModelShelf
    limits : Limits, optional
    api_key : str, optional
        That requests have to bring as ``Authorization: Bearer KEY``.
    cors_origins : sequence of str
        Origins whose pages may ask this server; none by default.
    hosts : collection of str, optional
        Names by which the server may be called, without port; None: any.
    watch_s : float
        Seconds between two looks at the model folders; 0: they are not watched.

    Returns
    -------
    FastAPI
        With the `Service` as ``app.state.service``.
    """
    service = Service(shelf, limits or Limits())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.open()
        watching = asyncio.create_task(_watch(service, watch_s)) if watch_s > 0 else None
        yield
        if watching is not None:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
        await asyncio.to_thread(service.close)

    app = FastAPI(
        title="assay",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.service = service
    asked = _add_routes(app, service, needs_key=api_key is not None, checks_host=hosts is not None)
    paths = frozenset(getattr(route, "path", "") for route in app.routes)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_middleware(routes.DirectRoutes, endpoints=asked)
    if cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type"],
            expose_headers=["retry-after"],
        )
    own_names = None if hosts is None else frozenset(map(name_of_host, hosts))
    app.add_middleware(Gate, service=service, api_key=api_key, hosts=own_names, routes=paths)
    return app


async def _watch(service: Service, watch_s: float) -> None:
    while True:
        await asyncio.sleep(watch_s)
        await asyncio.to_thread(service.shelf.reload, only_changed=True)


async def _answer_http_error(request: Request, err: Exception) -> Response:
    """Word what the router refuses as every other error: no such path, no such method."""
    if not isinstance(err, HTTPException) or err.status_code not in (404, 405):
        return await http_exception_handler(request, err)  # type: ignore[arg-type]
    if err.status_code == 404:
        sentence = "there is nothing at this path; GET /docs lists what there is"
    else:
        sentence = f"{request.method} is not accepted here; {(err.headers or {}).get('Allow', 'another method')} is"
    failure = ApiError(err.status_code, "validation", sentence)
    return Response(
        failure.body(), err.status_code, headers=err.headers, media_type="application/json"
    )


def _add_routes(
    app: FastAPI, service: Service, *, needs_key: bool, checks_host: bool
) -> dict[tuple[str, str], routes.Endpoint]:
    """Add all routes, described; return those that texts are asked by."""
    described = APIRouter()
    asked: dict[tuple[str, str], routes.Endpoint] = {}
    names = [served.name for served in service.shelf.served]
    which_model = {
        "name": "model",
        "in": "query",
        "required": False,
        "schema": {"type": "string", "enum": names},
        "description": f"Which model; {names[0]} where none is named.",
    }

    def add(method: str, path: str, endpoint: Any, answer: Any, *, request: str = "") -> None:
        extra: dict[str, Any] = {}
        statuses: tuple[int, ...] = (
            (503,) if path == "/health" else (401,) if path in ("/info", "/metrics") else ()
        )
        if request:
            asked[method, path] = endpoint
            body = {
                "schema": {"$ref": f"#/components/schemas/{request}"},
                "example": {"inputs": "what a lovely day"},
            }
            extra = {
                "parameters": [which_model],
                "requestBody": {"required": True, "content": {"application/json": body}},
            }
            statuses = tuple(status for status in ERRORS if status != 421)
        if checks_host:
            statuses = (*statuses, 421)
        if not needs_key:
            statuses = tuple(status for status in statuses if status != 401)
        elif 401 in statuses:
            extra["security"] = [{"key": []}]
        error = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}}
        responses: dict[int | str, Any] = {
            200: {"description": "The answer.", "content": answer},
            **{status: {"description": ERRORS[status], "content": error} for status in statuses},
        }
        described.add_api_route(
            path,
            endpoint,
            methods=[method],
            response_class=Response,
            response_model=None,
            responses=responses,
            openapi_extra=extra,
            operation_id=endpoint.__name__,
        )
        # Served as a plain route: FastAPI's own reads and checks requests, which requests.py does
        # in sentences.
        app.add_route(path, endpoint, methods=[method])

    add(
        "POST",
        "/predict",
        routes.predict,
        _json_of(_ranked(), _many(_ranked())),
        request="PredictRequest",
    )
    add("POST", "/", routes.hub, _json_of(_many(_ranked())), request="HubRequest")
    judged = {"$ref": "#/components/schemas/Judgement"}
    add(
        "POST",
        "/v1/classify",
        routes.classify,
        _json_of(judged, _many(judged)),
        request="ClassifyRequest",
    )
    explained = {"$ref": "#/components/schemas/ExplainedText"}
    add("POST", "/explain", routes.explain, _json_of(explained), request="ExplainRequest")
    status = {"$ref": "#/components/schemas/Status"}
    add("GET", "/health", routes.health, _json_of(status))
    add("GET", "/health/live", routes.live, _json_of(status))
    add("GET", "/info", routes.info, _json_of({"$ref": "#/components/schemas/Info"}))
    add("GET", "/metrics", routes.metrics, {"text/plain": {"schema": {"type": "string"}}})
    openapi = _describe_api(app, described.routes, service.limits, needs_key=needs_key)
    app.openapi = lambda: openapi  # type: ignore[method-assign]
    static = load_static()
    pages = {
        "/": static["index.html"],
        "/docs": StaticFile(render_docs(openapi), "text/html; charset=utf-8"),
        "/openapi.json": StaticFile(encode_json(openapi), "application/json"),
        **{f"/static/{name}": content for name, content in static.items()},
    }
    for path, content in pages.items():
        app.add_route(path, content.endpoint(), methods=["GET"])
    return asked


def _describe_api(
    app: FastAPI, routes: Sequence[BaseRoute], limits: Limits, *, needs_key: bool
) -> dict[str, Any]:
    """Return the OpenAPI description, with the shapes that requests and answers refer to."""
    content = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=routes
    )
    content["components"] = {"schemas": describe_components(limits)}
    if needs_key:
        content["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    return content


def _ranked() -> dict[str, Any]:
    return _many({"$ref": "#/components/schemas/LabelScore"})


def _many(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": schema}


def _json_of(*schemas: dict[str, Any]) -> dict[str, Any]:
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": list(schemas)}
    return {"application/json": {"schema": schema}}
