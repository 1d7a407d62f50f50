"""`assay compare MODEL MODEL DATA`: two saved models on the same texts, with a paired test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np

from assay._display import Brief, percent, points_between
from assay.data.duplicates import duplicate_groups
from assay.data.texts import Splits
from assay.errors import InputError
from assay.evaluation.compare import ALPHA, compare_pair
from assay.evaluation.evidence import EvidencePredictions
from assay.evaluation.score_draws import draw_scores
from assay.notebook import default_progress
from assay.progress import Progress
from assay.recipes.compare_several_models import (
    TRAINED_ON,
    SeveralModelComparison,
    compare_several_models,
)
from assay.recipes.evaluate import Evaluation, evaluate_model
from assay.recipes.evaluate_several import SeveralEvaluation

__all__ = ["ModelComparison", "compare_models"]

INTERVAL = (0.025, 0.975)


class ModelEntry(TypedDict):
    """One of the two models as JSON holds it."""

    model: str
    method: str
    accuracy: float
    interval: list[float]
    f1_macro: float
    n_only_right: int
    warnings: list[str]


class ModelComparisonEntry(TypedDict):
    """A `ModelComparison` as JSON holds it."""

    source: str
    split: str
    n_texts: int
    models: list[ModelEntry]
    difference: float
    interval: list[float]
    p_value: float
    why: str


@dataclass(frozen=True, repr=False)
class ModelComparison(Brief):
    """How two models compare, text by text.

    Parameters
    ----------
    names : tuple of two str
        As they were given.
    evaluations : tuple of two Evaluation
    n_only_right : tuple of two int
        Texts that only the one or only the other labels right.
    difference : float
        Accuracy of the second model minus that of the first, -1 to 1.
    interval : tuple of two float
        95 % interval of the difference: Bayesian bootstrap over distinct texts.
    p_value : float
        Two-sided exact McNemar test.
    """

    names: tuple[str, str]
    evaluations: tuple[Evaluation, Evaluation]
    n_only_right: tuple[int, int]
    difference: float
    interval: tuple[float, float]
    p_value: float

    @property
    def why(self) -> str:
        """Say in one sentence which model is better, and whether that may be chance."""
        n_texts = self.evaluations[0].scores.n_texts
        if self.difference == 0:
            return f"Both models label as many of {n_texts:,} texts right."
        low, high = self.interval
        better = self.names[1]
        if self.difference < 0:
            better, low, high = self.names[0], -high, -low
        sure = "more than chance" if self.p_value < ALPHA else "possibly chance"
        if any(2 * one.scored.n_leaked > n_texts for one in self.evaluations):
            sure += TRAINED_ON
        points = points_between(*(one.scores.accuracy for one in self.evaluations)).lstrip("+-")
        return (
            f"{better} labels {points} points more of {n_texts:,} texts "
            f"right (95 % interval {100 * low:+.1f} to {100 * high:+.1f}): {sure}."
        )

    def warnings(self) -> list[str]:
        """Return one sentence for each reason to read the scores of a model with care."""
        found = []
        for name, one in zip(self.names, self.evaluations, strict=True):
            found += [f"{name}: {warning}" for warning in _warnings_of(one)]
        return found

    def to_dict(self) -> ModelComparisonEntry:
        """Return plain values, ready for JSON."""
        models: list[ModelEntry] = []
        for i, one in enumerate(self.evaluations):
            scores = one.scores
            models.append(
                {
                    "model": self.names[i],
                    "method": one.method,
                    "accuracy": scores.accuracy,
                    "interval": list(scores.intervals["accuracy"]),
                    "f1_macro": scores.f1_macro,
                    "n_only_right": self.n_only_right[i],
                    "warnings": _warnings_of(one),
                }
            )
        first = self.evaluations[0]
        return {
            "source": first.source,
            "split": first.split,
            "n_texts": first.scores.n_texts,
            "models": models,
            "difference": self.difference,
            "interval": list(self.interval),
            "p_value": self.p_value,
            "why": self.why,
        }


def compare_models(
    first: str | Path,
    second: str | Path,
    splits: Splits,
    *,
    split: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> ModelComparison | SeveralModelComparison:
    """Score two models on the same labelled texts, and test whether they differ.

    Parameters
    ----------
    first, second : path or Hub id
        See `open_model`.
    splits : Splits
    split : str, optional
        None: `test` if there is one, or the only split.
    seed : int
        Seed of the bootstrap.
    progress : Progress, optional

    Returns
    -------
    ModelComparison or SeveralModelComparison
        The second where both models give any number of labels per text.

    Raises
    ------
    InputError
        A model cannot be used, does not know the labels, or the data were cut for one of them only;
        or one model gives one label per text, and the other any number.
    """
    progress = progress or default_progress()
    names = (str(first), str(second))
    one = evaluate_model(first, splits, split=split, seed=seed, progress=progress)
    other = evaluate_model(second, splits, split=split, seed=seed, progress=progress)
    if one.scored.labelled.lines != other.scored.labelled.lines:
        raise InputError("the models were scored on different rows; name a split of both: --split")
    if isinstance(one, SeveralEvaluation) and isinstance(other, SeveralEvaluation):
        return compare_several_models(names, one, other, seed=seed)
    if isinstance(one, SeveralEvaluation):
        raise _refuse_two_kinds(names[0], names[1])
    if isinstance(other, SeveralEvaluation):
        raise _refuse_two_kinds(names[1], names[0])
    predictions = {"first": _predictions(one, splits), "second": _predictions(other, splits)}
    first_right, second_right = predictions["first"].correct, predictions["second"].correct
    drawn = draw_scores(predictions, "accuracy", seed=seed)
    low, high = np.quantile(drawn["second"] - drawn["first"], INTERVAL)
    return ModelComparison(
        names=names,
        evaluations=(one, other),
        n_only_right=(
            int((first_right & ~second_right).sum()),
            int((second_right & ~first_right).sum()),
        ),
        difference=float(second_right.mean() - first_right.mean()),
        interval=(float(low), float(high)),
        p_value=compare_pair(first_right, second_right),
    )


def _warnings_of(found: Evaluation) -> list[str]:
    """Return the reasons to read the scores of one model with care."""
    warnings = found.warnings()
    if found.rule_effect is not None:
        warnings.append(
            "it gives labels by a rule; compared are the labels with the highest score. "
            f"By its rule {percent(found.rule_effect.accuracy)} are right."
        )
    return warnings


def _refuse_two_kinds(several: str, single: str) -> InputError:
    return InputError(
        f"{several} gives any number of labels per text and {single} gives one; "
        "two models that give one, or two that give any number, are accepted"
    )


def _predictions(found: Evaluation, splits: Splits) -> EvidencePredictions:
    """Return the predictions of a model; texts that are equal are one piece of evidence."""
    labelled = found.scored.labelled
    names = {label: i for i, label in enumerate([*splits.label_set])}
    for label in found.labels:
        names.setdefault(label, len(names))
    predicted = [names[found.labels[i]] for i in found.scored.probs.argmax(axis=1)]
    true = [names[label] for label in labelled.labels]
    return EvidencePredictions.held_out(
        np.array(true), np.array(predicted), groups=duplicate_groups(labelled)
    )
