"""Scores of a saved model where texts may have several labels."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay._display import Brief
from assay.data.texts import LabelledTexts
from assay.errors import DataError
from assay.evaluation.evidence import OUT_OF_FOLD
from assay.evaluation.result import Headline
from assay.evaluation.several_scores import SeveralScores, score_several
from assay.progress import Progress
from assay.runtime.answers import SeveralAnswers
from assay.runtime.entries import ScoreClaim, ScoreEntry
from assay.runtime.predictor import Model
from assay.training.thresholds import fit_thresholds

__all__ = [
    "SEVERAL_HEADLINES",
    "SeveralScored",
    "answers_of",
    "cross_fit",
    "score_several_split",
    "several_claims",
]

N_FOLDS = 5  # in which thresholds are fitted, so that no text is judged by thresholds that saw it
SCORE_DIGITS = 9  # of written scores: float32 carries about 7
# Field of SeveralScores -> how the card and the Hub call it
SEVERAL_HEADLINES = {
    "f1_micro": Headline("Micro F1", "f1"),
    "f1_macro": Headline("Macro F1", "f1"),
    "f1_weighted": Headline("Weighted F1", "f1"),
    "exact_match": Headline("Exact match", "accuracy"),
}


@dataclass(frozen=True, repr=False)
class SeveralScored(Brief):
    """A model's scores on a split, its answers, and what follows from them.

    Parameters
    ----------
    labelled : LabelledTexts
    truth, predicted : int64 arrays of shape (n_texts, n_labels), in LabelSet order
    probs : float64 array of the same shape
    scores : SeveralScores
    predict_s : float
        Seconds that prediction took.
    n_leaked : int
        Texts that also occur in train.
    without_leaks : SeveralScores, optional
        Scores of the other texts. None if no text leaked, or if all did.
    seen : bool array of shape (n_texts,), optional
        Which texts the model was trained on. None if that is not known.
    """

    labelled: LabelledTexts
    truth: np.ndarray
    probs: np.ndarray
    predicted: np.ndarray
    scores: SeveralScores
    predict_s: float
    n_leaked: int = 0
    without_leaks: SeveralScores | None = None
    seen: np.ndarray | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, with the scores without leaked texts if there are any."""
        plain = self.scores.to_dict()
        if self.n_leaked:
            others = None if self.without_leaks is None else self.without_leaks.to_dict()
            plain["without_leaks"] = {"n_leaked": self.n_leaked, "scores": others}
        return plain

    def records(self, split: str, labels: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Yield what is written about each text of a split."""
        splits = [split] * len(self.labelled)
        return self.describe_texts(splits, labels, self.probs, self.predicted)

    def describe_texts(
        self,
        splits: Sequence[str],
        labels: Sequence[str],
        probs: np.ndarray,
        predicted: np.ndarray,
    ) -> Iterator[Mapping[str, Any]]:
        """Yield what is written about each text, given scores and answers to all of them.

        The labels that are given come in the order of `predict`: the surest first.
        """
        for i, row in enumerate(self.labelled.lines):
            order = np.argsort(-probs[i], kind="stable")
            given = order[predicted[i][order] > 0].tolist()
            yield {
                "split": splits[i],
                "row": row,
                "labels": list(self.labelled.labels[i]),
                "predicted_labels": [labels[j] for j in given],
                "probs": [round(float(p), SCORE_DIGITS) for p in probs[i]],
            }


def answers_of(model: Model) -> SeveralAnswers:
    """Return how a model of several labels answers.

    Raises
    ------
    DataError
        It gives one label per text.
    """
    if not isinstance(model.answering, SeveralAnswers):
        raise DataError(
            f"the model in {model.folder} gives one label per text; the data have several",
            hint="train a model on such data, or read them with --single-label",
        )
    return model.answering


def score_several_split(
    model: Model,
    labelled: LabelledTexts,
    *,
    seed: int,
    seen: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    progress: Progress | None = None,
) -> SeveralScored:
    """Predict a split and score it, with intervals.

    Parameters
    ----------
    model : Model
    labelled : LabelledTexts
    seed : int
        Seed of the bootstrap behind the intervals, and of folds.
    seen : bool array of shape (n_texts,), optional
        Which texts the model was trained on. None: that is not known.
    groups : int array of shape (n_texts,), optional
        Equal numbers mark equal texts. Given for the texts on which the model's thresholds were
        chosen: these are then judged by thresholds that were chosen on the others.
    progress : Progress, optional
    """
    answering = answers_of(model)
    started_s = time.perf_counter()
    probs = model.predict_proba(labelled.texts, progress=progress)
    predict_s = time.perf_counter() - started_s
    truth = model.label_set.encode(labelled.labels)
    predicted = answering.decide(probs)
    if groups is not None:
        predicted = cross_fit(probs, truth, groups, seed=seed)

    def score(rows: np.ndarray) -> SeveralScores:
        return score_several(
            truth[rows],
            probs[rows],
            predicted[rows],
            model.label_set,
            answering.thresholds.scores,
            seed=seed,
        )

    scores = score(np.arange(len(truth)))
    if seen is None:
        return SeveralScored(labelled, truth, probs, predicted, scores, predict_s)
    new = np.flatnonzero(~seen)
    n_leaked = len(truth) - len(new)
    without = score(new) if n_leaked and len(new) else None
    return SeveralScored(
        labelled, truth, probs, predicted, scores, predict_s, n_leaked, without, seen
    )


def cross_fit(probs: np.ndarray, truth: np.ndarray, groups: np.ndarray, *, seed: int) -> np.ndarray:
    """Return answers by thresholds that were chosen on other texts, zeros and ones.

    Parameters
    ----------
    probs, truth : arrays of shape (n_texts, n_labels)
    groups : int array of shape (n_texts,)
        Equal texts have equal numbers, and are in one fold.
    seed : int
    """
    units = np.unique(groups, return_inverse=True)[1]
    rng = np.random.default_rng(seed)
    folds = (rng.permutation(int(units.max()) + 1) % N_FOLDS)[units]
    predicted = np.zeros_like(truth)
    for fold in range(N_FOLDS):
        inside = folds == fold
        if inside.any():
            thresholds = fit_thresholds(probs[~inside], truth[~inside])
            predicted[inside] = thresholds.decide(probs[inside])
    return predicted


def several_claims(
    test: SeveralScored, *, out_of_fold: SeveralScored | None = None
) -> list[ScoreEntry]:
    """Return what a model's assay.json says about its scores, one entry per split and metric.

    Those on validation are left out: they are of thresholds that the saved model does not have.

    Parameters
    ----------
    test : SeveralScored
    out_of_fold : SeveralScored, optional
        Scores of the texts that the model was fitted on, by models that did not see them.
    """
    scored = {"test": test} if out_of_fold is None else {OUT_OF_FOLD: out_of_fold, "test": test}
    entries: list[ScoreEntry] = []
    for split, one in scored.items():
        for metric in SEVERAL_HEADLINES:
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


def _claim(scores: SeveralScores, metric: str) -> ScoreClaim:
    return {
        "value": getattr(scores, metric),
        "interval": list(scores.intervals[metric]),
        "n_texts": scores.n_texts,
    }
