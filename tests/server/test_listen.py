"""A real server on loopback: stock clients, signals, models swapped under load, clients that are slow or leave."""

import http.client
import itertools
import json
import os
import shutil
import signal
import socket
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest

from _support.server_runs import running, until
from _support.small_runs import run_assay
from assay.errors import OutsideError
from assay.runtime import load_model
from assay.server import listen, serve_models
from assay.server.address import open_listener
from assay.server.options import ServerOptions
from assay.server.places import READING_PER_PLACE
from assay.server.shelf import ModelShelf

TEXT = "i am very happy this day"
N_SLOW = 48
seeds = itertools.count()

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="signals are otherwise there"),
]


def slow():
    """Return a request that is a second of work for the linear model: words that it has never seen."""
    rng = np.random.default_rng(next(seeds))
    letters = rng.integers(97, 123, size=(N_SLOW, 2200, 9), dtype=np.uint8)
    letters[:, :, -1] = ord(" ")
    return {"inputs": [text.tobytes().decode() for text in letters]}


def send_head(server, n_bytes):
    """Open a connection and announce a body of `n_bytes`; return the socket."""
    raw = socket.create_connection((server.host, server.port), timeout=30)
    raw.sendall(
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % n_bytes
    )
    return raw


def ask_in_thread(server, content, answers):
    """Ask in the background; the answer is appended to `answers`."""
    thread = threading.Thread(
        target=lambda: answers.append(server.ask("/predict", content)), daemon=True
    )
    thread.start()
    return thread


