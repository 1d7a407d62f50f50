"""Scores of what ships: a saved folder, loaded without its trainer, on the texts of a split.

Where texts of the split also occur in train, every score is given twice: with them and without.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np

from assay._display import Brief
from assay.catalogue import Fact
from assay.data.duplicates import find_seen
from assay.data.texts import LabelledTexts
from assay.evaluation.metrics import score_predictions
from assay.evaluation.result import HEADLINES, ScoresEntry, SplitScores, WithoutLeaksEntry
from assay.evaluation.slices import LONG_TEXTS, SliceScores, score_slices
from assay.progress import Progress
from assay.runtime.entries import NearClaim, ScoreClaim, ScoreEntry
from assay.runtime.predictor import Model

__all__ = [
    "PredictionEntry",
    "ScoredSplit",
    "manifest_scores",
    "score_parts",
    "score_split",
    "prediction_records",
    "write_predictions",
]

READ_WHOLE = "read whole"  # the slice of the texts that a model reads to the end
SCORE_DIGITS = 9  # of the written probabilities: float32 carries about 7


class PredictionEntry(TypedDict):
    """One line of a file of predictions: `row` is the 1-based line of the source.

    Equal texts of the evidence have one number of `group`. Out of fold, `fold` is the fold that
    the predicting model was not fitted on, and `repeat` counts the divisions into folds. `id` is
    the cell of the column that names the rows, where one was asked for.
    """

    split: str
    row: int
    label: str
    predicted_label: str
    probs: list[float]
    group: NotRequired[int]
    fold: NotRequired[int]
    repeat: NotRequired[int]
    id: NotRequired[str]


@dataclass(frozen=True, repr=False)
class ScoredSplit(Brief):
    """A model's probabilities on a split, the scores that follow from them, and how long they took.

    Parameters
    ----------
    labelled : LabelledTexts
        The texts of the split.
    label_ids : int64 array of shape (n_texts,)
        True labels, as columns of `probs`.
    probs : float64 array of shape (n_texts, n_classes), in LabelSet order
    scores : SplitScores
    predict_s : float
        Seconds that prediction took.
    n_leaked : int
        Number of texts that also occur in train.
    without_leaks : SplitScores, optional
        Scores of the other texts. None if no text leaked, or if all did.
    seen : bool array of shape (n_texts,), optional
        Which texts also occur in train. None if that was not asked, or cannot be known.
    divisions : float64 array of shape (n_divisions, n_texts, n_classes), optional
        Out of fold, the probabilities of every division into folds, over which `scores` are; the
        first of them are `probs`. None: there is one.
    """

    labelled: LabelledTexts
    label_ids: np.ndarray
    probs: np.ndarray
    scores: SplitScores
    predict_s: float
    n_leaked: int = 0
    without_leaks: SplitScores | None = None
    seen: np.ndarray | None = None
    divisions: np.ndarray | None = None

    @property
    def correct(self) -> np.ndarray:
        """Whether each text got its label, bool of shape (n_texts,)."""
        is_right: np.ndarray = self.probs.argmax(axis=1) == self.label_ids
        return is_right

    @property
    def unseen(self) -> ScoredSplit | None:
        """The texts that do not also occur in train; None if no text leaked, or if all did."""
        if self.seen is None or self.without_leaks is None:
            return None
        rows = np.flatnonzero(~self.seen)
        return ScoredSplit(
            self.labelled.take(rows),
            self.label_ids[rows],
            self.probs[rows],
            self.without_leaks,
            self.predict_s,
        )

    @property
    def unseen_confusion(self) -> Sequence[Sequence[int]] | None:
        """The confusion matrix of the texts that do not also occur in train.

        None if no text leaked. Zeros if all did.
        """
        if not self.n_leaked:
            return None
        if self.without_leaks is None:
            n_classes = len(self.scores.per_class)
            return np.zeros((n_classes, n_classes), dtype=np.int64).tolist()
        return self.without_leaks.confusion

    def to_dict(self) -> ScoresEntry:
        """Return the scores as results.json holds them, with `without_leaks` if texts leaked."""
        plain = self.scores.to_dict()
        if self.n_leaked:
            plain["without_leaks"] = _without_leaks(self.n_leaked, self.without_leaks)
        return plain


def _without_leaks(n_leaked: int, scores: SplitScores | None) -> WithoutLeaksEntry:
    """Return the headline scores of the texts that did not leak."""
    if scores is None:
        return {
            "n_leaked": n_leaked,
            "n_texts": 0,
            "accuracy": None,
            "f1_weighted": None,
            "f1_macro": None,
            "intervals": {},
        }
    plain = scores.to_dict()
    return {
        "n_leaked": n_leaked,
        "n_texts": plain["n_texts"],
        "accuracy": plain["accuracy"],
        "f1_weighted": plain["f1_weighted"],
        "f1_macro": plain["f1_macro"],
        "intervals": plain["intervals"],
    }


def score_split(
    model: Model,
    labelled: LabelledTexts,
    *,
    seed: int,
    train: LabelledTexts | None = None,
    seen: np.ndarray | None = None,
    progress: Progress | None = None,
) -> ScoredSplit:
    """Predict a split and score it, with intervals.

    Parameters
    ----------
    model : Model
    labelled : LabelledTexts
    seed : int
        Seed of the bootstrap behind the intervals.
    train : LabelledTexts, optional
        The texts that the model was trained on. Scores on those of them that occur in `labelled`
        measure memory, so that all scores are also given without them.
    seen : bool array of shape (n_texts,), optional
        Which texts the model was trained on, where its training texts are not at hand.
    progress : Progress, optional
    """
    started_s = time.perf_counter()
    probs = model.predict_proba(labelled.texts, progress=progress)
    predict_s = time.perf_counter() - started_s
    label_ids = model.label_set.ids(labelled.labels)
    scores = score_predictions(label_ids, probs, model.label_set, seed=seed)
    if seen is None and train is not None:
        seen = find_seen(labelled, train)
    if seen is None:
        return ScoredSplit(labelled, label_ids, probs, scores, predict_s)
    is_new = ~seen
    n_leaked = int((~is_new).sum())
    without_leaks = None
    if n_leaked and is_new.any():
        without_leaks = score_predictions(
            label_ids[is_new], probs[is_new], model.label_set, seed=seed
        )
    return ScoredSplit(labelled, label_ids, probs, scores, predict_s, n_leaked, without_leaks, seen)


def score_parts(
    model: Model, scored: ScoredSplit, *, languages: Sequence[str] | None = None
) -> list[SliceScores]:
    """Score slices of a split: by length, negation and script, and by whether a text was cut.

    Parameters
    ----------
    model : Model
    scored : ScoredSplit
        The model's predictions on the split.
    languages : sequence of str, optional
        The language of each text.
    """
    texts = scored.labelled.texts
    more: dict[str, Sequence[str]] = {}
    if languages is not None:
        more["language"] = languages
    is_long = model.is_long(texts)
    if is_long is not None:
        name = _name_of_long_texts(model)
        more[LONG_TEXTS] = [name if one else READ_WHOLE for one in is_long]
    slices = score_slices(texts, scored.correct, more=more, seen=scored.seen)
    return [replace(one, fact=_fact_of_limit(one, model)) for one in slices]


def _fact_of_limit(one: SliceScores, model: Model) -> Fact | None:
    """State whether the texts of a slice are read whole, and if not, what the model does.

    Slices of other kinds keep their fact.
    """
    if one.kind != LONG_TEXTS:
        return one.fact
    if one.name == READ_WHOLE:
        return Fact.of("slices.whole")
    kind = "slices.windows" if model.long_texts == "window" else "slices.cut"
    return Fact.of(kind, n=model.max_tokens)


def _name_of_long_texts(model: Model) -> str:
    """Return what the model does with a text that is longer than it reads at once."""
    if model.long_texts == "window":
        return f"read in windows of {model.max_tokens} tokens"
    return f"cut after {model.max_tokens} tokens"


def manifest_scores(
    scored: Mapping[str, ScoredSplit], *, near: NearClaim | None = None
) -> list[ScoreEntry]:
    """Return what a model's assay.json says about its scores, one entry per split and metric.

    Parameters
    ----------
    scored : mapping of split to ScoredSplit
    near : NearClaim, optional
        Where many of the texts that methods were chosen on are nearly the same as a fitted one.
    """
    entries: list[ScoreEntry] = []
    for split, one in scored.items():
        for metric in HEADLINES:
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
            if near is not None and split != "test":
                entry["near_duplicates"] = near
            entries.append(entry)
    return entries


def _claim(scores: SplitScores, metric: str) -> ScoreClaim:
    return {
        "value": getattr(scores, metric),
        "interval": list(scores.intervals[metric]),
        "n_texts": scores.n_texts,
    }


def write_predictions(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Write predictions as gzipped JSON Lines, one line per text.

    A line holds `split`, `row` (1-based line of the source), `label`, `predicted_label` and `probs`
    in LabelSet order. Equal predictions give equal bytes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # No file name and no time in the header, so that equal predictions are equal files.
    with (
        path.open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0) as stream,
    ):
        for record in records:
            line = json.dumps(record, ensure_ascii=False) + "\n"
            stream.write(line.encode("utf-8", "surrogatepass"))


def prediction_records(
    split: str | Sequence[str], labelled: LabelledTexts, probs: np.ndarray, labels: Sequence[str]
) -> Iterator[PredictionEntry]:
    """Return what is written about each text.

    Parameters
    ----------
    split : str or sequence of str
        The split of all texts, or of each.
    labelled : LabelledTexts
    probs : array of shape (n_texts, n_classes)
    labels : sequence of str
        Names of the columns.
    """
    predicted = probs.argmax(axis=1)
    splits = split
    if isinstance(split, str):
        splits = [split] * len(labelled)
    for i, row in enumerate(labelled.lines):
        yield {
            "split": splits[i],
            "row": row,
            "label": labelled.labels[i],
            "predicted_label": labels[predicted[i]],
            "probs": [round(float(p), SCORE_DIGITS) for p in probs[i]],
        }
