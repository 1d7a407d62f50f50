"""What bad clients cost: 10,000 connections one after another, slow and half-sent requests, a model swapped under load.

    python benchmarks/serving_faults.py --model DIR  a model folder, some minutes
    python benchmarks/serving_faults.py --smoke      the built-in sample, few connections: does it
                                                     still run?

Every answer is held against the runtime's own. Memory, open files and threads of the server are
kept before, at every tenth of the connections, and after everything. Exit code 1 if an answer was
wrong or lost, if something was left in work, in the queue or open, if the connections took longer
than `--limit-s`, or if memory grew: by more than 10 % from the first tenth of the connections to
the last, or from the first third of the swaps to the end (what the first ones need stays: buffers,
metrics, arenas, and room for two models at once). Raw results go to
benchmarks/results/faults-NAME.json.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import socket
import struct
import sys
import threading
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from load import build_request
from methods import describe_machine
from serving import find_port, serving

import assay

ROOT = Path(__file__).resolve().parent.parent
MAX_GROWTH = 1.10
RESET = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: a reset instead of a goodbye
CLIENT_S = 2.0  # how long the server waits for a request; by default 10
N_SLOW = 100
N_ASKING = 4  # threads that ask while the model is swapped
WATCH_S = 0.2
MAX_DIFFERENCE = 1e-5

Expected = list[dict[str, float]]


def read_metrics(port: int) -> dict[str, float]:
    """Return the metrics by name, labels included."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in lines
        if line and line[0] != "#"
    }


def look_at(pid: int) -> dict[str, float]:
    """Return memory, open files and threads of a process."""
    lines = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return {
        "memory_mb": round(int(lines["VmRSS"].split()[0]) / 1024, 1),
        "n_files": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "n_threads": int(lines["Threads"]),
    }


def connect(port: int) -> socket.socket:
    """Open a connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def read_all(raw: socket.socket) -> bytes:
    """Return what comes until the server ends the connection."""
    answer = b""
    while part := raw.recv(65536):
        answer += part
    return answer


def ask(port: int, request: bytes) -> bytes:
    """Ask on a connection of its own; return the whole answer, or nothing where it was lost."""
    try:
        with connect(port) as raw:
            raw.sendall(
                request.replace(b"\r\nContent-Type", b"\r\nConnection: close\r\nContent-Type", 1)
            )
            return read_all(raw)
    except OSError:
        return b""


def is_right(answer: bytes, *accepted: dict[str, float]) -> bool:
    """Tell whether an answer is whole and has the scores of one of the accepted rows."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        return False
    found = {one["label"]: one["score"] for one in json.loads(body)}
    return any(
        found.keys() == row.keys()
        and all(abs(found[label] - row[label]) < MAX_DIFFERENCE for label in row)
        for row in accepted
    )


