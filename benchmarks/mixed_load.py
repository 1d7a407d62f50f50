"""Ten minutes of good, bad, slow and hostile clients at once: wrong answers, and memory that grows.

    python benchmarks/mixed_load.py --model DIR   a model folder, ten minutes
    python benchmarks/mixed_load.py --smoke       the built-in sample, some seconds: does it still run?

Good clients keep their connections and hold every answer against the runtime's own. Bad ones send
what is refused with 4xx. Slow ones send half of a request, a byte at a time, or do not read. Hostile
ones send endless heads, deep or huge JSON and changed bytes, and break off. Exit code 1 if an answer
was wrong or lost, if there was a 500, if a slow client was not cut off, if something was left in
work, or if memory grew by more than 5 % from the second tenth of the time to the last. Raw results
go to benchmarks/results/mixed-load-NAME.json.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import shutil
import socket
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from faults_mutations import mutate_bytes, mutate_json_bytes
from load import build_request
from methods import describe_machine
from serving import find_port, serving
from serving_faults import (
    MAX_DIFFERENCE,
    RESET,
    Expected,
    connect,
    look_at,
    read_all,
    read_metrics,
)

import assay

ROOT = Path(__file__).resolve().parent.parent
MAX_GROWTH = 1.05
CLIENT_S = 2.0  # how long the server waits for a request or a reader; by default 10
N_GOOD, N_SLOW = 3, 20
PAUSE_S = 0.002  # between two requests of a good client: the other clients are to be heard too
BAD = (
    b"",
    b"{",
    b"[1]",
    b'{"inputs": 1}',
    b'{"inputs": [["a", "b"]]}',
    b'{"input": "a"}',
    b'{"inputs": "a", "top_k": -1}',
    b'{"inputs": "a", "model": "nowhere"}',
    b"\xff\xfe",
)

Counts = Counter[str]


def join(body: bytes, path: str = "/predict") -> bytes:
    """Return the bytes of a request after which the server closes the connection."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def status_of(answer: bytes) -> int:
    """Return the status of an answer; 0 if there is none."""
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0


class GoodClient:
    """Asks on one connection, and holds every answer against the scores that are right."""

    def __init__(self, port: int, texts: list[str], expected: Expected) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._pairs = list(zip(texts, expected, strict=True))

    def ask(self, rng: random.Random, counts: Counts) -> None:
        """Ask once, for one text or for several."""
        chosen = rng.choices(self._pairs, k=rng.choice((1, 1, 1, 8)))
        body = json.dumps({"inputs": [[text] for text, _ in chosen]})
        try:
            self._connection.request("POST", "/predict", body)
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            counts["lost"] += 1
            self._connection.close()
            return
        if answer.status in (429, 503):  # too much at once: said, and not wrong
            counts["told to wait"] += 1
            return
        rows = json.loads(content) if answer.status == 200 else []
        is_right = len(rows) == len(chosen) and all(
            self._is_right(row, one) for row, (_, one) in zip(rows, chosen, strict=True)
        )
        counts["right" if is_right else "wrong"] += 1
        time.sleep(PAUSE_S)

    def _is_right(self, row: list[dict[str, Any]], expected: dict[str, float]) -> bool:
        found = {one["label"]: one["score"] for one in row}
        return found.keys() == expected.keys() and all(
            abs(found[label] - expected[label]) < MAX_DIFFERENCE for label in found
        )


def ask_badly(port: int, rng: random.Random, counts: Counts) -> None:
    """Send what is refused."""
    with connect(port) as raw:
        raw.sendall(join(rng.choice(BAD)))
        status = status_of(read_all(raw))
    counts["refused" if 400 <= status < 500 or status == 503 else f"answered with {status}"] += 1
    time.sleep(0.01)


def be_slow(port: int, rng: random.Random, counts: Counts) -> None:
    """Begin requests, send them byte by byte or not at all, and do not read answers."""
    request = build_request("/predict", "a slow client " * 50)
    large = join(json.dumps({"inputs": [["not read"]] * 500}).encode())
    with ExitStack() as stack:
        for _ in range(N_SLOW):
            raw = stack.enter_context(connect(port))
            raw.sendall(request[: rng.randrange(1, len(request))])
        reader = stack.enter_context(connect(port))
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.sendall(large)
        trickle = stack.enter_context(connect(port))
        end = time.monotonic() + 1.5 * CLIENT_S
        try:
            while time.monotonic() < end:
                trickle.sendall(request[:1])
                request = request[1:] + request[:1]
                time.sleep(0.1)
        except OSError:  # closed by the server, as it says it does
            counts["cut off"] += 1
        else:
            counts["never cut off"] += 1


def be_hostile(port: int, rng: random.Random, counts: Counts) -> None:
    """Send an attack, and sometimes break off."""
    bodies: tuple[Callable[[], bytes], ...] = (
        lambda: join(b'{"inputs": ' + b"[" * 50_000),
        lambda: join(json.dumps({f"key {i}": i for i in range(20_000)}).encode()),
        lambda: join(json.dumps({"inputs": "long " * 200_000}).encode()),
        lambda: join(mutate_json_bytes(rng, b'{"inputs": ["happy day", "sad"], "top_k": 2}')),
        lambda: mutate_bytes(rng, join(b'{"inputs": "happy day"}', "/v1/classify")),
        lambda: b"GET /" + b"a" * 300_000,
        lambda: b"GET / HTTP/1.1\r\nX: " + b"a" * 300_000,
        lambda: b"\0\xff" * 5_000,
    )
    with connect(port) as raw:
        raw.settimeout(4 * CLIENT_S)
        raw.sendall(rng.choice(bodies)())
        if rng.random() < 0.3:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            counts["broke off"] += 1
            return
        status = status_of(read_all(raw))
    counts["a 500" if status == 500 else "survived"] += 1
    time.sleep(0.02)


