"""What the steps of a run hand on to one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assay.maps.points import label_positions
from assay.recipes.steps.fit import FittedModel
from assay.reporting.results import SkippedMethod

__all__ = ["DrawnMap", "Place", "Trained"]

MAP_DECIMALS = 4  # of a point of the map: finer than any picture


@dataclass(frozen=True)
class Place:
    """Where a run is written, and whether it replaces or continues what is there."""

    out: Path
    overwrite: bool
    resume: bool


@dataclass(frozen=True)
class Trained:
    """The methods that were trained, from cheapest to most expensive, and those left out."""

    models: Mapping[str, FittedModel]
    skipped: tuple[SkippedMethod, ...]


@dataclass(frozen=True)
class DrawnMap:
    """The map of the train texts, and how long it took. No points: it was left out."""

    points: Mapping[str, Any] | None = None
    map_s: float = 0.0

    def with_positions(self) -> dict[str, object] | None:
        """Return what a report on several labels holds of the map.

        The labels of each point are told by their positions.
        """
        if self.points is None:
            return None
        points = np.round(self.points["points"].astype(float), MAP_DECIMALS).tolist()
        return {
            **self.points,
            "points": points,
            "label_ids": label_positions(self.points["label_ids"]),
        }
