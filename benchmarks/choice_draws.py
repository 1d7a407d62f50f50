"""Parts of `benchmarks/choice.py`: what a recommendation loses on test, and what folds cost."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from choice_data import load_drawn
from house import Case, by

__all__ = ["empty_feature_cache", "measure_draw", "measure_folds", "show_draws", "show_folds"]

FOLD_METHODS = ("majority", "linear", "compact", "features")
MANY_ROWS = 1000  # from so many rows on, less may be lost


def measure_draw(case: Case, root: Path) -> Case:
    """Train, judge and choose as a run does; score every method on test."""
    splits = load_drawn(
        case["data"], root, n_rows=case["n_rows"], n_labels=case["n_labels"], seed=case["seed"]
    )
    return _choose(splits, tuple(case["methods"].split(",")), seed=case["seed"], folds=5)


def _choose(splits: Any, methods: tuple[str, ...], *, seed: int, folds: int | None) -> Case:
    from assay.progress import Progress
    from assay.recipes.run import Place, prepare_run
    from assay.recipes.steps.run_options import RunOptions

    options = RunOptions(methods=methods, seed=seed, folds=folds)
    with TemporaryDirectory() as folder:
        place = Place(Path(folder) / "run", overwrite=False, resume=False)
        with prepare_run(splits, place, options, Progress()) as run:
            started_s, started_cpu_s = time.perf_counter(), time.process_time()
            scored = run.score(run.train())
            choice = run.choose(scored)
            taken_s = time.perf_counter() - started_s
            cpu_s = time.process_time() - started_cpu_s
            n_train = len(run.data.whole.train)
    rows = []
    for one in scored:
        evidence = one.evidence.scores
        rows.append(
            {
                "method": one.method,
                "evidence": evidence.accuracy,
                "interval": list(evidence.intervals["accuracy"]),
                "test": one.scored["test"].scores.accuracy,
                "expected_loss": choice.loss(one.method).expected_loss,
                "fit_s": round(one.fit_s, 2),
                "folds_s": round(one.folds_s, 2),
            }
        )
    return {
        "recommended": choice.recommended,
        "evidence_kind": choice.evidence.kind,
        "n_train": n_train,
        "seconds": round(taken_s, 2),
        "cpu_seconds": round(cpu_s, 2),
        "scores": rows,
    }


def lost_on_test(entry: Case) -> float:
    """Return how much test accuracy the recommendation loses against the best method."""
    of_method = {row["method"]: row["test"] for row in entry["scores"]}
    return max(of_method.values()) - of_method[entry["recommended"]]


def show_draws(entries: list[Case]) -> str:
    """Return the table: losses by data set, then the means below and from 1,000 rows on."""
    lines = [
        "| data | rows | recommended | points lost on test | best on test |",
        "|---|---|---|---|---|",
    ]
    for one in entries:
        labels = f" ({one['n_labels']} labels)" if one["n_labels"] else ""
        best = max(one["scores"], key=lambda row: row["test"])
        lines.append(
            f"| {one['data']}{labels} | {one['n_train']:,} | `{one['recommended']}` "
            f"| {100 * lost_on_test(one):.1f} | `{best['method']}` {best['test']:.3f} |"
        )
    for name, own in (
        (f"below {MANY_ROWS:,} rows", [one for one in entries if one["n_train"] < MANY_ROWS]),
        (f"from {MANY_ROWS:,} rows on", [one for one in entries if one["n_train"] >= MANY_ROWS]),
    ):
        if own:
            lost = [100 * lost_on_test(one) for one in own]
            mean, worst = statistics.mean(lost), max(lost)
            lines.append(f"| {name}: mean of {len(own)} | | | {mean:.2f}, worst {worst:.1f} | |")
    return "\n".join(lines)


def measure_folds(case: Case, root: Path) -> Case:
    """Time the methods of a run without folds, then with them, each with an empty cache."""
    splits = load_drawn(case["data"], root, n_rows=case["n_rows"], seed=case["repeat"])
    # Other rows first: the encoder and its libraries are loaded once.
    warm = load_drawn("sample", root, n_rows=60, seed=case["repeat"])
    compared = case.get("compared", FOLD_METHODS)
    _choose(warm, compared, seed=case["repeat"], folds=None)
    seconds, cpu_seconds, methods = {}, {}, {}
    for name, folds in (("never", None), ("five", case.get("folds", 5))):
        with empty_feature_cache():
            found = _choose(splits, compared, seed=case["repeat"], folds=folds)
        seconds[name], cpu_seconds[name] = found["seconds"], found["cpu_seconds"]
        methods[name] = {row["method"]: [row["fit_s"], row["folds_s"]] for row in found["scores"]}
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "methods": methods}


@contextmanager
def empty_feature_cache() -> Iterator[None]:
    """Compute features anew inside the block; exported encoders and checkpoints are kept."""
    from assay import _env

    usual = _env.cache_dir()
    with TemporaryDirectory() as folder:
        for name in ("encoders", "checkpoints"):
            (usual / name).mkdir(parents=True, exist_ok=True)
            (Path(folder) / name).symlink_to(usual / name)
        with patch.dict("os.environ", {"ASSAY_CACHE": folder}):
            yield


def show_folds(entries: list[Case]) -> str:
    """Return the table: medians of the ratios, and of the seconds of each method's folds.

    Processor seconds are those of all threads: other work on the machine changes them little.
    """
    lines = [
        "| data | rows | repeats | seconds, with folds / without | processor seconds "
        "| seconds of folds, of the final fit |",
        "|---|---|---|---|---|---|",
    ]
    for (data, n_rows), own in by(entries, "data", "n_rows").items():
        ratios = []
        for clock in ("seconds", "cpu_seconds"):
            ratio = statistics.median(one[clock]["five"] / one[clock]["never"] for one in own)
            ratios.append(f"{ratio:.2f}")
        shares = []
        for method in [one for one in own[0]["methods"]["five"] if one != "majority"]:
            pairs = [one["methods"]["five"][method] for one in own]
            fit_s = statistics.median(pair[0] for pair in pairs)
            folds_s = statistics.median(pair[1] for pair in pairs)
            shares.append(f"`{method}` {folds_s:.1f}, {fit_s:.1f}")
        cells = [data, f"{n_rows:,}", str(len(own)), *ratios, "; ".join(shares)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
