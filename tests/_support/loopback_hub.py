"""A Hub on loopback, for tests: repositories over real HTTP, asked by the real `huggingface_hub` and `datasets`.

Those clients read HF_* variables when they are imported, so each scenario runs in a process of its
own, with the variables of `hub_environment`. Large files go the LFS way; Xet is switched off.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlencode, urlsplit

import assay

DATE = "2026-01-01T00:00:00.000Z"
LFS_SUFFIXES = (".safetensors", ".onnx", ".parquet", ".bin")
PAGE_SIZE = 2  # entries of a listing: small, so that following pages is exercised


def hub_environment(url, home, *, token=None):
    """Return the environment of a process that talks to the Hub at `url` and keeps its caches in `home`."""
    env = {
        "PATH": os.defpath,
        "HOME": str(home),
        "HF_ENDPOINT": url,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "ASSAY_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "COLUMNS": "80",
        "ASSAY_CACHE": str(Path(home) / "assay"),
        "PYTHONPATH": str(Path(assay.__file__).parent.parent),  # the very code that is being tested
    }
    return {**env, "HF_TOKEN": token} if token else env


def git_oid(data):
    """Name content as git does."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Repo:
    """One repository: its commits, from old to new, each a dict of path to bytes."""

    def __init__(self, kind, repo_id, files=None, *, private=False, gated=False):
        self.kind, self.id, self.private, self.gated = kind, repo_id, private, gated
        self.commits = []
        self.add({} if files is None else files, "initial commit")

    def add(self, files, title):
        """Add a commit; its name depends on what it holds only."""
        name = f"{self.id} {len(self.commits)} {title}"
        self.commits.append((hashlib.sha1(name.encode()).hexdigest(), dict(files), title))

    @property
    def head(self):
        """The newest commit's name."""
        return self.commits[-1][0]

    @property
    def files(self):
        """What the newest commit holds."""
        return self.commits[-1][1]

    def at(self, revision):
        """Return (name, files) of a commit, or None."""
        return next((c[:2] for c in reversed(self.commits) if revision in ("main", c[0])), None)


