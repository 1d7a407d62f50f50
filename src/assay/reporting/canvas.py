"""The ground every figure is drawn on: one quiet style, fonts that know Hangul, PNG bytes that repeat.

The only file that imports matplotlib. It never touches pyplot, and rcParams are put back after each
figure.
"""

from __future__ import annotations

import functools
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay._optional import require
from assay.methods import METHODS

if TYPE_CHECKING:
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

__all__ = [
    "ACCENT",
    "CLASS_COLOURS",
    "GRID",
    "INK",
    "MUTED",
    "colour_map",
    "draw",
    "method_colour",
    "new_figure",
]

DPI = 150
INK, MUTED, GRID, ACCENT = "#1f2933", "#667085", "#e4e7ec", "#2a6fb0"
# Okabe and Ito's palette, which the colour-blind can tell apart; without its black and its yellow
# (too light on white).
CLASS_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")

# In this order behind DejaVu Sans, which keeps Latin, digits and the minus sign (NanumGothic has no
# U+2212).
HANGUL_FONTS = (
    "NanumGothic",
    "Noto Sans CJK KR",
    "Noto Sans KR",
    "Malgun Gothic",
    "Apple SD Gothic Neo",
    "AppleGothic",
    "UnDotum",
)
# Parts of their file names, for fonts that were installed after matplotlib listed the machine's
# fonts.
HANGUL_FILES = (
    "nanumgothic.",
    "notosanscjk-regular",
    "notosanskr",
    "malgun.",
    "applesdgothicneo",
    "undotum.",
)

STYLE = {
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "axes.titlesize": 9.5,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "figure.facecolor": "white",
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "savefig.facecolor": "white",
    "text.color": INK,
    "text.parse_math": False,  # a label with two dollar signs is no formula
    "xtick.color": MUTED,
    "xtick.labelsize": 8.5,
    "xtick.major.size": 0,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9,
    "ytick.major.size": 0,
}

_log = logging.getLogger(__name__)


def draw(paint: Callable[[], Figure]) -> bytes:
    """Call `paint` in assay's style and return its figure as a PNG; the same figure gives the same bytes."""
    with _style(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure = paint()
        buffer = io.BytesIO()
        # No Software entry: it would hold matplotlib's version.
        figure.savefig(
            buffer,
            format="png",
            dpi=DPI,
            bbox_inches="tight",
            pad_inches=0.06,
            metadata={"Software": None},
        )
    missing = [w for w in caught if "missing from font" in str(w.message)]
    if missing:
        _warn_missing_glyphs()
    for warning in caught:
        if warning not in missing:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return buffer.getvalue()


def new_figure(width: float, height: float, *, gap: float = 0.02) -> Figure:
    """Return an empty figure of so many inches, without any global state; `gap` between panels is a share of one."""
    layout = require("matplotlib.layout_engine").ConstrainedLayoutEngine(wspace=gap, hspace=gap)
    figure: Figure = require("matplotlib.figure").Figure(figsize=(width, height), layout=layout)
    return figure


def colour_map(colour: str, *, gamma: float = 1.0) -> Colormap:
    """Return a colour map from white over `colour` to a darker shade; gamma below 1 shows small values sooner."""
    colours = require("matplotlib.colors")
    dark = tuple(0.55 * channel for channel in colours.to_rgb(colour))
    stops = [(0.0, "white"), (0.7, colour), (1.0, dark)]
    mapping: Colormap = colours.LinearSegmentedColormap.from_list(
        f"assay-{colour}", stops, gamma=gamma
    )
    return mapping


def method_colour(method: str) -> str:
    """Return the colour that a method has in every figure."""
    return METHODS[method].colour if method in METHODS else INK


@contextmanager
def _style() -> Iterator[None]:
    """Draw in assay's style whatever the user's matplotlibrc says, and leave rcParams as they were."""
    with require("matplotlib.style").context(
        [STYLE, {"font.family": font_families(HANGUL_FONTS)}], after_reset=True
    ):
        yield


@functools.cache
def font_families(names: Sequence[str]) -> list[str]:
    """Return DejaVu Sans and those of `names` that this machine has, looked up again on disk if none is known."""
    manager = require("matplotlib.font_manager")
    known = set(manager.fontManager.get_font_names())
    if names and not known.intersection(names):
        for path in manager.findSystemFonts():
            if Path(path).name.casefold().startswith(HANGUL_FILES):
                _add_font(manager, path)
        known = set(manager.fontManager.get_font_names())
    return ["DejaVu Sans", *[name for name in names if name in known]]


def _add_font(manager: Any, path: str) -> None:
    try:
        manager.fontManager.addfont(path)
    except (OSError, RuntimeError):  # a broken font file is no reason to draw nothing
        _log.debug("the font file %s cannot be read", path)


@functools.cache
def _warn_missing_glyphs() -> None:
    """Say it once a process, not once a glyph."""
    _log.warning(
        "some characters of the labels are in no installed font and show as boxes in the figures; "
        "for Korean install a font such as fonts-nanum or Noto Sans CJK"
    )
