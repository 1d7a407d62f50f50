"""Predict many texts: rows stream from file to file in bounded memory, and a stopped call resumes.

This needs the base install only (for `.parquet` its extra). Names are resolved when they are first
used, so that printing rows need not wait for the import of what writes files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay._lazy import resolve_lazily

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

__getattr__, __dir__ = resolve_lazily(__name__, HOMES)
