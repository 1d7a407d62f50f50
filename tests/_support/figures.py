"""Look at figures: decode PNGs, read axes, and paint without saving."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from assay.reporting import canvas

COUNTS = {"joy": 30, "sadness": 10, "배송 지연": 20}


def read_png(data: bytes) -> np.ndarray:
    """Decode a PNG into an array of shape (height, width, channels)."""
    from matplotlib.image import imread

    pixels: np.ndarray = imread(io.BytesIO(data), format="png")
    return pixels


def tick_labels(ax: Any, axis: str) -> list[str]:
    """Return the texts of an axis."""
    return [tick.get_text() for tick in getattr(ax, f"get_{axis}ticklabels")()]


def paint_only(paint: Any) -> Any:
    """Return a figure as a matplotlib object; a stand-in for `canvas.draw`."""
    with canvas._style():
        return paint()
