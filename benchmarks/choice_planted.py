"""A part of `benchmarks/choice.py`: planted wrong labels, and who finds them."""

from __future__ import annotations

import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from choice_data import load_drawn, plant_wrong_labels
from house import Case

__all__ = ["measure_planted", "show_planted"]

SHARE = 0.05
ORDERS = ("audit", "linear", "cleanlab")


def measure_planted(case: Case, root: Path) -> Case:
    """Plant wrong labels in train, judge them as an audit and as `linear` alone, and count."""
    from assay.audit.wrong_labels import find_wrong_labels
    from assay.data.texts import Splits
    from assay.evaluation.judges import judge_by_folds, mix_judges
    from assay.progress import Progress

    splits = load_drawn(case["data"], root, n_rows=case["n_rows"], seed=case["seed"])
    train, labels = splits["train"], splits.label_set
    true_ids = labels.ids(train.labels)
    rng = np.random.default_rng(case["seed"] + 7)
    label_ids, is_planted = plant_wrong_labels(true_ids, len(labels), SHARE, rng)
    planted = replace(train, labels=tuple(labels[i] for i in label_ids))
    data = Splits({"train": planted}, labels, source=case["data"])
    seed, progress = case["seed"], Progress()
    linear = judge_by_folds(data, "linear", seed=seed, progress=progress)
    features = judge_by_folds(data, "features", seed=seed, progress=progress)
    mixed = mix_judges([linear, features], data)
    found, agreement = {}, {}
    for name, judged in (("linear", linear), ("features", features), ("audit", mixed)):
        probs = judged.probs["train"]
        found[name] = _count_first(
            [one.row for one in find_wrong_labels(label_ids, probs)], is_planted
        )
        agreement[name] = float((probs.argmax(axis=1) == true_ids).mean())
    probs = mixed.probs["train"]
    found["cleanlab"] = _count_first(_cleanlab_rows(label_ids, probs), is_planted)
    called = [one for one in find_wrong_labels(label_ids, probs) if one.is_probable]
    return {
        "n_texts": len(train),
        "n_planted": int(is_planted.sum()),
        "judges": list(mixed.methods),
        "found": found,
        "true_accuracy": agreement,
        "n_probable": len(called),
        "n_probable_planted": int(is_planted[[one.row for one in called]].sum()),
        "expected_share": called[-1].expected_share if called else None,
    }


def _count_first(rows: list[int], is_planted: np.ndarray) -> int:
    """Count planted rows among as many first suspects as were planted."""
    return int(is_planted[rows[: int(is_planted.sum())]].sum())


def _cleanlab_rows(label_ids: np.ndarray, probs: np.ndarray) -> list[int]:
    from cleanlab.filter import find_label_issues

    rows = np.flatnonzero(~np.isnan(probs).any(axis=1))
    found: Any = find_label_issues(
        label_ids[rows], probs[rows], return_indices_ranked_by="self_confidence", n_jobs=1
    )
    return rows[found].tolist()


def show_planted(entries: list[Case]) -> str:
    """Return the table: the share found among as many suspects as were planted, means over seeds."""
    lines = [
        "| data | planted | audit | `linear` alone | cleanlab | called probably wrong | planted among them |",
        "|---|---|---|---|---|---|---|",
    ]
    for data, n_rows in dict.fromkeys((one["data"], one["n_rows"]) for one in entries):
        own = [one for one in entries if (one["data"], one["n_rows"]) == (data, n_rows)]
        found = {name: [one["found"][name] / one["n_planted"] for one in own] for name in ORDERS}
        shares = [f"{statistics.mean(values):.3f}" for values in found.values()]
        n_listed = sum(one["n_probable"] for one in own)
        right = sum(one["n_probable_planted"] for one in own) / max(1, n_listed)
        rows = "" if n_rows is None else f", {n_rows:,} rows"
        lines.append(
            f"| {data}{rows} | {own[0]['n_planted']:,} | {' | '.join(shares)} "
            f"| {n_listed / len(own):.0f} | {right:.0%} |"
        )
    return "\n".join(lines)
