"""What bad clients cost: 10,000 connections one after another, half broken off, slow ones, and the memory left.

    python benchmarks/serving_faults.py --model DIR      a model folder
    python benchmarks/serving_faults.py --smoke          the built-in sample, few connections: does it still run?

Exit code 1 if an answer was wrong or lost, or if memory did not come back to within 10 % of what it was after the
first thousand connections (before them, what grows is what is kept for good: buffers, metrics, arenas).
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import struct
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from load import build_request
from serving import find_port, serving

import assay

MAX_GROWTH = 1.10
RESET = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: a reset instead of a goodbye


def read_metrics(port: int) -> dict[str, float]:
    """Return the metrics without labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return {line.split()[0]: float(line.split()[1]) for line in lines if line and "{" not in line and line[0] != "#"}


def resident_mb(pid: int) -> float:
    """Return the memory of a process, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def connect(port: int) -> socket.socket:
    """Open a connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def ask(port: int, request: bytes) -> bytes:
    """Ask on a connection of its own; return the whole answer."""
    with connect(port) as raw:
        raw.sendall(request.replace(b"Host: localhost\r\n", b"Host: localhost\r\nConnection: close\r\n"))
        answer = b""
        while part := raw.recv(65536):
            answer += part
    return answer


def break_off(port: int, request: bytes, rng: random.Random) -> None:
    """Send some of a request, all of it, or twice of it, and leave in one of two ways."""
    with connect(port) as raw:
        raw.sendall((request * 2)[: rng.randrange(2 * len(request))])
        if rng.random() < 0.5:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def measure(port: int, pid: int, texts: list[str], expected: list[float], *, n: int) -> dict[str, Any]:
    """Connect `n` times, every other one a client that breaks off; return what was wrong and how memory went."""
    rng = random.Random(0)
    n_wrong, memory = 0, []
    started_s = time.perf_counter()
    for i in range(n):
        which = i % len(texts)
        request = build_request("/predict", texts[which])
        if i % 2:
            break_off(port, request, rng)
        else:
            answer = ask(port, request)
            head, _, body = answer.partition(b"\r\n\r\n")
            is_right = head.startswith(b"HTTP/1.1 200") and abs(json.loads(body)[0]["score"] - expected[which]) < 1e-5
            n_wrong += not is_right
        if (i + 1) % max(n // 10, 1) == 0:
            memory.append(round(resident_mb(pid), 1))
    slow = [connect(port) for _ in range(100)]  # these send half a head and wait
    for raw in slow:
        raw.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\n")
    n_wrong += not ask(port, build_request("/predict", texts[0])).startswith(b"HTTP/1.1 200")
    for raw in slow:
        raw.close()
    time.sleep(1)
    left = read_metrics(port)
    return {
        "n_connections": n,
        "seconds": round(time.perf_counter() - started_s, 1),
        "n_wrong": n_wrong,
        "memory_mb": memory,
        "left_in_flight": left["assay_requests_in_flight"] - 1,  # the question itself
        "left_in_queue": left["assay_queue_texts"],
    }


def main() -> None:
    """Start a server, torment it, say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model")
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    if not given.smoke and given.model is None:
        raise SystemExit("give --model DIR, or --smoke")
    with ExitStack() as stack:
        model = given.model
        if given.smoke:
            model = str(Path(stack.enter_context(TemporaryDirectory())) / "linear")
            assay.train_model("sample", model, method="linear")
        texts = list(assay.load_data("sample")["test"].texts)
        expected = assay.load_model(model).predict_proba(texts).max(axis=1).tolist()
        port = find_port()
        command = [sys.executable, "-m", "assay", "serve", model, "--threads", "1", "--quiet", "--port", str(port)]
        pid = stack.enter_context(serving(command, port))
        found = measure(port, pid, texts, expected, n=300 if given.smoke else given.connections)
    print(json.dumps(found))
    start, end = found["memory_mb"][0], found["memory_mb"][-1]
    if found["n_wrong"] or found["left_in_flight"] or found["left_in_queue"] or end > start * MAX_GROWTH:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
