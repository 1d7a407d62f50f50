"""The benchmarks still run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.slow
def test_methods_benchmark_runs_in_smoke_mode():
    """The script that makes the README's numbers trains, scores and prints its table."""
    script = ROOT / "benchmarks" / "methods.py"
    done = subprocess.run([sys.executable, str(script), "--smoke"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "| `majority` | 2 | 0.3394 (0.3394 to 0.3394) |" in done.stdout
    assert "| `linear` | 2 |" in done.stdout
