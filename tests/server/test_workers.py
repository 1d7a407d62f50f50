"""Several workers on one port: one set of metrics, swaps in all, the dead replaced, one end for all.

The modules `worker`, `channel` and `address` are tested here too.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, closing, suppress

import pytest

from _support.server_runs import running, until
from _support.small_runs import run_assay, start_assay
from assay.errors import OutsideError
from assay.runtime import load_model
from assay.server import address
from assay.server.address import open_listener, open_listeners
from assay.server.options import ServerOptions
from assay.server.worker import WorkerPlan
from assay.server.workers import threads_of_each

TEXT = "i am very happy this day"
ASKED = 'assay_requests_total{method="POST",route="/predict",status="200"}'
LISTENING = (socket.SOL_SOCKET, socket.SO_ACCEPTCONN)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="sockets are not handed on there"),
]


def children(pid):
    """Return the ids of the processes that a process has started."""
    path = f"/proc/{pid}/task/{pid}/children"
    try:
        with open(path, encoding="ascii") as stream:  # noqa: PTH123 - a file of the kernel
            return [int(child) for child in stream.read().split()]
    except FileNotFoundError:
        found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, check=False)
        return [int(child) for child in found.stdout.split()]


def is_alive(pid):
    """Tell whether there is a process that has not ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def two(folders, tmp_path_factory):
    """Two workers that serve a folder of their own."""
    folder = shutil.copytree(folders["linear"], tmp_path_factory.mktemp("workers") / "mine")
    with running(folder, args=["--workers", "2", "--watch-s", "0.05"], is_forked=False) as server:
        server.folder = folder
        yield server


def test_metrics_are_of_all_workers(two, folders):
    """Whoever is asked counts the requests of all, and the answers are those of the model."""
    expected = load_model(folders["linear"]).predict_proba([TEXT])[0].max()
    before = two.metric(ASKED)
    for _ in range(20):
        status, _, content = two.ask("/predict", {"inputs": TEXT})
        assert (status, content[0]["score"]) == (200, pytest.approx(expected))
    assert two.metric(ASKED) == before + 20
    assert two.metric("assay_workers") == 2
    assert two.metric('assay_request_seconds_count{route="/predict"}') == before + 20


