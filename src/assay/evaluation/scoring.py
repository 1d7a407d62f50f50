"""Scores of what ships: a saved folder, loaded without its trainer, on the texts of a split.

Where texts of the split stand in train too, every score is there twice: with and without them.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assay.data.duplicates import find_seen
from assay.data.texts import LabelledTexts
from assay.evaluation.metrics import score_predictions
from assay.evaluation.result import SplitScores
from assay.evaluation.slices import SliceScores, score_slices
from assay.progress import Progress
from assay.runtime.entries import ScoreClaim, ScoreEntry
from assay.runtime.predictor import Model

__all__ = ["ScoredSplit", "manifest_scores", "score_parts", "score_split", "write_predictions"]

METRICS = ("accuracy", "f1_weighted", "f1_macro")
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
    n_leaked : int
        Texts that stand in train too.
    without_leaks : SplitScores, optional
        Scores of the others; None where none leaked, or all.
    """

    part: LabelledTexts
    label_ids: np.ndarray
    probs: np.ndarray
    scores: SplitScores
    predict_s: float
    n_leaked: int = 0
    without_leaks: SplitScores | None = None

    @property
    def correct(self) -> np.ndarray:
        """Whether each text got its label, bool of shape (n_texts,)."""
        is_right: np.ndarray = self.probs.argmax(axis=1) == self.label_ids
        return is_right

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as they stand in results.json; `without_leaks` where texts leaked."""
        plain: dict[str, Any] = {**self.scores.to_dict()}
        if self.n_leaked:
            plain["without_leaks"] = {"n_leaked": self.n_leaked, **_headline(self.without_leaks)}
        return plain


def _headline(scores: SplitScores | None) -> dict[str, Any]:
    if scores is None:
        return {"n_texts": 0, **dict.fromkeys(METRICS), "intervals": {}}
    plain: Mapping[str, Any] = scores.to_dict()
    return {name: plain[name] for name in ("n_texts", *METRICS, "intervals")}


def score_split(
    model: Model,
    part: LabelledTexts,
    *,
    seed: int,
    train: LabelledTexts | None = None,
    progress: Progress | None = None,
) -> ScoredSplit:
    """Predict a split and score it, with intervals.

    Parameters
    ----------
    model : Model
    part : LabelledTexts
    seed : int
        Of the intervals.
    train : LabelledTexts, optional
        What the model was trained on: its texts in `part` measure memory.
    progress : Progress, optional
    """
    started_s = time.perf_counter()
    probs = model.predict_proba(part.texts, progress=progress)
    predict_s = time.perf_counter() - started_s
    label_ids = model.label_set.ids(part.labels)
    scores = score_predictions(label_ids, probs, model.label_set, seed=seed)
    is_new = ~find_seen(part, train) if train is not None else np.ones(len(part), dtype=bool)
    n_leaked, without_leaks = int((~is_new).sum()), None
    if n_leaked and is_new.any():
        without_leaks = score_predictions(
            label_ids[is_new], probs[is_new], model.label_set, seed=seed
        )
    return ScoredSplit(part, label_ids, probs, scores, predict_s, n_leaked, without_leaks)


def score_parts(
    model: Model, scored: ScoredSplit, *, languages: Sequence[str] | None = None
) -> list[SliceScores]:
    """Score parts of a split: long and short texts, negated ones, scripts, those that the model cannot read whole.

    Parameters
    ----------
    model : Model
    scored : ScoredSplit
        Its scores.
    languages : sequence of str, optional
        The language of each text.
    """
    more: dict[str, Sequence[str]] = {} if languages is None else {"language": languages}
    is_long = model.is_long(scored.part.texts)
    if is_long is not None:
        n = model.manifest.tokenization["max_tokens"]
        name = (
            f"read in windows of {n} tokens"
            if model.long_texts == "window"
            else f"cut after {n} tokens"
        )
        more["limit"] = [name if one else "read whole" for one in is_long]
    return score_slices(scored.part.texts, scored.correct, more=more)


def manifest_scores(scored: Mapping[str, ScoredSplit]) -> list[ScoreEntry]:
    """Return what a model's assay.json says of its scores."""
    entries: list[ScoreEntry] = []
    for split, one in scored.items():
        for metric in METRICS:
            claim = _claim(one.scores, metric)
            entry: ScoreEntry = {
                "split": split,
                "metric": metric,
                "value": claim["value"],
                "interval": claim["interval"],
                "n_texts": claim["n_texts"],
            }
            if one.without_leaks is not None:
                entry["without_leaks"] = _claim(one.without_leaks, metric)
            entries.append(entry)
    return entries


def _claim(scores: SplitScores, metric: str) -> ScoreClaim:
    return {
        "value": getattr(scores, metric),
        "interval": list(scores.intervals[metric]),
        "n_texts": scores.n_texts,
    }


def write_predictions(
    path: Path, scored: Mapping[str, ScoredSplit], labels: tuple[str, ...]
) -> None:
    """Write a line a text: split, row, label, predicted_label and probs in LabelSet order.

    The same bytes each time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # No file name and no time in the header, so that equal predictions are equal files.
    with (
        path.open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as stream,
    ):
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
                stream.write(
                    (json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")
                )
