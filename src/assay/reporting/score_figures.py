"""The figures of scores: leaderboard, confusion matrix, reliability, training. They draw numbers and compute none.

Labels are untrusted: control characters are made visible and long names are cut to what their axis
can hold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay.reporting.canvas import ACCENT, INK, MUTED, colour_map, draw, method_colour, new_figure
from assay.reporting.escape import shorten, show_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_confusion", "draw_leaderboard", "draw_reliability", "draw_training"]

WIDTH = 6.2  # inches: 930 pixels, shown at about 700, so that 9 point text is read as such
LABEL_CELLS = 26  # columns of a class name on an axis
MAX_CELL_TEXT = 15  # classes up to which a confusion matrix has room for numbers
MAX_NAMED = 120  # classes up to which an axis has room for their names


def draw_confusion(fractions: Sequence[Sequence[float]], labels: Sequence[str]) -> bytes:
    """Draw a confusion matrix whose rows are fractions of the true class.

    Parameters
    ----------
    fractions : shape (n_classes, n_classes), rows true, columns predicted
    labels : sequence of str
        In the order of rows and columns.
    """

    def paint() -> Figure:
        n_classes = len(labels)
        side = 2.4 + 0.45 * max(n_classes, 4) if n_classes <= MAX_CELL_TEXT else 10.5
        figure = new_figure(side + 0.6, side)
        ax = figure.subplots()
        image = ax.imshow(
            fractions, cmap=colour_map(ACCENT, gamma=0.65), vmin=0, vmax=1, interpolation="nearest"
        )
        if n_classes <= MAX_CELL_TEXT:
            _write_cells(ax, fractions)
            ax.set_xticks([x - 0.5 for x in range(n_classes + 1)], minor=True)
            ax.set_yticks([y - 0.5 for y in range(n_classes + 1)], minor=True)
            ax.grid(which="minor", color="white", linewidth=2)
            ax.tick_params(which="minor", length=0)
        _name_matrix(ax, labels)
        ax.set_xlabel("predicted label")
        ax.set_ylabel("true label")
        ax.spines[:].set_visible(n_classes > MAX_CELL_TEXT)
        bar = figure.colorbar(
            image, ax=ax, shrink=0.55, aspect=28, pad=0.02, format=lambda value, _: f"{value:.0%}"
        )
        bar.outline.set_visible(False)
        bar.ax.tick_params(labelsize=8, labelcolor=MUTED)
        bar.set_label("share of the true label's texts", color=MUTED, fontsize=8.5)
        return figure

    return draw(paint)


def draw_reliability(panels: Mapping[str, Mapping[str, Sequence[Mapping[str, float]]]]) -> bytes:
    """Draw how often each method was right against how sure it was, one panel a method.

    Parameters
    ----------
    panels : mapping of method to {"before": bins, "after": bins}
        Bins as {n_texts, confidence, accuracy}; "before" may be left out.
    """

    def paint() -> Figure:
        n_columns = min(len(panels), 2 if len(panels) <= 4 else 3)
        n_rows = math.ceil(len(panels) / n_columns)
        side = 2.6 if n_columns < 3 else 2.0
        figure = new_figure(side * n_columns + 0.4, (side + 0.25) * n_rows + 0.35, gap=0.1)
        axes = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
        for ax in list(axes.flat)[len(panels) :]:
            ax.set_visible(False)
        for ax, (method, bins) in zip(axes.flat, panels.items(), strict=False):
            ax.plot([0, 1], [0, 1], color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)))
            if bins.get("before"):
                _paint_bins(ax, bins["before"], colour="#98a2b3", filled=False)
            _paint_bins(ax, bins["after"], colour=method_colour(method), filled=True)
            ax.set_title(method)
            ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
            ax.xaxis.set_major_formatter(_percents)
            ax.yaxis.set_major_formatter(_percents)
            ax.grid()
            ax.spines[["left", "bottom"]].set_visible(False)
        for name, face in (("as trained", "white"), ("calibrated", MUTED)):
            axes.flat[0].plot(
                [], [], "o", color=MUTED, markerfacecolor=face, markersize=6, label=name
            )
        figure.legend(loc="outside upper right", ncols=2, handletextpad=0.2)
        figure.supxlabel("score of the predicted label", color=MUTED, fontsize=9)
        figure.supylabel("labelled right", color=MUTED, fontsize=9)
        return figure

    return draw(paint)


def draw_training(curves: Mapping[str, Sequence[Mapping[str, Any]]]) -> bytes:
    """Draw loss, validation accuracy and weighted F1 over epochs, one row a method.

    Parameters
    ----------
    curves : mapping of method to list of {epoch, train_loss, validation_accuracy, validation_f1_weighted}
        An epoch may carry ``"kept": true``.
    """

    def paint() -> Figure:
        figure = new_figure(WIDTH, 2.3 * len(curves) + 0.2, gap=0.08)
        axes = figure.subplots(len(curves), 2, squeeze=False)
        for (left, right), (method, epochs) in zip(axes, curves.items(), strict=True):
            colour = method_colour(method)
            at = [row["epoch"] for row in epochs]
            left.plot(
                at, [row["train_loss"] for row in epochs], color=colour, marker="o", markersize=4
            )
            left.set_title(f"{method}: training loss")
            left.set_ylim(bottom=0)
            accuracy = [row["validation_accuracy"] for row in epochs]
            f1 = [row["validation_f1_weighted"] for row in epochs]
            right.plot(at, accuracy, color=colour, marker="o", markersize=4, label="accuracy")
            right.plot(
                at,
                f1,
                color=INK,
                marker="s",
                markersize=3,
                linewidth=1,
                linestyle=(0, (2, 2)),
                label="weighted F1",
            )
            right.set_title(f"{method}: validation")
            right.yaxis.set_major_formatter(_tenths)
            right.legend(loc="lower right")
            for ax in (left, right):
                ax.set_xlabel("epoch")
                ax.set_xticks(at if len(at) <= 12 else at[:: math.ceil(len(at) / 10)])
                ax.set_xlim(min(at) - 0.3, max(at) + 0.3)
                ax.grid(axis="y")
                ax.spines["left"].set_visible(False)
            for row in epochs:
                if row.get("kept"):
                    place = (row["epoch"], row["validation_accuracy"])
                    right.annotate(
                        "kept",
                        place,
                        (0, 7),
                        textcoords="offset points",
                        ha="center",
                        fontsize=8,
                        color=colour,
                    )
            right.margins(y=0.25)
        return figure

    return draw(paint)


def draw_leaderboard(rows: Sequence[Mapping[str, Any]], *, recommended: str) -> bytes:
    """Draw accuracy on validation and test with 95 % intervals, one line a method, the first row on top.

    Parameters
    ----------
    rows : sequence of {method, validation: {accuracy, interval}, test: {accuracy, interval}}
        A split may be left out or None.
    recommended : str
        The method that is set in bold.
    """

    def paint() -> Figure:
        figure = new_figure(WIDTH, 0.52 * len(rows) + 0.95)
        ax = figure.subplots()
        for y, row in enumerate(reversed(rows)):
            colour = method_colour(row["method"])
            for split, shift, filled in (("validation", 0.14, False), ("test", -0.14, True)):
                if scores := row.get(split):
                    ax.plot(
                        scores["interval"],
                        [y + shift] * 2,
                        color=colour,
                        linewidth=1.8,
                        solid_capstyle="round",
                    )
                    face = colour if filled else "white"
                    ax.plot(
                        scores["accuracy"],
                        y + shift,
                        "o",
                        markersize=6,
                        color=colour,
                        markerfacecolor=face,
                    )
        names = [row["method"] for row in reversed(rows)]
        ax.set_yticks(range(len(rows)), names)
        for tick, name in zip(ax.get_yticklabels(), names, strict=True):
            if name == recommended:
                tick.set(
                    fontweight="bold", fontfamily="DejaVu Sans"
                )  # methods are Latin; Hangul fonts may lack bold
        for split, face in (("validation", "white"), ("test", MUTED)):
            if any(row.get(split) for row in rows):
                ax.plot([], [], "o", markersize=6, color=MUTED, markerfacecolor=face, label=split)
        ax.legend(
            loc="lower right", bbox_to_anchor=(1, 1), ncols=2, handletextpad=0.2, borderaxespad=0.2
        )
        ax.set_ylim(-0.6, len(rows) - 0.4)
        ax.xaxis.set_major_formatter(_percents)
        ax.set_xlabel("accuracy, with 95% intervals")
        ax.grid(axis="x")
        ax.spines[["left", "bottom"]].set_visible(False)
        return figure

    return draw(paint)


def _percents(value: float, _: object) -> str:
    return f"{value:.0%}"


def _tenths(value: float, _: object) -> str:
    return f"{value:.1%}"


def _name_matrix(ax: Axes, labels: Sequence[str]) -> None:
    n_classes = len(labels)
    if n_classes > MAX_NAMED:
        return
    size = 9 if n_classes <= MAX_CELL_TEXT else max(3.5, min(8.5, 420 / n_classes))
    names = [shorten(show_text(label), LABEL_CELLS) for label in labels]
    ax.set_yticks(range(n_classes), names, fontsize=size)
    ax.set_xticks(range(n_classes), names, fontsize=size, color=INK)
    if n_classes > MAX_CELL_TEXT:
        ax.tick_params(axis="x", rotation=90)
    elif n_classes > 4:
        for tick in ax.get_xticklabels():
            tick.set(rotation=40, ha="right", rotation_mode="anchor")


def _write_cells(ax: Axes, fractions: Sequence[Sequence[float]]) -> None:
    size = 9.5 if len(fractions) <= 8 else 7.5
    for y, row in enumerate(fractions):
        for x, value in enumerate(row):
            colour = "white" if value > 0.4 else INK if value >= 0.005 else "#b6bec9"
            ax.text(
                x, y, f"{100 * value:.0f}", ha="center", va="center", color=colour, fontsize=size
            )


def _paint_bins(
    ax: Axes, bins: Sequence[Mapping[str, float]], *, colour: str, filled: bool
) -> None:
    """Paint one dot a bin, as large as its share of the texts; dots on the frame are not cut off."""
    n_texts = sum(part["n_texts"] for part in bins)
    xs, ys = [part["confidence"] for part in bins], [part["accuracy"] for part in bins]
    sizes = [12 + 110 * part["n_texts"] / n_texts for part in bins]
    face = colour if filled else "white"
    ax.plot(xs, ys, color=colour, linewidth=1, alpha=0.6, clip_on=False)
    ax.scatter(
        xs, ys, s=sizes, color=face, edgecolor=colour, linewidth=1.1, zorder=3, clip_on=False
    )
