"""The five methods on one data set, several seeds: accuracy, F1, time to train, size, speed.

    python benchmarks/methods.py                      emotion from ../shared/data, as in the README
    python benchmarks/methods.py --data DIR --name N  another data set
    python benchmarks/methods.py --smoke              the built-in sample, a minute: does the script still run?

Each training is a fresh process (`assay train --json`). Raw results stay in benchmarks/results/methods-NAME.json, one
entry a training; a training that stands there already is not run again, so that the whole can be interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# Five seeds for what is fast; nothing random enters majority, and next to nothing features.
SEEDS = {"majority": 1, "linear": 5, "compact": 5, "features": 1, "finetune": 1}
SMOKE_SEEDS = {"majority": 1, "linear": 2}


def train_once(data: str, method: str, seed: int) -> dict[str, Any]:
    """Train in a fresh process; return its scores, its own fit time, and the wall-clock time of the process."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "assay", "train", data, "--method", method, "--out", f"{folder}/model",
                   "--seed", str(seed), "--json", "--quiet"]  # fmt: skip
        # An empty cache each time: features from an earlier training would make this one look faster.
        environment = {**os.environ, "ASSAY_CACHE": f"{folder}/cache"}  # noqa: TID251
        started_s = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        process_s = time.perf_counter() - started_s
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed with {done.returncode}: {done.stdout}{done.stderr}")
    result = json.loads(done.stdout)
    kept = ("n_texts", "accuracy", "f1_weighted", "f1_macro", "intervals", "ece", "log_loss")
    scores = {split: {name: result[split][name] for name in kept} for split in ("validation", "test")}
    return {
        "method": method,
        "seed": seed,
        "fit_s": result["fit_s"],
        "process_s": round(process_s, 2),
        "model_bytes": result["model_bytes"],
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        **scores,
    }


def describe_machine() -> dict[str, Any]:
    """Return what the numbers depend on."""
    libraries = ("assay", "torch", "transformers", "scikit-learn", "onnxruntime", "numpy", "tokenizers")
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "n_cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "versions": {name: version(name) for name in libraries},
    }


def summarise_runs(runs: list[dict[str, Any]]) -> str:
    """Return the table: medians over the seeds, and the range of the validation accuracy."""
    lines = [
        "| method | seeds | validation accuracy | weighted F1 | test accuracy (seed 0) | fit, s | MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for method in SEEDS:
        own = sorted((run for run in runs if run["method"] == method), key=lambda run: run["seed"])
        if not own:
            continue
        accuracy = [run["validation"]["accuracy"] for run in own]
        spread = f" ({min(accuracy):.4f} to {max(accuracy):.4f})" if len(own) > 1 else ""
        low, high = own[0]["test"]["intervals"]["accuracy"]
        lines.append(
            f"| `{method}` | {len(own)} | {statistics.mean(accuracy):.4f}{spread} "
            f"| {statistics.mean(run['validation']['f1_weighted'] for run in own):.4f} "
            f"| {own[0]['test']['accuracy']:.4f} [{low:.3f}, {high:.3f}] "
            f"| {statistics.median(run['fit_s'] for run in own):.1f} | {own[0]['model_bytes'] / 1e6:.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run what is missing, keep everything, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=str(ROOT.parent / "shared" / "data" / "emotion"))
    parser.add_argument("--name", default="emotion")
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    if given.smoke:
        runs = [train_once("sample", method, seed) for method, n in SMOKE_SEEDS.items() for seed in range(n)]
        print(summarise_runs(runs))
        return
    if not Path(given.data).exists():
        raise SystemExit(f"there is no data at {given.data}; give --data")
    path = ROOT / "benchmarks" / "results" / f"methods-{given.name}.json"
    path.parent.mkdir(exist_ok=True)
    content = json.loads(path.read_text()) if path.exists() else {"name": given.name, "runs": []}
    content["machine"] = describe_machine()
    finished = {(run["method"], run["seed"]) for run in content["runs"]}
    for method, n_seeds in SEEDS.items():
        for seed in range(n_seeds):
            if (method, seed) in finished:
                continue
            run = train_once(given.data, method, seed)
            content["runs"].append(run)
            path.write_text(json.dumps(content, indent=1) + "\n")
            print(f"{method} seed {seed}: {run['validation']['accuracy']:.4f} in {run['fit_s']:.1f} s", file=sys.stderr)
    print(summarise_runs(content["runs"]))


if __name__ == "__main__":
    main()
