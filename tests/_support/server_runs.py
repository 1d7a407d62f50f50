"""Run `assay serve` in a process of its own, and ask it."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from contextlib import contextmanager

from _support.small_runs import start_assay

# A text with markup, as anybody can send one; it is in the training data of the linear model
# that is served, too.
ATTACK = "<img src=x onerror=alert(1)><b>happy</b> & \"quoted\" 'text' </script>"


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
            return (
                answer.status,
                answer.headers,
                json.loads(content) if is_json else content.decode(),
            )
        finally:
            connection.close()

    def metric(self, name):
        """Return the number of a metric; 0 where it has no line yet, or the server no answer."""
        status, _, content = self.ask("/metrics")
        lines = content.splitlines() if status == 200 else []
        return next((float(line.split()[-1]) for line in lines if line.startswith(f"{name} ")), 0.0)


@contextmanager
def running(*models, args=(), env=None, is_forked=True):
    """Run `assay serve` in a process of its own, on a free port, and end it.

    `is_forked=False` where the process itself is tested: how it ends, what it needs, whom it starts.
    """
    command = ["serve", *models, "--port", "0", "--json", *args]
    process = start_assay(*command, env=env, is_forked=is_forked)
    try:
        line = process.stdout.readline()
        assert line, process.communicate()
        server = Server(process, **json.loads(line))
        server.announcement = line
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def until(holds, *, limit_s=60):
    """Wait for something that another process does."""
    started_s = time.monotonic()
    while not holds():
        assert time.monotonic() - started_s < limit_s
        time.sleep(
            0.01
        )  # between two looks at the other process: there is no other moment to wait for
