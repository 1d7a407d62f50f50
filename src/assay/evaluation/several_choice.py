"""Which method is recommended where texts may have several labels, and how the others compare.

The rule of `choose_method`: the cheapest method whose expected loss against the best is within the
tolerance. Losses and differences are paired: all methods are drawn with the same weights of texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import TypedDict

import numpy as np

from assay._display import Brief, percent
from assay.evaluation.evidence import HELD_OUT, OUT_OF_FOLD
from assay.evaluation.intervals import percentile_interval
from assay.evaluation.several_scores import SEVERAL_METRICS, AnswerCounts, F1Draws, draw_f1
from assay.methods import FLOOR

__all__ = [
    "METRIC_NAMES",
    "SeveralEvidencePredictions",
    "SeveralChoice",
    "SeveralDifference",
    "choose_several",
    "compare_several",
]

N_DRAWS = 2000
METRIC_NAMES = {
    "macro-f1": "macro F1",
    "micro-f1": "micro F1",
    "accuracy": "share of exact matches",
}
KINDS = {
    HELD_OUT: "validation texts",
    OUT_OF_FOLD: "texts of train and validation, each judged by models that did not see it",
}


@dataclass(frozen=True)
class SeveralEvidencePredictions:
    """The labels that a method gave to texts that it was not trained on.

    Parameters
    ----------
    kind : {"held_out", "out_of_fold"}
    truth : int64 array of shape (n_texts, n_labels)
        Zeros and ones in LabelSet order.
    predicted : int64 array of shape (n_repeats, n_texts, n_labels)
        One block for each division into folds; a single one where the texts are held out.
    groups : int64 array of shape (n_texts,)
        Equal numbers mark equal texts.
    rows : int64 array of shape (n_texts,)
        Which text each is: methods are compared on the rows that all have.
    n_folds : int
        Folds of each division; 0 where the texts are held out.
    """

    kind: str
    truth: np.ndarray
    predicted: np.ndarray
    groups: np.ndarray
    rows: np.ndarray
    n_folds: int = 0

    @property
    def n_repeats(self) -> int:
        """How often the texts were divided into folds; 1 where they are held out."""
        return len(self.predicted)

    @cached_property
    def counts(self) -> AnswerCounts:
        """What F1 needs of all divisions together."""
        repeated = np.tile(self.truth, (self.n_repeats, 1))
        return AnswerCounts(repeated, self.predicted.reshape(len(repeated), -1))

    def only(self, rows: np.ndarray) -> SeveralEvidencePredictions:
        """Return the predictions for those texts that are in `rows`, in the order of the rows."""
        kept = np.flatnonzero(np.isin(self.rows, rows))
        kept = kept[np.argsort(self.rows[kept], kind="stable")]
        return SeveralEvidencePredictions(
            self.kind,
            self.truth[kept],
            self.predicted[:, kept],
            self.groups[kept],
            self.rows[kept],
            self.n_folds,
        )

    def score(self, metric: str) -> float:
        """Return a metric over all divisions."""
        counts = self.counts
        observed = counts.f1(np.ones((1, len(counts.true))))
        return float(_metric_of(observed, metric)[0])

    def draw(self, metric: str, *, seed: int) -> np.ndarray:
        """Return a metric under random weights of groups of equal texts, (N_DRAWS,).

        Equal seeds and texts give equal weights, whatever the method.
        """
        units = np.unique(self.groups, return_inverse=True)[1]
        repeated = np.tile(units, self.n_repeats)
        drawn = draw_f1(self.counts, seed=seed, n_draws=N_DRAWS, groups=repeated)
        return _metric_of(drawn, metric)


def _metric_of(drawn: F1Draws, metric: str) -> np.ndarray:
    values: np.ndarray = getattr(drawn, SEVERAL_METRICS[metric].removeprefix("f1_"))
    return values


class DifferenceEntry(TypedDict):
    """A `SeveralDifference` as results.json holds it."""

    method: str
    best: str
    metric: str
    n_texts: int
    score: float
    best_score: float
    difference: float
    interval: list[float]
    expected_loss: float


@dataclass(frozen=True, repr=False)
class SeveralDifference(Brief):
    """One method against the best, by a paired bootstrap.

    Parameters
    ----------
    method, best : str
        Equal in the row of the best method itself.
    metric : str
    n_texts : int
    score, best_score : float
    interval : pair of float
        95 % interval of `difference`.
    expected_loss : float
        Mean of what is lost where the best is better, and of 0 where it is not.
    """

    method: str
    best: str
    metric: str
    n_texts: int
    score: float
    best_score: float
    interval: tuple[float, float]
    expected_loss: float

    @property
    def difference(self) -> float:
        """The method's score minus that of the best."""
        return self.score - self.best_score

    def to_dict(self) -> DifferenceEntry:
        """Return plain values."""
        return {
            "method": self.method,
            "best": self.best,
            "metric": self.metric,
            "n_texts": self.n_texts,
            "score": self.score,
            "best_score": self.best_score,
            "difference": self.difference,
            "interval": list(self.interval),
            "expected_loss": self.expected_loss,
        }


