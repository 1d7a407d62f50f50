"""Choosing: how good recommendations, their intervals and the search for wrong labels are.

    python benchmarks/choice.py                every part that has cases left, from ../shared/data
    python benchmarks/choice.py draws planted  some of them
    python benchmarks/choice.py --few          without the cases that take minutes each
    python benchmarks/choice.py --smoke        the built-in sample: does the script still run?

draws     test accuracy that is lost by taking what a run recommends instead of the best method that
          was run, over data sets and draws of 60, 200 and 1,000 rows
coverage  share of the 95 % intervals of the chosen method's evidence that hold the accuracy of its
          final model on fresh texts
growth    what twice as many texts are said to bring against what they bring, on rows that were hidden
planted   5 % of the train labels changed: how many are among as many suspects, for the judges of an
          audit, for `linear` alone, and for cleanlab on the same probabilities
few       test accuracy with 5 to 64 texts per label, of `features`, also tuned, and of SetFit
folds     seconds of a run that judges out of fold beside one that does not, interleaved

Raw results stay in benchmarks/results/choice.json, one entry per case. A case that is there is not
run again, so that the whole can be interrupted.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from choice_coverage import measure_coverage, show_coverage
from choice_draws import measure_draw, measure_folds, show_draws, show_folds
from choice_few import TUNED, measure_few, show_few
from choice_growth import measure_growth, show_growth
from choice_planted import measure_planted, show_planted
from house import DATA, RESULTS, Case, Results, describe_machine, log

PATH = RESULTS / "choice.json"
SEEDS = (0, 1, 2)
SMALL = (60, 200, 1000)
LANGUAGES = ("eng_Latn", "kor_Hang", "zho_Hans", "jpn_Jpan", "tha_Thai", "arb_Arab")
LANGUAGES += ("amh_Ethi", "deu_Latn", "hin_Deva", "rus_Cyrl", "swh_Latn", "vie_Latn")
WHOLE = ("emotion", "banking77", "wisesight", "klue_ynat")
METHODS_OF_GROWTH = ("linear", "features")
ALL = ("majority", "linear", "compact", "features")


@dataclass(frozen=True)
class Part:
    """A part of the benchmark: its cases, those that take minutes, and those of the smoke mode."""

    cases: Sequence[Case]
    long_cases: Sequence[Case]
    smoke: Case
    measure: Callable[[Case, Path], Case]
    show: Callable[[list[Case]], str]


def draw_cases() -> list[Case]:
    """Return small draws: emotion, and 6 and 20 intents of banking77."""
    cases = []
    for seed in SEEDS:
        for name, n_labels in (("emotion", None), ("banking77", 6), ("banking77", 20)):
            for n_rows in SMALL:
                # 20 intents have at least 80 rows, four of each.
                own = max(n_rows, 80) if n_labels == 20 else n_rows
                cases.append(_draw(name, own, n_labels, seed))
    return cases


def _draw(
    name: str, n_rows: int | None, n_labels: int | None, seed: int, methods: Sequence[str] = ALL
) -> Case:
    case = {"data": name, "n_rows": n_rows, "n_labels": n_labels, "seed": seed}
    return {**case, "methods": ",".join(methods)}


def coverage_cases() -> list[Case]:
    """Return 400 draws in blocks of 20, each with the methods that are worth choosing from."""
    kinds = (("emotion", 200, "majority,linear"), ("banking77", 400, "majority,features"))
    cases: list[Case] = []
    for block, (name, n_rows, methods) in product(range(10), kinds):
        case = {"data": name, "n_rows": n_rows, "methods": methods}
        cases.append({**case, "block": block, "n_draws": 20})
    return cases


def few_cases() -> list[Case]:
    """Return draws of a few texts per label, for both tools: those of banking77 are published."""
    kinds = [("banking77", 10, "minilm"), ("banking77", 5, "minilm")]
    kinds += [("emotion", 16, "minilm"), ("emotion", 64, "minilm")]
    kinds += [("sib200/eng_Latn", 8, "minilm"), ("sib200/eng_Latn", 8, "e5")]
    kinds += [("sib200/kor_Hang", 8, "e5")]
    cases: list[Case] = []
    for seed, (data, n_per_label, checkpoint) in product(range(5), kinds):
        case = {"data": data, "n_per_label": n_per_label, "checkpoint": checkpoint, "seed": seed}
        cases += [{**case, "tool": "assay"}, {**case, "tool": TUNED}]
        if data != "banking77":
            cases.append({**case, "tool": "setfit"})
    return cases


def growth_cases() -> list[Case]:
    """Return draws of 500 to 4,000 rows, each with as many again that are hidden."""
    kinds = [*product(("emotion", "banking77"), METHODS_OF_GROWTH)]
    kinds += [("klue_ynat", "linear"), ("wisesight", "linear")]
    cases: list[Case] = []
    for draw, n_rows, (name, method) in product(range(4), (500, 1000, 2000, 4000), kinds):
        cases.append({"data": name, "method": method, "n_rows": n_rows, "draw": draw})
    return cases


SMALL_COVERAGE = {"data": "sample", "n_rows": 60, "methods": "majority,linear,features"}
PLANTED = [("sample", None), ("emotion", 1000), ("sib200/eng_Latn", None)]
PLANTED += [("sib200/kor_Hang", None), ("banking77", None)]
PARTS = {
    "planted": Part(
        [{"data": name, "n_rows": n, "seed": seed} for name, n in PLANTED for seed in SEEDS],
        [{"data": "emotion", "n_rows": None, "seed": 0}],
        {"data": "sample", "n_rows": 120, "seed": 0},
        measure_planted,
        show_planted,
    ),
    "draws": Part(
        [
            *draw_cases(),
            *(_draw("sample", None, None, seed) for seed in SEEDS),
            *(_draw(f"sib200/{name}", None, None, 0) for name in LANGUAGES),
        ],
        [_draw(name, None, None, 0) for name in WHOLE],
        _draw("sample", 60, None, 0, ("majority", "linear")),
        measure_draw,
        show_draws,
    ),
    "coverage": Part(
        coverage_cases(),
        [],
        {**SMALL_COVERAGE, "block": 0, "n_draws": 1},
        measure_coverage,
        show_coverage,
    ),
    "growth": Part(
        growth_cases(),
        [],
        {"data": "sample", "method": "linear", "n_rows": 120, "draw": 0},
        measure_growth,
        show_growth,
    ),
    "few": Part(
        few_cases(),
        [],
        {"data": "sample", "n_per_label": 4, "checkpoint": "minilm", "seed": 0, "tool": "assay"},
        measure_few,
        show_few,
    ),
    "folds": Part(
        [
            {"data": "emotion", "n_rows": n_rows, "repeat": i}
            for n_rows in (1000, 1300, 1400, 2000)
            for i in SEEDS
        ],
        [{"data": "emotion", "n_rows": 8000, "repeat": i} for i in SEEDS],
        {"data": "sample", "n_rows": 60, "repeat": 0, "folds": 2, "compared": ["linear"]},
        measure_folds,
        show_folds,
    ),
}


def run_part(name: str, results: Results, root: Path, *, few: bool) -> None:
    """Measure the cases of a part that have no entry yet; the file is written after each."""
    part = PARTS[name]
    for case in [*part.cases, *([] if few else part.long_cases)]:
        if results.has(name, case):
            continue
        started_s = time.perf_counter()
        results.add(name, case, part.measure(case, root))
        log(f"{name} {case}: {time.perf_counter() - started_s:.0f} s")


def summarise(content: Case) -> str:
    """Return the tables of what is measured."""
    shown = []
    for name, part in PARTS.items():
        if content.get(name):
            shown.append(f"{name}\n\n{part.show(content[name])}")
    return "\n\n".join(shown)


def main() -> None:
    """Run what is missing, keep everything, print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--out", type=Path, default=PATH)
    parser.add_argument("--few", action="store_true", help="leave out what takes minutes a case")
    parser.add_argument("--smoke", action="store_true")
    given = parser.parse_args()
    unknown = set(given.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {', '.join(sorted(unknown))}; parts: {', '.join(PARTS)}")
    results = Results(None if given.smoke else given.out, describe_machine())
    for name in given.parts or PARTS:
        if given.smoke:
            case = PARTS[name].smoke
            results.add(name, case, PARTS[name].measure(case, given.data))
        else:
            run_part(name, results, given.data, few=given.few)
    sys.stdout.write(summarise(results.content) + "\n")


if __name__ == "__main__":
    main()
