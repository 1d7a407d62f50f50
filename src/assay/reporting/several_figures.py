"""The figures of a run on texts with several labels: F1 of each label, thresholds, pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from assay.catalogue import ENGLISH, open_language
from assay.reporting.canvas import (
    ACCENT,
    CLASS_COLOURS,
    INK,
    MUTED,
    colour_map,
    draw,
    new_figure,
    show_percent,
)
from assay.reporting.data_figures import draw_map
from assay.reporting.escape import shorten, show_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FIGURES", "MAX_LABELS", "MAX_TOGETHER", "draw_several", "draw_together", "find_drawn"]

# Table of the report -> figures that are shown with it
FIGURES = {
    "labels": ("labels_f1", "thresholds"),
    "together": ("labels_together",),
    "map": ("map",),
}
WIDTH = 6.2  # inches
MAX_LABELS = 60  # more have no room: the lowest F1, or the most frequent pairs
MAX_TOGETHER = 30
MAX_NUMBERED = 15  # labels: in the cells of more there is no room for numbers
LEAST_WRITTEN = 0.005  # a smaller share would be written as 0
ITSELF = "#e4e7ec"  # cells of a label and itself
DARK = 0.45  # share of the largest from which a cell is so dark that its number is white
LABEL_CELLS = 26
BEYOND = 1.25  # times the last threshold that any text reaches is the end of its axis


def draw_several(report: Mapping[str, Any], *, language: str = ENGLISH) -> dict[str, bytes]:
    """Draw every figure that the report has the numbers for: name -> PNG bytes.

    Parameters
    ----------
    report : mapping
        As `collect_several` returns it, or read back from report.json.
    language : str
        Language of the words in the figures.
    """
    recommended = next(one for one in report["methods"] if one["method"] == report["recommended"])
    figures = {}
    known = find_drawn(recommended["test"]["per_label"])
    if known:
        figures["labels_f1"] = _draw_labels(known, language)
    if report["thresholds"]:
        figures["thresholds"] = _draw_thresholds(report["thresholds"], language)
    together = report["data"]["together"]
    if together["pairs"] and len(report["data"]["labels"]) > 2:
        figures["labels_together"] = draw_together(
            together["counts"], report["data"]["labels"], language=language
        )
    if drawn := report.get("map"):
        figures["map"] = draw_map(drawn["points"], drawn["label_ids"], report["data"]["labels"])
    return figures


def find_drawn(per_label: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the labels whose F1 can be drawn with its interval."""
    return [one for one in per_label if one["f1_interval"] is not None]


def _named(label: str) -> str:
    return shorten(show_text(label), LABEL_CELLS)


def _draw_labels(per_label: Sequence[Mapping[str, Any]], language: str) -> bytes:
    say = open_language(language).say

    def paint() -> Figure:
        shown = sorted(per_label, key=lambda one: float(one["f1"]))[:MAX_LABELS]
        figure = new_figure(WIDTH, 0.6 + 0.24 * len(shown))
        ax = figure.subplots()
        f1 = np.array([one["f1"] for one in shown])
        low, high = np.array([one["f1_interval"] for one in shown]).T
        places = np.arange(len(shown))
        spread = np.vstack([np.maximum(0, f1 - low), np.maximum(0, high - f1)])
        ax.errorbar(f1, places, xerr=spread, fmt="o", color=ACCENT, markersize=5, linewidth=1.4)
        ax.set_yticks(places, [f"{_named(one['label'])} ({one['n_texts']:,})" for one in shown])
        ax.set_xlim(-0.02, 1.02)
        ax.set_ylim(-0.7, len(shown) - 0.3)
        ax.grid(axis="x")
        ax.xaxis.set_major_formatter(show_percent)
        ax.set_xlabel(say("figures.f1_intervals"))
        return figure

    return draw(paint)


