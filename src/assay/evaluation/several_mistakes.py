"""Where a model of several labels is wrong: surprising texts, pairs that it misses, thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import numpy as np

from assay.data.stratified import count_pairs
from assay.evaluation.several_scores import LabelScores
from assay.evaluation.several_scoring import SeveralScored

__all__ = [
    "MissedPair",
    "SurprisingText",
    "ThresholdCurve",
    "find_missed_pairs",
    "find_surprising",
    "trace_thresholds",
]

N_SURPRISING = 20  # of either kind
N_PAIRS = 15
N_CURVES = 6
LEAST_TEXTS = 5  # of a label whose curve is drawn: fewer make no curve
GRID = np.linspace(0.01, 0.99, 50)  # thresholds of a curve
MAX_CHARS = 300  # of a text that is shown


class SurprisingText(TypedDict):
    """A text that the model would label differently, and how sure it is.

    `kind` is `missing` where a label is given that the text does not have in the data, and `extra`
    where the text has a label that the model does not give. `score` is the score of that label.
    `id` is what a column of the data calls the row, where one was asked for.
    """

    kind: str
    line: int
    text: str
    labels: list[str]
    predicted_labels: list[str]
    label: str
    score: float
    id: NotRequired[str]


class MissedPair(TypedDict):
    """Two labels that texts have together, and how often the model gives both, one or none."""

    labels: list[str]
    n_texts: int
    n_both: int
    n_none: int


class ThresholdCurve(TypedDict):
    """Precision and recall of one label at each threshold; no precision where nothing is given."""

    label: str
    threshold: float
    thresholds: list[float]
    precision: list[float | None]
    recall: list[float]


@dataclass(frozen=True)
class _Entry:
    """One wrong entry: the row of the text, the label, and how far the score is from the truth."""

    row: int
    label: int
    surprise: float


def find_surprising(scored: SeveralScored, labels: Sequence[str]) -> list[SurprisingText]:
    """Return the texts whose labels surprise the model most, each once for either kind.

    First those that probably lack a label, then those with one that is probably too many.

    Parameters
    ----------
    scored : SeveralScored
    labels : sequence of str
        In LabelSet order.
    """
    probs, truth, predicted = scored.probs, scored.truth, scored.predicted
    is_missing = (predicted > 0) & (truth == 0)
    is_extra = (predicted == 0) & (truth > 0)
    found: list[SurprisingText] = []
    for kind, is_wrong, surprise in (
        ("missing", is_missing, probs),
        ("extra", is_extra, 1 - probs),
    ):
        for entry in _most_surprising(is_wrong, surprise):
            text = scored.labelled.texts[entry.row]
            found.append(
                {
                    "kind": kind,
                    "line": scored.labelled.lines[entry.row],
                    "text": text[:MAX_CHARS],
                    "labels": _names(truth[entry.row], labels),
                    "predicted_labels": _names(predicted[entry.row], labels),
                    "label": labels[entry.label],
                    "score": float(probs[entry.row, entry.label]),
                }
            )
    return found


def _most_surprising(is_wrong: np.ndarray, surprise: np.ndarray) -> list[_Entry]:
    rows, columns = np.nonzero(is_wrong)
    values = surprise[rows, columns]
    entries: list[_Entry] = []
    seen: set[int] = set()
    for i in np.argsort(-values, kind="stable").tolist():
        row = int(rows[i])
        if row not in seen:
            seen.add(row)
            entries.append(_Entry(row, int(columns[i]), float(values[i])))
        if len(entries) == N_SURPRISING:
            break
    return entries


def _names(row: np.ndarray, labels: Sequence[str]) -> list[str]:
    return [labels[i] for i in np.flatnonzero(row).tolist()]


def find_missed_pairs(
    truth: np.ndarray, predicted: np.ndarray, labels: Sequence[str]
) -> list[MissedPair]:
    """Return the pairs of labels that texts have: first those that most texts lack in the answers.

    Parameters
    ----------
    truth, predicted : int arrays of shape (n_texts, n_labels)
    labels : sequence of str
        In LabelSet order.
    """
    hit = truth * predicted
    missed = truth * (1 - predicted)
    n_true, n_both, n_none = count_pairs(truth), count_pairs(hit), count_pairs(missed)
    n_incomplete = n_true - n_both
    first, second = np.nonzero(np.triu(n_true, k=1))
    found = first, second
    order = np.lexsort((-n_true[found], -n_incomplete[found]))[:N_PAIRS]
    pairs: list[MissedPair] = []
    for i, j in zip(first[order].tolist(), second[order].tolist(), strict=True):
        pairs.append(
            {
                "labels": [labels[i], labels[j]],
                "n_texts": int(n_true[i, j]),
                "n_both": int(n_both[i, j]),
                "n_none": int(n_none[i, j]),
            }
        )
    return pairs


def trace_thresholds(
    truth: np.ndarray, probs: np.ndarray, per_label: Sequence[LabelScores]
) -> list[ThresholdCurve]:
    """Return precision and recall over the threshold of the labels with the lowest F1.

    Labels without a mistake have nothing to show.

    Parameters
    ----------
    truth, probs : arrays of shape (n_texts, n_labels)
    per_label : sequence of LabelScores
        In LabelSet order.
    """
    known = [i for i, one in enumerate(per_label) if one.n_texts >= LEAST_TEXTS and one.f1 < 1]
    worst = sorted(known, key=lambda i: per_label[i].f1)[:N_CURVES]
    curves: list[ThresholdCurve] = []
    for i in worst:
        own = np.sort(probs[truth[:, i] > 0, i])
        every = np.sort(probs[:, i])
        n_hit = len(own) - np.searchsorted(own, GRID)
        n_given = len(every) - np.searchsorted(every, GRID)
        precision: list[float | None] = []
        for hit, given in zip(n_hit.tolist(), n_given.tolist(), strict=True):
            precision.append(hit / given if given else None)
        curves.append(
            {
                "label": per_label[i].label,
                "threshold": per_label[i].threshold,
                "thresholds": [round(float(one), 4) for one in GRID],
                "precision": precision,
                "recall": (n_hit / len(own)).tolist(),
            }
        )
    return curves
