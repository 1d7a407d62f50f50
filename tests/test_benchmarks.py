"""The benchmarks still run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run_smoke(name):
    """Run a benchmark in its smoke mode; return what it printed."""
    script = ROOT / "benchmarks" / name
    done = subprocess.run([sys.executable, str(script), "--smoke"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_methods_benchmark_runs_in_smoke_mode():
    """The script that makes the README's numbers trains, scores and prints its table."""
    printed = run_smoke("methods.py")
    assert "| `majority` | 2 | 0.3394 (0.3394 to 0.3394) |" in printed
    assert "| `linear` | 2 |" in printed


@pytest.mark.slow
def test_explain_benchmark_runs_in_smoke_mode():
    """The words of an explanation matter more than random ones, on the sample too."""
    row = next(line for line in run_smoke("explain.py").splitlines() if line.startswith("| `linear` | 30 |"))
    assert float(row.split("|")[3].strip().removesuffix("%")) >= 80


@pytest.mark.slow
def test_serving_benchmark_runs_in_smoke_mode():
    """A server is loaded at two rates and alone, without its peers."""
    printed = run_smoke("serving.py")
    assert "| assay |" in printed
    assert "HTTP adds" in printed


@pytest.mark.slow
def test_fault_benchmark_runs_in_smoke_mode():
    """Hundreds of connections, half of them broken off: no wrong answer, nothing left behind."""
    found = json.loads(run_smoke("serving_faults.py"))
    assert (found["n_wrong"], found["left_in_flight"], found["left_in_queue"]) == (0, 0, 0)