def _draw_thresholds(curves: Sequence[Mapping[str, Any]], language: str) -> bytes:
    say = open_language(language).say

    def paint() -> Figure:
        n_columns = min(3, len(curves))
        n_rows = math.ceil(len(curves) / n_columns)
        figure = new_figure(2.5 * n_columns + 0.4, 2.1 * n_rows + 0.5, gap=0.08)
        axes = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False)
        for ax in list(axes.flat)[len(curves) :]:
            ax.set_visible(False)
        for ax, curve in zip(axes.flat, curves, strict=False):
            _paint_curve(ax, curve)
        names = (("columns.precision", CLASS_COLOURS[0]), ("columns.recall", CLASS_COLOURS[1]))
        for key, colour in names:
            axes.flat[0].plot([], [], color=colour, label=say(key))
        axes.flat[0].plot([], [], color=INK, linestyle=":", label=say("columns.threshold"))
        figure.legend(loc="outside upper right", ncols=3)
        figure.supxlabel(say("columns.threshold"), color=MUTED, fontsize=9)
        return figure

    return draw(paint)


def _paint_curve(ax: Axes, curve: Mapping[str, Any]) -> None:
    precision = [math.nan if one is None else one for one in curve["precision"]]
    ax.plot(curve["thresholds"], precision, color=CLASS_COLOURS[0])
    ax.plot(curve["thresholds"], curve["recall"], color=CLASS_COLOURS[1])
    ax.axvline(curve["threshold"], color=INK, linestyle=":", linewidth=1)
    ax.set_xlim(0, _last_threshold(curve))
    ax.set_ylim(-0.02, 1.02)
    ax.locator_params(axis="x", nbins=4)
    ax.yaxis.set_major_formatter(show_percent)
    ax.grid()
    ax.set_title(_named(curve["label"]))


def _last_threshold(curve: Mapping[str, Any]) -> float:
    """Return up to where a curve is drawn: a rare label has no score above, say, 0.25."""
    reached = [0.0, float(curve["threshold"])]
    for threshold, recall in zip(curve["thresholds"], curve["recall"], strict=True):
        if recall > 0:
            reached.append(float(threshold))
    return min(1.0, BEYOND * max(reached))


def draw_together(
    counts: Sequence[Sequence[int]], labels: Sequence[str], *, language: str = ENGLISH
) -> bytes:
    """Draw the share of the texts of each label that have each other label too.

    Parameters
    ----------
    counts : square matrix of int
        Texts that have both labels; on the diagonal those that have the label.
    labels : sequence of str
    language : str
        Language of the words in the figure.
    """
    say, matrix = open_language(language).say, np.array(counts)

    def paint() -> Figure:
        alone = np.diagonal(matrix)
        pairs = matrix - np.diag(alone)
        kept = np.sort(np.argsort(-pairs.sum(axis=1), kind="stable")[:MAX_TOGETHER])
        shares = pairs[np.ix_(kept, kept)] / np.maximum(alone[kept], 1)[:, None]
        side = 2.2 + 0.26 * max(len(kept), 6)
        figure = new_figure(side + 0.6, side + 0.4)
        ax = figure.subplots()
        # A label is always with itself, which is no share of 0
        is_itself = np.eye(len(kept), dtype=bool)
        colours = colour_map(ACCENT, gamma=0.65).with_extremes(bad=ITSELF)
        image = ax.imshow(np.ma.array(shares, mask=is_itself), cmap=colours, vmin=0)
        if len(kept) <= MAX_NUMBERED:
            _write_shares(ax, shares)
        names = [_named(labels[i]) for i in kept.tolist()]
        ax.set_xticks(np.arange(len(kept)), names, rotation=90)
        ax.set_yticks(np.arange(len(kept)), names)
        ax.spines[:].set_visible(False)
        bar = figure.colorbar(image, ax=ax, shrink=0.55, aspect=28, pad=0.02, format=show_percent)
        bar.outline.set_visible(False)
        # Below everything: beside the bar it is longer than a figure of few labels is high
        ax.set_xlabel(say("figures.share_with_other"), fontsize=8.5, labelpad=8)
        return figure

    return draw(paint)


def _write_shares(ax: Axes, shares: np.ndarray) -> None:
    """Write shares into their cells, in percent; nothing where it is 0."""
    largest = float(shares.max())
    for row, column in np.argwhere(shares > 0).tolist():
        share = float(shares[row, column])
        number, colour = f"{100 * share:.0f}", INK
        if share < LEAST_WRITTEN:
            number = "<1"
        if share > DARK * largest:
            colour = "white"
        ax.text(column, row, number, ha="center", va="center", fontsize=6.5, color=colour)
