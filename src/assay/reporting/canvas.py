"""What every figure is drawn on: one quiet style, fonts that have Hangul, reproducible PNG bytes.

This is the only file that imports matplotlib. It never uses pyplot. matplotlib reads its settings
(rcParams) from a global, also while a figure is saved: they are set for one figure at a time, under
a lock, and restored afterwards.
"""

from __future__ import annotations

import functools
import io
import logging
import threading
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
# Okabe and Ito's palette, which colour-blind people can tell apart, without its black and without
# its yellow, which is too light on white.
CLASS_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")

# Tried in this order for characters that DejaVu Sans lacks. DejaVu Sans stays first: it has Latin,
# digits and the minus sign, which NanumGothic lacks (U+2212).
HANGUL_FONTS = (
    "NanumGothic",
    "Noto Sans CJK KR",
    "Noto Sans KR",
    "Malgun Gothic",
    "Apple SD Gothic Neo",
    "AppleGothic",
    "UnDotum",
)
# How their file names begin, to find fonts that were installed after matplotlib listed the fonts of
# the machine.
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
    "text.parse_math": False,  # a label with two dollar signs is not a formula
    "xtick.color": MUTED,
    "xtick.labelsize": 8.5,
    "xtick.major.size": 0,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9,
    "ytick.major.size": 0,
}

_log = logging.getLogger(__name__)
_rc_lock = threading.RLock()  # held while rcParams are assay's; a thread may nest figures


def draw(paint: Callable[[], Figure]) -> bytes:
    """Draw a figure in assay's style and return it as a PNG.

    Figures are drawn one at a time, whatever thread asks for them.

    Parameters
    ----------
    paint : callable
        Makes the figure with `new_figure` and paints it.

    Returns
    -------
    bytes
        The same for the same figure: without a date, and without matplotlib's version.
    """
    with _style(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure = paint()
        buffer = io.BytesIO()
        figure.savefig(
            buffer,
            format="png",
            dpi=DPI,
            bbox_inches="tight",
            pad_inches=0.06,
            metadata={"Software": None},  # it would hold matplotlib's version
        )
    for warning in caught:
        if "missing from font" in str(warning.message):
            _warn_missing_glyphs()
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return buffer.getvalue()


def new_figure(width: float, height: float, *, gap: float = 0.02) -> Figure:
    """Return an empty figure, without pyplot's global state.

    Parameters
    ----------
    width, height : float
        In inches.
    gap : float
        Space between panels, as a share of a panel.
    """
    layout = require("matplotlib.layout_engine").ConstrainedLayoutEngine(wspace=gap, hspace=gap)
    figure: Figure = require("matplotlib.figure").Figure(figsize=(width, height), layout=layout)
    return figure


def colour_map(colour: str, *, gamma: float = 1.0) -> Colormap:
    """Return a colour map from white over `colour` to a darker shade of it.

    Parameters
    ----------
    colour : str
        As ``#rrggbb``.
    gamma : float
        Below 1, small values get more colour.
    """
    colours = require("matplotlib.colors")
    dark = tuple(0.55 * channel for channel in colours.to_rgb(colour))
    stops = [(0.0, "white"), (0.7, colour), (1.0, dark)]
    mapping: Colormap = colours.LinearSegmentedColormap.from_list(
        f"assay-{colour}", stops, gamma=gamma
    )
    return mapping


def method_colour(method: str) -> str:
    """Return the colour that a method has in every figure."""
    if method not in METHODS:
        return INK
    return METHODS[method].colour


@contextmanager
def _style() -> Iterator[None]:
    """Set rcParams to assay's style, whatever the user's are, and restore them afterwards."""
    style = require("matplotlib.style")
    settings = [STYLE, {"font.family": font_families(HANGUL_FONTS)}]
    with _rc_lock, style.context(settings, after_reset=True):
        yield


@functools.cache
def font_families(names: Sequence[str]) -> list[str]:
    """Return DejaVu Sans, and those of `names` that this machine has.

    If matplotlib knows none of them, the font folders are searched: its list may be out of date.
    """
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
    except (OSError, RuntimeError):  # figures can be drawn without a broken font file
        _log.debug("the font file %s cannot be read", path)


@functools.cache
def _warn_missing_glyphs() -> None:
    """Warn once per process, not once per character."""
    _log.warning(
        "some characters of the labels are in no installed font and show as boxes in the figures; "
        "for Korean install a font such as fonts-nanum or Noto Sans CJK"
    )
