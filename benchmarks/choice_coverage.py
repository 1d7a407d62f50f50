"""A part of `benchmarks/choice.py`: whether intervals hold the accuracy on fresh texts."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from choice_data import load_drawn
from house import Case

__all__ = ["measure_coverage", "show_coverage"]

N_FRESH = 3000  # texts on which the accuracy is measured, at most
METHODS = ("majority", "linear", "features")


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
    splits, features = load_encoded(case["data"], root)
    draws = []
    for i in range(case["n_draws"]):
        rng = np.random.default_rng([case["block"], i])
        order = rng.permutation(len(splits["train"]))
        draws.append(_draw_once(splits, features, order, n_rows=case["n_rows"]))
    return {"draws": draws}


def _draw_once(splits: Any, features: np.ndarray, order: np.ndarray, *, n_rows: int) -> Case:
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
    for method in METHODS:
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
    choice = choose_method({method: one.answers for method, one in judged.items()})
    chosen = choice.recommended
    low, high = judged[chosen].scored.scores.intervals["accuracy"]
    return {
        "recommended": chosen,
        "evidence": judged[chosen].answers.accuracy,
        "low": low,
        "high": high,
        "fresh": fresh[chosen],
        "best_fresh": max(fresh.values()),
    }


def show_coverage(entries: list[Case]) -> str:
    """Return the table: how many intervals hold the accuracy on fresh texts, and how wide they are."""
    lines = ["| data | rows | draws | held | mean width | mean loss |", "|---|---|---|---|---|---|"]
    for data, n_rows in dict.fromkeys((one["data"], one["n_rows"]) for one in entries):
        draws = []
        for one in entries:
            if (one["data"], one["n_rows"]) == (data, n_rows):
                draws += one["draws"]
        held = np.mean([one["low"] <= one["fresh"] <= one["high"] for one in draws])
        width = np.mean([one["high"] - one["low"] for one in draws])
        lost = np.mean([one["best_fresh"] - one["fresh"] for one in draws])
        lines.append(
            f"| {data} | {n_rows} | {len(draws)} | {held:.1%} | {width:.3f} | {lost:.4f} |"
        )
    return "\n".join(lines)
