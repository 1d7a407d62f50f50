"""Everything a report shows, gathered into one JSON-able dict (report.json) from what the run measured.

Nothing is measured here: values are looked up, put in the order of the report and made plain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from assay.evaluation.compare import Comparison
from assay.evaluation.mistakes import Confusion, Mistake
from assay.evaluation.result import SplitScores
from assay.evaluation.slices import SliceScores
from assay.methods import FLOOR, METHODS

__all__ = ["ReportParts", "collect_report"]

SCHEMA_VERSION = 1
MAX_TEXT_CHARS = 1000  # of a text that is shown; a row may hold a hundred thousand
# Which split took part in which choice, unless the run says otherwise.
CHOICES = (
    {"choice": "weights, vocabulary and TF-IDF of every method", "split": "train"},
    {"choice": "regularisation, pooling, learning rates", "split": "none: fixed beforehand"},
    {"choice": "which epoch is kept", "split": "validation"},
    {"choice": "temperature of the calibrated scores", "split": "validation"},
    {"choice": "the score from which a text is answered", "split": "validation"},
    {"choice": "which texts count as unlike the training data", "split": "validation"},
    {"choice": "which labels are suspect", "split": "folds of train"},
    {"choice": "which method is recommended", "split": "validation"},
    {"choice": "none: scored once, at the end", "split": "test"},
)


@dataclass(frozen=True)
class ReportParts:
    """What a run hands over for its report. Only `results` is needed; sections without a part are left out.

    Parameters
    ----------
    results : dict
        results.json.
    summary : dict
        ``{"class_counts": {split: {label: n_texts}}, "words_per_text": {label: {"n_texts", "min",
        "whisker_low", "q1", "median", "q3", "whisker_high", "max"}}, "quantiles": {"characters":
        {"min", "p25", "median", "p75", "p95", "max"}, "words": {...}}, "first_rows": [{"split",
        "line", "text", "label_id", "label"}]}``; each key may be left out. Lengths are of the train
        split; a box may carry ``"outliers"``.
    duplicates : dict, optional
        ``{"repeats": {split: n_texts}, "leaks": [{"split", "of", "n_texts"}], "conflicts": n_texts,
        "examples": [{"text", "places": [{"split", "line", "label"}]}]}``: texts that repeat an
        earlier one of their split, texts of `split` that stand in `of` too, texts with different
        labels, some of these.
    tokens : dict, optional
        An example sentence: ``{"text", "characters": {"n_tokens", "n_distinct", "tokens"}, "words":
        {"n_tokens", "tokens"}, "subwords": {"checkpoint", "vocabulary_size", "max_tokens",
        "n_tokens", "tokens", "ids"}}``.
    truncation : dict, optional
        ``{"max_tokens", "fraction", "per_class": {label: fraction}}``: texts longer than a model
        reads.
    audit : dict, optional
        ``{"counts": [{"kind", "n_rows", "by_split"}], "near_leaks": [...], "languages": [...],
        "wrong_labels": {...}, "kinds": {kind: sentence}, "label_check": sentence, "notable":
        [sentence], "suspects": [{"row", "text", "label", "proposed_label", "score"}]}``: what the
        audit found; suspects are of train, the most suspect first.
    training : mapping of method to list of {epoch, train_loss, validation_accuracy,
    validation_f1_weighted}
        The epoch that was kept carries ``"kept": true``.
    mistakes : mapping of method to sequence of Mistake
    mistakes_split : str
        The split that `mistakes` are of.
    nearest : mapping of method to sequence of sequence of {text, label, similarity}
        For each mistake the train texts that are most like it. A method may be left out.
    slices : sequence of SliceScores
        Of the recommended method, on the split that the report shows.
    confusions : mapping of method to sequence of Confusion
        Of the split that the report shows: test, or validation where there is no test.
    calibration : mapping of method to {temperature, ece_before, ece_after, bins, bins_before}
        On validation; bins as `ReliabilityBin.to_dict`, `bins_before` may be left out.
    coverage : mapping of method to {split, n_texts, area, points, targets}
        Points are [coverage, accuracy] on `split`; a target is {target_accuracy, threshold, best,
        validation, test}, the last two as `Answered.to_dict`, or None with the threshold where it
        cannot be reached.
    comparisons : sequence of Comparison
    map : dict, optional
        ``{"points": (n_texts, 2), "label_ids": (n_texts,), "checkpoint", "pooling", "split"}``.
    how : dict
        ``{"command", "options": {name: value}, "versions": {name: version}, "seed", "choices":
        [{"choice", "split"}], "notes": [sentence]}``; each key may be left out.
    why : str
        The recommendation in one sentence, with times; empty: the sentence of `results`.
    """

    results: Mapping[str, Any]
    summary: Mapping[str, Any] = field(default_factory=dict)
    duplicates: Mapping[str, Any] | None = None
    tokens: Mapping[str, Any] | None = None
    truncation: Mapping[str, Any] | None = None
    audit: Mapping[str, Any] | None = None
    training: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    mistakes: Mapping[str, Sequence[Mistake]] = field(default_factory=dict)
    mistakes_split: str = "validation"
    nearest: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]] = field(default_factory=dict)
    slices: Sequence[SliceScores] = ()
    confusions: Mapping[str, Sequence[Confusion]] = field(default_factory=dict)
    calibration: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    coverage: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    comparisons: Sequence[Comparison] = ()
    map: Mapping[str, Any] | None = None
    how: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""


def collect_report(parts: ReportParts) -> dict[str, Any]:
    """Gather the report.

    Returns
    -------
    dict
        JSON-able, and all that rendering needs::

            {"schema_version": 1, "assay_version": str, "title": str, "labels": [str, ...],
             "verdict": {"method", "why", "split", "n_texts", "accuracy", "f1_weighted", "f1_macro",
             "intervals",
                         "warnings": [str, ...], "floor": {"label", "accuracy"} or null},
             "leaderboard": [{"method", "what", "recommended", "model_bytes", "fit_s",
             "predict_texts_per_s",
                              "comparison": {...} or null, "validation", "test": {"n_texts",
                              "accuracy", "interval", "f1_weighted", "f1_macro",
                                                     "log_loss", "ece", "without_leaks"} or null}],
             "problems": {"dropped": [...], "n_texts": {split: n}, "duplicates": {...} or null,
                          "truncation": {...} or null, "audit": {...} or null},
             "data": {"source", "splits": {...}, "class_counts", "words_per_text", "quantiles",
             "first_rows", "tokens"}, "classes": {"split", "per_class": [...], "f1_by_method":
             {method: [f1, ...]}}, "confusion": {"split", "counts", "fractions", "pairs": [...]},
             "calibration": {method: {...}}, "coverage": {method: {...}}, "mistakes": {"split",
             "by_method": {method: [{..., "nearest": [{"text", "label", "similarity"}]}]}},
             "slices": {"split", "rows": [{"kind", "name", "n_texts", "accuracy", "interval"}]},
             "training": {method: [...]}, "map": {...} or null, "how": {"command", "options",
             "versions", "seed", "choices", "notes", "machine", "total_s"}}

        Scores are fractions; those of one method are of the recommended one.
    """
    results = parts.results
    by_method = {row["method"]: row for row in results["methods"]}
    recommended = by_method[results["recommended"]]
    split = "test" if recommended.get("test") else "validation"
    scores = SplitScores.from_dict(recommended[split])
    report = {
        "schema_version": SCHEMA_VERSION,
        "assay_version": results["assay_version"],
        "title": PurePath(results["data"]["source"]).name or results["data"]["source"],
        "labels": results["data"]["labels"],
        "verdict": _verdict(parts, scores, split=split),
        "leaderboard": _leaderboard(parts),
        "problems": _problems(parts),
        "data": _data(parts),
        "classes": {
            "split": split,
            "per_class": [row.to_dict() for row in scores.per_class],
            "f1_by_method": {
                m: [c["f1"] for c in row[split]["per_class"]] for m, row in by_method.items()
            },
        },
        "confusion": {
            "split": split,
            "counts": scores.confusion,
            "fractions": scores.confusion_by_true,
            "pairs": parts.confusions.get(recommended["method"], ()),
        },
        "calibration": parts.calibration,
        "coverage": parts.coverage,
        "mistakes": {"split": parts.mistakes_split, "by_method": _cut_texts(_mistakes(parts))},
        "slices": {"split": split, "rows": parts.slices},
        "training": parts.training,
        "map": _map(parts.map),
        "how": _how(parts),
    }
    return dict(_plain(report))


def _verdict(parts: ReportParts, scores: SplitScores, *, split: str) -> dict[str, Any]:
    """Gather the first screen: the recommended method, its scores, and the floor they are read against."""
    floor = next(
        (row for row in parts.results["methods"] if row["method"] == FLOOR and row.get(split)), None
    )
    counts = parts.summary.get("class_counts", {}).get("train", {})
    return {
        "method": parts.results["recommended"],
        "why": parts.why or parts.results["why"],
        "split": split,
        "n_texts": scores.n_texts,
        "accuracy": scores.accuracy,
        "f1_weighted": scores.f1_weighted,
        "f1_macro": scores.f1_macro,
        "intervals": scores.intervals,
        "warnings": list(parts.results.get("warnings", ())),
        "floor": None
        if floor is None
        else {
            "label": max(counts, key=lambda label: counts[label]) if counts else None,
            "accuracy": floor[split]["accuracy"],
        },
    }


def _leaderboard(parts: ReportParts) -> list[dict[str, Any]]:
    comparisons = {c.method: c.to_dict() for c in parts.comparisons}
    timings = parts.results.get("timings", {})
    return [
        {
            "method": row["method"],
            "what": METHODS[row["method"]].description if row["method"] in METHODS else "",
            "recommended": row["method"] == parts.results["recommended"],
            "model_bytes": row.get("model_bytes"),
            "fit_s": timings.get(row["method"], {}).get("fit_s"),
            "predict_texts_per_s": timings.get(row["method"], {}).get("predict_texts_per_s"),
            "comparison": comparisons.get(row["method"]),
            "validation": _headline(row.get("validation")),
            "test": _headline(row.get("test")),
        }
        for row in parts.results["methods"]
    ]


def _headline(scores: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Pick the few scores that stand in a leaderboard."""
    if not scores:
        return None
    few = ("n_texts", "accuracy", "f1_weighted", "f1_macro", "log_loss", "ece", "without_leaks")
    return {"interval": scores["intervals"]["accuracy"]} | {name: scores.get(name) for name in few}