def test_signal_that_comes_while_the_server_starts_ends_it(folders, monkeypatch):
    """It was lost between loading the model and listening: the server ran on for ever."""

    @contextmanager
    def interrupted():
        signal.raise_signal(signal.SIGTERM)
        yield

    monkeypatch.setattr(listen, "quick_switching", interrupted)
    is_late = threading.Event()

    def end():
        is_late.set()
        signal.raise_signal(signal.SIGTERM)

    timer = threading.Timer(60, end)
    timer.start()
    shelf = ModelShelf({"linear": folders["linear"]})
    with open_listener("127.0.0.1", 0) as listener:
        listen.run_server(shelf, ServerOptions(port=0), listener, on_start=lambda service: None)
    timer.cancel()
    assert not is_late.is_set()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_sigterm_ends_the_first_process_of_a_container_while_it_loads(monkeypatch):
    """The kernel keeps signals without a handler from process 1; others have no need of one."""
    with listen.ended_by_sigterm():
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    monkeypatch.setattr(listen.os, "getpid", lambda: 1)
    with pytest.raises(SystemExit) as ended, listen.ended_by_sigterm():
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 143
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_stock_client_of_the_hub_classifies(server, folders, monkeypatch):
    """huggingface_hub's InferenceClient, as it comes: one text, the best label, and the key as its token."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    from huggingface_hub import InferenceClient

    client = InferenceClient(model=server.url, token="unused")
    found = client.text_classification(TEXT)
    row = load_model(folders["linear"]).predict_proba([TEXT])[0]
    assert [one.label for one in found] == [
        load_model(folders["linear"]).labels[i] for i in (-row).argsort()
    ]
    assert sum(one.score for one in found) == pytest.approx(1)
    assert [
        one.label for one in client.text_classification(TEXT, top_k=1, function_to_apply="softmax")
    ] == ["joy"]


def test_answers_come_on_one_connection(server):
    """A connection is kept open for the next request, and small answers are not held back."""
    connection = server.connect()
    seconds = []
    for _ in range(30):
        started_s = time.perf_counter()
        connection.request("POST", "/predict", json.dumps({"inputs": TEXT}))
        assert connection.getresponse().read()
        seconds.append(time.perf_counter() - started_s)
    connection.close()
    # Not a measurement: held back by Nagle's algorithm, every one of them would take 40 ms.
    assert min(seconds) < 0.035


def test_many_texts_at_once_have_each_their_own_answer(server, folders):
    """Twenty clients at once, each with its own texts: no answer is another's."""
    model = load_model(folders["compact"])
    texts = [f"i am {word} {i}" for i, word in enumerate(["happy", "sad", "angry", "슬퍼요"] * 5)]
    answers = {}

    def ask(text):
        answers[text] = server.ask("/predict?model=compact", {"inputs": [text] * 3})[2]

    threads = [threading.Thread(target=ask, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for text in texts:
        expected = model.predict_proba([text])[0].max()
        assert [one[0]["score"] for one in answers[text]] == pytest.approx([expected] * 3, abs=1e-5)


def test_health_answers_while_the_model_works(server):
    """The event loop is never held up: /health answers while seconds of work are in the model."""
    answers = []
    thread = ask_in_thread(server, slow(), answers)
    until(lambda: server.metric("assay_requests_in_flight") >= 2)
    status, _, content = server.ask("/health")
    assert (status, content) == (200, {"status": "ready"})
    assert not answers
    thread.join(60)
    assert answers[0][0] == 200


def test_client_that_leaves_frees_its_place(server):
    """What a client does not wait for is taken out of the queue."""
    before = server.metric("assay_pass_texts_sum")
    connection = server.connect()
    connection.request("POST", "/predict", json.dumps(slow()))
    until(lambda: server.metric("assay_queue_texts") >= 1)
    connection.close()
    until(
        lambda: (
            server.metric("assay_requests_in_flight") == 1
            and server.metric("assay_queue_texts") == 0
        )
    )
    assert server.metric("assay_pass_texts_sum") - before < N_SLOW


def test_sigterm_answers_what_was_accepted(folders):
    """SIGTERM in the middle of a request: it is answered, nothing new is taken, and the exit code is 0."""
    with running(folders["linear"], is_forked=False) as server:
        answers = []
        thread = ask_in_thread(server, slow(), answers)
        until(lambda: server.metric("assay_requests_in_flight") >= 2)
        server.process.send_signal(signal.SIGTERM)
        out, err = server.process.communicate(timeout=60)
        thread.join(10)
        assert answers[0][0] == 200
        assert len(answers[0][2]) == N_SLOW
        assert (server.process.returncode, out, err) == (0, "", "")
        with pytest.raises(OSError, match="refused"):
            server.ask("/health")


def test_ctrl_c_ends_like_sigterm(folders):
    """Ctrl-C in the middle of a request: it is answered, nothing is said, and the exit code is 0."""
    with running(folders["linear"], is_forked=False) as server:
        answers = []
        thread = ask_in_thread(server, slow(), answers)
        until(lambda: server.metric("assay_requests_in_flight") >= 2)
        server.process.send_signal(signal.SIGINT)
        out, err = server.process.communicate(timeout=60)
        thread.join(10)
        assert answers[0][0] == 200
        assert (server.process.returncode, out, err) == (0, "", "")


def test_changed_folder_is_swapped_under_load(folders, tmp_path):
    """A folder replaced while requests come: all are answered, by the old model or the new one; a broken one never."""
    folder = shutil.copytree(folders["linear"], tmp_path / "model")
    other = load_model(folders["majority"]).predict_proba([TEXT])[0].max()
    old = load_model(folder).predict_proba([TEXT])[0].max()
    seen, is_over = [], threading.Event()
    with running(f"mine={folder}", args=["--watch-s", "0.05"]) as server:

        def keep_asking():
            while not is_over.is_set():
                status, _, content = server.ask("/predict", {"inputs": TEXT})
                seen.append((status, content[0]["score"] if status == 200 else content))

        thread = threading.Thread(target=keep_asking)
        thread.start()
        try:
            until(lambda: len(seen) > 5)
            (folder / "vocabulary.json").write_text(
                "{}", encoding="utf-8"
            )  # broken: of another size than recorded
            until(lambda: server.metric('assay_reloads_total{model="mine",outcome="refused"}') >= 1)
            assert seen[-1] == (200, pytest.approx(old))
            shutil.rmtree(folder)
            shutil.copytree(folders["majority"], tmp_path / "new")
            (tmp_path / "new").rename(folder)
            until(lambda: server.metric('assay_reloads_total{model="mine",outcome="loaded"}') >= 1)
            n_seen = len(seen)
            until(lambda: len(seen) > n_seen + 5)
        finally:
            is_over.set()
            thread.join(60)
        server.process.terminate()
        _, err = server.process.communicate(timeout=60)
    assert {status for status, _ in seen} == {200}
    assert [
        score for _, score in seen if score != pytest.approx(old) and score != pytest.approx(other)
    ] == []
    assert seen[-1] == (200, pytest.approx(other))
    refused = [json.loads(line) for line in err.splitlines()]
    assert {line["event"] for line in refused} == {
        "a changed model was refused; the one from before goes on"
    }


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no SIGHUP here")
def test_sighup_loads_again(folders, tmp_path):
    """SIGHUP loads even where nothing is watched."""
    folder = shutil.copytree(folders["linear"], tmp_path / "model")
    with running(folder, args=["--watch-s", "0"], is_forked=False) as server:
        server.process.send_signal(signal.SIGHUP)
        until(lambda: server.metric('assay_reloads_total{model="model",outcome="loaded"}') == 1)
        assert server.ask("/predict", {"inputs": TEXT})[0] == 200


@pytest.fixture(scope="module")
def impatient(folders):
    """A server that waits for its clients for half a second."""
    with running(folders["linear"], args=["--client-s", "0.5", "--max-requests", "4"]) as server:
        yield server


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"POST /predict HT",
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /he",
    ],
    ids=["nothing", "half-line", "half-head", "half-of-the-second"],
)
def test_head_that_does_not_come_ends_the_connection(impatient, head):
    """A client that begins and does not go on holds no connection."""
    with socket.create_connection((impatient.host, impatient.port), timeout=30) as raw:
        raw.sendall(head)
        while raw.recv(65536):
            pass
    assert impatient.ask("/health")[0] == 200


