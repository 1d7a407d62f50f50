"""Heads of requests on a real server: their length is bounded while they are read."""

import json
import os
import re
import socket
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from _support.server_runs import running, until
from assay.server.protocol import MAX_HEAD_BYTES, _find_allowed

TEXT = "i am very happy this day"
BLOCKED_S = 0.25  # far more than a bounded head takes, far less than an endless one did

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="signals are otherwise there"),
]


def read_all(raw):
    """Return all that the server sends until it closes."""
    answer = b""
    try:
        while part := raw.recv(65536):
            answer += part
    except ConnectionResetError:
        pass  # it closed while more of the head was on its way
    return answer


def send(server, data):
    """Send bytes on a connection of its own; return the answer."""
    with socket.create_connection((server.host, server.port), timeout=30) as raw:
        with suppress(BrokenPipeError, ConnectionResetError):  # closed before all was sent
            raw.sendall(data)
        return read_all(raw)


HEADS = {
    "url": b"GET /health?" + b"a" * (MAX_HEAD_BYTES + 1) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "header": b"GET /health HTTP/1.1\r\nX: " + b"a" * (MAX_HEAD_BYTES + 1) + b"\r\n\r\n",
    "headers": b"GET /health HTTP/1.1\r\n" + b"a: b\r\n" * 12_000 + b"\r\n",
    "no-end": b"GET /health HTTP/1.1\r\nX: " + b"a" * 200_000,
}


CHUNKED = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
AROUND = {
    "trailers": CHUNKED + b"3\r\nabc\r\n0\r\n" + b"a: b\r\n" * 40_000,
    "trailer": CHUNKED + b"3\r\nabc\r\n0\r\nX: " + b"a" * 200_000,
    "name-of-a-trailer": CHUNKED + b"0\r\n" + b"a" * 200_000,
    "chunk-extension": CHUNKED + b"3;x=" + b"a" * 200_000,
    "blank-lines": b"\r\n" * 100_000,
}


@pytest.mark.parametrize("data", AROUND.values(), ids=AROUND)
def test_what_is_around_a_body_is_bounded_as_heads_are(server, data):
    """It means nothing to anybody: one client took 1.6 GB with it, and held up all others."""
    answer = send(server, data)
    if answer:
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert "what is around the body" in json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    assert server.ask("/health")[0] == 200


def test_trailer_is_read_over(server):
    """It does not become a header of the request, which was let in already."""
    body = json.dumps({"inputs": TEXT}).encode()
    end = b"0\r\nHost: evil.example\r\nX: y\r\n\r\n"
    data = CHUNKED.replace(b"chunked", b"chunked\r\nConnection: close")
    assert send(server, data + b"%x\r\n%s\r\n" % (len(body), body) + end).startswith(
        b"HTTP/1.1 200"
    )


CHANGE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"


@pytest.mark.parametrize("n_bytes", [7, 1_000_000])
def test_client_that_asks_for_another_protocol_is_answered_in_this_one(server, n_bytes):
    """Java's client asks for HTTP/2 in every first request; its body was never read."""
    body = json.dumps({"inputs": TEXT, "top_k": 1}).encode()
    plain = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n" % len(body)
    data = plain + CHANGE + b"\r\n" + body
    data = data * 2 + b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection((server.host, server.port), timeout=30) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(data), n_bytes):
            raw.sendall(data[start : start + n_bytes])
        answer = read_all(raw)
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.count(b'[{"label":') == 2


def test_packed_body_is_refused_with_the_reason(server):
    """It was "no UTF-8"."""
    headers = {"Content-Encoding": "gzip"}
    status, _, content = server.ask("/predict", {"inputs": TEXT}, headers=headers)
    assert (status, content["error_type"]) == (400, "validation")
    assert "packed (Content-Encoding: gzip)" in content["error"]


def test_requests_that_do_not_wait_for_answers_are_answered_in_turn(server):
    """More than are parsed at once, with bodies between them; nothing is lost or exchanged."""
    post = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
    data = b""
    for n in range(1, 401):
        body = json.dumps({"inputs": [TEXT] * (n % 3 + 1), "top_k": 1}).encode()
        data += post % (len(body), body) + b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = send(server, data + b"GET /health HTTP/1.0\r\n\r\n")
    bodies = [part.partition(b"\r\n\r\n")[2] for part in answer.split(b"HTTP/1.1 200 OK")[1:]]
    assert len(bodies) == 801
    assert bodies[-1] == b'{"status":"ready"}'
    assert set(bodies[1::2]) == {b'{"status":"alive"}'}
    assert [len(json.loads(body)) for body in bodies[:-1:2]] == [n % 3 + 1 for n in range(1, 401)]


