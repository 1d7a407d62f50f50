"""What `benchmarks/trust.py` measures of assay's findings: planted wrong labels, and texts that are unlike train."""

from __future__ import annotations

import statistics
import string
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

__all__ = [
    "Case",
    "by",
    "load_named",
    "measure_planted",
    "measure_scope",
    "show_planted",
    "show_scope",
    "spread",
]

FLIPPED = 0.05  # of the train labels
Case = dict[str, Any]


def load_named(name: str, root: Path) -> Any:
    """Load a data set: a folder below `root`, or the built-in sample."""
    from assay.data import load_data

    if name != "sample" and not (root / name).is_dir():
        raise SystemExit(f"there is no data at {root / name}; give --data")
    return load_data("sample" if name == "sample" else root / name)


def measure_planted(case: Case, root: Path) -> Case:
    """Flip labels of train, judge them out of fold, and count the flipped among the first suspects."""
    splits = load_named(case["data"], root)

    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    from assay.audit.wrong_labels import find_wrong_labels
    from assay.data.texts import LabelledTexts
    from assay.evaluation.out_of_fold import predict_out_of_fold

    train, labels = splits["train"], splits.label_set
    rng = np.random.default_rng(case["seed"])
    label_ids = labels.ids(train.labels)
    flipped = rng.choice(len(train), size=round(FLIPPED * len(train)), replace=False)
    # Any other label, all equally likely.
    label_ids[flipped] = (label_ids[flipped] + rng.integers(1, len(labels), len(flipped))) % len(
        labels
    )
    planted = LabelledTexts(train.texts, tuple(labels[i] for i in label_ids), train.lines)
    judged = predict_out_of_fold(planted, labels, method="linear", seed=case["seed"])
    suspects = [one.row for one in find_wrong_labels(label_ids, judged.probs)]
    rows = np.flatnonzero(~np.isnan(judged.probs).any(axis=1))
    own_ids, probs = label_ids[rows], judged.probs[rows]
    issues = find_label_issues(own_ids, probs, return_indices_ranked_by="self_confidence", n_jobs=1)
    quality = get_label_quality_scores(own_ids, probs, method="self_confidence")
    orders = {
        "assay": suspects,
        "cleanlab_issues": rows[issues].tolist(),
        "cleanlab_quality": rows[np.argsort(quality, kind="stable")].tolist(),
    }
    is_flipped = np.zeros(len(train), dtype=bool)
    is_flipped[flipped] = True
    return {
        "n_texts": len(train),
        "n_flipped": len(flipped),
        "found": {
            name: int(is_flipped[order[: len(flipped)]].sum()) for name, order in orders.items()
        },
        "n_suspects": {name: len(order) for name, order in orders.items()},
        "found_of_all_suspects": int(is_flipped[suspects].sum()),
        "folds_s": round(judged.fit_s, 2),
    }


def show_planted(entries: list[Case]) -> str:
    """Return the table: the share of flipped labels among the first N suspects, mean and range over the seeds."""
    lines = [
        "| data | flipped | assay | cleanlab issues | cleanlab quality score | in all of assay's suspects |",
        "|---|---|---|---|---|---|",
    ]
    for name, own in by(entries, "data"):
        shares = [
            spread([one["found"][order] / one["n_flipped"] for one in own])
            for order in ("assay", "cleanlab_issues", "cleanlab_quality")
        ]
        recall = spread([one["found_of_all_suspects"] / one["n_flipped"] for one in own])
        suspects = statistics.mean(one["n_suspects"]["assay"] for one in own)
        lines.append(
            f"| {name} | {own[0]['n_flipped']:,} | {' | '.join(shares)} | {recall} of {suspects:,.0f} |"
        )
    return "\n".join(lines)