def test_body_that_does_not_come_is_408(impatient):
    """Half a body is said to be half a body, and the connection ends."""
    with send_head(impatient, 100) as raw:
        raw.sendall(b'{"inputs": "a')
        answer = b""
        while part := raw.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"the body was not whole after 0.5 s (assay serve --client-s)" in answer


def test_more_requests_than_allowed_are_503(impatient):
    """Bodies that do not end shut nobody out until they are many: 503; when they are gone, all is well."""

    def ask_beside(n_held):
        held = [send_head(impatient, 100) for _ in range(n_held)]
        try:
            return impatient.ask("/predict", {"inputs": TEXT})[0]
        finally:
            for raw in held:
                raw.close()

    assert ask_beside(4) == 200
    until(lambda: ask_beside(4 * READING_PER_PLACE + 8) == 503)
    until(lambda: impatient.ask("/predict", {"inputs": TEXT})[0] == 200)


def test_clients_that_break_off_leave_nothing_behind(server):
    """Hundreds of connections one after another, half of them broken off: all places are free again."""
    for i in range(300):
        raw = send_head(server, 50)
        raw.sendall(b'{"inputs": "a"}' if i % 2 else b'{"inputs": "' + b"a" * 36 + b'"}')
        if i % 3:
            raw.close()
        else:
            raw.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
            )  # a reset instead of a goodbye
            raw.close()
    until(
        lambda: (
            server.metric("assay_requests_in_flight") == 1
            and server.metric("assay_queue_texts") == 0
        )
    )
    assert server.ask("/predict", {"inputs": TEXT})[0] == 200


def test_full_queue_is_429(folders):
    """More texts than may wait: 429 with Retry-After; the others are answered."""
    with running(folders["linear"], args=["--max-queue-texts", str(N_SLOW)]) as server:
        answers = []
        thread = ask_in_thread(server, slow(), answers)
        until(lambda: server.metric("assay_queue_texts") >= 1)
        status, headers, content = server.ask("/predict", {"inputs": ["a"] * (N_SLOW + 1)})
        assert (status, content["error_type"]) == (429, "overloaded")
        assert int(headers["retry-after"]) >= 1
        thread.join(60)
        assert answers[0][0] == 200


