"""Everything a report shows, gathered from what the run measured into report.json.

Nothing is measured here: values are looked up, put in the order of the report and made plain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import PurePath
from typing import Any

from assay._version import __version__
from assay.catalogue import ENGLISH, Fact, open_language
from assay.evaluation.more_texts import MoreTexts
from assay.evaluation.rule_effects import RuleOutcomeEntry
from assay.evaluation.scoring import ScoredSplit
from assay.methods import FLOOR, METHODS
from assay.reporting.method_result import MethodResult
from assay.reporting.old_reports import REPORT_VERSION
from assay.reporting.results import Results
from assay.reporting.sections import ReportSections

__all__ = ["collect_report"]

JSON_TYPES = (str, bool, int, float, type(None))
MAX_TEXT_CHARS = 1000  # of a text that is shown; a row may hold a hundred thousand


def collect_report(results: Results, sections: ReportSections | None = None) -> dict[str, Any]:
    """Gather the report.

    Returns
    -------
    dict
        JSON-able, and all that rendering needs: facts (``{"kind": str, ...}``, see `Fact`) and
        numbers, no sentences. Scores are fractions::

            {"schema_version": 2, "assay_version": str, "title": str, "labels": [str, ...],
             "verdict": {"method", "metric", "reasons": [fact, ...], "split",
                         "leads_with_evidence", "n_texts",
                         "accuracy", "f1_weighted", "f1_macro", "intervals",
                         "warnings": [fact, ...],
                         "floor": {"label", "accuracy"} or null},
             "leaderboard": [{"method", "what", "recommended", "model_bytes", "fit_s",
                              "predict_texts_per_s", "comparison": {...} or null,
                              "validation": {...}, "test": {"n_texts", "accuracy", "interval",
                              "f1_macro_interval", "f1_weighted", "f1_macro", "log_loss", "ece",
                              "without_leaks"}}],
             "problems": {"dropped", "n_empty_rows", "n_texts", "duplicates", "truncation",
                          "audit"},
             "data": {"source", "unit", "splits", "class_counts", "words_per_text",
                      "quantiles", "first_rows", "tokens"},
             "classes": {"split", "per_class": [...], "f1_by_method": {method: [f1, ...]}},
             "confusion": {"split", "counts", "fractions", "pairs": [...]},
             "calibration": {method: {...}}, "coverage": {method: {...}},
             "label_rule": {...} or null, "more_texts": {..., "facts": [fact, ...]} or null,
             "no_more_texts": fact or null,
             "mistakes": {"split", "by_method": {method: [{..., "nearest": [...]}]}},
             "slices": {"split", "rows": [...]}, "training": {method: [...]}, "map": {...} or null,
             "how": {"seed", "command", "options", "versions", "notes", "choices", "machine",
                     "total_s"}}
    """
    sections = sections or ReportSections()
    source = results.splits.source
    report = {
        "schema_version": REPORT_VERSION,
        "assay_version": __version__,
        "title": PurePath(source).name or source,
        "labels": list(results.splits.label_set),
        "verdict": _verdict(results, sections),
        "leaderboard": [_leaderboard_row(results, one) for one in results.methods],
        **_describe(results, sections),
        **_explain(results, sections),
        "how": _how(results, sections),
    }
    return dict(_plain(report))


def _verdict(results: Results, sections: ReportSections) -> dict[str, Any]:
    """Gather the first screen: the recommended method, its scores, and the floor beside them."""
    split = results.shown_split
    scores = results.recommended.shown(split).scores
    floor = None
    for one in results.methods:
        if one.method == FLOOR:
            label = sections.data.most_frequent_label
            floor = {"label": label, "accuracy": one.shown(split).scores.accuracy}
    return {
        "method": results.choice.recommended,
        "metric": results.choice.metric,
        "reasons": results.choice.reasons,
        "split": split,
        "leads_with_evidence": split != "test",
        "n_texts": scores.n_texts,
        "accuracy": scores.accuracy,
        "f1_weighted": scores.f1_weighted,
        "f1_macro": scores.f1_macro,
        "intervals": scores.intervals,
        "warnings": results.caveats(),
        "near": results.near_claim(results.recommended),
        "floor": floor,
    }


def _leaderboard_row(results: Results, one: MethodResult) -> dict[str, Any]:
    compared = {comparison.method: comparison for comparison in results.choice.comparisons}
    return {
        "method": one.method,
        "what": _description(one.method),
        "recommended": one.method == results.choice.recommended,
        "model_bytes": one.model.n_bytes,
        **one.timings(),
        "comparison": compared.get(one.method),
        "evidence": {"kind": one.predictions().kind, **(_headline(one.evidence) or {})},
        "validation": _headline(one.scored.get("validation")),
        "test": _headline(one.scored.get("test")),
    }


def _description(method: str) -> str:
    """Return what the maker of a method says about it; empty if the catalogue says it."""
    if open_language(ENGLISH).knows(f"methods.{method}") or method not in METHODS:
        return ""
    return METHODS[method].description


def _headline(scored: ScoredSplit | None) -> dict[str, Any] | None:
    """Pick the few scores that a leaderboard shows. None if the split was not scored."""
    if scored is None:
        return None
    plain = scored.to_dict()
    few = ("n_texts", "accuracy", "f1_weighted", "f1_macro", "log_loss", "ece", "without_leaks")
    headline = {name: plain.get(name) for name in few}
    intervals = plain["intervals"]
    bounds = {"interval": intervals["accuracy"], "f1_macro_interval": intervals.get("f1_macro")}
    return bounds | headline


def _describe(results: Results, sections: ReportSections) -> dict[str, Any]:
    """Gather the parts about the data: what is wrong with them, and how they look."""
    splits = results.splits
    sizes = {}
    for name, labelled in splits.items():
        sizes[name] = {"n_texts": len(labelled), "sha256": results.fingerprints[name]}
    return {
        "problems": {
            "dropped": splits.dropped,
            "n_empty_rows": splits.n_empty_rows,
            "n_texts": {name: len(labelled) for name, labelled in splits.items()},
            "duplicates": sections.duplicates,
            "truncation": sections.truncation,
            "audit": sections.audit,
        },
        "data": {
            "source": splits.source,
            "unit": splits.unit,
            "splits": sizes,
            "class_counts": sections.data.class_counts,
            "words_per_text": sections.data.words_per_text,
            "quantiles": sections.data.quantiles,
            "first_rows": sections.data.first_rows,
            "tokens": sections.tokens,
        },
    }


def _explain(results: Results, sections: ReportSections) -> dict[str, Any]:
    """Gather the parts that explain the scores."""
    split = results.shown_split
    scores = results.recommended.shown(split).scores
    f1_by_method, coverage = {}, {}
    for one in results.methods:
        f1_by_method[one.method] = [row.f1 for row in one.shown(split).scores.per_class]
        if METHODS[one.method].reads_texts and one.coverage:
            coverage[one.method] = one.coverage
    return {
        "classes": {"split": split, "per_class": scores.per_class, "f1_by_method": f1_by_method},
        "confusion": {
            "split": split,
            "counts": scores.confusion,
            "fractions": scores.confusion_by_true,
            "pairs": sections.confusions,
        },
        "calibration": sections.calibration,
        "coverage": coverage,
        "label_rule": _label_rule(results),
        "more_texts": _more_texts(results),
        "no_more_texts": results.more_texts if isinstance(results.more_texts, Fact) else None,
        "mistakes": {"split": sections.mistakes_split, "by_method": sections.mistakes},
        "slices": {"split": split, "rows": sections.slices},
        "training": sections.training,
        "map": _map(sections.map),
    }


def _label_rule(results: Results) -> RuleOutcomeEntry | None:
    """Return which label the recommended model gives, if that was asked for."""
    outcome = results.recommended.label_rule
    if outcome is None:
        return None
    return outcome.to_dict(results.splits.label_set.names)


def _more_texts(results: Results) -> Mapping[str, object] | None:
    """Return what twice as many texts would bring, with facts in the place of sentences."""
    more = results.more_texts
    if not isinstance(more, MoreTexts):
        return None
    entry = {name: value for name, value in more.to_dict().items() if name != "said"}
    return {**entry, "facts": more.facts()}


def _map(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Round the map's points to four decimals: finer than any picture, and a third of the bytes."""
    if given is None:
        return None
    points = [[round(float(x), 4), round(float(y), 4)] for x, y in given["points"]]
    return {**given, "points": points, "label_ids": list(map(int, given["label_ids"]))}


def _how(results: Results, sections: ReportSections) -> dict[str, Any]:
    return {
        "seed": results.seed,
        **_plain(sections.how),
        "machine": results.machine.to_dict(),
        "total_s": round(results.total_s, 3),
    }


def _plain(value: Any) -> Any:
    """Turn result objects, arrays, tuples and paths into JSON values; cut the texts among them."""
    if hasattr(value, "to_dict"):
        return _plain(value.to_dict())
    if is_dataclass(value):
        return _plain({one.name: getattr(value, one.name) for one in fields(value)})
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain_entry(key, inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return list(map(_plain, value))
    if isinstance(value, JSON_TYPES):
        return value
    return str(value)


def _plain_entry(key: object, value: Any) -> Any:
    """Cut the value of a key ``text`` to what a reader would look at."""
    if key == "text" and isinstance(value, str) and len(value) > MAX_TEXT_CHARS:
        return value[:MAX_TEXT_CHARS] + "…"
    return _plain(value)
