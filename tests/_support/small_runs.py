"""A small labelled data set on disk and one run of all five methods on it, made once a session and shared by tests."""

from __future__ import annotations

import csv
import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from _support import forks
from _support.checkpoints import write_checkpoint
from _support.session import session_folder
from _support.small_models import small_data
from assay.recipes.run import RunOptions

LABELS = ("sadness", "joy", '화남, "분노"')  # as labels.txt has them: not sorted
SIZES = {"train": 66, "validation": 24, "test": 27}


def write_data(folder: Path, *, sizes: dict[str, int] = SIZES, kind: str = "csv") -> Path:
    """Write train, validation and test with labels.txt beside them; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (split, n_texts) in enumerate(sizes.items()):
        texts, labels = small_data(n_texts, seed=seed)
        write_rows(folder / f"{split}.{kind}", texts, labels)
    (folder / "labels.txt").write_text("\n".join(LABELS) + "\n", encoding="utf-8")
    return folder


def write_rows(path: Path, texts: Any, labels: Any) -> Path:
    """Write a CSV or JSON Lines file with columns text and label."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        if path.suffix == ".csv":
            writer = csv.writer(stream)
            writer.writerow(["text", "label"])
            writer.writerows(zip(texts, labels, strict=True))
        else:
            for text, label in zip(texts, labels, strict=True):
                stream.write(json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n")
    return path


class SharedRun:
    """One run of five methods from the command line: its folder, its data, its checkpoint, what it printed."""

    def __init__(self, root: Path) -> None:
        self.data, self.checkpoint = root / "data", root / "tiny-bert"
        self.folder = root / "run"
        printed = root.with_name(f"{root.name}.json")
        if not printed.is_file():
            shutil.rmtree(root, ignore_errors=True)
            printed.write_text(json.dumps(self._make()), encoding="utf-8")
        self.done = subprocess.CompletedProcess(**read_json(printed))
        assert self.done.returncode == 0, self.done.stdout + self.done.stderr
        self.results = read_json(self.folder / "results.json")

    def _make(self) -> dict[str, Any]:
        """Make the run; return what the process said, as JSON can hold it."""
        write_data(self.data)
        write_checkpoint(self.checkpoint, "bert")
        args = [
            "run",
            self.data,
            "--out",
            self.folder,
            "--checkpoint",
            self.checkpoint,
            "--folds",
            "never",
            "--json",
            "--quiet",
        ]
        done = run_assay(*args, is_forked=True)
        return {
            "args": list(map(str, args)),
            "returncode": done.returncode,
            "stdout": done.stdout,
            "stderr": done.stderr,
        }

    def options(self, **changes: Any) -> RunOptions:
        """Return the options of the run."""
        return RunOptions(**{"checkpoint": str(self.checkpoint), "folds": None, **changes})


def shared_run(tmp_path_factory: pytest.TempPathFactory) -> SharedRun:
    """Return the run, which is made once per session and shared by its workers: tests only read it."""
    return _shared_run(session_folder(tmp_path_factory))


@functools.cache
def _shared_run(folder: Path) -> SharedRun:
    with FileLock(folder / "shared-run.lock"):
        return SharedRun(folder / "shared-run")


def comparable(results: dict[str, Any]) -> dict[str, Any]:
    """Return what the same seed makes the same: all but times and the machine."""
    return {name: value for name, value in results.items() if name not in ("timings", "machine")}


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def listing(folder: Path) -> set[str]:
    """Name every file below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def start_assay(
    *args: Any,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    is_forked: bool = False,
    **more: Any,
) -> Any:
    """Start the command line in a process of its own, started anew or forked (see forks.py), with pipes."""
    given = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "ASSAY_THREADS": "1",
        "COLUMNS": "80",
        **(env or {}),
    }
    python = str(forks.shared.python) if is_forked else sys.executable
    command = [python, "-m", "assay", *map(str, args)]
    pipes = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        **more,
    }
    return subprocess.Popen(command, cwd=cwd, env=given, text=True, encoding="utf-8", **pipes)


def run_assay(
    *args: Any, stdin: str | None = None, **more: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command line as `start_assay` does, and wait for its end."""
    if stdin is not None:
        more["stdin"] = subprocess.PIPE
    process = start_assay(*args, **more)
    out, err = process.communicate(stdin, timeout=300)
    return subprocess.CompletedProcess(args, process.returncode, out, err)


def recompute(records: list[dict[str, Any]], labels: list[str]) -> dict[str, Any]:
    """Score written predictions with scikit-learn: what results.json must say."""
    from sklearn import metrics

    true = np.array([labels.index(record["label"]) for record in records])
    probs = np.array([record["probs"] for record in records])
    predicted = probs.argmax(axis=1)
    ids = list(range(len(labels)))
    precision, recall, f1, n_texts = metrics.precision_recall_fscore_support(
        true, predicted, labels=ids, zero_division=0
    )
    return {
        "n_texts": len(records),
        "accuracy": metrics.accuracy_score(true, predicted),
        "f1_weighted": metrics.f1_score(
            true, predicted, average="weighted", labels=ids, zero_division=0
        ),
        "f1_macro": metrics.f1_score(true, predicted, average="macro", labels=ids, zero_division=0),
        "log_loss": metrics.log_loss(true, probs, labels=ids),
        "confusion": metrics.confusion_matrix(true, predicted, labels=ids).tolist(),
        "per_class": [
            {"label": name, "n_texts": int(n), "precision": p, "recall": r, "f1": f}
            for name, n, p, r, f in zip(labels, n_texts, precision, recall, f1, strict=True)
        ],
    }