class LoopbackHub:
    """A server of repositories; use it as a context manager.

    Parameters
    ----------
    datasets : dict
        Id -> {path: bytes}.
    models : dict
        Id -> {path: bytes}.
    tokens : dict
        Token -> (account, role), such as ``{"hf_w": ("me", "write")}``.
    aliases : dict
        One-word id of a data set -> id, answered as the Hub does: by a redirect.
    failing : dict
        Id -> (HTTP status, the Hub's error code or ""), for ids that the Hub refuses.

    Attributes
    ----------
    requests : list of (method, path, status)
        All that was asked.
    fail_next : list of (method, part of the path, status)
        Each answers one request that matches with that status; status 0 cuts the connection.
    """

    def __init__(self, datasets=None, *, models=None, tokens=None, aliases=None, failing=None):
        self.repos = {
            ("datasets", name): Repo("datasets", name, files)
            for name, files in (datasets or {}).items()
        }
        self.repos |= {
            ("models", name): Repo("models", name, files) for name, files in (models or {}).items()
        }
        self.tokens, self.aliases, self.failing = tokens or {}, aliases or {}, failing or {}
        self.requests, self.fail_next, self.blobs = [], [], {}
        handler = type("BoundHandler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def model(self, repo_id):
        """Return a model repository."""
        return self.repos["models", repo_id]

    def asked(self, part, *, method=None):
        """Return the statuses of the requests whose path holds `part`."""
        return [
            status
            for verb, path, status in self.requests
            if part in path and method in (None, verb)
        ]


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

    def do_PUT(self):
        self._answer()

    def _answer(self):
        self.body = self._read_body()
        url = urlsplit(self.path)
        self.query = dict(parse_qsl(url.query))
        parts = [unquote(part) for part in url.path.strip("/").split("/")]
        for fault in self.hub.fail_next:
            if fault[0] == self.command and fault[1] in self.path:
                self.hub.fail_next.remove(fault)
                return self._fault(fault[2])
        if parts[0] == "_lfs":
            return self._lfs(parts[1])
        is_api = parts[0] == "api"
        parts = parts[1:] if is_api else parts
        if is_api and parts[0] not in ("models", "datasets"):
            return self._account(parts)
        kind, parts = (
            (parts[0], parts[1:]) if parts[0] in ("models", "datasets") else ("models", parts)
        )
        if is_api and not parts:
            return self._listing(kind)
        if parts[0] in self.hub.aliases:
            canonical = "/".join(
                [self.hub.aliases[parts[0]], *(quote(part, safe="") for part in parts[1:])]
            )
            return self._send(
                307, b"", {"Location": f"{'/api' if is_api else ''}/datasets/{canonical}"}
            )
        return self._repository(kind, parts, is_api=is_api)

    def _read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while n_bytes := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(n_bytes)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _fault(self, status):
        if status:
            return self._error(status, "")
        self.hub.requests.append((self.command, self.path, 0))
        self.close_connection = True
        self.connection.close()  # in the middle of it: the client sees a cut connection
        return None

    def _who(self):
        return self.hub.tokens.get(self.headers.get("Authorization", "").removeprefix("Bearer "))

    def _account(self, parts):
        who = self._who()
        if parts == ["validate-yaml"]:
            return self._json({"errors": [], "warnings": []})
        if who is None:
            return self._error(401, "", message="Invalid username or password.")
        name, role = who
        if parts == ["whoami-v2"]:
            access = {"displayName": f"{name}-token", "role": role, "createdAt": DATE}
            auth = {"type": "access_token", "accessToken": access}
            return self._json({"type": "user", "id": "1", "name": name, "orgs": [], "auth": auth})
        if parts == ["repos", "create"]:
            asked = json.loads(self.body)
            repo_id = f"{asked.get('organization') or name}/{asked['name']}"
            if role == "read" or repo_id.split("/")[0] != name:
                return self._error(
                    403,
                    "",
                    message="You don't have the rights to create a model under this namespace",
                )
            answer = {"url": f"{self.hub.url}/{repo_id}", "name": repo_id, "id": "0"}
            if ("models", repo_id) in self.hub.repos:
                return self._json(
                    {"error": "You already created this model repo", **answer}, status=409
                )
            repo = Repo(
                "models",
                repo_id,
                private=asked.get("visibility") == "private" or bool(asked.get("private")),
            )
            self.hub.repos["models", repo_id] = repo
            return self._json(answer)
        return self._error(404, "")

    def _listing(self, kind):
        """Answer a search, a page at a time."""
        wanted = self.query.get("search", "").lower()
        repos = [
            repo
            for (of_kind, name), repo in self.hub.repos.items()
            if of_kind == kind and not repo.private and wanted in name.lower()
        ]
        page = int(self.query.get("page", 0))
        headers = {}
        if (page + 1) * PAGE_SIZE < len(repos):
            following = urlencode({**self.query, "page": page + 1})
            headers["Link"] = f'<{self.hub.url}/api/{kind}?{following}>; rel="next"'
        shown = repos[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
        return self._json(
            [self._info(repo, repo.head, repo.files) for repo in shown], headers=headers
        )

    def _repository(self, kind, parts, *, is_api):
        repo_id = "/".join(parts[:2]).removesuffix(".git")
        if repo_id in self.hub.failing:
            return self._error(*self.hub.failing[repo_id])
        repo, who = self.hub.repos.get((kind, repo_id)), self._who()
        if repo is None or (repo.private and (who is None or who[0] != repo_id.split("/")[0])):
            # what the Hub says to those who show no token, and to those who do
            return self._error(401 if who is None else 404, "RepoNotFound")
        if parts[1].endswith(".git"):
            return self._lfs_batch()
        return self._api(repo, parts[2:]) if is_api else self._file(repo, parts[2:])

    def _api(self, repo, rest):
        if rest and rest[0] == "commit":
            return self._commit(repo)
        if rest and rest[0] == "preupload":
            return self._preupload(repo)
        at = repo.at(rest[1] if len(rest) > 1 else "main")
        if at is None:
            return self._error(404, "RevisionNotFound")
        commit, files = at
        if not rest or rest[0] == "revision":
            return self._json(self._info(repo, commit, files))
        if rest[0] == "tree":
            return self._json(self._entries(files, folder="/".join(rest[2:])))
        if rest[0] == "paths-info":
            form = self.body.startswith(b"{")
            asked = (
                json.loads(self.body)["paths"]
                if form
                else parse_qs(self.body.decode()).get("paths", [])
            )
            return self._json(
                [entry for entry in self._entries(files, folder="") if entry["path"] in asked]
            )
        return self._error(404, "")

    def _info(self, repo, commit, files):
        entries = [entry for entry in self._entries(files, folder="") if entry["type"] == "file"]
        siblings = [
            {"rfilename": e["path"], "size": e["size"], "blobId": e["oid"]} for e in entries
        ]
        return {
            "id": repo.id,
            "sha": commit,
            "private": repo.private,
            "gated": "manual" if repo.gated else False,
            "disabled": False,
            "tags": [],
            "siblings": siblings,
            "lastModified": DATE,
            "createdAt": DATE,
            "downloads": 12,
            "likes": 3,
        }

    def _entries(self, files, *, folder):
        """List files and the folders above them, as the recursive tree listing does."""
        inside = {
            path: data
            for path, data in files.items()
            if not folder or path.startswith(folder + "/")
        }
        folders = {path.rpartition("/")[0] for path in inside} - {"", folder}
        entries = [
            {"type": "directory", "oid": "0" * 40, "size": 0, "path": path}
            for path in sorted(folders)
        ]
        return entries + [self._entry(path, data) for path, data in sorted(inside.items())]

    def _entry(self, path, data):
        entry = {"type": "file", "oid": git_oid(data), "size": len(data), "path": path}
        if path.endswith(LFS_SUFFIXES):
            entry["lfs"] = {
                "oid": hashlib.sha256(data).hexdigest(),
                "size": len(data),
                "pointerSize": 120,
            }
        return entry

    def _preupload(self, repo):
        answers = []
        for file in json.loads(self.body)["files"]:
            have = repo.files.get(file["path"])
            entry = {} if have is None else self._entry(file["path"], have)
            mode = "lfs" if file["path"].endswith(LFS_SUFFIXES) else "regular"
            oid = entry.get("lfs", entry).get("oid")
            answers.append(
                {"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid}
            )
        return self._json({"files": answers})

    def _lfs_batch(self):
        answers = []
        for wanted in json.loads(self.body)["objects"]:
            href = f"{self.hub.url}/_lfs/{wanted['oid']}"
            actions = (
                {}
                if wanted["oid"] in self.hub.blobs
                else {"actions": {"upload": {"href": href, "header": {}}}}
            )
            answers.append({**wanted, **actions})
        return self._json({"transfer": "basic", "objects": answers})

    def _lfs(self, oid):
        if hashlib.sha256(self.body).hexdigest() != oid:
            return self._error(400, "")
        self.hub.blobs[oid] = self.body
        return self._send(200, b"", {"ETag": f'"{oid}"'})

    def _commit(self, repo):
        who = self._who()
        if who is None or who[1] == "read":
            return self._error(403 if who else 401, "", message="write access is needed")
        files, title = dict(repo.files), ""
        for line in self.body.splitlines():
            key, value = (part := json.loads(line))["key"], part["value"]
            if key == "header":
                title = value["summary"]
                if value.get("parentCommit") not in (None, repo.head):
                    return self._error(412, "", message="A commit has happened since.")
            elif key == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif key == "lfsFile":
                files[value["path"]] = self.hub.blobs[value["oid"]]
            elif key == "deletedFile":
                files.pop(value["path"])
        repo.add(files, title)
        url = f"{self.hub.url}/{repo.id}/commit/{repo.head}"
        return self._json(
            {"success": True, "commitOid": repo.head, "commitUrl": url, "hookOutput": ""}
        )

    def _file(self, repo, rest):
        if len(rest) < 3 or rest[0] != "resolve":
            return self._error(404, "")
        if repo.gated:
            return self._error(403, "GatedRepo")
        at = repo.at(rest[1])
        if at is None:
            return self._error(404, "RevisionNotFound")
        commit, files = {"X-Repo-Commit": at[0]}, at[1]
        data = files.get(path := "/".join(rest[2:]))
        if data is None:
            return self._error(404, "EntryNotFound", commit)
        entry = self._entry(path, data)
        headers = {**commit, "ETag": f'"{entry["oid"]}"', "Accept-Ranges": "bytes"}
        if "lfs" in entry:
            headers |= {
                "X-Linked-Etag": f'"{entry["lfs"]["oid"]}"',
                "X-Linked-Size": str(len(data)),
            }
        if wanted := self.headers.get("Range"):
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start, stop = int(first or 0), min(int(last or len(data)), len(data) - 1) + 1
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(data)}"
            return self._send(206, data[start:stop], headers)
        return self._send(200, data, headers)

    def _json(self, value, *, status=200, headers=None):
        self._send(
            status,
            json.dumps(value).encode(),
            {"Content-Type": "application/json", **(headers or {})},
        )

    def _error(self, status, code, headers=None, *, message=""):
        codes = {"X-Error-Code": code} if code else {}
        codes |= {"X-Error-Message": message or code} if message or code else {}
        self._send(status, b'{"error": "refused"}', {**codes, **(headers or {})})

    def _send(self, status, data, headers):
        self.hub.requests.append((self.command, self.path, status))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
