"""The benchmarks still run."""

from __future__ import annotations

import importlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from assay.models import save_model
from small_models import small_data, small_estimator

ROOT = Path(__file__).resolve().parent.parent
CHILDREN = ROOT / "benchmarks" / "prediction_children.py"


def load_script(name):
    """Import a benchmark as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_benchmark(name):
    """Import a benchmark that imports others of its folder."""
    if str(ROOT / "benchmarks") not in sys.path:
        sys.path.insert(0, str(ROOT / "benchmarks"))
    return importlib.import_module(name)


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
def test_children_of_the_prediction_benchmark_measure(tmp_path):
    """Each kind of measurement of assay prints its samples, with the peak memory of its own process."""
    save_model(small_estimator("linear").fit(*small_data(60)), tmp_path / "linear")
    texts = load_script("prediction").write_texts(tmp_path / "in.csv", small_data(60)[0], 120)
    for name, expected in [("files", {"s"}), ("linear", {"s"}), ("latency", {"p50_ms", "p99_ms"})]:
        command = [sys.executable, CHILDREN, name, tmp_path / "linear", texts, tmp_path / "out.jsonl"]
        done = subprocess.run([*map(str, command)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert set(found) == {"n_texts", "peak_bytes", *expected}
        assert found["n_texts"] == 120
        assert 2e7 < found["peak_bytes"] < 1e9
    assert len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 120


def made_content():
    """Return what the prediction benchmark keeps, with round numbers."""
    rates = {"pipeline, batch 32": 50, "compact, file to file": 6000, "linear, file to file": 8000,
             "linear, in memory": 12000, "scikit-learn, in memory": 4000, "finetune, file to file": 175,
             "finetune int8, file to file": 250}  # fmt: skip
    samples = {name: [{"n_texts": rate, "s": 1.0, "peak_bytes": 500 << 20}] for name, rate in rates.items()}
    samples |= {
        name: [{"n_texts": 9, "p50_ms": 0.4, "p99_ms": 0.9}] for name in ("compact, one text", "pipeline, one text")
    }
    samples |= {f"start: {name}": [{"s": 0.5}] for name in ("compact", "linear", "finetune", "pipeline")}
    samples["matrix product"] = [{"gflop_per_s": 100.0}]
    machine = {"n_cpus": 2, "system": "Linux", "python": "3.11"}
    seen = [{"s": i / 5, "rss_bytes": (100 + i) << 20 if i < 9 else 0, "n_shards": i // 2} for i in range(10)]
    many = {"n_texts": 1000, "samples": seen, "resumed_s": 1.0, "is_exact": True}
    base = {"installed_bytes": 250_000_000, "compact": {"peak_bytes": 100 << 20}}
    return {"samples": samples, "compact_flops": 5e6, "base": base, "many": many, "machine": machine}


def test_prediction_benchmark_sums_up():
    """Ratios are of medians, and the share of the machine is flops times texts."""
    table = load_script("prediction").summarise(made_content())
    assert "| 6,000 texts/s, 120x the pipeline; 30% of the machine's 100 GFLOP/s |" in table
    assert "| 12,000 texts/s, 3.0x scikit-learn |" in table
    assert "| 175 texts/s, 3.5x the pipeline |" in table
    assert "| 1,000 texts | 2 s, 102 to 108 MiB; killed and resumed: the same bytes |" in table
    assert "| 100 MiB, 0.20 of the pipeline's 500 MiB |" in table
    assert "| 250 MB |" in table
    assert "| 0.40 / 0.90 ms (pipeline 0 / 1 ms) |" in table


@pytest.mark.slow
def test_fault_benchmark_runs_in_smoke_mode():
    """Hundreds of connections, half of them broken off, slow clients, swaps: no wrong answer, nothing left behind."""
    found = json.loads(run_smoke("serving_faults.py"))
    assert found["problems"] == []
    assert found["connections"]["n_done"] == 300
    assert found["swaps"]["n"] > 10
    assert found["after"]["n"] == 50


def test_fault_benchmark_finds_what_is_wrong():
    """Each thing that it looks for is found where it is there: the judge can say no."""
    faults = load_benchmark("serving_faults")
    seen, grown = [{"memory_mb": 100.0}, {"memory_mb": 109.0}], [{"memory_mb": 100.0}, {"memory_mb": 111.0}]
    part = {"n_wrong": 0}
    good = {
        "before": {"n_files": 10}, "connections": {**part, "seen": seen, "n": 5, "n_done": 5}, "held_back": part,
        "swaps": {**part, "n_loaded": 3, "n_swaps": 3, "seen": seen},
        "after": {**part, "memory_mb": 109.0, "n_files": 12},
        "left_in_flight": 0, "left_in_queue": 0,
    }  # fmt: skip
    assert faults.problems_of(good) == []
    for name, change in {
        "1 answers were wrong or lost": {"held_back": {"n_wrong": 1}},
        "requests or texts were left": {"left_in_queue": 2},
        "connections were left open": {"after": {**good["after"], "n_files": 40}},
        "not all connections were made in time": {"connections": {**good["connections"], "n_done": 4}},
        "memory grew with connections": {"connections": {**good["connections"], "seen": grown}},
        "memory grew with swaps": {"after": {**good["after"], "memory_mb": 111.0}},
        "a swap was missed": {"swaps": {**good["swaps"], "n_loaded": 2}},
    }.items():
        assert faults.problems_of({**good, **change}) == [name]
    row = {"joy": 0.75, "sadness": 0.25}
    body = b'[{"label":"joy","score":0.75},{"label":"sadness","score":0.25}]'
    assert faults.is_right(b"HTTP/1.1 200 OK\r\n\r\n" + body, row)
    assert not faults.is_right(b"HTTP/1.1 200 OK\r\n\r\n" + body, {"joy": 0.7, "sadness": 0.3})
    assert not faults.is_right(b"HTTP/1.1 500 \r\n\r\n" + body, row)
    assert not faults.is_right(b"", row)


def test_serving_benchmark_judges_rounds_by_the_control():
    """Rounds in which the machine was busy do not count where there are quiet ones; ratios come with their least."""
    serving = load_benchmark("serving")

    def load(system, rate, p99_ms, *, is_quiet=True, counts=True):
        return {"system": system, "rate": rate, "p99_ms": p99_ms, "is_quiet": is_quiet, "counts": counts}

    loads = [load("assay", 100, 5.0), load("assay", 100, 7.0), load("assay", 100, 90.0, is_quiet=False),
             load("assay", 100, 70.0, is_quiet=False, counts=False), load("assay", 300, 9.0), load("assay", 300, 9.0),
             *[load("peer", 100, 9.0)] * 2, *[load("peer", 200, 30.0)] * 2]  # fmt: skip
    assert serving.median_p99(loads, "assay", 100) == 6.0
    assert serving.best_rate(loads, "assay", 10.0) == 300
    assert serving.best_rate(loads, "assay", 1.0) == 0
    assert serving.compare_rates(loads, ["peer"], 10.0) == ("p99 <= 10 ms: 3.0 times the rate of peer (at least 1.5).")
    assert serving.compare_rates(loads, ["peer"], 1.0).endswith("no ratio.")
