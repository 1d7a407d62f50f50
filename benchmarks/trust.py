"""Trust: how many planted wrong labels are found, how well strange texts are told apart, the cost.

    python benchmarks/trust.py                every part, from ../shared/data
    python benchmarks/trust.py planted scope  some of them
    python benchmarks/trust.py --data DIR     data sets elsewhere: DIR/emotion, DIR/banking77,
                                              DIR/klue_ynat
    python benchmarks/trust.py --smoke        the built-in sample, half a minute: does the script
                                              still run?

planted  5 % of the train labels flipped at random: how many of the first N suspects were flipped
         (N: the number flipped), for assay's order and, on the same out-of-fold probabilities of
         `linear`, for cleanlab's two
scope    AUROC of `Model.scope`: texts of 20 held-back intents against those of the other 57, and
         texts of another data set, lower-cased and without punctuation, against the test texts of
         the model's own; beside it the AUROC of the top score alone, and which share falls below
         the model's threshold
audit    seconds of the audit without the folds, and of the folds, each in a fresh process
scores   seconds of the intervals and paired tests of five methods, on made-up scores
memory   peak memory of an audit of 5, 10 and 20 thousand texts, each in a fresh process

Raw results stay in benchmarks/results/trust.json, one entry per case. A case that is there is not
run again, so that the whole can be interrupted.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from house import DATA, RESULTS, Results, describe_machine, log
from trust_costs import (
    measure_audit,
    measure_memory,
    measure_scores,
    show_audit,
    show_memory,
    show_scores,
)
from trust_findings import Case, measure_planted, measure_scope, show_planted, show_scope

PATH = RESULTS / "trust.json"
LIBRARIES = (
    "assay",
    "numpy",
    "scipy",
    "scikit-learn",
    "cleanlab",
    "rensa",
    "py3langid",
    "torch",
    "onnxruntime",
)
SEEDS = (0, 1, 2)
DATA_SETS = ("emotion", "banking77", "klue_ynat")
SCOPE_METHODS = ("linear", "compact")
N_HELD_BACK = 20  # intents of banking77
N_REPEATS = 3  # of what is timed


@dataclass(frozen=True)
class Part:
    """A part of the benchmark: its cases, those of the smoke mode, what measures one, and how it is shown."""

    cases: Sequence[Case]
    smoke: Sequence[Case]
    measure: Callable[[Case, Path], Case]
    show: Callable[[list[Case]], str]


def scope_cases(method: str) -> list[Case]:
    """Return the cases of one method: held-back intents, several draws, and another data set."""
    held = {
        "inside": "banking77",
        "outside": "held back",
        "n_held_back": N_HELD_BACK,
        "method": method,
    }
    return [
        *({**held, "seed": seed} for seed in SEEDS),
        {
            "inside": "emotion",
            "outside": "banking77",
            "n_held_back": 0,
            "method": method,
            "seed": 0,
        },
    ]


PARTS = {
    "planted": Part(
        [{"data": name, "seed": seed} for name in DATA_SETS for seed in SEEDS],
        [{"data": "sample", "seed": 0}],
        measure_planted,
        show_planted,
    ),
    "scope": Part(
        [case for method in SCOPE_METHODS for case in scope_cases(method)],
        [
            {
                "inside": "sample",
                "outside": outside,
                "n_held_back": 2,
                "method": "linear",
                "seed": 0,
            }
            for outside in ("held back", "sample")
        ],
        measure_scope,
        show_scope,
    ),
    "audit": Part(
        [{"data": "emotion", "seed": 0, "repeat": i} for i in range(N_REPEATS)],
        [{"data": "sample", "seed": 0, "repeat": 0}],
        measure_audit,
        show_audit,
    ),
    "scores": Part(
        [
            {"n_rows": 2000, "n_classes": n_classes, "seed": 0, "repeat": i}
            for n_classes in (6, 77)
            for i in range(N_REPEATS)
        ],
        [{"n_rows": 200, "n_classes": 6, "seed": 0, "repeat": 0}],
        measure_scores,
        show_scores,
    ),
    "memory": Part(
        [
            {"data": "emotion", "n_rows": n_rows, "method": method, "seed": 0}
            for method in (None, "linear")
            for n_rows in (5_000, 10_000, 20_000)
        ],
        [{"data": "sample", "n_rows": 400, "method": None, "seed": 0}],
        measure_memory,
        show_memory,
    ),
}


def run_part(name: str, results: Results, root: Path) -> None:
    """Measure the cases of a part that have no entry yet; the file is written after each."""
    for case in PARTS[name].cases:
        if results.has(name, case):
            continue
        started_s = time.perf_counter()
        results.add(name, case, PARTS[name].measure(case, root))
        log(f"{name} {case}: {time.perf_counter() - started_s:.0f} s")


def summarise(content: dict[str, Any]) -> str:
    """Return the tables of what is measured."""
    return "\n\n".join(
        f"{name}\n\n{part.show(content[name])}" for name, part in PARTS.items() if content.get(name)
    )


def main() -> None:
    """Run what is missing, keep everything, print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default"
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"unknown part {', '.join(sorted(unknown))}; parts: {', '.join(PARTS)}")
    if not given.smoke and not (given.data / "emotion").is_dir():
        raise SystemExit(f"there is no data at {given.data / 'emotion'}; give --data")
    from assay._env import n_threads

    results = Results(
        None if given.smoke else PATH, describe_machine(LIBRARIES, n_threads=n_threads())
    )
    for name in given.parts or PARTS:
        if given.smoke:
            entries = [
                {**case, **PARTS[name].measure(case, given.data)} for case in PARTS[name].smoke
            ]
        else:
            run_part(name, results, given.data)
            entries = results.entries(name)
        print(f"{name}\n\n{PARTS[name].show(entries)}\n")


if __name__ == "__main__":
    main()
