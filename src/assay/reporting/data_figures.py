"""The figures of a data set: class frequencies, words per text, the map. They draw numbers and compute none.

Labels are untrusted: control characters are made visible and long names are cut to what their axis
can hold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay.reporting.canvas import (
    ACCENT,
    CLASS_COLOURS,
    GRID,
    INK,
    MUTED,
    colour_map,
    draw,
    new_figure,
)
from assay.reporting.escape import shorten, show_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_class_counts", "draw_map", "draw_words_per_text"]

WIDTH = 6.2  # inches: 930 pixels, shown at about 700, so that 9 point text is read as such
LABEL_CELLS = 26  # columns of a class name on an axis
MAX_PANELS = 100  # panels of a map; of more classes the most frequent are drawn


def draw_class_counts(counts: Mapping[str, int]) -> bytes:
    """Draw how many texts each class has: horizontal bars, the most frequent class on top.

    Parameters
    ----------
    counts : mapping of label to number of texts
    """

    def paint() -> Figure:
        ascending = sorted(counts.items(), key=lambda item: item[1])
        figure = new_figure(WIDTH, _rows_height(len(ascending)))
        ax = figure.subplots()
        bars = ax.barh(range(len(ascending)), [n for _, n in ascending], color=ACCENT, height=0.68)
        ax.bar_label(
            bars,
            [f"{n:,}" for _, n in ascending],
            padding=4,
            color=MUTED,
            fontsize=_row_size(len(ascending)),
        )
        _name_rows(ax, [label for label, _ in ascending])
        ax.set_xlabel("texts")
        ax.xaxis.set_major_formatter(_thousands)
        ax.margins(x=0.09)
        ax.grid(axis="x")
        ax.spines[["left", "bottom"]].set_visible(False)
        return figure

    return draw(paint)


def draw_words_per_text(boxes: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Draw a box plot of words per text for each class.

    Parameters
    ----------
    boxes : mapping of label to {whisker_low, q1, median, q3, whisker_high, outliers}
        In words; the first class stands on top. `outliers` may be left out; a class without texts
        (its values are None) gets no box.
    """

    def paint() -> Figure:
        labels = list(boxes)[::-1]
        drawn = [y for y, label in enumerate(labels) if boxes[label]["median"] is not None]
        figure = new_figure(WIDTH, _rows_height(len(labels)))
        ax = figure.subplots()
        ax.bxp(
            [_box(boxes[labels[y]]) for y in drawn],
            positions=drawn,
            widths=0.56,
            orientation="horizontal",
            patch_artist=True,
            manage_ticks=False,
            boxprops={"facecolor": "#d6e4f2", "edgecolor": ACCENT, "linewidth": 1},
            medianprops={"color": INK, "linewidth": 1.6},
            whiskerprops={"color": ACCENT, "linewidth": 1},
            capprops={"color": ACCENT, "linewidth": 1},
            flierprops={
                "marker": ".",
                "markersize": 3,
                "markeredgecolor": "none",
                "markerfacecolor": "#98a2b3",
            },
        )
        _name_rows(ax, labels)
        ax.set_xlim(left=0)
        ax.set_xlabel("words per text")
        ax.grid(axis="x")
        ax.spines[["left", "bottom"]].set_visible(False)
        return figure

    return draw(paint)


def _box(box: Mapping[str, Any]) -> dict[str, Any]:
    """Name the statistics of a box as matplotlib does."""
    names = {
        "med": "median",
        "q1": "q1",
        "q3": "q3",
        "whislo": "whisker_low",
        "whishi": "whisker_high",
    }
    return {theirs: box[ours] for theirs, ours in names.items()} | {
        "fliers": box.get("outliers", ())
    }


def draw_map(
    points: Sequence[Sequence[float]], label_ids: Sequence[int], labels: Sequence[str]
) -> bytes:
    """Draw where the texts of each class lie on a 2-D map: one hexbin panel a class, over all texts in grey.

    Parameters
    ----------
    points : shape (n_texts, 2)
    label_ids : sequence of int, n_texts long
    labels : sequence of str
    """

    def paint() -> Figure:
        by_class: list[list[Sequence[float]]] = [[] for _ in labels]
        for point, label_id in zip(points, label_ids, strict=True):
            by_class[label_id].append(point)
        shown = [i for i, own in enumerate(by_class) if own]
        if len(shown) > MAX_PANELS:
            shown = sorted(sorted(shown, key=lambda i: -len(by_class[i]))[:MAX_PANELS])
        n_columns = min(3 if len(shown) <= 9 else 4 if len(shown) <= 16 else 7, len(shown))
        n_rows = math.ceil(len(shown) / n_columns)
        side = (WIDTH if n_columns < 5 else 8.4) / n_columns if len(shown) > 1 else 4.0
        figure = new_figure(side * n_columns, (side + 0.12) * n_rows)
        axes = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
        box = _bounds(points)
        for place, ax in enumerate(axes.flat):
            if place >= len(shown):
                ax.set_visible(False)
                continue
            i = shown[place]
            _paint_panel(
                ax,
                points,
                by_class[i],
                box,
                colour=CLASS_COLOURS[i % len(CLASS_COLOURS)],
                n_columns=n_columns,
            )
            name = shorten(show_text(labels[i]), 17 if n_columns > 4 else 80 // n_columns)
            ax.set_title(name, fontsize=9.5 if n_columns < 5 else 7, pad=3)
        return figure

    return draw(paint)


def _thousands(value: float, _: object) -> str:
    return f"{value:,.0f}"


def _rows_height(n_rows: int) -> float:
    """Return the inches that so many named rows and an axis take."""
    return 0.7 + n_rows * (0.33 if n_rows <= 20 else 0.19)


def _row_size(n_rows: int) -> float:
    return 9 if n_rows <= 20 else 7.5


def _name_rows(ax: Axes, labels: Sequence[str]) -> None:
    names = [shorten(show_text(label), LABEL_CELLS) for label in labels]
    ax.set_yticks(range(len(labels)), names, fontsize=_row_size(len(labels)))
    ax.set_ylim(-0.6, len(labels) - 0.4)


def _bounds(points: Sequence[Sequence[float]]) -> tuple[float, float, float, float]:
    """Return the corners of the map, with a little air, never empty."""
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    air_x = 0.04 * (max(xs) - min(xs)) or 0.5
    air_y = 0.04 * (max(ys) - min(ys)) or 0.5
    return min(xs) - air_x, max(xs) + air_x, min(ys) - air_y, max(ys) + air_y


def _paint_panel(
    ax: Axes,
    points: Sequence[Sequence[float]],
    own: Sequence[Sequence[float]],
    box: tuple[float, float, float, float],
    *,
    colour: str,
    n_columns: int,
) -> None:
    n_bins = 34 if n_columns < 5 else 22
    for drawn, cmap, n_at_least in (
        (
            points,
            colour_map("#b9c2cf", gamma=0.5),
            6,
        ),  # a lone text of another class stays a shade, not a spot
        (own, colour_map(colour, gamma=0.55), 2),
    ):
        xs, ys = [point[0] for point in drawn], [point[1] for point in drawn]
        hexagons = ax.hexbin(
            xs, ys, gridsize=n_bins, cmap=cmap, extent=box, mincnt=1, linewidths=0.15
        )
        hexagons.set_clim(
            0, max(n_at_least, hexagons.get_clim()[1] or 0) * (1.6 if drawn is points else 1)
        )
    ax.set(xlim=box[:2], ylim=box[2:], xticks=[], yticks=[])
    ax.spines[:].set_visible(True)
    ax.spines[:].set_color(GRID)
