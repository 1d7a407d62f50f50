"""Every language: methods on the multilingual encoder `e5`, sizes, 8-bit copies, first labels.

    python benchmarks/languages.py                       everything that is missing: hours
    python benchmarks/languages.py --methods features    one method, on all sets
    python benchmarks/languages.py --sets klue_ynat      one set, with all methods
    python benchmarks/languages.py --no-training         8-bit copies, first labels and throughput

Each training is a process of its own and takes the default settings, with the checkpoint `e5` for
the methods that need one. Accuracy and macro F1 are those of the saved folder. Test is scored once
and chooses nothing.

Raw samples go to benchmarks/results/languages.json as they come; a case that is there is not
measured again. Models stay in --keep, for the copies and the first labels.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

from house import DATA, RESULTS, ROOT, Case, Results, by, describe_machine, log, run_child

PATH = RESULTS / "languages.json"
LANGUAGES = "sib200"  # the folder with one set per language
METHODS = ("linear", "compact", "features", "finetune")
LARGE_SETS = ("klue_ynat", "wisesight")
EXPORTED = "klue_ynat"
ROUNDS = 5
CHILD = Path(__file__).with_name("languages_child.py")


def find_sets(data: Path) -> list[str]:
    """Return the sets: one per language of SIB-200, then the large ones."""
    languages = sorted(path.name for path in (data / LANGUAGES).glob("*") if path.is_dir())
    return [*(f"{LANGUAGES}/{name}" for name in languages), *LARGE_SETS]


def measure_trainings(results: Results, given: argparse.Namespace) -> None:
    """Train every method on every set that is asked for."""
    for name in given.sets or find_sets(given.data):
        for method in given.methods:
            case = {"set": name, "method": method, "threads": given.threads}
            if results.has("trainings", case):
                continue
            plan = {
                "work": "train",
                "method": method,
                "data": str(given.data / name),
                "out": str(given.keep / name.replace("/", "-") / method),
            }
            found = run_child(CHILD, plan, n_threads=given.threads)
            if given.no_times:
                found = {key: value for key, value in found.items() if not key.endswith("_s")}
            results.add("trainings", case, found)
            log(json.dumps({**case, **found}))


def measure_rest(results: Results, given: argparse.Namespace) -> None:
    """Measure the 8-bit copy, the first label in a fresh process, and the throughput."""
    model, data = given.keep / EXPORTED / "features", given.data / EXPORTED
    case = {"set": EXPORTED, "method": "features", "threads": given.threads}
    if model.is_dir() and not results.has("exports", case):
        plan = {"work": "export", "model": str(model), "data": str(data)}
        plan["out"] = str(given.keep / EXPORTED / "features-int8")
        results.add("exports", case, run_child(CHILD, plan, n_threads=given.threads))
    if model.is_dir() and not results.has("first_labels", case):
        plan = {"work": "first label", "model": str(model)}
        times = [
            run_child(CHILD, plan, n_threads=given.threads)["first_label_s"] for _ in range(ROUNDS)
        ]
        results.add("first_labels", case, {"first_label_s": times})
    case = {"set": EXPORTED, "threads": given.threads}
    if not results.has("throughput", case):
        plan = {"work": "throughput", "data": str(data)}
        results.add("throughput", case, run_child(CHILD, plan, n_threads=given.threads))


def summarise(content: Case) -> str:
    """Return the tables of what was measured so far."""
    lines = [
        "| set | method | validation accuracy | test accuracy | test macro F1 | s | MB |",
        "|---|---|---|---|---|---|---|",
    ]
    trainings = content.get("trainings", [])
    for one in trainings:
        scores = " | ".join(
            f"{one[key]:.4f}" for key in ("validation_accuracy", "test_accuracy", "test_f1_macro")
        )
        seconds = f"{one['total_s']:.0f}" if "total_s" in one else ""
        size = f"{one['folder_bytes'] / 1e6:.1f}"
        lines.append(f"| {one['set']} | `{one['method']}` | {scores} | {seconds} | {size} |")
    languages = [one for one in trainings if one["set"].startswith(LANGUAGES)]
    for method, own in by(languages, "method").items():
        mean = statistics.mean(one["test_accuracy"] for one in own)
        lines.append(f"| mean of {len(own)} languages | `{method}` | | {mean:.4f} | | | |")
    for one in content.get("exports", []):
        lost = one["accuracy_before"] - one["accuracy_after"]
        size = one["folder_bytes"] / 1e6
        lines += ["", f"8-bit copy of `features` on {one['set']}: {size:.1f} MB, {lost:+.4f} lost."]
    for one in content.get("first_labels", []):
        first_s = statistics.median(one["first_label_s"])
        lines += ["", f"First label in a fresh process: {first_s:.2f} s, median of {ROUNDS}."]
    for one in content.get("throughput", []):
        lines += ["", f"`features`: {one['ratio']:.2f} times sentence-transformers, median."]
    return "\n".join(lines)


def main() -> None:
    """Measure what is missing, then print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--keep", type=Path, default=ROOT / "runs" / "languages")
    parser.add_argument("--out", type=Path, default=PATH)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sets", nargs="+", help="such as klue_ynat or sib200/kor_Hang")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS)
    parser.add_argument("--no-training", action="store_true")
    parser.add_argument(
        "--no-times", action="store_true", help="other work runs beside: keep no times of trainings"
    )
    given = parser.parse_args()
    results = Results(given.out, describe_machine())
    if not given.no_training:
        measure_trainings(results, given)
    measure_rest(results, given)
    sys.stdout.write(summarise(results.content) + "\n")


if __name__ == "__main__":
    main()
