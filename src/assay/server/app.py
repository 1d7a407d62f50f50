"""`create_app(shelf)`: the whole HTTP application, made without side effects. Owns fastapi."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

from fastapi import FastAPI
from fastapi.exception_handlers import http_exception_handler
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from assay._version import __version__
from assay.server.api import ROUTES, Schema
from assay.server.direct_routes import DirectRoutes
from assay.server.docs_page import render_docs
from assay.server.failures import ApiError, encode_json
from assay.server.gate import Gate, parse_host
from assay.server.limits import Limits
from assay.server.meter import STATIC_PREFIX, Meter
from assay.server.openapi import TITLE, describe_api
from assay.server.page import HTML_TYPE, JSON_TYPE, StaticFile, load_static
from assay.server.root_path import RootPath
from assay.server.service import Service
from assay.server.shelf import ModelShelf

__all__ = ["create_app"]

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    shelf: ModelShelf,
    *,
    limits: Limits | None = None,
    api_key: str | None = None,
    cors_origins: Sequence[str] = (),
    hosts: Collection[str] | None = None,
    watch_s: float = 0.0,
    root_path: str = "",
) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    shelf : ModelShelf
    limits : Limits, optional
    api_key : str, optional
        The key that requests must bring, as ``Authorization: Bearer KEY``.
    cors_origins : sequence of str
        Origins whose pages may ask this server; none by default.
    hosts : collection of str, optional
        Names by which the server may be called, without port; None: any.
    watch_s : float
        Seconds between two checks whether a model folder changed; 0: never check.
    root_path : str
        The prefix under which a proxy offers the server, such as ``/nlp``.

    Returns
    -------
    FastAPI
        With the `Service` as ``app.state.service``.
    """
    service = Service(shelf, limits or Limits())
    openapi = describe_api(
        ROUTES,
        model_names=[served.name for served in shelf.served],
        limits=service.limits,
        needs_key=api_key is not None,
        checks_host=hosts is not None,
    )
    if root_path:
        openapi["servers"] = [{"url": root_path}]
    app = _make_bare_app(service, watch_s)
    app.openapi = lambda: openapi  # type: ignore[method-assign]
    _add_routes(app)
    _add_pages(app, openapi)
    # What is added last is outermost: a request passes RootPath, Meter, CORS, Gate, DirectRoutes,
    # the router. The errors of the gate are inside CORS: pages of allowed origins can read them.
    paths = frozenset(getattr(route, "path", "") for route in app.routes)
    own_hosts = None if hosts is None else frozenset(map(parse_host, hosts))
    direct = {(route.method, route.path): route.endpoint for route in ROUTES if route.takes_texts}
    app.add_middleware(DirectRoutes, endpoints=direct)
    app.add_middleware(Gate, service=service, api_key=api_key, hosts=own_hosts)
    _add_cors(app, cors_origins)
    app.add_middleware(Meter, metrics=service.metrics, paths=paths)
    if root_path:
        app.add_middleware(RootPath, prefix=root_path)
    return app


def _make_bare_app(service: Service, watch_s: float) -> FastAPI:
    """Return an application without routes."""
    app = FastAPI(
        title=TITLE,
        version=__version__,
        lifespan=_make_lifespan(service, watch_s),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.service = service
    app.add_exception_handler(HTTPException, _answer_router_error)
    return app


def _make_lifespan(service: Service, watch_s: float) -> Lifespan:
    """Return what happens between the start and the end of the application."""

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

    return lifespan


async def _watch(service: Service, watch_s: float) -> None:
    """Load changed model folders again."""
    while True:
        await asyncio.sleep(watch_s)
        await asyncio.to_thread(service.shelf.reload, only_changed=True)


def _add_routes(app: FastAPI) -> None:
    """Add the routes of the API.

    They are plain routes of starlette: those of FastAPI would read and check requests themselves,
    which json_body.py does in sentences.
    """
    for route in ROUTES:
        app.add_route(route.path, route.endpoint, methods=[route.method])


def _add_pages(app: FastAPI, openapi: Schema) -> None:
    """Add the page, its parts, and the description of the API."""
    static = load_static()
    pages = {
        "/": static["index.html"],
        "/docs": StaticFile(render_docs(openapi), HTML_TYPE),
        "/openapi.json": StaticFile(encode_json(openapi), JSON_TYPE),
    }
    for name, content in static.items():
        pages[f"{STATIC_PREFIX}{name}"] = content
    for path, content in pages.items():
        app.add_route(path, content.endpoint(), methods=["GET"])


def _add_cors(app: FastAPI, origins: Sequence[str]) -> None:
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type"],
            expose_headers=["retry-after"],
        )


async def _answer_router_error(request: Request, err: Exception) -> Response:
    """Answer "no such path" and "no such method" in the form of all other errors."""
    if not isinstance(err, HTTPException) or err.status_code not in (404, 405):
        return await http_exception_handler(request, err)  # type: ignore[arg-type]
    sentence = "there is nothing at this path; GET /docs lists what there is"
    if err.status_code == 405:
        allowed = (err.headers or {}).get("Allow", "another method")
        sentence = f"{request.method} is not accepted here; {allowed} is"
    failure = ApiError(err.status_code, "validation", sentence)
    return Response(
        failure.body(), err.status_code, headers=err.headers, media_type="application/json"
    )
