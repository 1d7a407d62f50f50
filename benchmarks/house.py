"""What the benchmarks share: the machine they ran on, child processes with a thread budget, results that grow.

Only the standard library is imported here: the processes of peers, in environments without assay,
import it too.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = [
    "DATA",
    "RESULTS",
    "ROOT",
    "Results",
    "by",
    "child_environment",
    "count_threads",
    "describe_machine",
    "folder_bytes",
    "load_splits",
    "log",
    "peak_bytes",
    "read_labelled",
    "read_rows",
    "run_child",
    "versions_of",
    "write_labelled",
    "write_rows",
]

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
RESULTS = ROOT / "benchmarks" / "results"
LIBRARIES = ("assay", "torch", "transformers", "scikit-learn", "onnxruntime", "numpy", "tokenizers")
# The variables by which OpenMP, BLAS libraries, numba, tokenizers and assay learn how many threads
# they may use.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "ASSAY_THREADS",
)

Case = dict[str, Any]


def log(message: str) -> None:
    """Say what goes on, on stderr: stdout is for tables."""
    print(message, file=sys.stderr, flush=True)


def n_cpus() -> int:
    """Return how many CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def count_threads(n_threads: int) -> str:
    """Return the number of threads in words of a table."""
    return f"{n_threads} thread{'s' if n_threads > 1 else ''}"


def versions_of(libraries: Iterable[str]) -> dict[str, str]:
    """Return the versions of those that are installed."""
    found = {}
    for name in libraries:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def describe_machine(libraries: Sequence[str] = LIBRARIES, **more: Any) -> dict[str, Any]:
    """Return what the numbers depend on."""
    info = Path("/proc/cpuinfo")
    models = (
        [one for one in info.read_text().splitlines() if one.startswith("model name")]
        if info.is_file()
        else []
    )
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpu": models[0].partition(":")[2].strip() if models else platform.processor(),
        "n_cpus": n_cpus(),
        **more,
        "versions": versions_of(libraries),
    }


def peak_bytes() -> int:
    """Return the most memory that this process had.

    Linux counts its parent into ru_maxrss, but not into VmHWM.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        found = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(found.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )


def folder_bytes(path: Path) -> int:
    """Return the size of a file, or of all files of a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())


def child_environment(n_threads: int) -> dict[str, str]:
    """Return the variables of a process with a thread budget and without the network."""
    return {
        **dict.fromkeys(THREAD_VARIABLES, str(n_threads)),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "true" if n_threads > 1 else "false",
    }


def run_child(
    script: Path,
    task: Mapping[str, Any],
    *,
    python: str | Path = sys.executable,
    n_threads: int,
    environment: Mapping[str, str] | None = None,
) -> Case:
    """Do one measurement in a fresh process with a thread budget and without the network.

    The process reads its task as JSON from stdin, with `started_s`, the time it was started at, and
    writes what it measured as the last line of stdout. `process_s`, its whole time, comes with it.
    """
    started_s = time.time()
    done = subprocess.run(
        [str(python), str(script)],
        input=json.dumps({**task, "n_threads": n_threads, "started_s": started_s}),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **child_environment(n_threads), **(environment or {})},  # noqa: TID251
    )
    if done.returncode:
        raise SystemExit(
            f"{script.name} {json.dumps(dict(task))} failed with {done.returncode}: {done.stderr[-3000:]}"
        )
    return {
        **json.loads(done.stdout.splitlines()[-1]),
        "process_s": round(time.time() - started_s, 3),
    }


def load_splits(name: str, root: Path, *, seed: int = 0) -> Any:
    """Load a data set, a folder below `root` or the built-in sample; validation is cut from train where it is missing.

    What these benchmarks compare is chosen on validation. Whoever calls this takes the splits it
    needs.
    """
    from assay.data import load_data
    from assay.data.split import cut_missing

    if name != "sample" and not (root / name).is_dir():
        raise SystemExit(f"there is no data at {root / name}; give --data")
    return cut_missing(load_data("sample" if name == "sample" else root / name), seed=seed)


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as JSON Lines, for processes that do not know assay."""
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_labelled(path: Path, labelled: Any) -> str:
    """Write the texts and labels of a split, one label per text; return the path."""
    rows = zip(labelled.texts, labelled.labels, strict=True)
    write_rows(path, ({"text": text, "label": label} for text, label in rows))
    return str(path)


def read_rows(path: Path | str) -> list[Case]:
    """Read what `write_rows` wrote."""
    with Path(path).open(encoding="utf-8", newline="\n") as lines:
        return [json.loads(line) for line in lines]


def read_labelled(path: Path | str) -> tuple[list[str], list[str]]:
    """Read the texts and labels that `write_labelled` wrote."""
    rows = read_rows(path)
    return [row["text"] for row in rows], [row["label"] for row in rows]


def by(entries: Iterable[Case], *names: str) -> dict[Any, list[Case]]:
    """Group entries by some of their values."""
    groups: dict[Any, list[Case]] = {}
    for one in entries:
        groups.setdefault(
            tuple(one[name] for name in names) if len(names) > 1 else one[names[0]], []
        ).append(one)
    return groups


class Results:
    """The raw results of one benchmark: a list of entries per part, and the machines they came from.

    Every entry is written as it comes, so that a run that is interrupted, or killed, goes on where
    it stopped.

    Parameters
    ----------
    path : Path or None
        None keeps them in memory: the smoke mode.
    machine : dict
        What `describe_machine` returned.
    """

    def __init__(self, path: Path | None, machine: dict[str, Any]) -> None:
        self.path = path
        self.content: dict[str, Any] = (
            json.loads(path.read_text()) if path is not None and path.exists() else {}
        )
        machines = self.content.setdefault("machines", [])
        self._machine = machine
        self._machines = machines

    def entries(self, part: str) -> list[Case]:
        """Return what is there of a part."""
        found: list[Case] = self.content.setdefault(part, [])
        return found

    def has(self, part: str, case: Case) -> bool:
        """Say whether a case is measured already."""
        return any(case.items() <= entry.items() for entry in self.entries(part))

    def add(self, part: str, case: Case, found: Case) -> None:
        """Keep what was found, with the time and the place of this machine among `machines`; write the file whole."""
        if self._machine not in self._machines:
            self._machines.append(self._machine)
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.entries(part).append(
            {**case, **found, "when": when, "machine": self._machines.index(self._machine)}
        )
        if self.path is not None:
            self.path.parent.mkdir(exist_ok=True)
            partial = self.path.with_suffix(".partial")
            partial.write_text(
                json.dumps(self.content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
            )
            partial.replace(self.path)
