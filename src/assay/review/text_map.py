"""Texts as points on a plane: whoever draws a line around some of them gets these to decide on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypedDict

import numpy as np

from assay.maps.projection import project

__all__ = [
    "MAX_MAPPED",
    "Colouring",
    "TextMap",
    "colour_by_each",
    "colour_by_name",
    "colour_by_value",
    "map_texts",
]

MAX_MAPPED = 1_500  # texts that a map shows: a second of work, and dots that can be told apart
MAX_SHOWN_CHARS = 160  # of a text that is pointed at
DIGITS = 4
LARGEST_GAP = 0.08  # of the width of all: where there is no text, a map is no wider than this
FEW_GAPS = 3.0  # times the mean gap: between few texts all gaps are wide


class Colouring(TypedDict):
    """One way to colour the texts.

    Where there are names, `places` has the place of each text's name in `names`, or where it may
    have several, all of them; otherwise it has a number from 0 to 1. None: the text has no colour.
    """

    names: list[str] | None
    places: list[int] | list[float | None] | list[int | None] | list[list[int] | None]


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


def colour_by_each(given: Iterable[Sequence[str] | None]) -> Colouring:
    """Return the colouring by one of several names at a time, such as labels.

    Parameters
    ----------
    given : iterable of sequence of str, or None
        All names of each text; None: it has none yet. The name of most texts is the first.
    """
    own = list(given)
    counts: Counter[str] = Counter()
    for names_of_one in filter(None, own):
        counts.update(names_of_one)
    names = sorted(counts, key=lambda name: (-counts[name], name))
    place_of = dict(zip(names, range(len(names)), strict=True))
    places = [None if one is None else list(map(place_of.__getitem__, one)) for one in own]
    return {"names": names, "places": places}


def colour_by_value(values: Iterable[float | None]) -> Colouring:
    """Return the colouring by numbers from 0 to 1; None: the text has none."""
    return {"names": None, "places": list(values)}


def _points(features: np.ndarray, seed: int) -> np.ndarray:
    """Return coordinates from 0 to 1, float64 of shape (n_texts, 2)."""
    if not len(features):
        return np.zeros((0, 2))
    points = np.asarray(project(features, seed=seed), dtype=np.float64)
    return np.stack([_spread(axis) for axis in points.T], axis=1)


def _spread(values: np.ndarray) -> np.ndarray:
    """Scale coordinates to 0 to 1 without wide gaps: a far cluster would leave half a map empty.

    How far clusters are apart means little. The order of the texts stays.
    """
    order = np.argsort(values, kind="stable")
    steps = np.diff(values[order], prepend=values[order[0]])
    largest = max(LARGEST_GAP, FEW_GAPS / len(values))
    steps = np.minimum(steps, largest * steps.sum())
    scaled = np.empty_like(values)
    scaled[order] = np.cumsum(steps) / max(steps.sum(), 1e-9)
    return scaled
