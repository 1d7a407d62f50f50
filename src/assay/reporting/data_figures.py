"""The figures of a data set: class frequencies, words per text, the map.

They draw numbers and compute none. Labels are untrusted: control characters are made visible, and
long names are cut to what their axis can hold.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assay.catalogue import ENGLISH, open_language
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
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Points = Sequence[Sequence[float]] | np.ndarray  # of shape (n_texts, 2)
    LabelIds = Sequence[int] | Sequence[Sequence[int]] | np.ndarray

__all__ = ["draw_class_counts", "draw_map", "draw_words_per_text"]

WIDTH = 6.2  # inches: 930 pixels, shown at about 700, so that 9 point text looks like 9 points
LABEL_CELLS = 26  # columns of a class name on an axis
MAX_PANELS = 100  # panels of a map; of more classes, the most frequent are drawn
MAX_ROWS = 100  # rows of a figure; of more classes, the most frequent are drawn
MAX_LARGE_ROWS = 20  # rows of this many classes are drawn in full height
LENGTHS = {  # what the axis of lengths is called, by what was counted
    "words": "figures.words_per_text",
    "words_or_characters": "figures.words_or_characters_per_text",
}


def draw_class_counts(counts: Mapping[str, int], *, language: str = ENGLISH) -> bytes:
    """Draw how many texts each class has: horizontal bars, the most frequent class on top.

    Parameters
    ----------
    counts : mapping of label to number of texts
        If there are too many, the rare ones are one bar at the bottom.
    language : str
        Language of the words in the figure.

    Returns
    -------
    bytes
        A PNG.
    """

    def paint() -> Figure:
        ascending = _frequent_counts(counts, language)
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
        ax.set_xlabel(open_language(language).say("figures.texts"))
        ax.locator_params(axis="x", integer=True)  # the marks are rounded: 2.5 would be named 2
        ax.xaxis.set_major_formatter(_thousands)
        ax.margins(x=0.09)
        ax.grid(axis="x")
        ax.spines[["left", "bottom"]].set_visible(False)
        return figure

    return draw(paint)


def _frequent_counts(counts: Mapping[str, int], language: str) -> list[tuple[str, int]]:
    """Return labels with their counts, ascending; rare ones of too many come first, as one row."""
    ascending = sorted(counts.items(), key=lambda item: item[1])
    if len(ascending) <= MAX_ROWS:
        return ascending
    rare, frequent = ascending[: 1 - MAX_ROWS], ascending[1 - MAX_ROWS :]
    rest = open_language(language).say("figures.more_labels", n=len(rare))
    return [(rest, sum(n for _, n in rare)), *frequent]


def draw_words_per_text(
    boxes: Mapping[str, Mapping[str, Any]], *, unit: str = "words", language: str = ENGLISH
) -> bytes:
    """Draw a box plot of words per text for each class.

    Parameters
    ----------
    boxes : mapping of label to {whisker_low, q1, median, q3, whisker_high, outliers}
        In words; the first class is on top. `outliers` may be left out. A class without texts has
        None as its values and gets no box. Of too many classes those with most texts are drawn.
    unit : str
        What counts as a word: see `word_unit`.
    language : str
        Language of the words in the figure.

    Returns
    -------
    bytes
        A PNG.
    """

    def paint() -> Figure:
        labels = _frequent_boxes(boxes)[::-1]
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
        ax.locator_params(axis="x", integer=True)
        ax.set_xlabel(open_language(language).say(LENGTHS[unit]))
        ax.grid(axis="x")
        ax.spines[["left", "bottom"]].set_visible(False)
        return figure

    return draw(paint)


def _frequent_boxes(boxes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the labels whose boxes are drawn, in their order."""
    most_texts = sorted(boxes, key=lambda label: -boxes[label].get("n_texts", 0))
    shown = set(most_texts[:MAX_ROWS])
    return [label for label in boxes if label in shown]


def _box(box: Mapping[str, Any]) -> dict[str, Any]:
    """Name the statistics of a box as matplotlib does."""
    return {
        "med": box["median"],
        "q1": box["q1"],
        "q3": box["q3"],
        "whislo": box["whisker_low"],
        "whishi": box["whisker_high"],
        "fliers": box.get("outliers", ()),
    }


def draw_map(points: Points, label_ids: LabelIds, labels: Sequence[str]) -> bytes:
    """Draw where the texts of each class are on a 2-D map.

    One panel per class shows the density of its texts over all texts in grey.

    Parameters
    ----------
    points : shape (n_texts, 2)
    label_ids : sequence of int, n_texts long
        Positions in `labels`; a list of them for each text where texts may have several labels.
    labels : sequence of str

    Returns
    -------
    bytes
        A PNG.
    """

    def paint() -> Figure:
        by_class = _points_by_class(points, label_ids, n_classes=len(labels))
        shown = _classes_to_show(by_class)
        grid = _Grid.of(len(shown))
        figure = new_figure(grid.side * grid.n_columns, (grid.side + 0.12) * grid.n_rows)
        axes = figure.subplots(
            grid.n_rows, grid.n_columns, sharex=True, sharey=True, squeeze=False
        ).ravel()
        box = _bounds(points)
        for i, ax in zip(shown, axes, strict=False):
            colour = CLASS_COLOURS[i % len(CLASS_COLOURS)]
            _paint_panel(ax, points, by_class[i], box, colour=colour, n_bins=grid.n_bins)
            name = shorten(show_text(labels[i]), grid.title_cells)
            ax.set_title(name, fontsize=grid.title_size, pad=3)
        for ax in axes[len(shown) :]:
            ax.set_visible(False)
        return figure

    return draw(paint)


