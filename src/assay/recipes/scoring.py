"""Scores of what ships: a saved folder, loaded without its trainer, on the texts of a split."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assay.data.texts import LabelledTexts
from assay.evaluation.metrics import score_predictions
from assay.evaluation.result import SplitScores
from assay.progress import Progress
from assay.runtime.predictor import Model

__all__ = ["ScoredSplit", "manifest_scores", "score_split", "write_predictions"]

SCORE_DIGITS = 9  # of the written probabilities: float32 carries about 7


@dataclass(frozen=True)
class ScoredSplit:
    """A model's probabilities on a split, what they are worth, and how long they took.

    Parameters
    ----------
    part : LabelledTexts
    label_ids : int64 array of shape (n_texts,)
    probs : float64 array of shape (n_texts, n_classes), in LabelSet order
    scores : SplitScores
    predict_s : float
    """

    part: LabelledTexts
    label_ids: np.ndarray
    probs: np.ndarray
    scores: SplitScores
    predict_s: float

    @property
    def correct(self) -> np.ndarray:
        """Whether each text got its label, bool of shape (n_texts,)."""
        is_right: np.ndarray = self.probs.argmax(axis=1) == self.label_ids
        return is_right


def score_split(model: Model, part: LabelledTexts, *, seed: int, progress: Progress | None = None) -> ScoredSplit:
    """Predict a split and score it, with intervals."""
    started_s = time.perf_counter()
    probs = model.predict_proba(part.texts, progress=progress)
    predict_s = time.perf_counter() - started_s
    label_ids = model.label_set.ids(part.labels)
    return ScoredSplit(
        part, label_ids, probs, score_predictions(label_ids, probs, model.label_set, seed=seed), predict_s
    )


def manifest_scores(scored: Mapping[str, ScoredSplit]) -> list[dict[str, Any]]:
    """Return what a model's assay.json says of its scores."""
    return [
        {
            "split": split,
            "metric": metric,
            "value": getattr(one.scores, metric),
            "interval": list(one.scores.intervals[metric]),
            "n_texts": one.scores.n_texts,
        }
        for split, one in scored.items()
        for metric in ("accuracy", "f1_weighted", "f1_macro")
    ]


def write_predictions(path: Path, scored: Mapping[str, ScoredSplit], labels: tuple[str, ...]) -> None:
    """Write a line a text: split, row, label, predicted_label and probs in LabelSet order. The same bytes each time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # No file name and no time in the header, so that equal predictions are equal files.
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as stream:
        for split, one in scored.items():
            predicted = one.probs.argmax(axis=1)
            for i, row in enumerate(one.part.lines):
                record = {
                    "split": split,
                    "row": row,
                    "label": one.part.labels[i],
                    "predicted_label": labels[predicted[i]],
                    "probs": [round(float(p), SCORE_DIGITS) for p in one.probs[i]],
                }
                stream.write((json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass"))
