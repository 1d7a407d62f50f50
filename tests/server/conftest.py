"""Small models to serve, the application in this process, and real servers on loopback."""

from __future__ import annotations

import http.client
import json
import subprocess
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from assay.models import save_model
from assay.server import Limits, create_app
from assay.server.models import ModelShelf
from small_models import small_data, small_estimator
from small_runs import start_assay

LIMITS = Limits(max_body_bytes=20_000, max_batch_texts=8, max_text_chars=1_000, max_explained_texts=2)


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Train and save a small model of each kind; return their folders by name."""
    root = tmp_path_factory.mktemp("served")
    for method in ("linear", "compact", "majority"):
        save_model(small_estimator(method).fit(*small_data(200)), root / method)
    return {method: root / method for method in ("linear", "compact", "majority")}


@pytest.fixture(scope="session")
def shelf(folders):
    """Load them to be served; the first is the linear one."""
    return ModelShelf(folders)


@pytest.fixture
def client(shelf):
    """Ask the application in this process."""
    with TestClient(create_app(shelf, limits=LIMITS), raise_server_exceptions=True) as client:
        yield client


class Server:
    """A running `assay serve`."""

    def __init__(self, process, url, models):
        self.process = process
        self.url = url
        self.models = models
        self.host, _, port = url.removeprefix("http://").rpartition(":")
        self.port = int(port)

    def connect(self, timeout_s=60):
        """Open a connection."""
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout_s)

    def ask(self, path, content=None, *, headers=None):
        """Ask on a connection of its own; return status, headers and what the body holds."""
        connection = self.connect()
        try:
            body = None if content is None else json.dumps(content)
            connection.request("GET" if body is None else "POST", path, body, headers or {})
            answer = connection.getresponse()
            content = answer.read()
            is_json = answer.headers["content-type"] == "application/json"
            return answer.status, answer.headers, json.loads(content) if is_json else content.decode()
        finally:
            connection.close()

    def metric(self, name):
        """Return the number of a metric; 0 where it has no line yet."""
        lines = self.ask("/metrics")[2].splitlines()
        return next((float(line.split()[-1]) for line in lines if line.startswith(f"{name} ")), 0.0)


@contextmanager
def running(*models, args=(), env=None):
    """Run `assay serve` in a process of its own, on a free port, and end it."""
    process = start_assay("serve", *models, "--port", "0", "--json", *args, env=env)
    try:
        line = process.stdout.readline()
        assert line, process.communicate()
        yield Server(process, **json.loads(line))
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@pytest.fixture(scope="session")
def server(folders):
    """A server of all three models, for tests that leave it as it is."""
    with running(*folders.values()) as server:
        yield server
