"""The figure of accuracy over the number of training texts, and what twice as many would bring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assay.catalogue import ENGLISH, open_language
from assay.reporting.canvas import MUTED, draw, method_colour, new_figure, show_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_growth"]

WIDTH, HEIGHT = 6.2, 2.8  # inches; as wide as the other figures of scores
LEGEND_COLUMNS = 5
LEAST_SPAN = 0.1  # of the axis of accuracy: below it, ticks would repeat the same percent
HIGHEST = 1.01  # end of that axis; leaves room for a dot at 100 %, and as much at 0 %


def draw_growth(more: Mapping[str, Any], *, language: str = ENGLISH) -> bytes:
    """Draw accuracy against the number of training texts, one line per method.

    Parameters
    ----------
    more : mapping
        What results.json holds under ``more_texts``.
    language : str
        Language of the words in the figure.

    Returns
    -------
    bytes
        A PNG.
    """
    tongue = open_language(language)

    def paint() -> Figure:
        figure = new_figure(WIDTH, HEIGHT)
        ax = figure.subplots()
        for curve in more["curves"]:
            _paint_curve(ax, curve, is_told=curve["method"] == more["method"])
        last = next(one for one in more["curves"] if one["method"] == more["method"])["points"][-1]
        colour = method_colour(more["method"])
        _paint_expected(ax, last, more["expected"], colour=colour)
        sizes = [point["n_texts"] for point in more["curves"][0]["points"]]
        sizes.append(more["expected"]["n_texts"])
        now = _find_now(more, last)
        if now is not None:
            _paint_open_dot(ax, *now, colour=colour)
            sizes.append(now[0])
        ax.set_xscale("log")
        sizes.sort()
        ax.set_xticks(sizes, [tongue.numbers.count(size) for size in sizes])
        ax.minorticks_off()
        ax.set_ylim(*_widen(*ax.get_ylim()))
        ax.yaxis.set_major_formatter(show_percent)
        ax.set_xlabel(tongue.say("figures.training_texts"))
        ax.set_ylabel(tongue.say("columns.accuracy"))
        ax.grid()
        ax.spines[["left", "bottom"]].set_visible(False)
        figure.legend(loc="outside upper left", ncols=LEGEND_COLUMNS)
        return figure

    return draw(paint)


def _paint_curve(ax: Axes, curve: Mapping[str, Any], *, is_told: bool) -> None:
    sizes = [point["n_texts"] for point in curve["points"]]
    accuracy = [point["accuracy"] for point in curve["points"]]
    ax.plot(
        sizes,
        accuracy,
        marker="o",
        markersize=4,
        color=method_colour(curve["method"]),
        linewidth=2.4 if is_told else 1.2,
        label=curve["method"],
    )


def _paint_expected(
    ax: Axes, last: Mapping[str, Any], expected: Mapping[str, Any], *, colour: str
) -> None:
    """Draw the way from the last point to what is expected, with its interval."""
    low, high = expected["interval"]
    x, y = expected["n_texts"], expected["accuracy"]
    ax.plot([last["n_texts"], x], [last["accuracy"], y], color=colour, linestyle=":")
    ax.errorbar([x], [y], yerr=[[y - low], [high - y]], fmt="o", color=colour, ecolor=MUTED)
    _paint_open_dot(ax, x, y, colour=colour)


def _paint_open_dot(ax: Axes, x: float, y: float, *, colour: str) -> None:
    ax.plot([x], [y], "o", color="white", markeredgecolor=colour, markersize=7, zorder=4)


def _find_now(more: Mapping[str, Any], last: Mapping[str, Any]) -> tuple[int, float] | None:
    """Return number and expected accuracy of the texts that the gain is told from.

    Out of fold, the models of the curve have fewer texts than there are. None where they have all.
    """
    growth = more.get("growth")
    if growth is None or growth["n_before"] == last["n_texts"]:
        return None
    return growth["n_before"], more["expected"]["accuracy"] - growth["gain"]


def _widen(low: float, high: float) -> tuple[float, float]:
    """Return the ends of an axis of shares, wide enough for ticks that differ."""
    missing = max(0.0, LEAST_SPAN - (high - low))
    top = min(high + missing / 2, HIGHEST)
    bottom = max(min(low, top - LEAST_SPAN), 1.0 - HIGHEST)
    return bottom, max(top, bottom + LEAST_SPAN)
