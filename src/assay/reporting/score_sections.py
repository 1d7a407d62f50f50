"""The sections of a report about scores: mistakes, calibration, slices and epochs of training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.catalogue import Fact
from assay.data.labels import LabelSet
from assay.data.origin import read_other_cells
from assay.data.texts import LabelledTexts, Splits
from assay.evaluation.calibration import measure_calibration
from assay.evaluation.evidence import OUT_OF_FOLD
from assay.evaluation.mistakes import Mistake, surest_mistakes
from assay.evaluation.result import ReliabilityBin
from assay.evaluation.scoring import ScoredSplit, score_parts
from assay.evaluation.slices import SliceScores
from assay.reporting.method_result import EVIDENCE, MethodResult
from assay.reporting.results import Results
from assay.runtime.linear import softmax
from assay.runtime.nearest import Neighbour, TrainingTexts

__all__ = [
    "CalibrationSection",
    "Epoch",
    "ShownMistake",
    "ShownSlice",
    "describe_calibration",
    "describe_epochs",
    "describe_mistakes",
    "read_mistake_ids",
    "describe_slices",
]

N_MISTAKES = 20
N_NEAREST = 1
SAME_SIMILARITY = 1 - 1e-5  # the same terms equally often; below 1 by the rounding of float32
SMALLEST_SCORE = 1e-45  # of float32, in which networks score: smaller scores are written as zero


@dataclass(frozen=True)
class ShownMistake:
    """A wrongly labelled text, with the train texts that are most similar to it.

    Parameters
    ----------
    mistake : Mistake
    nearest : tuple of Neighbour
    id : str, optional
        What a column of the data calls the row, where one was asked for.
    """

    mistake: Mistake
    nearest: tuple[Neighbour, ...] = ()
    id: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the mistake as plain values, with `nearest` beside its keys."""
        named = {} if self.id is None else {"id": self.id}
        nearest = [one.to_dict() for one in self.nearest]
        return {**self.mistake.to_dict(), **named, "nearest": nearest}


@dataclass(frozen=True)
class CalibrationSection:
    """How well scores mean what they say, before and after the temperature.

    Parameters
    ----------
    temperature : float
    ece_before, ece_after : float
        Expected calibration error.
    bins, bins_before : tuple of ReliabilityBin
        After and before the temperature.
    """

    temperature: float
    ece_before: float
    ece_after: float
    bins: tuple[ReliabilityBin, ...]
    bins_before: tuple[ReliabilityBin, ...] = ()


@dataclass(frozen=True)
class Epoch:
    """What one epoch of training brought, and whether the model of it was kept."""

    epoch: int
    train_loss: float
    validation_loss: float
    validation_accuracy: float
    validation_f1_weighted: float
    kept: bool


def describe_epochs(history: Sequence[Mapping[str, Any]]) -> tuple[Epoch, ...]:
    """Return the epochs of one training.

    The kept one is marked: the best by validation accuracy, then by loss, as training chose it.
    """
    kept = max(history, key=lambda entry: (entry["validation_accuracy"], -entry["validation_loss"]))
    return tuple(_epoch(entry, is_kept=entry is kept) for entry in history)


def _epoch(entry: Mapping[str, Any], *, is_kept: bool) -> Epoch:
    return Epoch(
        epoch=entry["epoch"],
        train_loss=entry["train_loss"],
        validation_loss=entry["validation_loss"],
        validation_accuracy=entry["validation_accuracy"],
        validation_f1_weighted=entry["validation_f1_weighted"],
        kept=is_kept,
    )


def describe_mistakes(results: Results) -> dict[str, list[ShownMistake]]:
    """Return the most confident mistakes of every method on the evidence.

    Each is shown beside the most similar train text: the pair often tells a wrong label from a hard
    text. A text that is judged out of fold is in train itself, and is not its own neighbour.
    """
    label_set = results.splits.label_set
    origins = _origins(results.splits)
    mistakes = {one.method: _surest(one, label_set, origins) for one in results.methods}
    texts = [mistake.text for own in mistakes.values() for mistake in own]
    nearest = iter(_nearest(texts, results.splits["train"], label_set))
    ids = read_mistake_ids(results, [mistake for own in mistakes.values() for mistake in own])
    shown = {}
    for one in results.methods:
        rows = []
        for mistake in mistakes[one.method]:
            found = next(nearest)
            if one.out_of_fold is not None:
                found = [other for other in found if not _is_itself(other, mistake)]
            name = ids.get((mistake.split or EVIDENCE, mistake.line))
            rows.append(ShownMistake(mistake, tuple(found[:N_NEAREST]), name))
        shown[one.method] = rows
    return shown