def test_requests_of_who_reads_no_answer_take_little_memory(folders):
    """They wait as bytes until those before them are answered, and the others are served."""
    with running(folders["linear"], is_forked=False) as server, ExitStack() as stack:
        memory = memory_of(server)
        for _ in range(20):
            raw = socket.create_connection((server.host, server.port), timeout=0.2)
            stack.enter_context(raw)
            with suppress(TimeoutError):
                raw.sendall(b"GET / HTTP/1.1\r\n\r\n" * 50_000)
            assert server.ask("/health")[0] == 200
        assert memory_of(server) - memory < 150_000


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_head_over_the_limit_is_refused(server, head):
    """431 with a sentence in the form of all errors, or a closed connection; nothing else."""
    answer = send(server, head)
    if answer:
        assert answer.startswith(b"HTTP/1.1 431 ")
        content = json.loads(answer.partition(b"\r\n\r\n")[2])
        assert content == {
            "error": "the head of the request is too long; up to 65,536 bytes are accepted",
            "error_type": "validation",
        }
    assert server.ask("/health")[0] == 200


def test_head_just_below_the_limit_is_read(server):
    """Whatever comes with it: a large body is no part of the head."""
    padding = {"X-Padding": "a" * (MAX_HEAD_BYTES - 1_000)}
    assert server.ask("/health", headers=padding)[0] == 200
    status, _, found = server.ask("/predict", {"inputs": [TEXT] * 200}, headers=padding)
    assert (status, len(found)) == (200, 200)


def test_requests_behind_a_large_body_are_read(server):
    """Two requests in one write, the first with a body of many pieces."""
    body = json.dumps({"inputs": [TEXT * 100] * 20}).encode()
    first = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
    second = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = send(server, first + body + second)
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.endswith(b'{"status":"alive"}')


def test_endless_head_holds_up_nobody(folders):
    """While a client sends headers without end, the others are answered, and memory stays."""
    with running(folders["linear"], is_forked=False) as server:
        memory = memory_of(server)
        is_over = threading.Event()

        def send_without_end():
            while not is_over.is_set():
                send(server, b"GET /health HTTP/1.1\r\n" + b"a: b\r\n" * 300_000)

        thread = threading.Thread(target=send_without_end, daemon=True)
        thread.start()
        try:
            waits_s = []
            for _ in range(50):
                started_s = time.monotonic()
                assert server.ask("/health")[0] == 200
                waits_s.append(time.monotonic() - started_s)
        finally:
            is_over.set()
            thread.join(30)
        assert sorted(waits_s)[40] < BLOCKED_S
        until(lambda: memory_of(server) - memory < 30_000)


def memory_of(server):
    """Return the resident memory of a server in kB."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii").splitlines()
    found = next(line for line in lines if line.startswith("VmRSS"))
    return int(found.split()[1])


def test_what_is_no_http_is_refused_in_the_form_of_all_errors(server):
    """400 with a sentence."""
    answer = send(server, b"\x16\x03\x01\x02\x00\x01")
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    content = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert content["error_type"] == "validation"


# The parser tells of a header when the next one begins.
ORIGIN = b"Origin: https://example.org\r\nAccept: */*\r\n"
BROKEN = {
    "endless header": (b"GET / HTTP/1.1\r\n" + ORIGIN + b"X: " + b"a" * 200_000, 431),
    "long header": (
        b"GET / HTTP/1.1\r\n" + ORIGIN + b"X: " + b"a" * (MAX_HEAD_BYTES + 1) + b"\r\n\r\n",
        431,
    ),
    "no colon": (b"GET / HTTP/1.1\r\n" + ORIGIN + b"no colon\r\n\r\n", 400),
    "bad length": (b"POST /predict HTTP/1.1\r\n" + ORIGIN + b"Content-Length: x\r\n\r\n", 400),
}


@pytest.mark.parametrize(("data", "status"), BROKEN.values(), ids=BROKEN)
def test_page_of_an_allowed_origin_can_read_what_is_said_before_there_is_a_request(
    allowing_server, data, status
):
    """The origin that asked is named if it is one of the allowed ones, and no other is."""
    for origin, is_allowed in ((b"https://example.org", True), (b"https://b.example", False)):
        answer = send(allowing_server, data.replace(b"https://example.org", origin))
        head = answer.partition(b"\r\n\r\n")[0]
        assert head.startswith(b"HTTP/1.1 %d " % status)
        expected = [origin] if is_allowed else []
        assert re.findall(rb"\r\naccess-control-allow-origin: ([^\r]*)", head) == expected


@pytest.fixture(scope="module")
def allowing_server(folders):
    """A server that pages of two origins may ask."""
    args = ("--cors-origin", "https://example.org", "--cors-origin", "https://a.example")
    with running(folders["linear"], args=args) as server:
        yield server


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        ((), None),
        (("*",), "*"),
        (("https://a",), "https://a"),
        (("https://a", "https://b"), None),
    ],
)
def test_request_that_names_no_origin_may_be_read_where_one_is_allowed(origins, expected):
    """Its head was cut off, or it is no HTTP: a lone origin needs no name to be told from others."""
    assert _find_allowed(origins, []) == expected
