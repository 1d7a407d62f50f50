"""One piece of `faults.py`: inputs of one kind, tried one after the other in this process.

python benchmarks/faults_child.py KIND FOLDER FIRST END SEED

It prints a line before each input and one with its outcome after it, so that the parent knows which
input a process hung or died on. Exit code 0 says that all inputs were tried, whatever came of them.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from faults_mutations import mutate_bytes, mutate_json_bytes, mutate_zip_bytes

import assay
from assay.errors import AssayError

__all__ = ["KINDS"]

TEXTS = ["happy day", "", "오늘 화나요 \0 zzz " * 50]
OUT_SUFFIXES = (".jsonl", ".csv", ".parquet")
REQUESTS = (
    ("/predict", {"inputs": ["happy day", "sad"], "top_k": 2, "truncate": True}),
    ("/", {"inputs": "happy day", "parameters": {"top_k": 1}, "options": {}}),
    ("/v1/classify", {"inputs": "happy", "explain": True, "label": "joy", "nearest": 2}),
    ("/explain", {"inputs": "happy day", "label": "joy"}),
)
HEAD = "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
MAINFRAME = "cp500"  # the encoding of mainframe.csv, which has to be named
BAD_NUMBERS = ("NaN", "Infinity")

Try = Callable[
    [random.Random, Path], str
]  # returns the outcome: refused, answered, or what is wrong


def refuse_numbers(name: str) -> None:
    """Refuse what is no JSON, as `parse_constant`."""
    raise ValueError(name)


def try_model(rng: random.Random, root: Path, kind: str = "models") -> str:
    """Change a file of a model, seal it again or not, and predict."""
    source = rng.choice(sorted((root / kind).iterdir()))
    with TemporaryDirectory() as folder:
        model = shutil.copytree(source, Path(folder) / "model")
        files = sorted(path for path in model.rglob("*") if path.is_file())
        path = rng.choice(files)
        is_json = path.suffix == ".json" and rng.random() < 0.7
        change = mutate_json_bytes if is_json else mutate_bytes
        path.write_bytes(change(rng, path.read_bytes()))
        if rng.random() < 0.8:
            seal(model, path)
        loaded = assay.load_model(model, n_threads=1)
        probs = loaded.predict_proba(TEXTS)
        if loaded.scope_threshold is not None:
            loaded.scope(TEXTS)
        assay.explain_text(loaded, TEXTS[0])
    if not np.isfinite(probs).all() or (probs < 0).any():
        return "NaN, infinite or negative scores"
    return "answered"


def try_several(rng: random.Random, root: Path) -> str:
    """Change a model of several labels per text."""
    return try_model(rng, root, "several")


def seal(model: Path, path: Path) -> None:
    """Write the hash of a changed file into the manifest, as somebody who forges a model would."""
    manifest = model / "assay.json"
    name, content = path.relative_to(model).as_posix(), path.read_bytes()
    if path == manifest:
        return
    plain = json.loads(manifest.read_bytes())
    if name in plain["files"]:
        digest = hashlib.sha256(content).hexdigest()
        plain["files"][name] = {"sha256": digest, "size_bytes": len(content)}
        manifest.write_text(json.dumps(plain), encoding="utf-8")


def try_file(rng: random.Random, root: Path, folder: str = "files") -> str:
    """Change a file of texts, predict its rows, and read it as labelled data."""
    source = rng.choice(sorted((root / folder).iterdir()))
    is_json = ".json" in source.suffixes and rng.random() < 0.5
    change = mutate_json_bytes if is_json else mutate_bytes
    if folder == "odd_files" and source.suffix == ".xlsx" and rng.random() < 0.8:
        change = mutate_zip_bytes
    with TemporaryDirectory() as folder:
        path = Path(folder) / source.name
        path.write_bytes(change(rng, source.read_bytes()))
        out = Path(folder) / f"out{rng.choice(OUT_SUFFIXES)}"
        outcomes = []
        encoding = MAINFRAME if source.stem == "mainframe" and rng.random() < 0.7 else None
        for read in (
            lambda: predict(root, path, out, encoding),
            lambda: assay.load_data(path, encoding=encoding),
        ):
            try:
                read()
                outcomes.append("answered")
            except AssayError:
                outcomes.append("refused")
        if out.suffix == ".jsonl" and out.exists():
            for line in out.read_text(encoding="utf-8").split("\n")[:-1]:
                json.loads(line, parse_constant=refuse_numbers)
    return outcomes[0]


def try_odd_file(rng: random.Random, root: Path) -> str:
    """Change a file as special programs write it; the parts of a workbook are changed unpacked."""
    return try_file(rng, root, "odd_files")


def try_fix(rng: random.Random, root: Path) -> str:
    """Change data or decisions about its labels, and fix it; what is written has to be readable."""
    source = rng.choice(sorted([*(root / "files").iterdir(), *(root / "odd_files").iterdir()]))
    decisions = root / "decisions" / f"{source.name}.csv"
    encoding = MAINFRAME if source.stem == "mainframe" else None
    options = assay.DataOptions(encoding=encoding, merge_labels=rng.random() < 0.3)
    with TemporaryDirectory() as folder:
        data, answers = Path(folder) / source.name, Path(folder) / "decisions.csv"
        data.write_bytes(source.read_bytes())
        answers.write_bytes(decisions.read_bytes())
        changed = data if rng.random() < 0.7 else answers
        change = mutate_bytes
        if changed.suffix == ".xlsx":
            change = mutate_zip_bytes
        elif ".json" in changed.suffixes and rng.random() < 0.5:
            change = mutate_json_bytes
        changed.write_bytes(change(rng, changed.read_bytes()))
        out = Path(folder) / f"fixed-{source.name}"
        assay.fix_data(data, answers, out, options=options)
        try:
            assay.load_data(out, encoding=encoding)
        except AssayError as err:
            return f"what was written is refused: {str(err)[:200]}"
    return "answered"


MODELS: dict[Path, assay.Model] = {}


def predict(root: Path, path: Path, out: Path, encoding: str | None) -> None:
    """Predict the rows of a file with the linear model."""
    if root not in MODELS:
        MODELS[root] = assay.load_model(root / "models" / "linear", n_threads=1)
    assay.predict_file(MODELS[root], path, out, encoding=encoding)


class Server:
    """A server that hostile requests are sent to."""

    port = 0
    process: subprocess.Popen[str] | None = None

    def start(self, root: Path) -> None:
        """Start it, once."""
        if self.process is None:
            command = [sys.executable, "-m", "assay", "serve", str(root / "models" / "linear")]
            self.process = subprocess.Popen(
                [
                    *command,
                    "--port",
                    "0",
                    "--json",
                    "--threads",
                    "1",
                    "--client-s",
                    "0.3",
                    "--keep-alive-s",
                    "0.3",
                ],
                stdout=subprocess.PIPE,
                text=True,
            )
            assert self.process.stdout is not None
            announced = json.loads(self.process.stdout.readline())
            self.port = int(announced["url"].rpartition(":")[2])

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()


SERVER = Server()


def try_request(rng: random.Random, root: Path) -> str:
    """Send a changed request; whatever comes back is an answer of HTTP, and no mistake of ours."""
    SERVER.start(root)
    path, content = rng.choice(REQUESTS)
    body = json.dumps(content).encode()
    if rng.random() < 0.8:
        body = (mutate_json_bytes if rng.random() < 0.7 else mutate_bytes)(rng, body)
    request = HEAD.format(path=path, length=len(body)).encode() + body
    if rng.random() < 0.3:
        request = mutate_bytes(rng, request)
    answer = b""
    with socket.create_connection(("127.0.0.1", SERVER.port), timeout=30) as raw:
        try:
            raw.sendall(request)
            while part := raw.recv(65536):
                answer += part
        except ConnectionError:
            pass
    return judge_answer(answer)


def judge_answer(answer: bytes) -> str:
    """Return what a server said: to none, one or several requests."""
    if b"HTTP/1.1 500" in answer:
        return "status 500"
    head, _, body = answer.partition(b"\r\n\r\n")
    if answer and not head.startswith(b"HTTP/1.1 "):
        return "no HTTP"
    is_json = b"application/json" in head and answer.count(b"HTTP/1.1 ") == 1
    if is_json and body:
        json.loads(body, parse_constant=refuse_numbers)
    return "answered" if b"HTTP/1.1 200" in head else "refused"


KINDS: dict[str, Try] = {
    "models": try_model,
    "files": try_file,
    "requests": try_request,
    "odd_files": try_odd_file,
    "several": try_several,
    "fixes": try_fix,
}


def read_peak_mb() -> float:
    """Return the most memory that this process has held so far."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def try_one(kind: str, root: Path, i: int, seed: int) -> str:
    """Try one input; return its outcome."""
    rng = random.Random(f"{seed} {kind} {i}")
    try:
        return KINDS[kind](rng, root)
    except AssayError:
        return "refused"
    except BaseException as err:  # also a panic of a Rust library
        frames = traceback.extract_tb(err.__traceback__)
        where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
        return f"internal error: {type(err).__name__} at {where}: {str(err)[:120]}"


def main(kind: str, root: Path, first: int, end: int, seed: int) -> None:
    """Try all inputs of a piece."""
    if kind == "requests":
        SERVER.start(root)  # before the first line, from which on the parent is impatient
    for i in range(first, end):
        sys.stdout.write(json.dumps({"begin": i}) + "\n")
        sys.stdout.flush()
        started_s, before_mb = time.process_time(), read_peak_mb()
        outcome = try_one(kind, root, i, seed)
        row = {
            "end": i,
            "outcome": outcome,
            "cpu_s": round(time.process_time() - started_s, 3),
            "grown_mb": round(read_peak_mb() - before_mb, 1),
        }
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    try:
        main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:]))
    finally:
        SERVER.stop()
