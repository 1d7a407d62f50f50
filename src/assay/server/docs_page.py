"""The OpenAPI description as a page for people: plain HTML without any script."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from typing import Any

from assay.server.api import Schema

__all__ = ["render_docs"]

HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}: API</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<link rel="icon" href="static/icon.svg">'
    '<link rel="stylesheet" href="static/docs.css"></head><body><main><h1>{title}</h1>'
)
LINKS = '<p><a href="openapi.json">openapi.json</a> · <a href="./">the page</a></p>'
FOOT = "</main></body></html>"


def render_docs(openapi: Schema) -> bytes:
    """Return the page in UTF-8.

    Parameters
    ----------
    openapi : dict
        The description, as `describe_api` returns it.
    """
    info = openapi["info"]
    parts = [HEAD.format(title=html.escape(info["title"]))]
    parts.append(_paragraph(info.get("description", "")))
    parts.append(LINKS)
    for path, operations in openapi["paths"].items():
        for method, operation in operations.items():
            parts.append(_render_operation(method, path, operation))
    parts.append("<h2>Shapes</h2>")
    for name, schema in openapi["components"]["schemas"].items():
        parts.append(_render_shape(name, schema))
    parts.append(FOOT)
    return "".join(parts).encode()


def _render_operation(method: str, path: str, operation: Schema) -> str:
    parts = [f"<h2><code>{method.upper()} {html.escape(path)}</code></h2>"]
    parts.append(_paragraph(operation.get("description", "")))
    content = operation.get("requestBody", {}).get("content", {})
    body = content.get("application/json", {})
    shape = _shape_name(body.get("schema", {}))
    if shape:
        parts.append(f'<p>Body: <a href="#{shape}">{shape}</a></p>')
    for parameter in operation.get("parameters", []):
        name = html.escape(parameter["name"])
        meaning = html.escape(parameter.get("description", ""))
        parts.append(f"<p>Query: <code>{name}</code> – {meaning}</p>")
    if "example" in body:
        parts.append(_render_command(path, body["example"]))
    rows = []
    for status, answer in operation["responses"].items():
        rows.append((str(status), html.escape(answer["description"])))
    parts.append(_table(("Status", "Means"), rows))
    return f"<section>{''.join(parts)}</section>"


def _render_command(path: str, example: Any) -> str:
    command = (
        f"curl localhost:8000{path} -H 'Content-Type: application/json' -d '{json.dumps(example)}'"
    )
    return f"<pre><code>{html.escape(command)}</code></pre>"


def _render_shape(name: str, schema: Schema) -> str:
    escaped = html.escape(name)
    required = schema.get("required", [])
    rows = []
    for key, facts in schema.get("properties", {}).items():
        optional = "" if key in required else " (optional)"
        meaning = html.escape(facts.get("description", ""))
        kind = html.escape(_name_type(facts))
        rows.append((f"<code>{html.escape(key)}</code>{optional}", kind, meaning))
    return (
        f'<section id="{escaped}"><h3>{escaped}</h3>'
        f"{_paragraph(schema.get('description', ''))}"
        f"{_table(('Key', 'Type', 'Meaning'), rows)}</section>"
    )


def _name_type(facts: Schema) -> str:
    """Name the type of a JSON schema in words."""
    if "$ref" in facts:
        return _shape_name(facts)
    if "enum" in facts:
        return " | ".join(map(str, facts["enum"]))
    if "const" in facts:
        return str(facts["const"]).lower()
    if "anyOf" in facts:
        names = dict.fromkeys(map(_name_type, facts["anyOf"]))
        return " or ".join(names)
    name = str(facts.get("type", "anything"))
    if name == "array" and "items" in facts:
        return f"list of {_name_type(facts['items'])}"
    return name


def _shape_name(schema: Schema) -> str:
    """Return the name of the shape that a schema refers to; empty if it refers to none."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; the cells are HTML already."""
    head_cells = "".join(f"<th>{name}</th>" for name in head)
    lines = []
    for row in rows:
        cells = "".join(f"<td>{cell}</td>" for cell in row)
        lines.append(f"<tr>{cells}</tr>")
    body = "".join(lines)
    return f"<table><thead><tr>{head_cells}</tr></thead><tbody>{body}</tbody></table>"


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>" if text else ""
