"""The page and its parts, and the description of the API for people: files of this package, nothing from elsewhere."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

__all__ = ["StaticFile", "load_static", "render_docs"]

FOLDER = Path(__file__).parent / "static"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class StaticFile:
    """A file that is sent as it is, or not at all where the browser has it already.

    Parameters
    ----------
    content : bytes
    media_type : str
    """

    def __init__(self, content: bytes, media_type: str) -> None:
        self.content = content
        self.headers = {
            "content-type": media_type,
            "etag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
            "cache-control": "no-cache",  # ask again each time, so that an upgrade shows
        }

    def endpoint(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers with it."""

        async def send(request: Request) -> Response:
            if request.headers.get("if-none-match") == self.headers["etag"]:
                return Response(status_code=304, headers=self.headers)
            return Response(self.content, headers=self.headers)

        return send


def load_static() -> dict[str, StaticFile]:
    """Return the parts of the page by name."""
    return {
        path.name: StaticFile(path.read_bytes(), KINDS[path.suffix])
        for path in sorted(FOLDER.iterdir())
        if path.suffix in KINDS
    }


def render_docs(openapi: dict[str, Any]) -> bytes:
    """Return the OpenAPI description as a plain page, without script."""
    parts = [
        f"<section><h2><code>{method.upper()} {html.escape(path)}</code></h2>{_describe(operation, path)}</section>"
        for path, operations in openapi["paths"].items()
        for method, operation in operations.items()
    ]
    shapes = [
        f'<section id="{html.escape(name)}"><h3>{html.escape(name)}</h3>{_paragraph(schema.get("description", ""))}'
        f"{_table(schema)}</section>"
        for name, schema in openapi["components"]["schemas"].items()
    ]
    title = html.escape(openapi["info"]["title"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}: API</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="static/icon.svg"><link rel="stylesheet" href="static/docs.css"></head><body><main>'
        f"<h1>{title}</h1>{_paragraph(openapi['info'].get('description', ''))}"
        '<p><a href="openapi.json">openapi.json</a> · <a href="./">the page</a></p>'
        f"{''.join(parts)}<h2>Shapes</h2>{''.join(shapes)}</main></body></html>"
    ).encode()


def _describe(operation: dict[str, Any], path: str) -> str:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = _shape_name(body.get("schema", {}))
    asked = f'<p>Body: <a href="#{name}">{name}</a></p>' if name else ""
    query = "".join(
        f"<p>Query: <code>{html.escape(one['name'])}</code> – {html.escape(one.get('description', ''))}</p>"
        for one in operation.get("parameters", [])
    )
    example = ""
    if "example" in body:
        command = f"curl localhost:8000{path} -H 'Content-Type: application/json' -d '{json.dumps(body['example'])}'"
        example = f"<pre><code>{html.escape(command)}</code></pre>"
    rows = "".join(
        f"<tr><td>{status}</td><td>{html.escape(answer['description'])}</td></tr>"
        for status, answer in operation["responses"].items()
    )
    return (
        f"{_paragraph(operation.get('description', ''))}{asked}{query}{example}"
        f"<table><thead><tr><th>Status</th><th>Means</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _table(schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    rows = "".join(
        f"<tr><td><code>{html.escape(name)}</code>{'' if name in required else ' (optional)'}</td>"
        f"<td>{html.escape(_kind(facts))}</td><td>{html.escape(facts.get('description', ''))}</td></tr>"
        for name, facts in schema.get("properties", {}).items()
    )
    return f"<table><thead><tr><th>Key</th><th>Type</th><th>Meaning</th></tr></thead><tbody>{rows}</tbody></table>"


def _kind(facts: dict[str, Any]) -> str:
    """Name a type in words."""
    if "$ref" in facts:
        return _shape_name(facts)
    if "enum" in facts:
        return " | ".join(str(value) for value in facts["enum"])
    if "const" in facts:
        return str(facts["const"]).lower()
    if "anyOf" in facts:
        return " or ".join(dict.fromkeys(_kind(one) for one in facts["anyOf"]))
    kind = str(facts.get("type", "anything"))
    return f"list of {_kind(facts['items'])}" if kind == "array" and "items" in facts else kind


def _shape_name(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>" if text else ""
