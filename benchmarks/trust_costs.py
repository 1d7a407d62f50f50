"""What `benchmarks/trust.py` measures of cost: seconds and memory of an audit, seconds of intervals and tests.

As a script it audits one case and prints what that took: `trust.py` starts it, so that each has a
process of its own.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from house import peak_bytes
from trust_findings import Case, by, load_named

__all__ = [
    "measure_audit",
    "measure_memory",
    "measure_scores",
    "show_audit",
    "show_memory",
    "show_scores",
]


def measure_audit(case: Case, root: Path) -> Case:
    """Audit in a fresh process: once without checking labels, once with."""
    return {
        "without_labels": run_child({**case, "method": None}, root),
        "with_labels": run_child({**case, "method": "linear"}, root),
    }


def show_audit(entries: list[Case]) -> str:
    """Return the table: median seconds."""
    lines = [
        "| data | texts | runs | audit without folds, s | folds of `linear`, s |",
        "|---|---|---|---|---|",
    ]
    for name, own in by(entries, "data"):
        checks_s = statistics.median(one["without_labels"]["audit_s"] for one in own)
        folds_s = statistics.median(one["with_labels"]["folds_s"] for one in own)
        n_texts = own[0]["without_labels"]["n_texts"]
        lines.append(f"| {name} | {n_texts:,} | {len(own)} | {checks_s:.1f} | {folds_s:.1f} |")
    return "\n".join(lines)


def measure_memory(case: Case, root: Path) -> Case:
    """Audit a sample of the rows in a fresh process."""
    return run_child(case, root)


def show_memory(entries: list[Case]) -> str:
    """Return the table: peak memory, and what it grew by a thousand rows more than the case before."""
    lines = [
        "| data | labels checked by | texts | peak, MB | before the audit, MB |",
        "|---|---|---|---|---|",
    ]
    for (name, method), own in by(entries, "data", "method"):
        lines += [
            f"| {name} | {method or 'nobody'} | {one['n_texts']:,} | {one['peak_bytes'] / 1e6:.0f} "
            f"| {one['before_bytes'] / 1e6:.0f} |"
            for one in sorted(own, key=lambda one: one["n_texts"])
        ]
    return "\n".join(lines)


def run_child(case: Case, root: Path) -> Case:
    """Call `audit_once` in a process of its own; return what it says."""
    command = [sys.executable, __file__, json.dumps(case), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed with {done.returncode}: {done.stderr}")
    found: Case = json.loads(done.stdout)
    return found


def audit_once(case: Case, root: Path) -> Case:
    """Audit one data set, or so many rows of it; return seconds and memory."""
    from assay.audit.checks import audit_data

    splits = load_named(case["data"], root)
    if n_rows := case.get("n_rows"):
        rng, share = np.random.default_rng(case["seed"]), n_rows / sum(map(len, splits.values()))
        parts = {
            name: part.take(
                np.sort(
                    rng.choice(len(part), size=round(share * len(part)), replace=False)
                ).tolist()
            )
            for name, part in splits.items()
        }
        splits = replace(splits, parts=parts)
    before_bytes = peak_bytes()
    started_s = time.perf_counter()
    audit = audit_data(splits, method=case["method"], seed=case["seed"])
    audit_s = time.perf_counter() - started_s
    return {
        "n_texts": sum(audit.n_texts.values()),
        "n_issues": len(audit.issues),
        "audit_s": round(audit_s, 3),
        "checks_s": round(audit.checks_s, 3),
        "folds_s": round(audit.label_check.fit_s, 3),
        "before_bytes": before_bytes,
        "peak_bytes": peak_bytes(),
    }


def measure_scores(case: Case, root: Path) -> Case:
    """Score five made-up methods with intervals, and test them against each other, as a run does for one split."""
    from assay.data import LabelSet
    from assay.evaluation import EvidencePredictions, choose_method, score_predictions
    from assay.evaluation.slices import score_slices
    from assay.models import METHODS

    rng = np.random.default_rng(case["seed"])
    n_rows, n_classes = case["n_rows"], case["n_classes"]
    labels = LabelSet(tuple(f"label {i}" for i in range(n_classes)))
    label_ids = rng.integers(0, n_classes, n_rows)
    probs = {}
    for skill, method in enumerate(METHODS, start=1):
        logits = rng.normal(size=(n_rows, n_classes))
        logits[np.arange(n_rows), label_ids] += skill
        probs[method] = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    texts = [" ".join(["word"] * int(n)) for n in rng.integers(1, 40, n_rows)]
    started_s = time.perf_counter()
    for scores in probs.values():
        score_predictions(label_ids, scores, labels, seed=case["seed"])
        score_slices(texts, scores.argmax(axis=1) == label_ids)
    intervals_s = time.perf_counter() - started_s
    answers = {}
    for method, scores in probs.items():
        answers[method] = EvidencePredictions.held_out(label_ids, scores.argmax(axis=1))
    choose_method(answers, seed=case["seed"])
    total_s = time.perf_counter() - started_s
    return {
        "n_methods": len(probs),
        "intervals_s": round(intervals_s, 4),
        "tests_s": round(total_s - intervals_s, 4),
        "total_s": round(total_s, 4),
    }


def show_scores(entries: list[Case]) -> str:
    """Return the table: median and slowest of the repeats."""
    lines = [
        "| rows | classes | methods | runs | median, s | slowest, s |",
        "|---|---|---|---|---|---|",
    ]
    for (n_rows, n_classes), own in by(entries, "n_rows", "n_classes"):
        seconds = [one["total_s"] for one in own]
        lines.append(
            f"| {n_rows:,} | {n_classes} | {own[0]['n_methods']} | {len(own)} | {statistics.median(seconds):.2f} "
            f"| {max(seconds):.2f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(json.dumps(audit_once(json.loads(sys.argv[1]), Path(sys.argv[2]))))
