"""The figure of risk and coverage: how many answers are right if only sure texts get one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from assay.catalogue import ENGLISH, open_language
from assay.reporting.canvas import MUTED, draw, method_colour, new_figure, show_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_coverage", "has_marks"]

WIDTH, HEIGHT = 6.2, 3.1  # inches; as wide as the other figures of scores
# Below this share of answered texts a curve is not drawn: it would jump with every single text.
FEWEST = 0.02
# Marks that are closer than this share of the axis get one common label.
CLOSE = 0.08
LEGEND_COLUMNS = 5
HIGHEST = 1.02  # end of the axis of accuracy


def draw_coverage(
    parts: Mapping[str, Mapping[str, Any]], *, recommended: str, language: str = ENGLISH
) -> bytes:
    """Draw the accuracy of the answered texts against their share, one line per method.

    Parameters
    ----------
    parts : mapping of method to {"points": [[coverage, accuracy], ...], "targets": [...]}
        What results.json holds about one split. A target that has a threshold carries ``"test"`` or
        ``"validation"`` with coverage and accuracy.
    recommended : str
        The method whose line is thick, and whose targets are marked.
    language : str
        Language of the words in the figure.

    Returns
    -------
    bytes
        A PNG.
    """
    say = open_language(language).say

    def paint() -> Figure:
        figure = new_figure(WIDTH, HEIGHT)
        ax = figure.subplots()
        for method, part in parts.items():
            _paint_method(ax, part, method, is_recommended=method == recommended)
        if recommended in parts:
            _mark_targets(ax, parts[recommended], colour=method_colour(recommended))
        ax.set_xlim(1.0, 0.0)
        ax.margins(y=0.08)
        low, high = ax.get_ylim()
        high = min(high, HIGHEST)
        # No mark above 100 %, which is drawn a little below the edge so that lines there are whole
        ax.set_yticks([tick for tick in ax.get_yticks() if low <= tick <= min(high, 1.0)])
        ax.set_ylim(low, high)
        ax.xaxis.set_major_formatter(show_percent)
        ax.yaxis.set_major_formatter(show_percent)
        ax.set_xlabel(say("figures.answered"))
        ax.set_ylabel(say("figures.answers_right"))
        ax.grid()
        ax.spines[["left", "bottom"]].set_visible(False)
        figure.legend(loc="outside upper left", ncols=LEGEND_COLUMNS)
        return figure

    return draw(paint)


def _paint_method(ax: Axes, part: Mapping[str, Any], method: str, *, is_recommended: bool) -> None:
    shown = [point for point in part["points"] if point[0] >= FEWEST]
    if not shown:
        shown = part["points"][:1]
    coverage, accuracy = zip(*shown, strict=True)
    style: dict[str, Any] = {"linewidth": 1.2, "zorder": 2}
    if is_recommended:
        style = {"linewidth": 2.4, "zorder": 3}
    if len(shown) == 1:  # a line through one point would be invisible
        style |= {"marker": ".", "markersize": 9, "clip_on": False}
    ax.plot(coverage, accuracy, color=method_colour(method), label=method, **style)


def _mark_targets(ax: Axes, part: Mapping[str, Any], *, colour: str) -> None:
    """Mark where the thresholds chosen on validation ended up on the split that is drawn."""
    places = []
    for target in part["targets"]:
        reached = _reached(target, part)
        if reached is not None:
            place = (reached["coverage"], reached["accuracy"])
            ax.plot(*place, "o", color=colour, markersize=7, markeredgecolor="white", zorder=4)
            places.append((*place, f"{target['target_accuracy']:.0%}"))
    for x, y, label in _join_close(places):
        ax.annotate(
            label,
            (x, y),
            (0, 7),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=MUTED,
        )


def _reached(target: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what the threshold of a target reaches on the split that is drawn, if there is any."""
    reached: Mapping[str, Any] | None = target.get(part["split"])
    return reached if reached and reached["accuracy"] is not None else None


def has_marks(part: Mapping[str, Any]) -> bool:
    """Tell whether any target of a method is marked, for the caption."""
    return any(_reached(target, part) is not None for target in part["targets"])


def _join_close(places: Sequence[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Give marks whose labels would overlap one label, in the middle between them.

    >>> _join_close([(0.6, 0.95, "95%"), (0.3, 0.98, "98%"), (0.26, 0.99, "99%")])
    [(0.6, 0.95, '95%'), (0.28, 0.99, '98%, 99%')]
    """
    joined: list[tuple[float, float, str]] = []
    for x, y, label in places:
        if joined and abs(joined[-1][0] - x) < CLOSE:
            other_x, other_y, other = joined.pop()
            joined.append((round((x + other_x) / 2, 4), max(y, other_y), f"{other}, {label}"))
        else:
            joined.append((x, y, label))
    return joined
