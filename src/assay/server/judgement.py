"""From scores to answers: labels ranked by score, and how far each answer can be relied on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import numpy as np

from assay.data.blank_text import is_blank
from assay.runtime.explain import ExplanationEntry
from assay.runtime.limits.confidence import Confidence, word_confidence, word_none
from assay.runtime.limits.scripts import name_unseen_scripts
from assay.runtime.nearest import NeighbourEntry
from assay.runtime.predictor import Model

__all__ = ["Judgement", "LabelScore", "is_readable", "judge_text", "rank_scores"]


class LabelScore(TypedDict):
    """A label and its score, a calibrated probability."""

    label: str
    score: float


class Judgement(TypedDict):
    """The answer of `/v1/classify` for one text; schemas.py says what each key means."""

    label: str | None
    labels: NotRequired[list[str]]
    best_label: str
    score: float
    confidence: Confidence
    abstained: bool
    scope: float | None
    in_scope: bool | None
    scores: list[LabelScore]
    explanation: NotRequired[ExplanationEntry]
    nearest: NotRequired[list[NeighbourEntry]]


def rank_scores(probs: np.ndarray, labels: Sequence[str], top_k: int | None) -> list[LabelScore]:
    """Return labels with their scores, highest first; equal scores in the order of the labels.

    Parameters
    ----------
    probs : array of shape (n_labels,)
    labels : sequence of str
        In the order of `probs`.
    top_k : int or None
        Return only so many; None: all.
    """
    order = np.argsort(-probs, kind="stable")[:top_k]
    scores = probs[order].tolist()
    ranked: list[LabelScore] = []
    for i, score in zip(order.tolist(), scores, strict=True):
        ranked.append({"label": labels[i], "score": score})
    return ranked


def is_readable(text: str, model: Model) -> bool:
    """Return whether there is something to read, in a script that the model has learnt."""
    return not (is_blank(text) or any(name_unseen_scripts([text], seen=model.manifest.scripts)))


def judge_text(
    model: Model,
    probs: np.ndarray,
    *,
    scope: float | None,
    answer: str | list[str] | None,
    top_k: int | None,
    is_readable: bool = True,
) -> Judgement:
    """Return what `/v1/classify` says about one text.

    Parameters
    ----------
    model : Model
    probs : array of shape (n_labels,)
    scope : float or None
        The share of validation texts that look no more like the training data; None if the model
        cannot tell.
    answer : str, list of str or None
        The label that the model gives, or all of them where a text may have several; None if the
        model abstains.
    top_k : int or None
        Return only so many scores; None: all.
    is_readable : bool
        What `is_readable` says of the text. Else the model does not know, whatever the scores.
    """
    scores = rank_scores(probs, model.labels, top_k)
    best = scores[0]
    threshold = model.scope_threshold
    in_scope = None
    if scope is not None and threshold is not None:
        in_scope = is_readable and scope >= threshold
    is_answered = is_readable and answer is not None
    confidence = word_confidence(best["score"], is_answered=is_answered)
    if not isinstance(answer, list):
        label = answer
    else:
        label = answer[0] if answer else None
        if not answer:  # as sure as it is that the text has none of the labels
            none = float(model.answering.statements(probs[None])[0, -1])
            confidence = word_none(none, is_answered=is_answered)
    judgement: Judgement = {
        "label": label,
        "best_label": best["label"],
        "score": best["score"],
        "confidence": confidence,
        "abstained": answer is None,
        "scope": scope,
        "in_scope": in_scope,
        "scores": scores,
    }
    if isinstance(answer, list):
        judgement["labels"] = answer
    return judgement