def test_broken_http_is_refused(server):
    """What is no HTTP at all is 400, and the server goes on."""
    for noise in (
        b"\x16\x03\x01\x02\x00\x01",
        b"GET\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ):
        with socket.create_connection((server.host, server.port), timeout=30) as raw:
            raw.sendall(noise)
            assert raw.recv(65536).startswith(b"HTTP/1.1 400 ")
    assert server.ask("/health")[0] == 200


def test_kill_in_mid_request_ends_it_at_once_and_a_restart_goes_on(folders):
    """Killed while requests are in work: connections end, nobody gets half an answer, the port is free for the next."""
    seen, is_over = [], threading.Event()

    def keep_asking(server, content):
        connection = server.connect(timeout_s=30)
        while not is_over.is_set():
            try:
                connection.request("POST", "/predict", json.dumps(content))
                answer = connection.getresponse()
                seen.append((answer.status, answer.read()))
            except (http.client.HTTPException, OSError) as err:
                seen.append((type(err), time.monotonic()))
                return

    with running(folders["linear"], is_forked=False) as server:
        threads = [
            threading.Thread(target=keep_asking, args=(server, content), daemon=True)
            for content in [{"inputs": TEXT}] * 4 + [slow(), slow()]
        ]
        for thread in threads:
            thread.start()
        until(lambda: len(seen) > 20 and server.metric("assay_requests_in_flight") >= 3)
        killed_s = time.monotonic()
        server.process.kill()
        for thread in threads:
            thread.join(20)
        is_over.set()
        server.process.wait(20)
        ends = [one for one in seen if isinstance(one[0], type)]
        assert len(ends) == len(threads)
        assert max(when for _, when in ends) - killed_s < 5  # at once, not when some patience ends
        expected = load_model(folders["linear"]).predict_proba([TEXT])[0].max()
        for status, body in (one for one in seen if not isinstance(one[0], type)):
            assert status == 200
            first = json.loads(body)[0]
            assert isinstance(first, list) or first["score"] == pytest.approx(expected)
        with running(folders["linear"], args=["--port", str(server.port)]) as again:
            assert again.port == server.port
            status, _, content = again.ask("/predict", {"inputs": TEXT})
            assert (status, content[0]["score"]) == (200, pytest.approx(expected))


def test_key_comes_from_the_environment(folders):
    """ASSAY_API_KEY asks for a key without showing it in the list of processes."""
    with running(folders["linear"], env={"ASSAY_API_KEY": "s3cret"}) as server:
        assert server.ask("/predict", {"inputs": TEXT})[0] == 401
        right = {"Authorization": "Bearer s3cret"}
        assert server.ask("/predict", {"inputs": TEXT}, headers=right)[0] == 200


def test_taken_port_is_said_at_once(server):
    """Exit code 4, before any model is loaded, with what to do."""
    done = run_assay("serve", "/nowhere", "--port", server.port, is_forked=True)
    assert done.returncode == 4
    assert done.stderr == (
        f"error: port {server.port} of 127.0.0.1 is taken\n"
        f"hint: another program uses it: stop it, or try --port {server.port + 1}\n"
    )


def test_idle_connection_stays_open_as_long_as_asked(folders):
    """Longer than clients may take for a request; then it is closed by the server."""
    args = ["--client-s", "0.2", "--keep-alive-s", "1.5"]
    with running(folders["linear"], args=args) as server:
        connection = server.connect(timeout_s=30)
        connection.request("GET", "/health")
        connection.getresponse().read()
        started_s = time.monotonic()
        assert connection.sock.recv(1) == b""
        assert time.monotonic() - started_s > 1
        connection.close()


def test_address_of_another_machine_is_said():
    """An address that is not this machine's cannot be listened on."""
    with pytest.raises(OutsideError, match=r"port 0 of 192\.0\.2\.1 cannot be listened on"):
        serve_models(["/nowhere"], options=ServerOptions(host="192.0.2.1", port=0))
