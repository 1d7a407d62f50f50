"""The five methods on one data set, several seeds: accuracy, F1, time to train, size, speed.

    python benchmarks/methods.py                      emotion from ../shared/data, as in the README
    python benchmarks/methods.py --data DIR --name N  another data set
    python benchmarks/methods.py --smoke              the built-in sample, a minute: does the script
                                                      still run?

Seed 0 is one `assay run` with all five methods, as a user would call it; seeds 1 to 4 repeat the
fast ones. Each is a fresh process with an empty cache. Raw results stay in
benchmarks/results/methods-NAME.json, one entry per run; a seed that is there already is not run
again, so that the whole can be interrupted.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from house import ROOT, describe_machine

METHODS = ("majority", "linear", "compact", "features", "finetune")
FAST = ("majority", "linear", "compact")
N_SEEDS = 5
SMOKE_METHODS = ("majority", "linear")
# Of each split's scores; per-class scores and confusion matrices would make the file forty times as
# large.
KEPT_SCORES = ("n_texts", "accuracy", "f1_weighted", "f1_macro", "intervals", "ece", "log_loss")


def run_once(
    data: str, methods: tuple[str, ...], seed: int, keep: Path | None = None
) -> dict[str, Any]:
    """Do one `assay run` in a fresh process; return its scores and times.

    `keep` is where its folder stays.
    """
    with TemporaryDirectory() as folder:
        out = keep or Path(folder) / "run"
        command = [
            sys.executable,
            "-m",
            "assay",
            "run",
            data,
            "--methods",
            ",".join(methods),
            "--out",
            str(out),
            "--seed",
            str(seed),
            "--folds",
            "never",  # the tables hold scores on validation
            "--json",
            "--quiet",
        ]
        # An empty cache: features from an earlier run would make this one look faster.
        environment = {**os.environ, "ASSAY_CACHE": f"{folder}/cache"}  # noqa: TID251
        started_s = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        process_s = time.perf_counter() - started_s
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command)} failed with {done.returncode}: {done.stdout}{done.stderr}"
        )
    results = json.loads(done.stdout)
    return {
        "seed": seed,
        "recommended": results["recommended"],
        "process_s": round(process_s, 1),
        "timings": results["timings"],
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "methods": [
            {
                "method": row["method"],
                "model_bytes": row["model_bytes"],
                **{
                    split: {name: row[split][name] for name in KEPT_SCORES}
                    for split in ("validation", "test")
                },
            }
            for row in results["methods"]
        ],
    }


def summarise_runs(runs: list[dict[str, Any]]) -> str:
    """Return the table: means over the seeds with their range, medians of the times."""
    lines = [
        "| method | seeds | validation accuracy | weighted F1 | test accuracy, seed 0 | fit, s | texts/s | MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for method in METHODS:
        own = [(run, row) for run in runs for row in run["methods"] if row["method"] == method]
        if not own:
            continue
        accuracy = [row["validation"]["accuracy"] for _, row in own]
        spread = f" ({min(accuracy):.4f} to {max(accuracy):.4f})" if len(own) > 1 else ""
        first = own[0][1]
        low, high = first["test"]["intervals"]["accuracy"]
        lines.append(
            f"| `{method}` | {len(own)} | {statistics.mean(accuracy):.4f}{spread} "
            f"| {statistics.mean(row['validation']['f1_weighted'] for _, row in own):.4f} "
            f"| {first['test']['accuracy']:.4f} [{low:.3f}, {high:.3f}] "
            f"| {statistics.median(run['timings'][method]['fit_s'] for run, _ in own):.1f} "
            f"| {statistics.median(run['timings'][method]['predict_texts_per_s'] for run, _ in own):,.0f} "
            f"| {first['model_bytes'] / 1e6:.1f} |"
        )
    whole = next((run for run in runs if len(run["methods"]) == len(METHODS)), None)
    if whole is not None:
        lines += [
            "",
            f"The whole run with all five methods, map and report took {whole['process_s'] / 60:.1f} minutes.",
        ]
    return "\n".join(lines)


def summarise_content(content: dict[str, Any]) -> str:
    """Return the table of a results file."""
    return f"{content['name']}\n\n{summarise_runs(sorted(content['runs'], key=lambda run: run['seed']))}"


def goals(content: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return rows: what was asked, the goal, what was measured."""
    whole = [
        run["process_s"] / 60 for run in content["runs"] if len(run["methods"]) == len(METHODS)
    ]
    what = f"`assay run {content['name']}`, five methods, map and report"
    return [(what, "<= 15 minutes (8)", f"{statistics.median(whole):.1f} minutes")] if whole else []


def main() -> None:
    """Run what is missing, keep everything, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default=str(ROOT.parent / "shared" / "data" / "emotion"))
    parser.add_argument("--name", default="emotion")
    parser.add_argument(
        "--keep", type=Path, help="where the folder of seed 0's run stays, to look at its report"
    )
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    if given.smoke:
        print(summarise_runs([run_once("sample", SMOKE_METHODS, seed) for seed in range(2)]))
        return
    if not Path(given.data).exists():
        raise SystemExit(f"there is no data at {given.data}; give --data")
    path = ROOT / "benchmarks" / "results" / f"methods-{given.name}.json"
    path.parent.mkdir(exist_ok=True)
    content = json.loads(path.read_text()) if path.exists() else {"name": given.name, "runs": []}
    content["machine"] = describe_machine()
    for seed in sorted(set(range(N_SEEDS)) - {run["seed"] for run in content["runs"]}):
        methods = METHODS if seed == 0 else FAST
        content["runs"].append(
            run_once(given.data, methods, seed, given.keep if seed == 0 else None)
        )
        path.write_text(json.dumps(content, indent=1) + "\n")
        print(f"seed {seed}: {content['runs'][-1]['process_s']:.0f} s", file=sys.stderr)
    print(summarise_runs(sorted(content["runs"], key=lambda run: run["seed"])))


if __name__ == "__main__":
    main()
