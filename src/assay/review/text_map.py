"""Texts as points on a plane: whoever draws a line around some of them gets these to decide on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict

import numpy as np

from assay.maps.projection import project

__all__ = ["MAX_MAPPED", "Colouring", "TextMap", "colour_by_name", "colour_by_value", "map_texts"]

MAX_MAPPED = 1_500  # texts that a map shows: a second of work, and dots that can be told apart
MAX_SHOWN_CHARS = 160  # of a text that is pointed at
DIGITS = 4


class Colouring(TypedDict):
    """One way to colour the texts.

    Where there are names, `places` has the place of each text's name in `names`; otherwise it has a
    number from 0 to 1. None: the text has no colour.
    """

    names: list[str] | None
    places: list[int] | list[float | None] | list[int | None]


class TextMap(TypedDict):
    """Columns of equal length, one place per text.

    `x` and `y` are 0 to 1; a text without a `name` is there to look at, and cannot be chosen.
    """

    name: list[str]
    x: list[float]
    y: list[float]
    text: list[str]
    colours: dict[str, Colouring]


def map_texts(
    names: Sequence[str],
    texts: Sequence[str],
    features: np.ndarray,
    colours: Mapping[str, Colouring],
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
    colours : mapping of str to Colouring
        The ways in which the texts can be coloured, the first one first.
    seed : int
        Seed of the layout.
    """
    points = _points(features, seed)
    return {
        "name": list(names),
        "x": points[:, 0].round(DIGITS).tolist(),
        "y": points[:, 1].round(DIGITS).tolist(),
        "text": [text[:MAX_SHOWN_CHARS] for text in texts],
        "colours": dict(colours),
    }


def colour_by_name(given: Iterable[str | None], *, order: Sequence[str] = ()) -> Colouring:
    """Return the colouring by names, such as labels; None: the text has none yet.

    Parameters
    ----------
    given : iterable of str or None
    order : sequence of str
        Names that have colours whether or not a text has them. Others follow, sorted.
    """
    own = list(given)
    names = list(dict.fromkeys([*order, *sorted(filter(None, own))]))
    place_of = dict(zip(names, range(len(names)), strict=True))
    return {"names": names, "places": [place_of.get(one or "") for one in own]}


def colour_by_value(values: Iterable[float | None]) -> Colouring:
    """Return the colouring by numbers from 0 to 1; None: the text has none."""
    return {"names": None, "places": list(values)}


def _points(features: np.ndarray, seed: int) -> np.ndarray:
    """Return coordinates from 0 to 1, float64 of shape (n_texts, 2)."""
    if not len(features):
        return np.zeros((0, 2))
    points = np.asarray(project(features, seed=seed), dtype=np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    scaled: np.ndarray = (points - low) / np.maximum(high - low, 1e-9)
    return scaled