def test_metrics_are_asked_for_by_many_at_once(two):
    """Nobody waits for an answer that was given to somebody else."""
    seen = []

    def ask():
        seen.append(two.metric("assay_workers"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seen == [2] * 8


def test_dead_worker_is_replaced(two):
    """Connections that the system gave to it wait for the next one; what it counted still counts."""
    first, second = children(two.process.pid)
    asked = two.metric(ASKED)
    os.kill(first, signal.SIGKILL)
    for _ in range(20):
        assert two.ask("/predict", {"inputs": TEXT})[0] == 200
    until(lambda: two.metric("assay_workers_replaced_total") == 1)
    until(lambda: two.metric("assay_workers") == 2)
    assert second in children(two.process.pid)
    assert first not in children(two.process.pid)
    assert two.metric(ASKED) == asked + 20


def test_changed_folder_is_swapped_in_all(two, folders, tmp_path):
    """Every worker loads it; afterwards nobody answers with the old model."""
    new = load_model(folders["majority"]).predict_proba([TEXT])[0].max()
    shutil.copytree(folders["majority"], tmp_path / "new")
    two.folder.rename(tmp_path / "old")
    (tmp_path / "new").rename(two.folder)
    until(lambda: two.metric('assay_reloads_total{model="mine",outcome="loaded"}') == 2)
    scores = [two.ask("/predict", {"inputs": TEXT})[2][0]["score"] for _ in range(20)]
    assert scores == [pytest.approx(new)] * 20


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_ends_all(folders, number):
    """What was accepted is answered, nothing is said, and no process is left."""
    with running(folders["linear"], args=["--workers", "2"], is_forked=False) as server:
        workers = children(server.process.pid)
        server.process.send_signal(number)
        out, err = server.process.communicate(timeout=60)
        assert (server.process.returncode, out, err) == (0, "", "")
        assert not any(map(is_alive, workers))
        with pytest.raises(OSError, match="refused"):
            server.ask("/health")


def test_nobody_is_let_in_while_workers_end(folders):
    """A request that is coming is answered; a new connection is refused at once, and not taken and then broken off."""
    with running(folders["linear"], args=["--workers", "2"], is_forked=False) as server:
        content = json.dumps({"inputs": TEXT})
        connection = server.connect()
        connection.putrequest("POST", "/predict")
        connection.putheader("Content-Length", str(len(content)))
        connection.endheaders(content[:5].encode())
        until(lambda: server.metric("assay_requests_in_flight") >= 2)  # that for metrics is one
        server.process.send_signal(signal.SIGTERM)

        def is_refused():
            with suppress(ConnectionRefusedError), closing(server.connect()) as fresh:
                fresh.connect()
                return False
            return True

        until(is_refused)
        assert server.process.poll() is None
        connection.send(content[5:].encode())
        assert connection.getresponse().status == 200
        assert server.process.wait(60) == 0


def test_workers_end_when_the_parent_is_killed(folders):
    """Nobody goes on answering without a parent."""
    with running(folders["linear"], args=["--workers", "2"], is_forked=False) as server:
        workers = children(server.process.pid)
        server.process.kill()
        server.process.wait()
        until(lambda: not any(map(is_alive, workers)))


def test_broken_model_is_said_once(folders, tmp_path):
    """The sentence is that of a server without workers, and so is the exit code."""
    folder = shutil.copytree(folders["linear"], tmp_path / "broken")
    (folder / "vocabulary.json").write_text("{}")
    ends = []
    for n_workers in ("1", "2"):
        done = run_assay("serve", folder, "--port", "0", "--workers", n_workers, "--json")
        ends.append((done.returncode, json.loads(done.stdout)["error"]))
    assert ends[0] == ends[1]
    assert ends[0][0] == 2


def test_taken_port_is_noticed_by_several_workers(two, folders):
    """A second server with workers does not share the port of the first."""
    done = start_assay("serve", folders["linear"], "--port", str(two.port), "--workers", "2")
    _, err = done.communicate(timeout=60)
    assert done.returncode == 4
    assert f"port {two.port} of 127.0.0.1 is taken" in err


def test_sockets_of_one_port():
    """All of them listen on the same port; once they do, nobody else can."""
    listeners = open_listeners("127.0.0.1", 0, 3)
    try:
        ports = {listener.getsockname()[1] for listener in listeners}
        assert len(ports) == 1
        with pytest.raises(OutsideError, match="is taken"):
            open_listeners("127.0.0.1", ports.pop(), 2)
    finally:
        for listener in listeners:
            listener.close()


def test_port_is_taken_at_every_moment_while_sockets_are_opened(monkeypatch):
    """Whoever starts at the same moment is refused, between any two of the sockets as well."""
    refusals = []

    def open_with_a_rival(host, port, *, is_shared=False):
        if is_shared:
            with pytest.raises(OutsideError, match="is taken") as caught:
                open_listener(host, port).close()
            refusals.append(caught.value)
        return open_listener(host, port, is_shared=is_shared)

    monkeypatch.setattr(address, "open_listener", open_with_a_rival)
    listeners = open_listeners("127.0.0.1", 0, 4)
    try:
        n_listening = sum(one.getsockopt(*LISTENING) for one in listeners)
        assert len({one.getsockname() for one in listeners}) == 1
        assert n_listening == 4
        if sys.platform == "linux":
            assert len(refusals) == 3
    finally:
        for listener in listeners:
            listener.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shares connections out")
def test_connections_are_shared_out_among_all_sockets():
    """The first one, which was alone for a moment, gets its share as well."""
    listeners = open_listeners("127.0.0.1", 0, 3)
    with ExitStack() as stack:
        for listener in listeners:
            stack.enter_context(listener).setblocking(False)
        for _ in range(120):
            stack.enter_context(socket.create_connection(listeners[0].getsockname()))
        shares = []
        for listener in listeners:
            shares.append(0)
            with suppress(BlockingIOError):
                while True:
                    stack.enter_context(listener.accept()[0])
                    shares[-1] += 1
    assert sum(shares) == 120
    assert min(shares) >= 10  # of about 40 each


def test_sockets_are_one_where_no_second_one_is_let_in(monkeypatch):
    """A system that says no after all is treated like one that never shares out."""

    def refuse_shared(host, port, *, is_shared=False):
        if is_shared:
            raise OutsideError(f"port {port} is taken")
        return open_listener(host, port)

    monkeypatch.setattr(address, "open_listener", refuse_shared)
    with ExitStack() as stack:
        listeners = [stack.enter_context(one) for one in open_listeners("127.0.0.1", 0, 2)]
        stack.enter_context(socket.create_connection(listeners[0].getsockname()))
        listeners[1].settimeout(10)
        stack.enter_context(listeners[1].accept()[0])


def test_port_is_kept_while_no_worker_can_be_started(folders, tmp_path):
    """A broken folder and two dead workers: nobody else gets the port, and all go on once it is mended."""
    folder = shutil.copytree(folders["linear"], tmp_path / "mine")
    right = (folder / "vocabulary.json").read_text()
    with running(folder, args=["--workers", "2"], is_forked=False) as server:
        (folder / "vocabulary.json").write_text("{}")
        for child in children(server.process.pid):
            os.kill(child, signal.SIGKILL)
        failed = set()
        while len(failed) < 2:
            line = json.loads(server.process.stderr.readline())
            if line["event"] == "a worker could not be started":
                failed.add(line["worker"])
        with pytest.raises(OutsideError, match="is taken"):
            open_listener(server.host, server.port).close()
        (folder / "vocabulary.json").write_text(right)
        assert server.ask("/predict", {"inputs": TEXT})[0] == 200
        # Until all are asked in time, on a busy machine, the answer is an error.
        until(lambda: server.ask("/metrics")[0] == 200 and server.metric("assay_workers") == 2)


def test_sockets_are_one_where_the_system_the_system_does_not_share_out(monkeypatch):
    """On other systems than Linux all workers accept from the same queue."""
    monkeypatch.setattr("sys.platform", "darwin")
    listeners = open_listeners("127.0.0.1", 0, 2)
    try:
        with socket.create_connection(listeners[0].getsockname()):
            listeners[1].settimeout(10)
            accepted, _ = listeners[1].accept()
            accepted.close()
    finally:
        for listener in listeners:
            listener.close()


def test_plan_survives_its_journey():
    """A worker gets every option as it was given."""
    options = ServerOptions(cors_origins=("http://a.example",), api_key="k", workers=2)
    plan = WorkerPlan(("a=b",), options, 1, 5, 6)
    assert WorkerPlan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    ("n_workers", "given", "expected"), [(2, None, 3), (9, None, 1), (2, 5, 5)]
)
def test_threads_are_shared_out(monkeypatch, n_workers, given, expected):
    """Without a count, the workers share what there is."""
    monkeypatch.setenv("ASSAY_THREADS", "6")
    assert threads_of_each(n_workers, given) == expected
