"""The figures of scores: leaderboard, confusion matrix, reliability, training.

They draw numbers and compute none. Labels are untrusted: control characters are made visible, and
long names are cut to what their axis can hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay.catalogue import ENGLISH, open_language
from assay.evaluation.score_draws import MACRO_F1
from assay.reporting.canvas import (
    ACCENT,
    INK,
    MUTED,
    colour_map,
    draw,
    method_colour,
    new_figure,
    show_percent,
)
from assay.reporting.escape import shorten, show_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_confusion", "draw_leaderboard", "draw_reliability", "draw_training"]

WIDTH = 6.2  # inches: 930 pixels, shown at about 700, so that 9 point text looks like 9 points
LABEL_CELLS = 26  # columns of a class name on an axis
MAX_CELL_TEXT = 15  # with more classes, a confusion matrix has no room for numbers
MAX_NAMED = 120  # with more classes, an axis has no room for their names
MAX_FLAT_NAMES = 4  # with more classes, names on the horizontal axis are turned
PALE = "#98a2b3"
FEW_IN_BIN, FAINT = 5, 0.3  # texts of a bin whose share says little, and how it is drawn


def draw_confusion(
    fractions: Sequence[Sequence[float]], labels: Sequence[str], *, language: str = ENGLISH
) -> bytes:
    """Draw a confusion matrix whose rows are fractions of the true class.

    Parameters
    ----------
    fractions : shape (n_classes, n_classes), rows true, columns predicted
    labels : sequence of str
        In the order of rows and columns.
    language : str
        Language of the words in the figure.

    Returns
    -------
    bytes
        A PNG.
    """
    say = open_language(language).say

    def paint() -> Figure:
        n_classes = len(labels)
        is_small = n_classes <= MAX_CELL_TEXT
        side = 2.4 + 0.45 * max(n_classes, 4) if is_small else 10.5
        figure = new_figure(side + 0.6, side)
        ax = figure.subplots()
        image = ax.imshow(
            fractions, cmap=colour_map(ACCENT, gamma=0.65), vmin=0, vmax=1, interpolation="nearest"
        )
        if is_small:
            _write_cells(ax, fractions)
            _separate_cells(ax, n_classes)
        _name_matrix(ax, labels)
        ax.set_xlabel(say("figures.predicted_label"))
        ax.set_ylabel(say("figures.true_label"))
        ax.spines[:].set_visible(not is_small)
        bar = figure.colorbar(image, ax=ax, shrink=0.55, aspect=28, pad=0.02, format=show_percent)
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=8, labelcolor=MUTED)
        bar.set_label(say("figures.share_of_true_label"), color=MUTED, fontsize=8.5)
        return figure

    return draw(paint)


def draw_reliability(
    panels: Mapping[str, Mapping[str, Sequence[Mapping[str, float]]]], *, language: str = ENGLISH
) -> bytes:
    """Draw how often each method was right against how sure it was, one panel per method.

    Parameters
    ----------
    panels : mapping of method to {"before": bins, "after": bins}
        Bins as {n_texts, confidence, accuracy}, before and after calibration; "before" may be left
        out.
    language : str
        Language of the words in the figure.

    Returns
    -------
    bytes
        A PNG.
    """
    say = open_language(language).say

    def paint() -> Figure:
        most_columns, side = (2, 2.6) if len(panels) <= 4 else (3, 2.0)
        n_columns = min(len(panels), most_columns)
        n_rows = math.ceil(len(panels) / n_columns)
        figure = new_figure(side * n_columns + 0.4, (side + 0.25) * n_rows + 0.35, gap=0.1)
        axes = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
        for ax in list(axes.flat)[len(panels) :]:
            ax.set_visible(False)
        for ax, (method, bins) in zip(axes.flat, panels.items(), strict=False):
            _paint_reliability(ax, bins, colour=method_colour(method))
            ax.set_title(method)
        for key, face in (("figures.as_trained", "white"), ("figures.calibrated", MUTED)):
            axes.flat[0].plot(
                [], [], "o", color=MUTED, markerfacecolor=face, markersize=6, label=say(key)
            )
        figure.legend(loc="outside upper right", ncols=2, handletextpad=0.2)
        figure.supxlabel(say("figures.score"), color=MUTED, fontsize=9)
        figure.supylabel(say("figures.labelled_right"), color=MUTED, fontsize=9)
        return figure

    return draw(paint)


def draw_training(
    curves: Mapping[str, Sequence[Mapping[str, Any]]], *, language: str = ENGLISH
) -> bytes:
    """Draw loss, validation accuracy and weighted F1 over epochs, one row per method.

    Parameters
    ----------
    curves : mapping of method to list of epochs
        Each epoch has ``epoch``, ``train_loss``, ``validation_accuracy`` and
        ``validation_f1_weighted``; the one whose weights were kept has ``"kept": true``.
    language : str
        Language of the words in the figure.

    Returns
    -------
    bytes
        A PNG.
    """
    say = open_language(language).say

    def paint() -> Figure:
        figure = new_figure(WIDTH, 2.3 * len(curves) + 0.2, gap=0.08)
        axes = figure.subplots(len(curves), 2, squeeze=False)
        for (left, right), (method, epochs) in zip(axes, curves.items(), strict=True):
            left.set_title(say("figures.training_loss", method=method))
            right.set_title(say("figures.validation", method=method))
            _paint_loss(left, epochs, colour=method_colour(method))
            _paint_validation(right, epochs, say, colour=method_colour(method))
            for ax in (left, right):
                _name_epochs(ax, [row["epoch"] for row in epochs], title=say("figures.epoch"))
        return figure

    return draw(paint)


def draw_leaderboard(
    rows: Sequence[Mapping[str, Any]],
    *,
    recommended: str,
    metric: str = "accuracy",
    language: str = ENGLISH,
) -> bytes:
    """Draw the score on the evidence and on test with 95 % intervals, one line per method.

    Parameters
    ----------
    rows : sequence of {method, evidence: {accuracy, interval}, test: {accuracy, interval}}
        The first row is drawn on top. A split may be left out or None. For macro F1, with
        `f1_macro` and `f1_macro_interval`.
    recommended : str
        The method whose name is bold.
    metric : str
        By which methods were chosen.
    language : str
        Language of the words in the figure.

    Returns
    -------
    bytes
        A PNG.
    """
    words = open_language(language)

    def paint() -> Figure:
        figure = new_figure(WIDTH, 0.52 * len(rows) + 0.95)
        ax = figure.subplots()
        for y, row in enumerate(reversed(rows)):
            colour = method_colour(row["method"])
            evidence = row.get("evidence") or row.get("validation")
            _paint_score(ax, evidence, metric, y + 0.14, colour=colour, face="white")
            _paint_score(ax, row.get("test"), metric, y - 0.14, colour=colour, face=colour)
        _name_methods(ax, [row["method"] for row in reversed(rows)], recommended=recommended)
        has_validation = all(row.get("validation") for row in rows)
        evidence = "validation" if has_validation else "evidence"
        for split, face in ((evidence, "white"), ("test", MUTED)):
            name = words.word("splits", split)
            if any(row.get(split) for row in rows):
                ax.plot([], [], "o", markersize=6, color=MUTED, markerfacecolor=face, label=name)
        ax.legend(
            loc="lower right", bbox_to_anchor=(1, 1), ncols=2, handletextpad=0.2, borderaxespad=0.2
        )
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.xaxis.set_major_formatter(show_percent)
        ax.set_xlabel(words.say("figures.metric_intervals", metric=metric))
        ax.grid(axis="x")
        ax.spines[["left", "bottom"]].set_visible(False)
        return figure

    return draw(paint)


def _name_methods(ax: Axes, names: Sequence[str], *, recommended: str) -> None:
    """Write the methods on the axis, the recommended one in bold."""
    ax.set_yticks(range(len(names)), names)
    for tick, name in zip(ax.get_yticklabels(), names, strict=True):
        if name == recommended:
            # Names of methods are Latin, and DejaVu Sans has bold letters for them.
            tick.set(fontweight="bold", fontfamily="DejaVu Sans")


def _paint_score(
    ax: Axes, scores: Mapping[str, Any] | None, metric: str, y: float, *, colour: str, face: str
) -> None:
    """Paint a score as a dot on the line of its interval; nothing where there is none."""
    if not scores:
        return
    score, bounds = scores["accuracy"], scores["interval"]
    if metric == MACRO_F1:
        score, bounds = scores["f1_macro"], scores.get("f1_macro_interval")
    if bounds:
        ax.plot(bounds, [y, y], color=colour, linewidth=1.8, solid_capstyle="round")
    ax.plot(score, y, "o", markersize=6, color=colour, markerfacecolor=face)


def _paint_loss(ax: Axes, epochs: Sequence[Mapping[str, Any]], *, colour: str) -> None:
    numbers = [row["epoch"] for row in epochs]
    ax.plot(numbers, [row["train_loss"] for row in epochs], color=colour, marker="o", markersize=4)
    ax.set_ylim(0, 1.05 * ax.get_ylim()[1])  # a loss that hardly falls would be cut in half


def _paint_validation(
    ax: Axes, epochs: Sequence[Mapping[str, Any]], say: Callable[..., str], *, colour: str
) -> None:
    numbers = [row["epoch"] for row in epochs]
    accuracy = [row["validation_accuracy"] for row in epochs]
    f1 = [row["validation_f1_weighted"] for row in epochs]
    ax.plot(
        numbers, accuracy, color=colour, marker="o", markersize=4, label=say("figures.accuracy")
    )
    dashed: dict[str, Any] = {
        "marker": "s",
        "markersize": 3,
        "linewidth": 1,
        "linestyle": (0, (2, 2)),
    }
    ax.plot(numbers, f1, color=INK, label=say("figures.f1_weighted"), **dashed)
    ax.yaxis.set_major_formatter(_tenths)
    ax.legend(loc="lower right")
    for row in epochs:
        if row.get("kept"):
            ax.annotate(
                say("figures.kept"),
                (row["epoch"], row["validation_accuracy"]),
                (0, 7),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=colour,
            )
    ax.margins(y=0.25)


def _name_epochs(ax: Axes, numbers: Sequence[int], *, title: str) -> None:
    """Name every epoch on the axis, or about ten of many."""
    step = 1 if len(numbers) <= 12 else math.ceil(len(numbers) / 10)
    ax.set_xlabel(title)
    ax.set_xticks(numbers[::step])
    ax.set_xlim(min(numbers) - 0.3, max(numbers) + 0.3)
    ax.grid(axis="y")
    ax.spines["left"].set_visible(False)


def _tenths(value: float, _: object) -> str:
    return f"{value:.1%}"


def _name_matrix(ax: Axes, labels: Sequence[str]) -> None:
    """Write the class names on both axes, small and turned where there are many."""
    n_classes = len(labels)
    if n_classes > MAX_NAMED:
        return
    size = 9.0
    if n_classes > MAX_CELL_TEXT:
        size = max(3.5, min(8.5, 420 / n_classes))
    names = [shorten(show_text(label), LABEL_CELLS) for label in labels]
    ax.set_yticks(range(n_classes), names, fontsize=size)
    ax.set_xticks(range(n_classes), names, fontsize=size, color=INK)
    if n_classes > MAX_CELL_TEXT:
        ax.tick_params(axis="x", rotation=90)
    elif n_classes > MAX_FLAT_NAMES:
        for tick in ax.get_xticklabels():
            tick.set(rotation=40, ha="right", rotation_mode="anchor")


def _write_cells(ax: Axes, fractions: Sequence[Sequence[float]]) -> None:
    """Write the percentage into each cell, in a colour that can be read on it."""
    size = 9.5 if len(fractions) <= 8 else 7.5
    for y, row in enumerate(fractions):
        for x, value in enumerate(row):
            colour = "#b6bec9"
            if value > 0.4:
                colour = "white"
            elif value >= 0.005:
                colour = INK
            text = f"{100 * value:.0f}"
            ax.text(x, y, text, ha="center", va="center", color=colour, fontsize=size)


def _separate_cells(ax: Axes, n_classes: int) -> None:
    """Draw white lines between the cells: a grid on minor ticks, which lie between the classes."""
    edges = [i - 0.5 for i in range(n_classes + 1)]
    ax.set_xticks(edges, minor=True)
    ax.set_yticks(edges, minor=True)
    ax.grid(which="minor", color="white", linewidth=2)
    ax.tick_params(which="minor", length=0)


def _paint_reliability(
    ax: Axes, bins: Mapping[str, Sequence[Mapping[str, float]]], *, colour: str
) -> None:
    """Paint the bins of one method over the diagonal, on which scores would be frequencies."""
    ax.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
    if bins.get("before"):
        _paint_bins(ax, bins["before"], colour=PALE, face="white")
    _paint_bins(ax, bins["after"], colour=colour, face=colour)
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    ax.xaxis.set_major_formatter(show_percent)
    ax.yaxis.set_major_formatter(show_percent)
    ax.grid()
    ax.spines[["left", "bottom"]].set_visible(False)


def _paint_bins(ax: Axes, bins: Sequence[Mapping[str, float]], *, colour: str, face: str) -> None:
    """Paint one dot per bin, as large as its share of the texts; faint where it has few.

    Dots on the frame are not cut off.
    """
    n_texts = sum(one["n_texts"] for one in bins)
    steady = [one for one in bins if one["n_texts"] >= FEW_IN_BIN]
    few = [one for one in bins if one["n_texts"] < FEW_IN_BIN]
    xs, ys = _places(steady)
    ax.plot(xs, ys, color=colour, linewidth=1, alpha=0.6, clip_on=False)
    for own, alpha in ((steady, 1.0), (few, FAINT)):
        sizes = [12 + 110 * one["n_texts"] / n_texts for one in own]
        dots = ax.scatter(
            *_places(own), s=sizes, color=face, edgecolor=colour, linewidth=1.1, clip_on=False
        )
        dots.set(alpha=alpha, zorder=3)


def _places(bins: Sequence[Mapping[str, float]]) -> tuple[list[float], list[float]]:
    """Return where the dots of bins are."""
    return [one["confidence"] for one in bins], [one["accuracy"] for one in bins]