def measure_scope(case: Case, root: Path) -> Case:
    """Train on what is inside, and rank test texts from inside and outside by the model's scope."""
    from assay.recipes.train import train_model
    from assay.runtime import load_model

    inside, strangers = (hold_back if case["outside"] == "held back" else face_another)(case, root)
    with TemporaryDirectory() as folder:
        out = Path(folder) / "model"
        trained = train_model(inside, out, method=case["method"], seed=case["seed"])
        model = load_model(out)
        texts = [*inside["test"].texts, *strangers]
        is_inside = np.arange(len(texts)) < len(inside["test"])
        probs = model.predict_proba(texts)
        started_s = time.perf_counter()
        scope = model.scope(texts, probs=probs)
        scope_s = time.perf_counter() - started_s
        n_bytes = (out / "scope.json").stat().st_size
    is_out = scope < model.scope_threshold
    return {
        "n_inside": int(is_inside.sum()),
        "n_outside": len(strangers),
        "auroc": measure_auroc(is_inside, scope),
        "auroc_top_score": measure_auroc(is_inside, probs.max(axis=1)),
        "called_out_inside": float(is_out[is_inside].mean()),
        "called_out_outside": float(is_out[~is_inside].mean()),
        "test_accuracy": trained["test"]["accuracy"],
        "scope_texts_per_s": round(len(texts) / scope_s),
        "scope_json_bytes": n_bytes,
    }


def hold_back(case: Case, root: Path) -> tuple[Any, tuple[str, ...]]:
    """Return the data without some labels, drawn by the seed, and the test texts of those labels."""
    from assay.data import LabelSet
    from assay.data.texts import Splits

    splits = load_named(case["inside"], root)
    labels = splits.label_set
    held = {
        labels[i]
        for i in np.random.default_rng(case["seed"]).permutation(len(labels))[: case["n_held_back"]]
    }
    inside = {
        name: part.take([i for i, label in enumerate(part.labels) if label not in held])
        for name, part in splits.items()
    }
    kept = LabelSet(tuple(name for name in labels if name not in held))
    test = splits["test"]
    strangers = tuple(
        text for text, label in zip(test.texts, test.labels, strict=True) if label in held
    )
    return Splits(inside, kept, source=splits.source), strangers


def face_another(case: Case, root: Path) -> tuple[Any, tuple[str, ...]]:
    """Return a data set as it is, and the test texts of another, lower-cased and without punctuation.

    The case and the punctuation of banking77 alone would tell it from emotion, which has neither.
    """
    bare = str.maketrans("", "", string.punctuation)
    strangers = load_named(case["outside"], root)["test"].texts
    return load_named(case["inside"], root), tuple(
        text.lower().translate(bare) for text in strangers
    )


def measure_auroc(is_inside: np.ndarray, scores: np.ndarray) -> float:
    """Return the chance that a text from inside scores higher than one from outside."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(is_inside, scores))


def show_scope(entries: list[Case]) -> str:
    """Return the table: means over the seeds, with their range."""
    lines = [
        "| inside | outside | method | seeds | AUROC | of the top score | called out: inside | outside | texts/s |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (inside, outside, method), own in by(entries, "inside", "outside", "method"):
        columns = [spread([one[name] for one in own]) for name in ("auroc", "auroc_top_score")]
        columns += [
            f"{statistics.mean(one[name] for one in own):.1%}"
            for name in ("called_out_inside", "called_out_outside")
        ]
        speed = statistics.median(one["scope_texts_per_s"] for one in own)
        lines.append(
            f"| {inside} | {outside} | `{method}` | {len(own)} | {' | '.join(columns)} | {speed:,.0f} |"
        )
    return "\n".join(lines)


def by(entries: list[Case], *names: str) -> list[tuple[Any, list[Case]]]:
    """Group entries by the values of these names, in order of first sight."""
    groups: dict[Any, list[Case]] = {}
    for one in entries:
        groups.setdefault(
            one[names[0]] if len(names) == 1 else tuple(one[name] for name in names), []
        ).append(one)
    return list(groups.items())


def spread(values: list[float]) -> str:
    """Return the mean, with the range where there are several values."""
    around = f" ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{around}"
