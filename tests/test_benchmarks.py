"""The benchmarks still run."""

from __future__ import annotations

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


def test_fault_benchmark_runs_in_smoke_mode():
    """Hundreds of connections, half of them broken off: no wrong answer, nothing left behind."""
    found = json.loads(run_smoke("serving_faults.py"))
    assert (found["n_wrong"], found["left_in_flight"], found["left_in_queue"]) == (0, 0, 0)


@pytest.mark.slow
def test_training_benchmark_runs_in_smoke_mode():
    """Steps of assay and of both ways of Trainer are measured, and extrapolated to an epoch."""
    script = ROOT / "benchmarks" / "training.py"
    command = [sys.executable, script, "finetune-epoch", "--smoke", "--threads", "1"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.startswith("| ")]
    assert rows[1:] == [f"{name}, from 4 steps" for name in
                        ("assay", "Trainer, dynamic padding, grouped", "Trainer, as the notebook")]  # fmt: skip


def test_training_benchmark_sums_up():
    """An epoch is extrapolated by the tokens of its steps; ratios are of medians; the share is needed operations."""
    script, children = load_script("training"), load_script("training_children")
    assert children.summarise_steps([0.0, 9.0, 10.0, 11.0, 13.0], [1, 1, 30, 50], 400, 7) == {
        "n_steps": 2, "s": 3.0, "step_tokens": 80, "epoch_tokens": 400, "epoch_s": 15.0, "n_texts": 7}  # fmt: skip
    network = {"hidden_size": 10, "intermediate_size": 40, "num_hidden_layers": 2}
    assert script.needed_flops(network, 5, 2) == 6 * (1200 * 5 + 200 * 5 + 1000 * 2)
    own = {"epoch_s": 100.0, "n_steps": 20, "n_texts": 16_000, "real_tokens": 350_000, "peak_bytes": 1e9}
    samples = {
        "matrix product": [{"gflop_per_s": 140.0}],
        "assay": [{**own, "epoch_s": s} for s in (90.0, 100.0, 300.0)],
        "Trainer, dynamic padding, grouped": [{**own, "epoch_s": 150.0, "peak_bytes": 2e9}],
        "Trainer, as the notebook": [{**own, "epoch_s": 700.0, "peak_bytes": 2e9}],
    }
    sizes = {"hidden_size": 384, "intermediate_size": 1536, "num_hidden_layers": 6}
    table = script.summarise_epoch({"samples": samples, "network": sizes})
    assert "| Trainer, dynamic padding, grouped, from 20 steps | 150 | 1.50x | >= 2x | 2,000 |" in table
    assert "| Trainer, as the notebook, from 20 steps | 700 | 7.00x | >= 8x | 2,000 |" in table
    flops = 6 * (5 * 12 * 384**2 * 350_000 + 2 * 384**2 * 350_000 + 10 * 384**2 * 16_000)
    assert f"does {flops / 100 / 140e9:.0%} of the 140 GFLOP/s" in table
    assert "0.50 of the memory of Trainer's" in table
    rates = {"assay": 100, "assay, int8": 180, "assay, again": 20_000, "notebook's loop": 20}
    content = {
        "samples": {name: [{"n_texts": n, "s": 1.0}] for name, n in rates.items()},
        "least_cosine": {"int8": 0.975, "again": 1.0, "notebook": 0.99999},
        "probe_accuracy": {"float32": 0.66, "int8": 0.659},
    }
    table = script.summarise_features(content)
    assert "| assay, int8 | 180 | 1.80 | >= 1.6x assay | 0.975000 |" in table
    assert "0.10 points lost" in table
