"""`linear` in twelve languages, beside the best scikit-learn pipeline of each language.

    python benchmarks/linear_languages.py            measure everything anew
    python benchmarks/linear_languages.py --resume   measure only what is missing

Of four pipelines (TF-IDF + LinearSVC) the one with the best accuracy on five folds of train stands
for scikit-learn in a language. Both are fitted on the 701 training texts and scored on the 204 test
texts of SIB-200. An exact McNemar test compares them in each language, and Holm's method corrects
the twelve p values. Nothing is chosen by looking at test.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
from pathlib import Path
from typing import Any

from house import DATA, RESULTS, Case, Results, describe_machine, log

PATH = RESULTS / "linear_languages.json"
PART = "languages"
N_FOLDS = 5
# Name in the table: settings of scikit-learn's TfidfVectorizer
PIPELINES: dict[str, dict[str, Any]] = {
    "words and pairs": {"ngram_range": (1, 2)},
    "1- to 3-character n-grams": {"analyzer": "char_wb", "ngram_range": (1, 3), "min_df": 2},
    "2- to 4-character n-grams": {"analyzer": "char_wb", "ngram_range": (2, 4), "min_df": 2},
    "1- to 5-character n-grams": {"analyzer": "char_wb", "ngram_range": (1, 5), "min_df": 2},
}


def read_split(folder: Path, split: str) -> tuple[list[str], list[str]]:
    """Return the texts and labels of one split of SIB-200, which is tab-separated."""
    with (folder / f"{split}.tsv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row["text"] for row in rows], [row["category"] for row in rows]


def make_pipeline_of(name: str) -> Any:
    """Return one of the four pipelines, not fitted."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    vectorizer = TfidfVectorizer(sublinear_tf=True, **PIPELINES[name])
    return make_pipeline(vectorizer, LinearSVC(random_state=0))


def choose_pipeline(texts: list[str], labels: list[str]) -> tuple[str, dict[str, float]]:
    """Return the name of the best pipeline on folds of train, and the accuracy of each."""
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    accuracy = {
        name: float(cross_val_score(make_pipeline_of(name), texts, labels, cv=folds).mean())
        for name in PIPELINES
    }
    return max(accuracy, key=lambda name: accuracy[name]), accuracy


def measure_language(folder: Path) -> Case:
    """Fit both on train; return the counts of right answers on test and the p value."""
    import numpy as np

    from assay.evaluation.compare import compare_methods
    from assay.models.linear import Linear

    texts, labels = read_split(folder, "train")
    test_texts, test_labels = read_split(folder, "test")
    chosen, on_folds = choose_pipeline(texts, labels)
    truth = np.array(test_labels)
    right = {
        "linear": Linear().fit(texts, labels).predict(test_texts) == truth,
        "scikit-learn": make_pipeline_of(chosen).fit(texts, labels).predict(test_texts) == truth,
    }
    compared = compare_methods(right, order=list(right))
    return {
        "pipeline": chosen,
        "accuracy_on_folds": on_folds,
        "n_test": len(truth),
        "n_linear_right": int(right["linear"].sum()),
        "n_pipeline_right": int(right["scikit-learn"].sum()),
        "p_value": min(one.p_value for one in compared),
    }


def correct_by_holm(p_values: list[float]) -> list[float]:
    """Return Holm's corrected p values, in the given order."""
    corrected = [1.0] * len(p_values)
    highest = 0.0
    ascending = sorted(range(len(p_values)), key=lambda i: p_values[i])
    for rank, i in enumerate(ascending):
        highest = max(highest, min(1.0, p_values[i] * (len(p_values) - rank)))
        corrected[i] = highest
    return corrected


def summarise(content: Case) -> str:
    """Return the table: accuracy of both in each language, and the corrected p value."""
    entries = sorted(content.get(PART, []), key=lambda entry: str(entry["language"]))
    corrected = correct_by_holm([entry["p_value"] for entry in entries])
    lines = [
        "| language | `linear` | best scikit-learn pipeline on folds of train | its accuracy "
        "| p, exact McNemar, Holm |",
        "|---|---|---|---|---|",
    ]
    means: dict[str, list[float]] = {"linear": [], "pipeline": []}
    for entry, p_value in zip(entries, corrected, strict=True):
        linear, pipeline = (
            entry[f"n_{name}_right"] / entry["n_test"] for name in ("linear", "pipeline")
        )
        means["linear"].append(linear)
        means["pipeline"].append(pipeline)
        lines.append(
            f"| {entry['language']} | {linear:.3f} | {entry['pipeline']} "
            f"| {pipeline:.3f} | {p_value:.2f} |"
        )
    if entries:
        linear, pipeline = (statistics.mean(found) for found in means.values())
        lines.append(f"| mean | {linear:.4f} | | {pipeline:.4f} | |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--resume", action="store_true", help="keep the languages that are there")
    parser.add_argument("--data", type=Path, default=DATA / "sib200")
    parser.add_argument("--out", type=Path, default=PATH)
    given = parser.parse_args()
    if not given.resume:
        given.out.unlink(missing_ok=True)
    results = Results(given.out, describe_machine(("assay", "scikit-learn", "numpy")))
    for folder in sorted(path for path in given.data.iterdir() if path.is_dir()):
        case = {"language": folder.name}
        if not results.has(PART, case):
            results.add(PART, case, measure_language(folder))
            log(folder.name)
    sys.stdout.write(summarise(results.content) + "\n")


if __name__ == "__main__":
    main()
