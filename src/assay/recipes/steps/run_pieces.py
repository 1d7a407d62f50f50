"""What the steps of a run hand on to one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.recipes.steps.fit import FittedModel
from assay.reporting.results import SkippedMethod

__all__ = ["DrawnMap", "Place", "Trained"]


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
