"""Several labels per text: assay's methods on GoEmotions, beside scikit-learn on the same kinds of terms.

    python benchmarks/several_labels.py            measure everything anew
    python benchmarks/several_labels.py --resume   measure only what is missing
    python benchmarks/several_labels.py --only linear,scikit-learn

Everything is fitted on train; calibration, epochs and thresholds come from validation; test is
scored once. scikit-learn is OneVsRestClassifier of a logistic regression (liblinear, the best of
three C on validation) on its own TF-IDF of words, pairs of words and character n-grams, with
thresholds that are chosen as assay does it. The times hold TF-IDF and choices.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from house import DATA, RESULTS, Case, Results, describe_machine, load_splits, log

PATH = RESULTS / "several_labels.json"
PART = "goemotions"
METHODS = ("linear", "compact", "features", "finetune")
PEER = "scikit-learn"
INVERSE_STRENGTHS = (1.0, 3.0, 10.0)
SMOKE_TEXTS = 300


def score(probs: Any, splits: Any, thresholds: Any, fit_s: float) -> Case:
    """Return the scores on test, with intervals."""
    from assay.evaluation.several_scores import score_several

    label_set = splits.label_set
    truth = label_set.encode(splits["test"].labels)
    predicted = (probs >= thresholds).astype("int64")
    found = score_several(truth, probs, predicted, label_set, thresholds, seed=0)
    return {
        "fit_s": round(fit_s, 1),
        "n_test": found.n_texts,
        "f1_macro": found.f1_macro,
        "f1_macro_interval": list(found.intervals["f1_macro"]),
        "f1_micro": found.f1_micro,
        "f1_micro_interval": list(found.intervals["f1_micro"]),
        "average_precision": found.average_precision,
        "ece": found.ece,
    }


def measure_method(method: str, splits: Any) -> Case:
    """Fit a method of assay and score it."""
    from assay.models import make_estimator, select_parameters

    train, validation = splits["train"], splits["validation"]
    estimator = make_estimator(method, **select_parameters(method, {"checkpoint": "minilm"}))
    started_s = time.perf_counter()
    estimator.fit(train.texts, train.labels, validation=(validation.texts, validation.labels))
    fit_s = time.perf_counter() - started_s
    columns = [estimator.classes_.tolist().index(label) for label in splits.label_set]
    probs = estimator.predict_proba(splits["test"].texts)[:, columns]
    return score(probs, splits, estimator.fitted_.thresholds[columns], fit_s)


def measure_peer(splits: Any) -> Case:
    """Fit scikit-learn on the TF-IDF of `linear`, and score it."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import average_precision_score
    from sklearn.multiclass import OneVsRestClassifier

    from assay.training.thresholds import fit_thresholds

    train, validation = splits["train"], splits["validation"]
    truth = splits.label_set.encode(train.labels)
    held_out = splits.label_set.encode(validation.labels)
    started_s = time.perf_counter()
    matrices = read_matrices(splits)
    candidates = []
    for C in INVERSE_STRENGTHS:
        one = OneVsRestClassifier(LogisticRegression(C=C, solver="liblinear"))
        one.fit(matrices["train"], truth)
        probs = one.predict_proba(matrices["validation"])
        precision = average_precision_score(held_out, probs, average="macro")
        candidates.append((float(np.nan_to_num(precision)), C, one, probs))
    _, C, best, probs = max(candidates, key=lambda found: found[0])
    thresholds = fit_thresholds(probs, held_out)
    fit_s = time.perf_counter() - started_s
    return {"C": C, **score(best.predict_proba(matrices["test"]), splits, thresholds, fit_s)}


def read_matrices(splits: Any) -> dict[str, Any]:
    """Return the TF-IDF of each split, with terms and weights that are learnt from train."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union

    characters = {"analyzer": "char_wb", "ngram_range": (2, 5), "min_df": 2}
    union = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(sublinear_tf=True, **characters),
    )
    found = {"train": union.fit_transform(splits["train"].texts)}
    for split in ("validation", "test"):
        found[split] = union.transform(splits[split].texts)
    return found


def summarise(content: Case) -> str:
    """Return the table: one row per method, from cheapest to most expensive."""
    lines = [
        "| method | macro F1 | micro F1 | average precision | calibration error | fit s |",
        "|---|---|---|---:|---:|---:|",
    ]
    for one in content.get(PART, []):
        macro, micro = (
            f"{one[name]:.3f} ({one[f'{name}_interval'][0]:.3f}–{one[f'{name}_interval'][1]:.3f})"
            for name in ("f1_macro", "f1_micro")
        )
        lines.append(
            f"| {one['method']} | {macro} | {micro} | {one['average_precision']:.3f} "
            f"| {one['ece']:.4f} | {one['fit_s']:.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--resume", action="store_true", help="keep the methods that are there")
    parser.add_argument("--only", default=",".join((PEER, *METHODS)), help="methods, by commas")
    parser.add_argument("--smoke", action="store_true", help="few texts, and nothing is written")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--out", type=Path, default=PATH)
    given = parser.parse_args()
    if not given.resume and not given.smoke:
        given.out.unlink(missing_ok=True)
    results = Results(None if given.smoke else given.out, describe_machine())
    splits = load_splits("goemotions", given.data)
    if given.smoke:
        parts = {name: one.take(range(SMOKE_TEXTS)) for name, one in splits.items()}
        splits = replace(splits, parts=parts)
    for method in given.only.split(","):
        case = {"method": method}
        if not results.has(PART, case):
            measured = measure_peer(splits) if method == PEER else measure_method(method, splits)
            results.add(PART, case, measured)
            log(method)
    sys.stdout.write(summarise(results.content) + "\n")


if __name__ == "__main__":
    main()
