"""A part of `benchmarks/labelling.py`: planted wrong labels, corrected on the review page.

A simulated reviewer who is always right takes the rows in the order of the page. Whoever knows the
truth can only correct what comes: the share of planted labels among the first rows is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from choice_data import load_drawn, plant_wrong_labels
from house import Case, by

from assay.audit.checks import audit_data
from assay.data.texts import Splits
from assay.progress import Progress
from assay.review.suspects import find_suspects

__all__ = ["REVIEWED_SETS", "measure_review", "show_review"]

REVIEWED_SETS = ("emotion", "banking77", "wisesight")
N_ROWS = 2_000
SHARE = 0.05
DECISIONS = (50, 100, 150, 300)


def measure_review(case: Case, root: Path) -> Case:
    """Plant wrong labels in 2,000 rows of train, audit them, and review the first rows."""
    seed = case["seed"]
    splits = load_drawn(case["set"], root, n_rows=N_ROWS, seed=seed)
    train, labels = splits["train"], splits.label_set
    rng = np.random.default_rng(seed + 7)
    ids, is_planted = plant_wrong_labels(labels.ids(train.labels), len(labels), SHARE, rng)
    planted = replace(train, labels=tuple(labels[i] for i in ids))
    data = Splits({"train": planted}, labels, source=case["set"])
    audit = audit_data(data, method=case["method"], seed=seed, progress=Progress())
    row_of = {line: row for row, line in enumerate(planted.lines)}
    reviewed = [row_of[one.issue.row] for one in find_suspects(audit.issues)]
    corrected = {str(n): int(is_planted[reviewed[:n]].sum()) for n in DECISIONS}
    return {
        "n_texts": len(train),
        "n_planted": int(is_planted.sum()),
        "n_suspects": len(reviewed),
        "n_corrected": corrected,
    }


def show_review(entries: Sequence[Case]) -> str:
    """Return the table: the share of planted labels that is corrected, means over seeds."""
    lines = [
        "| set | audit | seeds | " + " | ".join(f"{n} decisions" for n in DECISIONS) + " |",
        "|---|---|---|" + "---|" * len(DECISIONS),
    ]
    for (name, method), own in by(entries, "set", "method").items():
        shares = []
        for n in DECISIONS:
            found = [one["n_corrected"][str(n)] / one["n_planted"] for one in own]
            shares.append(f"{np.mean(found):.3f}")
        lines.append(f"| {name} | `{method}` | {len(own)} | {' | '.join(shares)} |")
    return "\n".join(lines)