def keep_on(work: Callable[[random.Random, Counts], None], seed: int, until_s: float) -> Counts:
    """Do something again and again; return what came of it."""
    rng, counts = random.Random(seed), Counter[str]()
    while time.monotonic() < until_s:
        with suppress(OSError):  # closed by the server, which is its answer to much of this
            work(rng, counts)
    return counts


def measure(port: int, pid: int, folder: Path, *, seconds: float) -> dict[str, Any]:
    """Let all clients at the server at once; return what came of it."""
    texts = list(assay.load_data("sample")["test"].texts)
    model = assay.load_model(folder)
    expected = [dict(zip(model.labels, row, strict=True)) for row in model.predict_proba(texts)]
    until_s = time.monotonic() + seconds
    kinds: dict[str, list[Callable[[random.Random, Counts], None]]] = {
        "good": [GoodClient(port, texts, expected).ask for _ in range(N_GOOD)],
        "bad": [lambda rng, counts: ask_badly(port, rng, counts)],
        "slow": [lambda rng, counts: be_slow(port, rng, counts)],
        "hostile": [lambda rng, counts: be_hostile(port, rng, counts)],
    }
    counts: dict[str, Counts] = {kind: Counter() for kind in kinds}

    def run(kind: str, work: Callable[[random.Random, Counts], None], seed: int) -> None:
        counts[kind] += keep_on(work, seed, until_s)

    threads = [
        threading.Thread(target=run, args=(kind, work, seed))
        for kind, works in kinds.items()
        for seed, work in enumerate(works)
    ]
    for thread in threads:
        thread.start()
    seen = []
    while time.monotonic() < until_s:
        time.sleep(seconds / 100)
        seen.append(look_at(pid))
    for thread in threads:
        thread.join()
    time.sleep(2 * CLIENT_S)  # until the last of the slow ones has been cut off
    left = read_metrics(port)
    return {
        "seconds": seconds,
        "counts": {kind: dict(found) for kind, found in counts.items()},
        "seen": seen,
        "after": look_at(pid),
        "left_in_flight": left["assay_requests_in_flight"] - 1,  # the question itself
        "left_in_queue": left["assay_queue_texts"],
    }


def memory_of(found: dict[str, Any]) -> tuple[float, float]:
    """Return the median memory of the second tenth of the time, and of the last."""
    memory = [one["memory_mb"] for one in found["seen"]]
    n = max(1, len(memory) // 10)
    return statistics.median(memory[n : 2 * n]), statistics.median(memory[-n:])


def problems_of(found: dict[str, Any]) -> list[str]:
    """Say everything that is not as it should be."""
    good, bad, hostile = (found["counts"][kind] for kind in ("good", "bad", "hostile"))
    first, last = memory_of(found)
    odd = sorted(name for name in bad if name != "refused")
    checks = {
        "answers were wrong": good.get("wrong", 0) > 0,
        "answers were lost": good.get("lost", 0) > 0,
        "no answer was right": not good.get("right"),
        f"bad requests were {', '.join(odd)}": bool(odd),
        "there was a 500": hostile.get("a 500", 0) > 0,
        "slow clients were never cut off": found["counts"]["slow"].get("never cut off", 0) > 0,
        "requests or texts were left": found["left_in_flight"] > 0 or found["left_in_queue"] > 0,
        f"memory grew from {first:.1f} to {last:.1f} MB": last > first * MAX_GROWTH,
    }
    return [sentence for sentence, holds in checks.items() if holds]


def summarise(content: dict[str, Any]) -> str:
    """Return the table of the clients, and a line on memory."""
    lines = ["| clients | what came of it |", "|---|---|"]
    for kind, counts in content["counts"].items():
        told = ", ".join(f"{n:,} {what}" for what, n in sorted(counts.items()))
        lines.append(f"| {kind} | {told} |")
    first, last = memory_of(content)
    after = content["after"]["memory_mb"]
    lines += [
        "",
        f"Memory: {first:.1f} MB in the second tenth of {content['seconds']:.0f} s, {last:.1f} MB "
        f"in the last, {after:.1f} MB afterwards.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Start a server, let all clients at it, say what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model")
    parser.add_argument("--name", default="emotion")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    if not given.smoke and given.model is None:
        raise SystemExit("give --model DIR, or --smoke")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory())) / "model"
        if given.smoke:
            assay.train_model("sample", folder, method="linear")
        else:
            shutil.copytree(given.model, folder)
        port = find_port()
        command = [sys.executable, "-m", "assay", "serve", str(folder), "--quiet"]
        command += ["--threads", "1", "--port", str(port), "--client-s", str(CLIENT_S)]
        pid = stack.enter_context(serving(command, port))
        found = measure(port, pid, folder, seconds=3.0 if given.smoke else given.seconds)
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    content = {"name": given.name, "when": when, "machine": describe_machine(), **found}
    print(summarise(content))
    problems = problems_of(found)
    if given.smoke:  # a few seconds say nothing about memory
        problems = [one for one in problems if not one.startswith("memory")]
    else:
        out = ROOT / "benchmarks" / "results" / f"mixed-load-{given.name}.json"
        out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    for problem in problems:
        print(problem, file=sys.stderr)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
