"""A part of `benchmarks/choice.py`: whether intervals hold the accuracy on fresh texts."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from choice_data import load_drawn
from house import Case, by

__all__ = ["measure_coverage", "show_coverage"]

N_FRESH = 3000  # texts on which the accuracy is measured, at most


class KnownFeatures:
    """`features` with the encoder's work done beforehand, once for all draws."""

    method = "features"

    def __init__(self, features: np.ndarray) -> None:
        self.features = features

    def predict_fold(self, texts: Any, label_ids: np.ndarray, is_outside: np.ndarray) -> Any:
        """Fit a head on the texts inside, and predict those outside."""
        from assay.models.head import AffineHead

        head = AffineHead().fit(self.features[~is_outside], label_ids[~is_outside])
        return head.logits(self.features[is_outside]), head.classes_


@cache
def load_encoded(name: str, root: Path) -> tuple[Any, np.ndarray]:
    """Load the train split of a set, and what the encoder makes of its texts."""
    from assay.checkpoints.auto import choose_checkpoint
    from assay.checkpoints.cache import cached_features
    from assay.checkpoints.frozen import FrozenEncoder

    splits = load_drawn(name, root)
    texts = splits["train"].texts
    checkpoint = choose_checkpoint("auto", texts, seed=0).checkpoint
    return splits, cached_features(FrozenEncoder(checkpoint), texts)


def measure_coverage(case: Case, root: Path) -> Case:
    """Draw rows, judge out of fold, choose, and score the final model on rows that were not drawn."""
    methods = tuple(case["methods"].split(","))
    if "features" in methods:
        splits, features = load_encoded(case["data"], root)
    else:
        splits, features = load_drawn(case["data"], root), np.empty((0, 0))
    draws = []
    for i in range(case["n_draws"]):
        rng = np.random.default_rng([case["block"], i])
        order = rng.permutation(len(splits["train"]))
        draws.append(_draw_once(splits, features, order, n_rows=case["n_rows"], methods=methods))
    return {"draws": draws}


def _draw_once(
    splits: Any, features: np.ndarray, order: np.ndarray, *, n_rows: int, methods: tuple[str, ...]
) -> Case:
    from assay.data.duplicates import duplicate_groups
    from assay.evaluation.choice import choose_method
    from assay.evaluation.fold_evidence import FoldEvidence
    from assay.evaluation.fold_predictions import (
        FoldTexts,
        count_folds,
        count_repeats,
        predict_folds,
    )
    from assay.models import make_estimator
    from assay.progress import Progress

    label_set = splits.label_set
    used = order[: n_rows + N_FRESH]
    labelled = splits["train"].take(used.tolist())
    own = labelled.take(range(min(n_rows, len(used))))
    label_ids = label_set.ids(labelled.labels)
    texts = FoldTexts(own.texts, label_ids[:n_rows], duplicate_groups(own), len(label_set))
    is_fresh = np.arange(len(used)) >= n_rows

    def make(method: str, rows: np.ndarray) -> Any:
        return KnownFeatures(features[rows]) if method == "features" else make_estimator(method)

    judged, fresh = {}, {}
    for method in methods:
        found = predict_folds(
            texts,
            lambda method=method: make(method, used[:n_rows]),
            n_folds=count_folds(texts, 5),
            n_repeats=count_repeats(n_rows),
            seed=0,
            progress=Progress(),
        )
        judged[method] = FoldEvidence.judge(found, texts, own, label_set, temperature=1.0, seed=0)
        logits, classes = make(method, used).predict_fold(labelled.texts, label_ids, is_fresh)
        fresh[method] = float((classes[logits.argmax(axis=1)] == label_ids[is_fresh]).mean())
    choice = choose_method({method: one.predictions for method, one in judged.items()})
    chosen = choice.recommended
    low, high = judged[chosen].scored.scores.intervals["accuracy"]
    return {
        "recommended": chosen,
        "evidence": judged[chosen].predictions.accuracy,
        "low": low,
        "high": high,
        "fresh": fresh[chosen],
        "best_fresh": max(fresh.values()),
    }


def show_coverage(entries: list[Case]) -> str:
    """Return the table: how many intervals hold the accuracy on fresh texts, and how wide they are."""
    lines = [
        "| data | rows | methods | draws | held | mean width | below, above the interval |",
        "|---|---|---|---|---|---|---|",
    ]
    for (data, n_rows, methods), own in by(entries, "data", "n_rows", "methods").items():
        lines.append(f"| {data} | {n_rows} | {methods.replace(',', ', ')} | {_row(own)} |")
    lines.append(f"| all | | | {_row(entries)} |")
    return "\n".join(lines)


def _row(entries: list[Case]) -> str:
    draws = [draw for one in entries for draw in one["draws"]]
    below = sum(one["fresh"] < one["low"] for one in draws)
    above = sum(one["fresh"] > one["high"] for one in draws)
    width = np.mean([one["high"] - one["low"] for one in draws])
    held = 1 - (below + above) / len(draws)
    return f"{len(draws)} | {held:.1%} | {width:.3f} | {below}, {above}"
