"""What every figure is drawn on: one quiet style, fonts for every script, reproducible PNG bytes.

This is the only file that imports matplotlib. It never uses pyplot. matplotlib reads its settings
(rcParams) from a global, also while a figure is saved: they are set for one figure at a time, under
a lock, and restored afterwards.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from assay._optional import require
from assay.methods import METHODS
from assay.reporting.fonts import font_families, is_missing_glyph, warn_missing_glyphs

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
    "show_percent",
]

DPI = 150
MARGIN = 9  # pixels of white around what is drawn
WHITE = 255
INK, MUTED, GRID, ACCENT = "#1f2933", "#667085", "#e4e7ec", "#2a6fb0"
# Okabe and Ito's palette, which colour-blind people can tell apart, without its black and without
# its yellow, which is too light on white.
CLASS_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")

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
        png = _write_png(_crop(_render(paint())))
    missing = {str(warning.message) for warning in caught if is_missing_glyph(warning.message)}
    if missing:
        warn_missing_glyphs(missing)
    for warning in caught:
        if not is_missing_glyph(warning.message):
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return png


def _render(figure: Figure) -> np.ndarray:
    """Return the pixels of a figure, uint8 of shape (height, width, 4), laid out and drawn once.

    `savefig(bbox_inches="tight")` goes through everything in the figure three times: to lay it
    out, to measure it, and to draw it.
    """
    figure.set_dpi(DPI)
    canvas = require("matplotlib.backends.backend_agg").FigureCanvasAgg(figure)
    canvas.draw()
    pixels: np.ndarray = np.asarray(canvas.buffer_rgba())
    return pixels


def _crop(pixels: np.ndarray) -> np.ndarray:
    """Cut white edges to `MARGIN` pixels on every side."""
    is_inked: np.ndarray = pixels[:, :, :3].min(axis=2) < WHITE
    rows, columns = np.flatnonzero(is_inked.any(axis=1)), np.flatnonzero(is_inked.any(axis=0))
    if len(rows):
        pixels = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    margins = ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0))
    return np.pad(pixels, margins, constant_values=WHITE)


def _write_png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    metadata = {"Software": None}  # it would hold matplotlib's version
    image = require("matplotlib.image")
    image.imsave(buffer, pixels, format="png", dpi=DPI, metadata=metadata)
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
    settings = [STYLE, {"font.family": font_families()}]
    with _rc_lock, style.context(settings, after_reset=True):
        yield


def show_percent(value: float, _: object = None) -> str:
    """Write a share at an axis, as matplotlib asks for it: with the place of the mark.

    >>> show_percent(0.4), show_percent(0.025)
    ('40%', '2.5%')
    """
    return f"{round(100 * value, 6):g}%"  # 100 * 0.07 is 7.000000000000001
