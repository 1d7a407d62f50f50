"""How the answers of an exported copy compare with those of its model, and how fast both are."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median

import numpy as np

from assay.evaluation.several_scores import AnswerCounts
from assay.progress import Progress
from assay.recipes.steps.parity_texts import ParityTexts
from assay.runtime.entries import CopyMeasures
from assay.runtime.layout import Layout
from assay.runtime.predictor import Model

__all__ = ["measure_copy"]

# Rounds of the timing: the two models take turns, so that a busy machine slows both.
ROUNDS = 3
TIMED_TEXTS = 500


def measure_copy(
    model: Model, copy: Model, texts: ParityTexts, *, progress: Progress
) -> CopyMeasures:
    """Score texts by a model and by its copy, and compare.

    Where a text may have several labels, accuracy is micro F1: of many labels few texts get exactly
    theirs, so that the share of these would hardly fall, however wrong the copy is.
    """
    labelled = texts.labelled
    before = model.predict_proba(labelled.texts, progress=progress)
    after = copy.predict_proba(labelled.texts, progress=progress)
    rate_before, rate_after = _rates([model, copy], labelled.texts[:TIMED_TEXTS])
    decided, decided_after = model.answering.decide(before), copy.answering.decide(after)
    accuracy_before = accuracy_after = None
    if texts.has_labels:
        truth, score = model.label_set.encode(labelled.labels), ACCURACIES[model.manifest.task]
        accuracy_before, accuracy_after = score(decided, truth), score(decided_after, truth)
    return {
        "n_texts": len(labelled),
        "max_difference": float(np.abs(before - after).max()),
        "changed": float((~_is_alike(decided, decided_after)).mean()),
        "accuracy_before": accuracy_before,
        "accuracy_after": accuracy_after,
        "bytes_before": Layout(model.folder).network.stat().st_size,
        "bytes_after": Layout(copy.folder).network.stat().st_size,
        "texts_per_s_before": rate_before,
        "texts_per_s_after": rate_after,
    }


def _is_alike(answers: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Say which texts have the same answer: exactly the same, where it is several labels."""
    return np.asarray((answers == others).reshape(len(answers), -1).all(axis=1))


def _accuracy(answers: np.ndarray, truth: np.ndarray) -> float:
    return float((answers == truth).mean())


def _micro_f1(answers: np.ndarray, truth: np.ndarray) -> float:
    """Return micro F1 of zeros and ones; 0 where no label is given and none is right."""
    every_text = np.ones((1, len(truth)))
    return float(AnswerCounts(truth, answers).f1(every_text).micro[0])


ACCURACIES = {"single": _accuracy, "multi": _micro_f1}  # by task


def _rates(models: list[Model], texts: Sequence[str]) -> list[float]:
    """Return the throughput of each model, in texts per second; the models take turns."""
    times_s: list[list[float]] = [[] for _ in models]
    for _ in range(ROUNDS):
        for model, of_model in zip(models, times_s, strict=True):
            started_s = time.perf_counter()
            model.predict_proba(texts)
            of_model.append(time.perf_counter() - started_s)
    return [len(texts) / median(of_model) for of_model in times_s]
