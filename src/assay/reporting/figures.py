"""All figures of a report, by name: what is drawn, and from which numbers of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.catalogue import ENGLISH
from assay.reporting.coverage_figure import draw_coverage
from assay.reporting.curve_figure import draw_growth
from assay.reporting.data_figures import draw_class_counts, draw_map, draw_words_per_text
from assay.reporting.score_figures import (
    draw_confusion,
    draw_leaderboard,
    draw_reliability,
    draw_training,
)
from assay.reporting.several_figures import draw_together

__all__ = ["draw_figures", "draw_summary", "find_word_unit"]

# A curve over parts of fewer texts shows chance: its tables are shown, and no figure
LEAST_TEXTS = 100


def draw_figures(
    report: Mapping[str, Any],
    *,
    language: str = ENGLISH,
    drawn: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    """Draw every figure that the report has the numbers for.

    Parameters
    ----------
    report : dict
        As `collect_report` returns it, or read back from report.json.
    language : str
        Language of the words in the figures.
    drawn : mapping of name to PNG bytes, optional
        Figures that need not be drawn again: the confusion matrix is in a model's card too.

    Returns
    -------
    dict of name to PNG bytes
        Names are among ``leaderboard``, ``class_counts``, ``words_per_text``, ``confusion``,
        ``reliability``, ``coverage``, ``growth``, ``training`` and ``map``.
    """
    data = report["data"]
    figures = {
        "leaderboard": draw_leaderboard(
            report["leaderboard"],
            recommended=report["verdict"]["method"],
            metric=report["verdict"].get("metric", "accuracy"),  # earlier versions lack it
            language=language,
        )
    }
    if train_counts := data["class_counts"].get("train"):
        figures["class_counts"] = draw_class_counts(train_counts, language=language)
    if data["words_per_text"]:
        figures["words_per_text"] = draw_words_per_text(
            data["words_per_text"], unit=find_word_unit(report), language=language
        )
    figures["confusion"] = (drawn or {}).get("confusion") or draw_confusion(
        report["confusion"]["fractions"], report["labels"], language=language
    )
    if panels := _reliability_panels(report["calibration"]):
        figures["reliability"] = draw_reliability(panels, language=language)
    if coverage := _steady_coverage(report):
        figures["coverage"] = draw_coverage(
            coverage, recommended=report["verdict"]["method"], language=language
        )
    if more := report.get("more_texts"):
        figures["growth"] = draw_growth(more, language=language)
    if report["training"]:
        figures["training"] = draw_training(report["training"], language=language)
    if report["map"]:
        figures["map"] = draw_map(
            report["map"]["points"], report["map"]["label_ids"], report["labels"]
        )
    return figures


def _reliability_panels(calibration: Mapping[str, Any]) -> dict[str, Any]:
    """Return method -> its bins before and after calibration, where they hold enough texts."""
    panels = {}
    for method, measured in calibration.items():
        if sum(one["n_texts"] for one in measured["bins"]) >= LEAST_TEXTS:
            panels[method] = {"before": measured.get("bins_before"), "after": measured["bins"]}
    return panels


def _steady_coverage(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return method -> its curve; none where a few texts are all of it.

    Reports of earlier versions have no curves.
    """
    coverage: Mapping[str, Any] = report.get("coverage") or {}
    return {method: one for method, one in coverage.items() if one["n_texts"] >= LEAST_TEXTS}


def draw_summary(summary: Mapping[str, Any], *, language: str = ENGLISH) -> dict[str, bytes]:
    """Draw class frequencies and words per text of train, or of the first split without a train.

    Parameters
    ----------
    summary : dict
        As `assay.data.summary.summarise` returns it.
    language : str
        Language of the words in the figures.

    Returns
    -------
    dict of name to PNG bytes
        ``class_counts`` and ``words_per_text``; ``labels_together`` where texts have several.
    """
    splits = summary["splits"]
    split = "train" if "train" in splits else next(iter(splits))
    counts = {row["label"]: row["n_texts"] for row in splits[split]["classes"]}
    boxes = {box["label"]: box for box in splits[split]["word_boxes"]}
    figures = {
        "class_counts": draw_class_counts(counts, language=language),
        "words_per_text": draw_words_per_text(
            boxes, unit=splits[split]["word_unit"], language=language
        ),
    }
    together = splits[split].get("together")
    if together and together["pairs"] and len(counts) > 2:
        figures["labels_together"] = draw_together(
            together["counts"], list(counts), language=language
        )
    return figures


def find_word_unit(report: Mapping[str, Any]) -> str:
    """Return in what the words of a report's texts were counted: see `word_unit`."""
    units = report["data"].get("quantiles") or {}
    if "words_or_characters" in units:
        return "words_or_characters"
    return "words"