def _problems(parts: ReportParts) -> dict[str, Any]:
    data = parts.results["data"]
    return {
        "dropped": data.get("dropped", []),
        "n_texts": {name: part["n_texts"] for name, part in data["splits"].items()},
        "duplicates": _cut_texts(parts.duplicates),
        "truncation": parts.truncation,
        "audit": _cut_texts(parts.audit),
    }


def _data(parts: ReportParts) -> dict[str, Any]:
    summary = parts.summary
    return {
        "source": parts.results["data"]["source"],
        "splits": parts.results["data"]["splits"],
        "class_counts": summary.get("class_counts", {}),
        "words_per_text": summary.get("words_per_text", {}),
        "quantiles": summary.get("quantiles", {}),
        "first_rows": _cut_texts(summary.get("first_rows", ())),
        "tokens": parts.tokens,
    }


def _map(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Keep the map's points with four decimals: more than any picture shows, and a third of the bytes."""
    if given is None:
        return None
    points = [[round(float(x), 4), round(float(y), 4)] for x, y in given["points"]]
    return {**given, "points": points, "label_ids": [int(i) for i in given["label_ids"]]}


def _how(parts: ReportParts) -> dict[str, Any]:
    how = {
        "command": "",
        "options": {},
        "versions": {},
        "choices": CHOICES,
        "notes": (),
        **parts.how,
    }
    return {
        "seed": parts.results.get("seed"),
        **how,
        "machine": parts.results.get("machine", {}),
        "total_s": parts.results.get("timings", {}).get("total_s"),
    }


def _cut_texts(value: Any) -> Any:
    """Cut the values of every key ``text`` to what a reader would look at."""
    if isinstance(value, Mapping):
        return {
            key: inner[:MAX_TEXT_CHARS] + "…"
            if key == "text" and len(inner) > MAX_TEXT_CHARS
            else _cut_texts(inner)
            for key, inner in value.items()
        }
    return [_cut_texts(item) for item in value] if isinstance(value, (list, tuple)) else value


def _plain(value: Any) -> Any:
    """Turn result objects, arrays, tuples and paths into what JSON knows."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (str, bool, int, float)) else str(value)


def _mistakes(parts: ReportParts) -> dict[str, list[dict[str, Any]]]:
    """Put the nearest train texts beside each mistake, where they are known."""
    by_method: dict[str, list[dict[str, Any]]] = {}
    for method, mistakes in parts.mistakes.items():
        nearest = parts.nearest.get(method) or [()] * len(mistakes)
        by_method[method] = [
            {**_plain(mistake), "nearest": _plain(own)}
            for mistake, own in zip(mistakes, nearest, strict=True)
        ]
    return by_method
