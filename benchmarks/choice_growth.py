"""A part of `benchmarks/choice.py`: whether what twice as many texts bring is predicted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from choice_coverage import load_encoded
from choice_data import load_drawn
from house import Case, by

__all__ = ["measure_growth", "show_growth"]

DRAWS = 2  # first part of the seed: the draws of 1 were used to choose how growth is predicted
N_FRESH = 3000  # texts on which the growth is measured, at most


def measure_growth(case: Case, root: Path) -> Case:
    """Draw rows, predict what as many again bring, and measure it with them on fresh texts."""
    from assay.data.duplicates import duplicate_groups
    from assay.evaluation.fold_predictions import FoldTexts, count_folds
    from assay.evaluation.folds import deal_folds
    from assay.evaluation.growth import predict_growth
    from assay.evaluation.learning_curve import measure_curve
    from assay.progress import Progress

    features = None
    if case["method"] == "features":
        splits, features = load_encoded(case["data"], root)
    else:
        splits = load_drawn(case["data"], root)
    n_rows, n_classes = case["n_rows"], len(splits.label_set)
    order = np.random.default_rng([DRAWS, n_rows, case["draw"]]).permutation(len(splits["train"]))
    used = order[: 2 * n_rows + N_FRESH]
    labelled = splits["train"].take(used.tolist())
    label_ids = splits.label_set.ids(labelled.labels)
    own = labelled.take(range(n_rows))
    texts = FoldTexts(own.texts, label_ids[:n_rows], duplicate_groups(own), n_classes)
    if features is not None:
        features = features[used]
    predict = _make_predictor(case["method"], features, labelled.texts, label_ids)
    folds = deal_folds(
        texts.label_ids, texts.groups, n_folds=count_folds(texts, 5), seed=case["draw"]
    )
    whole = np.zeros(n_rows, dtype=np.int64)
    for fold in range(int(folds.max()) + 1):
        whole[folds == fold] = _answer(predict, folds != fold, folds == fold)
    curve = measure_curve(
        texts, folds, whole, predict, method=case["method"], seed=case["draw"], progress=Progress()
    )
    assert curve is not None
    found = predict_growth(curve, n_rows, 2 * n_rows)
    places = np.arange(len(used))
    is_fresh = places >= 2 * n_rows
    accuracies = []
    for n_texts in (n_rows, 2 * n_rows):
        given = _answer(predict, places < n_texts, is_fresh)
        accuracies.append(float((given == label_ids[is_fresh]).mean()))
    before, after = accuracies
    return {
        "accuracies": curve.accuracy.tolist(),
        "gain": found.gain,
        "low": found.low,
        "high": found.high,
        "fresh_before": before,
        "fresh_gain": after - before,
    }


def _make_predictor(
    method: str, features: np.ndarray | None, texts: Any, label_ids: np.ndarray
) -> Any:
    """Return what fits a method on some of the first rows and predicts others."""
    from assay.models import make_estimator
    from assay.models.head import AffineHead

    def on_features(is_inside: np.ndarray, is_outside: np.ndarray) -> Any:
        inside, outside = np.flatnonzero(is_inside), np.flatnonzero(is_outside)
        assert features is not None
        head = AffineHead().fit(features[inside], label_ids[inside])
        return head.logits(features[outside]), head.classes_

    def on_texts(is_inside: np.ndarray, is_outside: np.ndarray) -> Any:
        inside, outside = np.flatnonzero(is_inside), np.flatnonzero(is_outside)
        fitted = make_estimator(method).fit([texts[i] for i in inside], label_ids[inside])
        return fitted.decision_logits([texts[i] for i in outside]), fitted.classes_

    if features is not None:
        return on_features
    return on_texts


def _answer(predict: Any, is_inside: np.ndarray, is_outside: np.ndarray) -> np.ndarray:
    logits, classes = predict(is_inside, is_outside)
    given: np.ndarray = classes[logits.argmax(axis=1)]
    return given


def show_growth(entries: list[Case]) -> str:
    """Return the table: how far predictions are off, and how often their intervals hold."""
    lines = [
        "| data | method | rows | draws | predicted | measured | mean absolute error | held |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (data, method, n_rows), own in by(entries, "data", "method", "n_rows").items():
        lines.append(f"| {data} | `{method}` | {n_rows:,} | {_row(own)} |")
    lines.append(f"| all | | | {_row(entries)} |")
    return "\n".join(lines)


def _row(own: list[Case]) -> str:
    errors = [abs(one["gain"] - one["fresh_gain"]) for one in own]
    held = [one["low"] <= one["fresh_gain"] <= one["high"] for one in own]
    cells = [
        str(len(own)),
        f"{100 * np.mean([one['gain'] for one in own]):.1f}",
        f"{100 * np.mean([one['fresh_gain'] for one in own]):.1f}",
        f"{100 * np.mean(errors):.2f}",
        f"{np.mean(held):.0%}",
    ]
    return " | ".join(cells)