def break_off(port: int, request: bytes, rng: random.Random) -> None:
    """Send some of a request, all of it, or twice of it, and leave in one of two ways."""
    with connect(port) as raw:
        raw.sendall((request * 2)[: rng.randrange(2 * len(request))])
        if rng.random() < 0.5:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def connect_often(
    port: int, pid: int, texts: list[str], expected: Expected, *, n: int, limit_s: float
) -> dict:
    """Connect `n` times, every other one a client that breaks off; stop when the time is over."""
    rng = random.Random(0)
    n_wrong, n_done, seen = 0, 0, []
    started_s = time.perf_counter()
    while n_done < n and time.perf_counter() - started_s < limit_s:
        which = n_done % len(texts)
        request = build_request("/predict", texts[which])
        if n_done % 2:
            break_off(port, request, rng)
        else:
            n_wrong += not is_right(ask(port, request), expected[which])
        n_done += 1
        if n_done % max(n // 10, 1) == 0:
            seen.append(
                {"n": n_done, "seconds": round(time.perf_counter() - started_s, 2), **look_at(pid)}
            )
    return {
        "n": n,
        "n_done": n_done,
        "n_wrong": n_wrong,
        "seconds": seen[-1]["seconds"] if seen else 0.0,
        "seen": seen,
    }


def hold_back(port: int, texts: list[str], expected: Expected, *, n: int) -> dict[str, Any]:
    """Let `n` clients send half a head and `n` half a body and wait: others are answered, these are shown the door."""
    request = build_request("/predict", texts[0])
    at_body = request.index(b"\r\n\r\n") + 4
    heads, bodies = ([connect(port) for _ in range(n)] for _ in range(2))
    for raw in heads:
        raw.sendall(request[: at_body // 2])
    for raw in bodies:
        raw.sendall(request[: at_body + 5])
    started_s = time.perf_counter()
    n_wrong = sum(
        not is_right(ask(port, build_request("/predict", text)), row)
        for text, row in zip(texts[:50], expected[:50], strict=True)
    )
    answered_s = time.perf_counter() - started_s
    ended = [read_all(raw) for raw in heads]
    told = [read_all(raw) for raw in bodies]
    for raw in (*heads, *bodies):
        raw.close()
    return {
        "n": 2 * n,
        "n_wrong": n_wrong
        + sum(answer != b"" for answer in ended)
        + sum(b" 408 " not in one[:20] for one in told),
        "others_answered_in_s": round(answered_s, 2),
        "seconds": round(time.perf_counter() - started_s, 2),
    }


def swap_model(
    port: int, pid: int, served: Path, folders: list[Path], texts: list[str], *, n_swaps: int
) -> dict[str, Any]:
    """Put one model in the place of another while threads ask: each answer is that of one of the two."""
    models = [assay.load_model(folder) for folder in folders]
    rows = [
        [dict(zip(model.labels, row, strict=True)) for row in model.predict_proba(texts)]
        for model in models
    ]
    counts, is_over = {"n": 0, "n_wrong": 0}, threading.Event()
    lock = threading.Lock()

    def keep_asking(first: int) -> None:
        which = first
        while not is_over.is_set():
            which = (which + N_ASKING) % len(texts)
            wrong = not is_right(
                ask(port, build_request("/predict", texts[which])), *(row[which] for row in rows)
            )
            with lock:
                counts["n"] += 1
                counts["n_wrong"] += wrong

    threads = [
        threading.Thread(target=keep_asking, args=(i,), daemon=True) for i in range(N_ASKING)
    ]
    for thread in threads:
        thread.start()
    name = 'assay_reloads_total{model="model",outcome="loaded"}'
    n_loaded, seen = 0, []
    for i in range(n_swaps):
        new = served.with_name("new")
        shutil.copytree(folders[(i + 1) % 2], new)
        shutil.rmtree(served)
        new.rename(served)
        deadline_s = time.monotonic() + 60
        while (
            found := int(read_metrics(port).get(name, 0))
        ) <= n_loaded and time.monotonic() < deadline_s:
            time.sleep(0.05)
        n_loaded = found
        seen.append(look_at(pid))
    is_over.set()
    for thread in threads:
        thread.join(60)
    return {**counts, "n_swaps": n_swaps, "n_loaded": n_loaded, "seen": seen}


def measure(
    port: int, pid: int, served: Path, folders: list[Path], *, n: int, limit_s: float
) -> dict[str, Any]:
    """Do all of it; return what came of it."""
    texts = list(assay.load_data("sample")["test"].texts)
    model = assay.load_model(folders[0])
    expected = [dict(zip(model.labels, row, strict=True)) for row in model.predict_proba(texts)]
    before = look_at(pid)
    found = {
        "before": before,
        "connections": connect_often(port, pid, texts, expected, n=n, limit_s=limit_s),
        "held_back": hold_back(port, texts, expected, n=min(N_SLOW, n)),
        "swaps": swap_model(port, pid, served, folders, texts, n_swaps=max(n // 300, 3)),
    }
    swapped = assay.load_model(served)
    n_wrong = 0
    for text, row in zip(texts[:50], swapped.predict_proba(texts[:50]), strict=True):
        row_of = dict(zip(swapped.labels, row, strict=True))
        n_wrong += not is_right(ask(port, build_request("/predict", text)), row_of)
    time.sleep(CLIENT_S + 1)  # until the last of those that went away has been noticed
    left = read_metrics(port)
    return {
        **found,
        "after": {**look_at(pid), "n": 50, "n_wrong": n_wrong},
        "left_in_flight": left["assay_requests_in_flight"] - 1,  # the question itself
        "left_in_queue": left["assay_queue_texts"],
    }


def problems_of(found: dict[str, Any]) -> list[str]:
    """Say everything that is not as it should be."""
    seen, after, before = found["connections"]["seen"], found["after"], found["before"]
    swaps = found["swaps"]["seen"]
    settled = swaps[: max(len(swaps) // 3, 1)]
    n_wrong = sum(found[part]["n_wrong"] for part in ("connections", "held_back", "swaps", "after"))
    checks = {
        f"{n_wrong} answers were wrong or lost": n_wrong > 0,
        "requests or texts were left": found["left_in_flight"] > 0 or found["left_in_queue"] > 0,
        "connections were left open": after["n_files"] > before["n_files"] + 5,
        "not all connections were made in time": found["connections"]["n_done"]
        < found["connections"]["n"],
        "memory grew with connections": seen[-1]["memory_mb"] > seen[0]["memory_mb"] * MAX_GROWTH,
        "memory grew with swaps": after["memory_mb"]
        > max(one["memory_mb"] for one in settled) * MAX_GROWTH,
        "a swap was missed": found["swaps"]["n_loaded"] < found["swaps"]["n_swaps"],
    }
    return [sentence for sentence, holds in checks.items() if holds]


def summarise(content: dict[str, Any]) -> str:
    """Return the table of what was done to the server, and what came of it."""
    connections, swaps = content["connections"], content["swaps"]
    first, last = connections["seen"][0]["memory_mb"], connections["seen"][-1]["memory_mb"]
    memory = [one["memory_mb"] for one in swaps["seen"]]
    third = max(1, len(memory) // 3)
    rows = [
        (
            f"{connections['n_done']:,} connections one after another",
            connections["n_wrong"],
            f"{first:.0f} MB after the first tenth, {last:.0f} MB after the last",
        ),
        (
            f"{content['held_back']['n']:,} slow or silent clients at once",
            content["held_back"]["n_wrong"],
            f"others answered in {content['held_back']['others_answered_in_s']:.3f} s",
        ),
        (
            f"{swaps['n_swaps']} swaps of the model under {swaps['n']:,} requests",
            swaps["n_wrong"],
            f"at most {max(memory[:third]):.0f} MB in the first third, {max(memory[-third:]):.0f} MB in the last",
        ),
    ]
    lines = [f"| {what} | {n_wrong} | {came} |" for what, n_wrong, came in rows]
    return "\n".join(
        ["| what was done | wrong or lost answers | what came of it |", "|---|---|---|", *lines]
    )


def main() -> None:
    """Start a server, torment it, say what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model")
    parser.add_argument("--name", default="emotion")
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument(
        "--limit-s", type=float, default=600.0, help="for the connections one after another"
    )
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    if not given.smoke and given.model is None:
        raise SystemExit("give --model DIR, or --smoke")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        first, other, served = (folder / name for name in ("first", "other", "model"))
        if given.smoke:
            assay.train_model("sample", first, method="linear")
        else:
            shutil.copytree(given.model, first)
        assay.train_model("sample", other, method="majority")
        shutil.copytree(first, served)
        port = find_port()
        command = [
            sys.executable,
            "-m",
            "assay",
            "serve",
            str(served),
            "--threads",
            "1",
            "--quiet",
            "--port",
            str(port),
            "--client-s",
            str(CLIENT_S),
            "--watch-s",
            str(WATCH_S),
        ]
        pid = stack.enter_context(serving(command, port))
        n = 300 if given.smoke else given.connections
        found = measure(port, pid, served, [first, other], n=n, limit_s=given.limit_s)
    found = {
        "name": given.name,
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": describe_machine(),
        **found,
        "problems": problems_of(found),
    }
    print(json.dumps(found))
    if not given.smoke:
        path = ROOT / "benchmarks" / "results" / f"faults-{given.name}.json"
        path.write_text(json.dumps(found, indent=1) + "\n")
    if found["problems"]:
        raise SystemExit("; ".join(found["problems"]))


if __name__ == "__main__":
    main()
