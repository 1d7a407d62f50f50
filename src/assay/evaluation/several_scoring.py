"""Scores of a saved model where texts may have several labels, and the choice by them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.data.texts import LabelledTexts
from assay.errors import DataError
from assay.evaluation.several_scores import (
    SEVERAL_METRICS,
    AnswerCounts,
    SeveralScores,
    draw_f1,
    score_several,
)
from assay.methods import FLOOR, METHODS
from assay.progress import Progress
from assay.runtime.answers import SeveralAnswers
from assay.runtime.entries import ScoreEntry
from assay.runtime.predictor import Model
from assay.training.thresholds import fit_thresholds

__all__ = [
    "SeveralChoice",
    "SeveralScored",
    "answers_of",
    "choose_several",
    "cross_fit",
    "score_several_split",
    "several_claims",
]

N_FOLDS = 5  # in which thresholds are fitted, so that no text is judged by thresholds that saw it
N_DRAWS = 2000
SCORE_DIGITS = 9  # of written scores: float32 carries about 7
METRIC_NAMES = {
    "macro-f1": "macro F1",
    "micro-f1": "micro F1",
    "accuracy": "share of exact matches",
}
HEADLINES = ("f1_micro", "f1_macro", "f1_weighted", "exact_match")


@dataclass(frozen=True)
class SeveralScored:
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
    """

    labelled: LabelledTexts
    truth: np.ndarray
    probs: np.ndarray
    predicted: np.ndarray
    scores: SeveralScores
    predict_s: float
    n_leaked: int = 0
    without_leaks: SeveralScores | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, with the scores without leaked texts if there are any."""
        plain = self.scores.to_dict()
        if self.n_leaked:
            others = None if self.without_leaks is None else self.without_leaks.to_dict()
            plain["without_leaks"] = {"n_leaked": self.n_leaked, "scores": others}
        return plain

    def records(self, split: str, labels: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        """Yield what is written about each text."""
        for i, row in enumerate(self.labelled.lines):
            given = np.flatnonzero(self.predicted[i]).tolist()
            yield {
                "split": split,
                "row": row,
                "labels": list(self.labelled.labels[i]),
                "predicted_labels": [labels[j] for j in given],
                "probs": [round(float(p), SCORE_DIGITS) for p in self.probs[i]],
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
    if groups is not None and METHODS[model.method].reads_texts:
        predicted = cross_fit(probs, truth, groups, seed=seed)

    def score(rows: np.ndarray) -> SeveralScores:
        return score_several(
            truth[rows],
            probs[rows],
            predicted[rows],
            model.label_set,
            answering.thresholds,
            seed=seed,
        )

    scores = score(np.arange(len(truth)))
    if seen is None:
        return SeveralScored(labelled, truth, probs, predicted, scores, predict_s)
    new = np.flatnonzero(~seen)
    n_leaked = len(truth) - len(new)
    without = score(new) if n_leaked and len(new) else None
    return SeveralScored(labelled, truth, probs, predicted, scores, predict_s, n_leaked, without)


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
            predicted[inside] = probs[inside] >= thresholds
    return predicted


def several_claims(test: SeveralScored) -> list[ScoreEntry]:
    """Return what a model's assay.json says about its scores on test, one entry per metric.

    Those on validation are left out: they are of thresholds that the saved model does not have.
    """
    scores = test.scores
    entries: list[ScoreEntry] = []
    for metric in HEADLINES:
        entry: ScoreEntry = {
            "split": "test",
            "metric": metric,
            "value": getattr(scores, metric),
            "interval": list(scores.intervals[metric]),
            "n_texts": scores.n_texts,
        }
        entries.append(entry)
    return entries


@dataclass(frozen=True)
class SeveralChoice:
    """Which method is recommended, and why.

    Parameters
    ----------
    recommended, best : str
        The method to take, and the one with the highest score on the evidence.
    metric : str
    tolerance : float
    scores, losses : mapping of method to float
        The score on the evidence, and what is expected to be lost against the best.
    n_texts : int
        Texts of the evidence.
    """

    recommended: str
    best: str
    metric: str
    tolerance: float
    scores: Mapping[str, float]
    losses: Mapping[str, float]
    n_texts: int

    @property
    def why(self) -> str:
        """The reason in one sentence."""
        name, own = METRIC_NAMES[self.metric], self.scores[self.recommended]
        where = f"on {self.n_texts:,} validation texts"
        if self.recommended == self.best:
            return f"{self.recommended} has the highest {name} ({own:.3f} {where})"
        return (
            f"{self.recommended} has a {name} of {own:.3f} {where}; {self.best} has "
            f"{self.scores[self.best]:.3f} and is more expensive (expected loss "
            f"{self.losses[self.recommended]:.3f}, {self.tolerance:g} is tolerated)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        expected = [
            {"method": method, "score": self.scores[method], "expected_loss": loss}
            for method, loss in self.losses.items()
        ]
        return {
            "metric": self.metric,
            "tolerance": self.tolerance,
            "best": self.best,
            "recommended": self.recommended,
            "why": self.why,
            "n_texts": self.n_texts,
            "expected_losses": expected,
        }


def choose_several(
    evidence: Mapping[str, SeveralScored],
    groups: np.ndarray,
    *,
    metric: str,
    tolerance: float,
    seed: int,
) -> SeveralChoice:
    """Recommend the cheapest method whose expected loss against the best is within the tolerance.

    The same rule as for one label per text, see `choose_method`: Bayesian bootstrap weights of
    groups of equal texts, the same for all methods.

    Parameters
    ----------
    evidence : mapping of method to SeveralScored
        From cheapest to most expensive; the same texts for all. Test texts take no part.
    groups : int array of shape (n_texts,)
    metric : {"macro-f1", "micro-f1", "accuracy"}
        Accuracy is the share of the texts that get exactly their labels.
    tolerance : float
    seed : int
    """
    field = SEVERAL_METRICS[metric]
    scores = {method: float(getattr(one.scores, field)) for method, one in evidence.items()}
    best = max(scores, key=lambda method: scores[method])  # of equals the first: the cheapest
    units = np.unique(groups, return_inverse=True)[1]
    name = "exact_match" if field == "exact_match" else field.removeprefix("f1_")
    drawn = {}
    for method, one in evidence.items():
        counts = AnswerCounts(one.truth, one.predicted)
        drawn[method] = getattr(draw_f1(counts, seed=seed, n_draws=N_DRAWS, groups=units), name)
    losses = {
        method: float(np.maximum(0.0, drawn[best] - own).mean()) for method, own in drawn.items()
    }
    candidates = [method for method, loss in losses.items() if loss <= tolerance]
    if best != FLOOR:
        candidates = [method for method in candidates if method != FLOOR]
    n_texts = len(units)
    return SeveralChoice(candidates[0], best, metric, tolerance, scores, losses, n_texts)
