"""The figure of risk and coverage: how right the answers are when only the surest texts are answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assay.reporting.canvas import MUTED, draw, method_colour, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_coverage"]

WIDTH, HEIGHT = 6.2, 3.1  # inches, as the other figures of scores
FEWEST = 0.02  # share of texts below which a curve is left out: it jumps with every single text


def draw_coverage(parts: Mapping[str, Mapping[str, Any]], *, recommended: str) -> bytes:
    """Draw the accuracy of the answered texts against their share, one line a method.

    Parameters
    ----------
    parts : mapping of method to {"points": [[coverage, accuracy], ...], "targets": [...]}
        Of one split. A target that has a threshold carries ``"test"`` or ``"validation"`` with
        coverage and accuracy.
    recommended : str
        The method whose line is thick, and whose targets are marked.
    """

    def paint() -> Figure:
        figure = new_figure(WIDTH, HEIGHT)
        ax = figure.subplots()
        for method, part in parts.items():
            shown = [(x, y) for x, y in part["points"] if x >= FEWEST] or part["points"][:1]
            is_first = method == recommended
            width, layer = (2.4, 3) if is_first else (1.2, 2)
            marker = "." if len(shown) == 1 else None  # a line through one point is nothing at all
            ax.plot(
                *zip(*shown, strict=True),
                marker=marker,
                color=method_colour(method),
                linewidth=width,
                zorder=layer,
                label=method,
            )
        if recommended in parts:
            _mark_targets(ax, parts[recommended], colour=method_colour(recommended))
        ax.set_xlim(1.0, 0.0)
        ax.margins(y=0.08)
        ax.set_ylim(top=min(ax.get_ylim()[1], 1.02))
        ax.xaxis.set_major_formatter(_percents)
        ax.yaxis.set_major_formatter(_percents)
        ax.set_xlabel("texts that are answered, the surest ones last")
        ax.set_ylabel("answers that are right")
        ax.grid()
        ax.spines[["left", "bottom"]].set_visible(False)
        figure.legend(loc="outside upper left", ncols=4)
        return figure

    return draw(paint)


def _mark_targets(ax: Axes, part: Mapping[str, Any], *, colour: str) -> None:
    """Mark where the thresholds chosen on validation ended up on the split that is drawn."""
    for target in part["targets"]:
        reached = target.get(part["split"])
        if reached and reached["accuracy"] is not None:
            place = (reached["coverage"], reached["accuracy"])
            ax.plot(*place, "o", color=colour, markersize=7, markeredgecolor="white", zorder=4)
            ax.annotate(
                f"{target['target_accuracy']:.0%}",
                place,
                (0, 7),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=MUTED,
            )


def _percents(value: float, _: object) -> str:
    return f"{value:.0%}"