def read_mistake_ids(results: Results, mistakes: Sequence[Mistake]) -> dict[tuple[str, int], str]:
    """Return what a column calls the rows of some mistakes; empty if none was asked for.

    Returns
    -------
    dict of (split, line) -> str
    """
    if results.id_column is None:
        return {}
    places = [(one.split or EVIDENCE, one.line) for one in mistakes]
    ids: dict[tuple[str, int], str] = {}
    for place, others in read_other_cells(results.splits.origins, places).items():
        if results.id_column in others.cells:
            ids[place] = str(others.cells[results.id_column])
    return ids


def _origins(splits: Splits) -> list[str]:
    """Return the split of each text of train and validation, in this order."""
    return [name for name in ("train", EVIDENCE) for _ in range(len(splits[name]))]


def _is_itself(neighbour: Neighbour, mistake: Mistake) -> bool:
    return neighbour.label == mistake.label and neighbour.similarity >= SAME_SIMILARITY


def _surest(one: MethodResult, label_set: LabelSet, origins: Sequence[str]) -> list[Mistake]:
    """Return the mistakes on the evidence; out of fold it has texts of two splits."""
    scored = one.evidence
    labelled = scored.labelled
    splits = origins if one.out_of_fold is not None else [EVIDENCE] * len(labelled)
    return surest_mistakes(
        labelled.texts,
        labelled.lines,
        scored.label_ids,
        scored.probs,
        label_set,
        n=N_MISTAKES,
        splits=splits,
    )


def _nearest(
    texts: Sequence[str], train: LabelledTexts, label_set: LabelSet
) -> list[list[Neighbour]]:
    """Return the most similar train texts of each text, one more than are shown.

    There are fewer, or none, where fewer share a term with the text.
    """
    if not texts:
        return []
    kept = TrainingTexts.of(train.texts, label_set.ids(train.labels).tolist())
    return kept.neighbours(texts, label_set.names, n=N_NEAREST + 1)


def describe_calibration(scored: ScoredSplit, temperature: float) -> CalibrationSection:
    """Compare the shipped scores with those before the temperature.

    Dividing logits by T raises probabilities to the power 1/T (and normalises them), so that the
    power T of the shipped scores gives the scores before: softmax(T * log(p)).
    """
    positive = np.where(scored.probs > 0, scored.probs, SMALLEST_SCORE)
    before = softmax(np.log(positive) * temperature)
    ece_before, bins_before = measure_calibration(scored.label_ids, before)
    ece_after, bins = measure_calibration(scored.label_ids, scored.probs)
    return CalibrationSection(temperature, ece_before, ece_after, tuple(bins), tuple(bins_before))


@dataclass(frozen=True)
class ShownSlice:
    """Scores of one part of a split, with the fact that says which part it is."""

    scores: SliceScores

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as plain values, with `fact` beside their keys."""
        fact = self.scores.fact or Fact.verbatim(self.scores.name)
        return {**self.scores.to_dict(), "fact": fact.to_dict()}


def describe_slices(results: Results) -> list[ShownSlice]:
    """Score slices of the shown split for the recommended method."""
    scored = results.recommended.shown(results.shown_split)
    splits = [results.shown_split]
    if results.shown_split == OUT_OF_FOLD:
        splits = ["train", EVIDENCE]
    languages = _languages(results, splits)
    parts = score_parts(results.recommended.model, scored, languages=languages)
    return list(map(ShownSlice, parts))


def _languages(results: Results, splits: Sequence[str]) -> list[str] | None:
    """Return the language of each text of some splits: the main one, unless another is certain.

    None if the main language cannot be told.
    """
    languages: list[str] = []
    for split in splits:
        found = results.audit.languages[split]
        if found.main is None:
            return None
        wrong = {one.row: one.language for one in found.wrong}
        n_texts = len(results.splits[split])
        languages += [wrong.get(row, found.main) for row in range(n_texts)]
    return languages
