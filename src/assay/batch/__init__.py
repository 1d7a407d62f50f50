"""Many texts: rows stream from a file through the runtime into a file, in bounded memory, shard by shard, resumable.

It needs the base install only (`.parquet` its extra).
"""

from assay.batch.files import PredictionSummary, predict_file
from assay.batch.rows import Prediction, Scoring, open_rows, predict_rows, score_rows

__all__ = ["Prediction", "PredictionSummary", "Scoring", "open_rows", "predict_file", "predict_rows", "score_rows"]