def compare_several(
    predictions: Mapping[str, SeveralEvidencePredictions], *, metric: str, seed: int
) -> tuple[SeveralDifference, ...]:
    """Compare every method with the one that has the highest score, on the texts that all have.

    Parameters
    ----------
    predictions : mapping of method to SeveralEvidencePredictions
        From cheapest to most expensive.
    metric : {"macro-f1", "micro-f1", "accuracy"}
        Accuracy is the share of the texts that get exactly their labels.
    seed : int
    """
    shared = reduce(np.intersect1d, [one.rows for one in predictions.values()])
    predictions = {method: one.only(shared) for method, one in predictions.items()}
    scores = {method: one.score(metric) for method, one in predictions.items()}
    best = max(scores, key=lambda method: scores[method])  # of equals the first: the cheapest
    drawn = {method: one.draw(metric, seed=seed) for method, one in predictions.items()}
    compared = []
    for method, own in drawn.items():
        gap = own - drawn[best]
        found = SeveralDifference(
            method=method,
            best=best,
            metric=metric,
            n_texts=len(shared),
            score=scores[method],
            best_score=scores[best],
            interval=percentile_interval(gap),
            expected_loss=float(np.maximum(0.0, -gap).mean()),
        )
        compared.append(found)
    return tuple(compared)


class LossEntry(TypedDict):
    """What is expected to be lost with one method."""

    method: str
    score: float
    expected_loss: float


class SeveralChoiceEntry(TypedDict):
    """A `SeveralChoice` as results.json holds it."""

    metric: str
    tolerance: float
    best: str
    recommended: str
    why: str
    kind: str
    n_texts: int
    expected_losses: list[LossEntry]


@dataclass(frozen=True, repr=False)
class SeveralChoice(Brief):
    """Which method is recommended, and why.

    Parameters
    ----------
    recommended : str
    metric : str
    tolerance : float
    kind : {"held_out", "out_of_fold"}
        What the methods were compared on.
    comparisons : tuple of SeveralDifference
        One per method, from cheapest to most expensive.
    """

    recommended: str
    metric: str
    tolerance: float
    kind: str
    comparisons: tuple[SeveralDifference, ...]

    @property
    def best(self) -> str:
        """The method with the highest score."""
        return self.comparisons[0].best

    @property
    def n_texts(self) -> int:
        """Number of texts of the evidence."""
        return self.comparisons[0].n_texts

    @property
    def why(self) -> str:
        """The reason in one sentence."""
        own = next(one for one in self.comparisons if one.method == self.recommended)
        name, where = METRIC_NAMES[self.metric], f"on {self.n_texts:,} {KINDS[self.kind]}"
        if self.recommended == self.best:
            return f"{self.recommended} has the highest {name} ({percent(own.score)} {where})"
        return (
            f"{self.recommended} has a {name} of {percent(own.score)} {where}; {self.best} has "
            f"{percent(own.best_score)} and is more expensive (expected loss "
            f"{100 * own.expected_loss:.1f} points, {100 * self.tolerance:g} are tolerated)"
        )

    def to_dict(self) -> SeveralChoiceEntry:
        """Return plain values."""
        expected: list[LossEntry] = [
            {"method": one.method, "score": one.score, "expected_loss": one.expected_loss}
            for one in self.comparisons
        ]
        return {
            "metric": self.metric,
            "tolerance": self.tolerance,
            "best": self.best,
            "recommended": self.recommended,
            "why": self.why,
            "kind": self.kind,
            "n_texts": self.n_texts,
            "expected_losses": expected,
        }


def choose_several(
    evidence: Mapping[str, SeveralEvidencePredictions], *, metric: str, tolerance: float, seed: int
) -> SeveralChoice:
    """Recommend the cheapest method whose expected loss against the best is within the tolerance.

    `majority` is recommended only if it has the highest score.

    Parameters
    ----------
    evidence : mapping of method to SeveralEvidencePredictions
        From cheapest to most expensive. Test texts take no part.
    metric : {"macro-f1", "micro-f1", "accuracy"}
    tolerance : float
    seed : int
    """
    compared = compare_several(evidence, metric=metric, seed=seed)
    best = compared[0].best
    candidates = [one.method for one in compared if one.expected_loss <= tolerance]
    if best != FLOOR:
        candidates = [method for method in candidates if method != FLOOR]
    kinds = {one.kind for one in evidence.values()}
    kind = HELD_OUT if HELD_OUT in kinds else OUT_OF_FOLD
    return SeveralChoice(candidates[0], metric, tolerance, kind, compared)
