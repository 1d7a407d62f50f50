"""The page and its parts: files of this package, nothing from elsewhere.

What it says is in the catalogue of sentences, of which `sentences.js` is made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from assay.catalogue import LANGUAGES, open_language

__all__ = ["HTML_TYPE", "JSON_TYPE", "StaticFile", "load_static"]

FOLDER = Path(__file__).parent / "static"
HTML_TYPE = "text/html; charset=utf-8"
JSON_TYPE = "application/json"
TYPES = {
    ".html": HTML_TYPE,
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
ETAG_CHARS = 32
PREFIX = "page."  # of the sentences of the page


class StaticFile:
    """A file that is sent as it is, or not at all if the browser has it already.

    Parameters
    ----------
    content : bytes
    media_type : str
    """

    def __init__(self, content: bytes, media_type: str) -> None:
        digest = hashlib.sha256(content).hexdigest()
        self.content = content
        self.headers = {
            "content-type": media_type,
            "etag": f'"{digest[:ETAG_CHARS]}"',
            "cache-control": "no-cache",  # ask each time, so that an upgrade shows at once
        }

    def endpoint(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the endpoint that answers with it."""

        async def send(request: Request) -> Response:
            if request.headers.get("if-none-match") == self.headers["etag"]:
                return Response(status_code=304, headers=self.headers)
            return Response(self.content, headers=self.headers)

        return send


def load_static(folder: Path = FOLDER, *, prefix: str = PREFIX) -> dict[str, StaticFile]:
    """Return the files of a page by name.

    Parameters
    ----------
    folder : Path
        Holds the files.
    prefix : str
        What the keys of the page's sentences begin with in the catalogue.
    """
    files = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in TYPES:
            files[path.name] = StaticFile(path.read_bytes(), TYPES[path.suffix])
    files["sentences.js"] = StaticFile(_sentences_script(prefix), TYPES[".js"])
    return files


def _sentences_script(prefix: str) -> bytes:
    """Write the sentences of a page in every language as a module of JavaScript."""
    sentences = {}
    for code in LANGUAGES:
        found = open_language(code).sentences
        own = {key: one.text for key, one in found.items() if key.startswith(prefix)}
        sentences[code] = {key.removeprefix(prefix): text for key, text in own.items()}
    return f"export default {json.dumps(sentences, ensure_ascii=False)};\n".encode()
