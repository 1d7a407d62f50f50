"""Many texts: rows stream from a file through the runtime into a file, in bounded memory, shard by shard, resumable.

It needs the base install only (`.parquet` its extra). Names are resolved when they are first used:
what prints rows need not wait for what writes files.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.batch.files import PredictionSummary, predict_file
    from assay.batch.rows import Prediction, Scoring, open_rows, predict_rows, score_rows

__all__ = [
    "Prediction",
    "PredictionSummary",
    "Scoring",
    "open_rows",
    "predict_file",
    "predict_rows",
    "score_rows",
]

# Public name -> the module that holds it.
HOMES = {
    "Prediction": "rows",
    "PredictionSummary": "files",
    "Scoring": "rows",
    "open_rows": "rows",
    "predict_file": "files",
    "predict_rows": "rows",
    "score_rows": "rows",
}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
