"""A Hub on loopback, for tests: read-only data sets over real HTTP, asked by the real `huggingface_hub` and `datasets`.

Those clients read HF_* variables when they are imported, so each scenario runs in a process of its own with
``HF_ENDPOINT`` set to `LoopbackHub.url`.
"""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

DATE = "2026-01-01T00:00:00.000Z"


class LoopbackHub:
    """A server of data sets; use it as a context manager.

    Parameters
    ----------
    datasets : dict
        Id -> {path: bytes}.
    aliases : dict
        One-word id -> id, answered as the Hub does: by a redirect.
    failing : dict
        Id -> (HTTP status, the Hub's error code or ""), for ids that the Hub refuses.
    """

    def __init__(self, datasets, *, aliases=None, failing=None):
        self.datasets, self.aliases, self.failing = datasets, aliases or {}, failing or {}
        self.requests = []  # (method, path, status) of all that was asked
        handler = type("BoundHandler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def commit(self, dataset_id):
        """Return the one commit of a data set: any 40 hexadecimal digits that stay the same."""
        return hashlib.sha1(dataset_id.encode()).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: LoopbackHub

    def log_message(self, *args):
        pass

    def do_GET(self):
        self._answer()

    def do_HEAD(self):
        self._answer()

    def do_POST(self):
        self._answer()

    def _answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
        is_api = parts[:2] == ["api", "datasets"]
        if not is_api and parts[:1] != ["datasets"]:
            return self._error(404, "")
        parts = parts[2:] if is_api else parts[1:]
        if parts and parts[0] in self.hub.aliases:
            canonical = "/".join([self.hub.aliases[parts[0]], *(quote(part, safe="") for part in parts[1:])])
            location = f"{'/api' if is_api else ''}/datasets/{canonical}"
            return self._send(307, b"", {"Location": location})
        dataset_id = "/".join(parts[:2])
        if dataset_id in self.hub.failing:
            return self._error(*self.hub.failing[dataset_id])
        if dataset_id not in self.hub.datasets:
            return self._error(401, "RepoNotFound")  # what the Hub says to those who show no token
        rest = parts[2:]
        return self._api(dataset_id, rest, body) if is_api else self._file(dataset_id, rest)

    def _api(self, dataset_id, rest, body):
        files = self.hub.datasets[dataset_id]
        if not rest or rest[0] == "revision":
            siblings = [{"rfilename": path} for path in sorted(files)]
            commit = self.hub.commit(dataset_id)
            info = {"id": dataset_id, "sha": commit, "private": False, "gated": False, "disabled": False, "tags": []}
            return self._json({**info, "siblings": siblings, "lastModified": DATE, "createdAt": DATE, "downloads": 0})
        if rest[0] == "tree":
            return self._json(self._entries(files, folder="/".join(rest[2:])))
        if rest[0] == "paths-info":
            asked = json.loads(body)["paths"] if body.startswith(b"{") else parse_qs(body.decode()).get("paths", [])
            return self._json([entry for entry in self._entries(files, folder="") if entry["path"] in asked])
        return self._error(404, "")

    def _entries(self, files, *, folder):
        """List files and the folders above them, as the recursive tree listing does."""
        inside = {path: data for path, data in files.items() if not folder or path.startswith(folder + "/")}
        folders = {path.rpartition("/")[0] for path in inside} - {"", folder}
        entries = [{"type": "directory", "oid": "0" * 40, "size": 0, "path": path} for path in sorted(folders)]
        return entries + [
            {"type": "file", "oid": hashlib.sha1(data).hexdigest(), "size": len(data), "path": path}
            for path, data in sorted(inside.items())
        ]

    def _file(self, dataset_id, rest):
        if len(rest) < 3 or rest[0] != "resolve":
            return self._error(404, "")
        commit = {"X-Repo-Commit": self.hub.commit(dataset_id)}
        data = self.hub.datasets[dataset_id].get("/".join(rest[2:]))
        if data is None:
            return self._error(404, "EntryNotFound", commit)
        headers = {**commit, "ETag": f'"{hashlib.sha1(data).hexdigest()}"', "Accept-Ranges": "bytes"}
        if wanted := self.headers.get("Range"):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start, stop = int(first or 0), min(int(last or len(data)), len(data) - 1) + 1
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
            return self._send(206, data[start:stop], headers)
        return self._send(200, data, headers)

    def _json(self, value):
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _error(self, status, code, headers=None):
        codes = {"X-Error-Code": code, "X-Error-Message": code} if code else {}
        self._send(status, b'{"error": "refused"}', {**codes, **(headers or {})})

    def _send(self, status, data, headers):
        self.hub.requests.append((self.command, self.path, status))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
