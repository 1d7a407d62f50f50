"""Where a model is wrong: the most confident mistakes, and the pairs of classes that it mixes up most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from assay.data.labels import LabelSet
from assay.errors import InputError
from assay.evaluation.metrics import SMALLEST_SCORE, check_predictions

__all__ = ["Confusion", "Mistake", "costly_confusions", "worst_mistakes"]


@dataclass(frozen=True)
class Mistake:
    """One text that got a wrong label.

    Parameters
    ----------
    line : int
        1-based line (or record) in the source.
    text, label, predicted_label : str
    label_score, predicted_score : float
        Probabilities of the true and of the predicted label.
    loss : float
        ``-ln(label_score)``, in nats.
    """

    line: int
    text: str
    label: str
    predicted_label: str
    label_score: float
    predicted_score: float
    loss: float

    def to_dict(self) -> dict[str, Any]:
        """Return the mistake as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Confusion:
    """Texts of one class that were taken for one other.

    Parameters
    ----------
    label, predicted_label : str
    n_texts : int
    fraction_of_label : float
        Of all texts that truly are `label`.
    fraction_of_mistakes : float
        Of all mistakes on the split.
    """

    label: str
    predicted_label: str
    n_texts: int
    fraction_of_label: float
    fraction_of_mistakes: float

    def to_dict(self) -> dict[str, Any]:
        """Return the confusion as plain values."""
        return asdict(self)


def worst_mistakes(
    texts: Sequence[str],
    lines: Sequence[int],
    label_ids: np.ndarray,
    probs: np.ndarray,
    label_set: LabelSet,
    *,
    n: int = 20,
) -> list[Mistake]:
    """Return the wrongly labelled texts of highest loss, worst first; equal losses stand in row order.

    Parameters
    ----------
    texts : sequence of str, n_texts long
    lines : sequence of int, n_texts long
        1-based line of each text in its source.
    label_ids : int array of shape (n_texts,)
    probs : float array of shape (n_texts, n_classes)
    label_set : LabelSet
    n : int
        Mistakes to return, at most.

    Raises
    ------
    InputError
        The lengths do not fit, or `probs` are no probabilities.
    """
    label_ids, probs = check_predictions(label_ids, probs, label_set)
    if not len(texts) == len(lines) == len(label_ids):
        raise InputError(
            f"{len(texts)} texts, {len(lines)} line numbers and {len(label_ids)} label ids; "
            "the same number of each is accepted"
        )
    predicted_ids = probs.argmax(axis=1)
    label_scores = probs[np.arange(len(label_ids)), label_ids]
    losses = -np.log(np.clip(label_scores, SMALLEST_SCORE, 1.0))
    wrong = np.flatnonzero(predicted_ids != label_ids)
    worst = wrong[np.argsort(-losses[wrong], kind="stable")][:n]
    return [
        Mistake(
            line=int(lines[i]),
            text=texts[i],
            label=label_set[int(label_ids[i])],
            predicted_label=label_set[int(predicted_ids[i])],
            label_score=float(label_scores[i]),
            predicted_score=float(probs[i, predicted_ids[i]]),
            loss=float(losses[i]),
        )
        for i in map(int, worst)
    ]


def costly_confusions(
    confusion: Sequence[Sequence[int]], label_set: LabelSet, *, n: int = 10
) -> list[Confusion]:
    """Return the pairs of classes behind most mistakes, most first; ties stand in LabelSet order.

    Parameters
    ----------
    confusion : counts of shape (n_classes, n_classes), rows true, columns predicted
    label_set : LabelSet
    n : int
        Pairs to return, at most; pairs that were never mixed up are left out.
    """
    counts = np.array(confusion, dtype=np.int64)
    if counts.shape != (len(label_set), len(label_set)):
        raise InputError(
            f"the confusion matrix has shape {counts.shape}; {len(label_set)} rows and columns are accepted"
        )
    n_true = counts.sum(axis=1)
    np.fill_diagonal(counts, 0)
    n_mistakes = int(counts.sum())
    flat = counts.ravel()
    order = np.argsort(-flat, kind="stable")[:n]
    pairs = [divmod(int(i), len(label_set)) for i in order if flat[i]]
    return [
        Confusion(
            label=label_set[true_id],
            predicted_label=label_set[predicted_id],
            n_texts=int(counts[true_id, predicted_id]),
            fraction_of_label=float(counts[true_id, predicted_id] / n_true[true_id]),
            fraction_of_mistakes=float(counts[true_id, predicted_id] / n_mistakes),
        )
        for true_id, predicted_id in pairs
    ]
