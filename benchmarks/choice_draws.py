"""Parts of `benchmarks/choice.py`: what a recommendation loses on test, and what folds cost."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from choice_data import load_drawn
from house import Case

__all__ = ["measure_draw", "measure_folds", "show_draws", "show_folds"]

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
            started_s = time.perf_counter()
            scored = run.score(run.train())
            choice = run.choose(scored)
            taken_s = time.perf_counter() - started_s
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
    """Time the methods of a run without folds, then with them."""
    splits = load_drawn(case["data"], root, n_rows=case["n_rows"], seed=case["repeat"])
    seconds = {}
    # Other rows first: the encoder and its libraries are loaded once.
    warm = load_drawn("sample", root, n_rows=60, seed=case["repeat"])
    _choose(warm, FOLD_METHODS, seed=case["repeat"], folds=None)
    for name, folds in (("never", None), ("five", 5)):
        seconds[name] = _choose(splits, FOLD_METHODS, seed=case["repeat"], folds=folds)["seconds"]
    return {"seconds": seconds}


def show_folds(entries: list[Case]) -> str:
    """Return the table: medians of the ratios."""
    lines = ["| data | rows | with folds / without |", "|---|---|---|"]
    for data, n_rows in dict.fromkeys((one["data"], one["n_rows"]) for one in entries):
        own = [one["seconds"] for one in entries if (one["data"], one["n_rows"]) == (data, n_rows)]
        ratios = [seconds["five"] / seconds["never"] for seconds in own]
        lines.append(f"| {data} | {n_rows:,} | {statistics.median(ratios):.2f} |")
    return "\n".join(lines)