@dataclass(frozen=True)
class _Grid:
    """How the panels of a map are arranged.

    Parameters
    ----------
    n_rows, n_columns : int
    side : float
        Width and height of a panel in inches.
    n_bins : int
        Hexagons along a side.
    title_cells : int
        Columns that a class name may take.
    title_size : float
        In points.
    """

    n_rows: int
    n_columns: int
    side: float
    n_bins: int
    title_cells: int
    title_size: float

    @classmethod
    def of(cls, n_panels: int) -> _Grid:
        """Arrange this many panels: the more there are, the smaller they get."""
        if n_panels == 1:
            return cls(1, 1, side=4.0, n_bins=34, title_cells=80, title_size=9.5)
        n_columns = 7
        for columns, most_panels in ((3, 9), (4, 16)):
            if n_panels <= most_panels:
                n_columns = min(columns, n_panels)
                break
        n_rows = math.ceil(n_panels / n_columns)
        if n_columns > 4:
            side = 8.4 / n_columns
            return cls(n_rows, n_columns, side, n_bins=22, title_cells=17, title_size=7)
        side, title_cells = WIDTH / n_columns, 80 // n_columns
        return cls(n_rows, n_columns, side, n_bins=34, title_cells=title_cells, title_size=9.5)


def _points_by_class(
    points: Points, label_ids: LabelIds, *, n_classes: int
) -> list[list[Sequence[float]]]:
    by_class: list[list[Sequence[float]]] = [[] for _ in range(n_classes)]
    for point, own in zip(points, label_ids, strict=True):
        for label_id in _as_list(own):
            by_class[label_id].append(point)
    return by_class


def _as_list(own: int | Sequence[int]) -> Sequence[int]:
    return own if isinstance(own, Sequence) else [own]


def _classes_to_show(by_class: Sequence[Sequence[object]]) -> list[int]:
    """Return the classes that have points, in order; of too many, the most frequent."""
    shown = [i for i, own in enumerate(by_class) if own]
    most_frequent = sorted(shown, key=lambda i: -len(by_class[i]))
    return sorted(most_frequent[:MAX_PANELS])


def _thousands(value: float, _: object) -> str:
    return f"{value:,.0f}"


def _rows_height(n_rows: int) -> float:
    """Return the height of this many named rows and an axis, in inches."""
    row = 0.33 if n_rows <= MAX_LARGE_ROWS else 0.19
    return 0.7 + n_rows * row


def _row_size(n_rows: int) -> float:
    """Return the font size of the names of this many rows."""
    return 9 if n_rows <= MAX_LARGE_ROWS else 7.5


def _name_rows(ax: Axes, labels: Sequence[str]) -> None:
    names = [shorten(show_text(label), LABEL_CELLS) for label in labels]
    ax.set_yticks(range(len(labels)), names, fontsize=_row_size(len(labels)))
    ax.set_ylim(-0.6, len(labels) - 0.4)


def _bounds(points: Points) -> tuple[float, float, float, float]:
    """Return left, right, bottom and top of the map, with a margin, so that it is never empty."""
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    air_x = 0.04 * (max(xs) - min(xs)) or 0.5
    air_y = 0.04 * (max(ys) - min(ys)) or 0.5
    return min(xs) - air_x, max(xs) + air_x, min(ys) - air_y, max(ys) + air_y


def _paint_panel(
    ax: Axes,
    points: Points,
    own: Sequence[Sequence[float]],
    box: tuple[float, float, float, float],
    *,
    colour: str,
    n_bins: int,
) -> None:
    """Paint all texts in grey and those of one class over them."""
    # At least 6 and 2 texts for the full colour: a lone text is a shade, not a spot. The grey stays
    # lighter, so that the class is seen on it.
    _paint_density(ax, points, box, "#b9c2cf", gamma=0.5, n_bins=n_bins, n_at_least=6, room=1.6)
    _paint_density(ax, own, box, colour, gamma=0.55, n_bins=n_bins, n_at_least=2, room=1.0)
    ax.set(xlim=box[:2], ylim=box[2:], xticks=[], yticks=[])
    ax.spines[:].set_visible(True)
    ax.spines[:].set_color(GRID)


def _paint_density(
    ax: Axes,
    points: Points,
    box: tuple[float, float, float, float],
    colour: str,
    *,
    gamma: float,
    n_bins: int,
    n_at_least: int,
    room: float,
) -> None:
    """Paint hexagons, the darker the more texts they hold.

    The darkest shade is `room` times the fullest hexagon, or `n_at_least` texts.
    """
    xs, ys = zip(*points, strict=True)
    cmap = colour_map(colour, gamma=gamma)
    hexagons = ax.hexbin(xs, ys, gridsize=n_bins, cmap=cmap, extent=box, mincnt=1, linewidths=0.15)
    fullest = hexagons.get_clim()[1] or 0
    hexagons.set_clim(0, max(n_at_least, fullest) * room)
