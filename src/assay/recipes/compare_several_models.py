"""`assay compare MODEL MODEL DATA` where texts may have several labels.

F1 is no mean over texts, so that no paired test fits it: the difference of two models comes from a
bootstrap that draws the same texts for both; see `SeveralEvidencePredictions.draw`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from assay._display import Brief, points_between
from assay.data.duplicates import duplicate_groups
from assay.data.labels import LabelSet
from assay.errors import plural
from assay.evaluation.compare import compare_pair
from assay.evaluation.evidence import HELD_OUT
from assay.evaluation.intervals import percentile_interval
from assay.evaluation.several_choice import METRIC_NAMES, SeveralEvidencePredictions
from assay.evaluation.several_scores import SEVERAL_METRICS
from assay.recipes.evaluate_several import SeveralEvaluation

__all__ = ["TRAINED_ON", "MetricDifference", "SeveralModelComparison", "compare_several_models"]

MAIN = "macro-f1"  # as a run chooses by
# Fewer texts that get other labels decide nothing: an exact test of signs of five texts says 0.06
# at best. The bootstrap does not know that: each of its draws holds each text.
LEAST_DIFFERENT = 6


class SeveralModelEntry(TypedDict):
    """One of the two models as JSON holds it."""

    model: str
    method: str
    f1_macro: float
    f1_micro: float
    exact_match: float
    n_only_right: int
    warnings: list[str]


class MetricDifferenceEntry(TypedDict):
    """A `MetricDifference` as JSON holds it."""

    metric: str
    difference: float
    interval: list[float]


class SeveralModelComparisonEntry(TypedDict):
    """A `SeveralModelComparison` as JSON holds it."""

    task: str
    source: str
    split: str
    n_texts: int
    models: list[SeveralModelEntry]
    differences: list[MetricDifferenceEntry]
    p_value: float
    why: str


# Said where one of the models was trained on most of the texts
TRAINED_ON = (
    ", but a model was trained on most of these texts: only those that neither was trained on say "
    "which is better"
)


@dataclass(frozen=True)
class MetricDifference:
    """A score of two models.

    Parameters
    ----------
    metric : {"macro-f1", "micro-f1", "accuracy"}
        Accuracy is the share of the texts that get exactly their labels.
    scores : pair of float
        Those of the first and of the second model.
    interval : pair of float
        95 % interval of the second score minus the first: Bayesian bootstrap over distinct texts.
    """

    metric: str
    scores: tuple[float, float]
    interval: tuple[float, float]

    @property
    def difference(self) -> float:
        """The second score minus the first."""
        return self.scores[1] - self.scores[0]

    def to_dict(self) -> MetricDifferenceEntry:
        """Return plain values."""
        field = SEVERAL_METRICS[self.metric]
        return {"metric": field, "difference": self.difference, "interval": list(self.interval)}


@dataclass(frozen=True, repr=False)
class SeveralModelComparison(Brief):
    """How two models of several labels compare on the same texts.

    Parameters
    ----------
    names : tuple of two str
        As they were given.
    evaluations : tuple of two SeveralEvaluation
    differences : tuple of MetricDifference
        Macro F1 first. Labels that only one of the models knows count for both.
    n_only_right : tuple of two int
        Texts that only the first, and only the second, gives exactly their labels.
    p_value : float
        Two-sided exact McNemar test of these two counts.
    n_different : int
        Texts to which the models give different labels.
    """

    names: tuple[str, str]
    evaluations: tuple[SeveralEvaluation, SeveralEvaluation]
    differences: tuple[MetricDifference, ...]
    n_only_right: tuple[int, int]
    p_value: float
    n_different: int

    @property
    def why(self) -> str:
        """Say in one sentence which model is better, and whether that may be chance."""
        main = self.differences[0]
        name = METRIC_NAMES[main.metric]
        texts = f"{self.evaluations[0].scores.n_texts:,} texts"
        if main.difference == 0:
            return f"Both models have the same {name} on {texts}."
        better, other = self.names[1], self.names[0]
        low, high = main.interval
        if main.difference < 0:
            better, other, low, high = other, better, -high, -low
        sure = "possibly chance"
        if self.n_different < LEAST_DIFFERENT:
            sure += f", since they label {plural(self.n_different, 'text')} differently"
        elif low > 0:
            sure = "more than chance"
        if any(2 * one.scored.n_leaked > len(one.scored.labelled) for one in self.evaluations):
            sure += TRAINED_ON
        points = f"{points_between(*main.scores).lstrip('+-')} points"
        return (
            f"The {name} of {better} is {points} higher than that of "
            f"{other} on {texts} (95 % interval {100 * low:+.1f} to {100 * high:+.1f}): {sure}."
        )

    def warnings(self) -> list[str]:
        """Return one sentence for each model that was trained on some of the texts."""
        found = []
        for name, one in zip(self.names, self.evaluations, strict=True):
            found += [f"{name}: {warning}" for warning in _warnings(one)]
        return found

    def to_dict(self) -> SeveralModelComparisonEntry:
        """Return plain values, ready for JSON."""
        scores = {one.metric: one.scores for one in self.differences}
        models: list[SeveralModelEntry] = []
        for i, one in enumerate(self.evaluations):
            models.append(
                {
                    "model": self.names[i],
                    "method": one.method,
                    "f1_macro": scores["macro-f1"][i],
                    "f1_micro": scores["micro-f1"][i],
                    "exact_match": scores["accuracy"][i],
                    "n_only_right": self.n_only_right[i],
                    "warnings": _warnings(one),
                }
            )
        first = self.evaluations[0]
        return {
            "task": "multi",
            "source": first.source,
            "split": first.split,
            "n_texts": first.scores.n_texts,
            "models": models,
            "differences": [one.to_dict() for one in self.differences],
            "p_value": self.p_value,
            "why": self.why,
        }


def _warnings(one: SeveralEvaluation) -> list[str]:
    if not one.scored.n_leaked:
        return []
    return [f"{one.scored.n_leaked:,} of these texts are among those that it was trained on"]


def compare_several_models(
    names: tuple[str, str], first: SeveralEvaluation, second: SeveralEvaluation, *, seed: int
) -> SeveralModelComparison:
    """Compare two models that were scored on the same rows.

    Parameters
    ----------
    names : tuple of two str
    first, second : SeveralEvaluation
    seed : int
        Seed of the bootstrap.
    """
    label_set = LabelSet(tuple(dict.fromkeys([*first.labels, *second.labels])), "multi")
    before, after = _predictions(first, label_set), _predictions(second, label_set)
    differences = []
    for metric in sorted(METRIC_NAMES, key=lambda name: name != MAIN):
        gap = after.draw(metric, seed=seed) - before.draw(metric, seed=seed)
        scores = before.score(metric), after.score(metric)
        differences.append(MetricDifference(metric, scores, percentile_interval(gap)))
    first_right, second_right = _is_right(before), _is_right(after)
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    return SeveralModelComparison(
        names=names,
        evaluations=(first, second),
        differences=tuple(differences),
        n_only_right=(only_first, only_second),
        p_value=compare_pair(first_right, second_right),
        n_different=int((before.predicted[0] != after.predicted[0]).any(axis=1).sum()),
    )


def _predictions(found: SeveralEvaluation, label_set: LabelSet) -> SeveralEvidencePredictions:
    """Return the predictions of a model for the labels of both models.

    Equal texts are one piece of evidence.
    """
    labelled = found.scored.labelled
    predicted = np.zeros((len(labelled), len(label_set)), dtype=np.int64)
    columns = [label_set.names.index(label) for label in found.labels]
    predicted[:, columns] = found.scored.predicted
    return SeveralEvidencePredictions(
        HELD_OUT,
        label_set.encode(labelled.labels),
        predicted[None],
        groups=duplicate_groups(labelled),
        rows=np.arange(len(labelled)),
    )


def _is_right(predictions: SeveralEvidencePredictions) -> np.ndarray:
    is_right: np.ndarray = (predictions.truth == predictions.predicted[0]).all(axis=1)
    return is_right
