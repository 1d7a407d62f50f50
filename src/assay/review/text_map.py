"""Texts as points on a plane: whoever draws a line around some of them gets these to decide on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from assay.maps.projection import project

__all__ = ["MAX_MAPPED", "TextMap", "map_texts"]

MAX_MAPPED = 1_500  # texts that a map shows: a second of work, and dots that can be told apart
MAX_SHOWN_CHARS = 160  # of a text that is pointed at
DIGITS = 4


class TextMap(TypedDict):
    """Columns of equal length, one place per text.

    `x` and `y` are 0 to 1, `colour` is a place in `legend`, and -1 where a text has no colour yet.
    """

    name: list[str]
    x: list[float]
    y: list[float]
    colour: list[int]
    text: list[str]
    legend: list[str]


def map_texts(
    names: Sequence[str],
    texts: Sequence[str],
    features: np.ndarray,
    colours: Sequence[str | None],
    *,
    seed: int = 0,
) -> TextMap:
    """Place texts so that similar ones are close together.

    Parameters
    ----------
    names : sequence of str
        What the page calls each text by.
    texts : sequence of str
    features : float32 array of shape (n_texts, n_features)
    colours : sequence of str or None
        What each text is coloured by, such as its label; None: nothing yet.
    seed : int
        Seed of the layout.
    """
    legend = sorted({one for one in colours if one is not None})
    place_of = {one: place for place, one in enumerate(legend)}
    points = _points(features, seed)
    return {
        "name": list(names),
        "x": points[:, 0].round(DIGITS).tolist(),
        "y": points[:, 1].round(DIGITS).tolist(),
        "colour": [place_of.get(one or "", -1) for one in colours],
        "text": [text[:MAX_SHOWN_CHARS] for text in texts],
        "legend": legend,
    }


def _points(features: np.ndarray, seed: int) -> np.ndarray:
    """Return coordinates from 0 to 1, float64 of shape (n_texts, 2)."""
    if not len(features):
        return np.zeros((0, 2))
    points = np.asarray(project(features, seed=seed), dtype=np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    scaled: np.ndarray = (points - low) / np.maximum(high - low, 1e-9)
    return scaled
