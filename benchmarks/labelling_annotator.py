"""A simulated annotator: starts `assay label` as a person does, and answers over HTTP as its page does."""

from __future__ import annotations

import csv
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Case = dict[str, Any]
LIMIT_S = 600


class Page:
    """A running `assay label`, asked as its page asks.

    Parameters
    ----------
    process : subprocess.Popen
    url : str
    started_s : float
        When the process was started.
    """

    def __init__(self, process: subprocess.Popen[str], url: str, started_s: float) -> None:
        self.process = process
        self.started_s = started_s
        self._line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)

    def state(self) -> Case:
        """Return what the page shows."""
        return self._ask("GET", "/state")

    def decide(self, state: Case, label: str, *, seconds: float = 5) -> Case:
        """Give the text of a state a label; return the next state."""
        content = {
            "id": f"{state['version']}",
            "version": state["version"],
            "position": state["item"]["position"],
            "labels": [label],
            "seconds": seconds,
        }
        return self._ask("POST", "/decide", content)

    def after_s(self) -> Case:
        """Return the time since the start, that of the processor, and the most memory so far."""
        folder = Path(f"/proc/{self.process.pid}")
        fields = folder.joinpath("stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        status = folder.joinpath("status").read_text()
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return {
            "s": round(time.time() - self.started_s, 2),
            "processor_s": round(ticks / os.sysconf("SC_CLK_TCK"), 2),
            "peak_mb": int(peak.split()[1]) // 1024,
        }

    def wait_until_read(self, n_texts: int) -> None:
        """Wait until so many texts have been read."""
        started_s = time.monotonic()
        while self.state()["n_read"] < n_texts:
            if time.monotonic() - started_s > LIMIT_S:
                raise SystemExit(f"fewer than {n_texts} texts were read in {LIMIT_S} s")
            time.sleep(0.2)

    def _ask(self, method: str, path: str, content: Case | None = None) -> Case:
        body = None if content is None else json.dumps(content)
        self._line.request(method, path, body, {"Content-Type": "application/json"})
        answer = self._line.getresponse()
        found: Case = json.loads(answer.read())
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status}, {found}")
        return found


@contextmanager
def open_page(
    pool: Path, out: Path, labels: Sequence[str], *, checkpoint: str = "auto"
) -> Iterator[Page]:
    """Run `assay label`, and end it as Ctrl-C does."""
    command = [sys.executable, "-m", "assay", "label", str(pool), "--out", str(out), "--json"]
    command += ["--labels", ",".join(labels), "--checkpoint", checkpoint, "--port", "0"]
    started_s = time.time()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        said = json.loads(process.stdout.readline())
        yield Page(process, said["url"], started_s)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        if process.returncode:
            raise SystemExit(f"assay label ended with {process.returncode}")
    finally:
        process.kill()
        process.wait()


def write_pool(path: Path, texts: Sequence[str]) -> None:
    """Write texts without labels."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text"])
        writer.writerows([text] for text in texts)


def show_times(times: Case) -> str:
    """Return a time, and that of the processor."""
    return f"{times['s']:.1f} s ({times['processor_s']:.1f} on a processor)"
