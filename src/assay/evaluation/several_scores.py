"""Scores of predictions where a text may have several labels, with 95 % intervals, in numpy alone.

All scores are scikit-learn's of the same name, with ``zero_division=0``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from assay._display import Brief
from assay.data.labels import LabelSet
from assay.evaluation.intervals import label_intervals, score_interval, worth_of_macro

__all__ = [
    "AnswerCounts",
    "F1Draws",
    "SEVERAL_METRICS",
    "LabelScores",
    "SeveralScores",
    "average_precision",
    "draw_f1",
    "score_several",
]

N_BINS = 15  # of the calibration error, as for one label per text
WEIGHTS_AT_ONCE = 2_000_000  # random weights that are held in memory
# Metric of a choice -> field of SeveralScores
SEVERAL_METRICS = {"macro-f1": "f1_macro", "micro-f1": "f1_micro", "accuracy": "exact_match"}


@dataclass(frozen=True)
class LabelScores:
    """Scores of one label; 0 where there is nothing to divide by.

    Parameters
    ----------
    label : str
    n_texts : int
        Texts that truly have the label.
    n_predicted : int
        Texts that are given it.
    precision, recall, f1 : float
    f1_interval : pair of float, optional
        95 % interval of `f1`. None for a label that no text has or is given.
    average_precision : float or None
        Mean precision over the ranks of the texts that have the label; None if none has it.
    ece : float
        Expected calibration error of the label's scores, over 15 equally wide bins.
    threshold : float
        The score from which the label is given.
    """

    label: str
    n_texts: int
    n_predicted: int
    precision: float
    recall: float
    f1: float
    f1_interval: tuple[float, float] | None
    average_precision: float | None
    ece: float
    threshold: float


@dataclass(frozen=True, repr=False)
class SeveralScores(Brief):
    """All scores of one model on one split, as fractions.

    Parameters
    ----------
    n_texts : int
    f1_micro, f1_macro, f1_weighted : float
        F1 of all label entries together; the mean over the labels that some text has or is given;
        the mean weighted by their texts.
    exact_match : float
        Share of the texts that get exactly their labels.
    hamming_loss : float
        Share of the label entries that are wrong.
    ranking_precision : float
        Label ranking average precision: how high the true labels of a text are among its scores.
    average_precision : float
        Mean over the labels that some text has.
    ece : float
        Mean over the labels.
    intervals : dict of str to pair of float
        95 % intervals of the three F1 and of `exact_match`, by bootstrap over texts.
    per_label : tuple of LabelScores
        In LabelSet order.
    """

    n_texts: int
    f1_micro: float
    f1_macro: float
    f1_weighted: float
    exact_match: float
    hamming_loss: float
    ranking_precision: float
    average_precision: float
    ece: float
    intervals: dict[str, tuple[float, float]]
    per_label: tuple[LabelScores, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        plain = asdict(self)
        plain["intervals"] = {name: list(pair) for name, pair in self.intervals.items()}
        for one in plain["per_label"]:
            if one["f1_interval"] is not None:
                one["f1_interval"] = list(one["f1_interval"])
        plain["per_label"] = list(plain["per_label"])
        return plain


def score_several(
    truth: np.ndarray,
    probs: np.ndarray,
    predicted: np.ndarray,
    label_set: LabelSet,
    thresholds: np.ndarray,
    *,
    seed: int,
    n_resamples: int = 1000,
) -> SeveralScores:
    """Score predictions against true labels.

    Parameters
    ----------
    truth, predicted : int arrays of shape (n_texts, n_labels)
        1 where a text has, or is given, a label; at least one text.
    probs : float array of shape (n_texts, n_labels)
    label_set : LabelSet
    thresholds : array of shape (n_labels,)
        By which `predicted` was made, for the table of labels.
    seed : int
        Seed of the bootstrap.
    n_resamples : int
    """
    n_texts = len(truth)
    counts = AnswerCounts(truth, predicted)
    own = counts.f1(np.ones((1, n_texts)))
    drawn = draw_f1(counts, seed=seed, n_draws=n_resamples)
    per_label = _score_labels(truth, probs, predicted, label_set, thresholds, own, drawn)
    precisions = [one.average_precision for one in per_label]
    known = [one for one in precisions if one is not None]
    return SeveralScores(
        n_texts=n_texts,
        f1_micro=float(own.micro[0]),
        f1_macro=float(own.macro[0]),
        f1_weighted=float(own.weighted[0]),
        exact_match=float(own.exact_match[0]),
        hamming_loss=float((truth != predicted).mean()),
        ranking_precision=_ranking_precision(truth, probs),
        average_precision=float(np.mean(known)) if known else 0.0,
        ece=float(np.mean([one.ece for one in per_label])),
        intervals=_intervals(own, drawn, truth, predicted),
        per_label=per_label,
    )


def _intervals(
    own: F1Draws, drawn: F1Draws, truth: np.ndarray, predicted: np.ndarray
) -> dict[str, tuple[float, float]]:
    """Return the intervals of the metrics; `own` are those of the texts, `drawn` of resamples."""
    n_texts = float(len(truth))
    n_macro = worth_of_macro(truth.sum(axis=0), predicted.sum(axis=0)) or n_texts
    found = {
        "f1_micro": (drawn.micro, own.micro, n_texts),
        "f1_macro": (drawn.macro, own.macro, n_macro),
        "f1_weighted": (drawn.weighted, own.weighted, n_texts),
        "exact_match": (drawn.exact_match, own.exact_match, n_texts),
    }
    return {
        metric: score_interval(resampled, float(score[0]), n_texts=n_worth)
        for metric, (resampled, score, n_worth) in found.items()
    }


def _score_labels(
    truth: np.ndarray,
    probs: np.ndarray,
    predicted: np.ndarray,
    label_set: LabelSet,
    thresholds: np.ndarray,
    own: F1Draws,
    drawn: F1Draws,
) -> tuple[LabelScores, ...]:
    """Return the scores of each label; `own` are those of the texts, `drawn` of resamples."""
    n_true, n_predicted = truth.sum(axis=0), predicted.sum(axis=0)
    n_hit = (truth * predicted).sum(axis=0)
    intervals = label_intervals(drawn.per_label, n_hit, n_true, n_predicted)
    per_label = []
    for i, label in enumerate(label_set):
        scores = LabelScores(
            label=label,
            n_texts=int(n_true[i]),
            n_predicted=int(n_predicted[i]),
            precision=float(n_hit[i] / max(1, n_predicted[i])),
            recall=float(n_hit[i] / max(1, n_true[i])),
            f1=float(own.per_label[0, i]),
            f1_interval=intervals[i],
            average_precision=average_precision(truth[:, i], probs[:, i]),
            ece=_calibration_error(truth[:, i], probs[:, i]),
            threshold=float(thresholds[i]),
        )
        per_label.append(scores)
    return tuple(per_label)


@dataclass(frozen=True)
class F1Draws:
    """Scores of several draws: arrays of shape (n_draws,), and (n_draws, n_labels)."""

    micro: np.ndarray
    macro: np.ndarray
    weighted: np.ndarray
    exact_match: np.ndarray
    per_label: np.ndarray


class AnswerCounts:
    """What F1 needs of the answers to each text."""

    def __init__(self, truth: np.ndarray, predicted: np.ndarray) -> None:
        self.hit = (truth * predicted).astype(np.float32)
        self.true = truth.astype(np.float32)
        self.given = predicted.astype(np.float32)
        self.exact = (truth == predicted).all(axis=1).astype(np.float32)

    def f1(self, weights: np.ndarray) -> F1Draws:
        """Return the scores where texts count by weights of shape (n_draws, n_texts)."""
        own = weights.astype(np.float32)
        hit, true, given = own @ self.hit, own @ self.true, own @ self.given
        per_label = _divide(2 * hit, true + given)
        n_true, n_occurring = true.sum(axis=1), ((true + given) > 0).sum(axis=1)
        return F1Draws(
            micro=_divide(2 * hit.sum(axis=1), n_true + given.sum(axis=1)),
            macro=per_label.sum(axis=1) / np.maximum(n_occurring, 1),
            weighted=_divide((per_label * true).sum(axis=1), n_true),
            exact_match=(own @ self.exact) / own.sum(axis=1),
            per_label=per_label,
        )


def draw_f1(
    counts: AnswerCounts, *, seed: int, n_draws: int, groups: np.ndarray | None = None
) -> F1Draws:
    """Draw scores: bootstrap resamples of texts, or Bayesian weights of groups of equal texts.

    Parameters
    ----------
    counts : AnswerCounts
    seed : int
        Equal seeds give equal weights, so that draws of two methods are paired.
    n_draws : int
    groups : int array of shape (n_texts,), optional
        Equal numbers, from 0 without gaps, mark equal texts. None: resample texts.
    """
    weights = _weights(len(counts.true), seed, n_draws, groups)
    parts = list(map(counts.f1, weights))
    joined = [np.concatenate([getattr(part, name) for part in parts]) for name in FIELDS]
    return F1Draws(*joined)


FIELDS = ("micro", "macro", "weighted", "exact_match", "per_label")


def _weights(
    n_texts: int, seed: int, n_draws: int, groups: np.ndarray | None
) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(seed)
    step = max(1, WEIGHTS_AT_ONCE // n_texts)
    for start in range(0, n_draws, step):
        n = min(step, n_draws - start)
        if groups is None:
            yield rng.multinomial(n_texts, np.full(n_texts, 1 / n_texts), size=n)
        else:
            yield rng.standard_exponential((n, int(groups.max()) + 1))[:, groups]


def _divide(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    divided: np.ndarray = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    return divided


def average_precision(truth: np.ndarray, scores: np.ndarray) -> float | None:
    """Return the mean precision over the texts that have a label, ranked by score.

    Texts with equal scores share a rank, as in scikit-learn. None if no text has the label.
    """
    n_true = int(truth.sum())
    if not n_true:
        return None
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(truth[order])
    last = np.flatnonzero(np.append(np.diff(ranked) != 0, True))  # of each run of equal scores
    new_hits = np.diff(hits[last], prepend=0)
    return float((new_hits * hits[last] / (last + 1)).sum() / n_true)


def _ranking_precision(truth: np.ndarray, probs: np.ndarray) -> float:
    """Return the label ranking average precision; a text with no or all labels counts 1."""
    total = 0.0
    n_labels = truth.shape[1]
    for own, scores in zip(truth > 0, probs, strict=True):
        n_true = int(own.sum())
        if n_true in (0, n_labels):
            total += 1.0
            continue
        ranked, ranked_true = np.sort(scores), np.sort(scores[own])
        rank = n_labels - np.searchsorted(ranked, scores[own])
        above = n_true - np.searchsorted(ranked_true, scores[own])
        total += float((above / rank).mean())
    return total / len(truth)


def _calibration_error(truth: np.ndarray, scores: np.ndarray) -> float:
    bins = np.minimum((scores * N_BINS).astype(np.int64), N_BINS - 1)
    gaps = np.bincount(bins, weights=scores - truth, minlength=N_BINS)
    return float(np.abs(gaps).sum() / len(scores))
