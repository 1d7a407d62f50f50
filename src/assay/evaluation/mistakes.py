"""Where a model is wrong: its most confident mistakes, and the classes that it mixes up most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NotRequired, TypedDict

import numpy as np

from assay.data.labels import LabelSet
from assay.errors import InputError
from assay.evaluation.calibration import SMALLEST_SCORE
from assay.evaluation.metrics import check_predictions

__all__ = [
    "Confusion",
    "ConfusionEntry",
    "Mistake",
    "MistakeEntry",
    "costly_confusions",
    "worst_mistakes",
]


class MistakeEntry(TypedDict):
    """A `Mistake` as JSON holds it."""

    line: int
    text: str
    label: str
    predicted_label: str
    label_score: float
    predicted_score: float
    loss: float
    columns: NotRequired[dict[str, str]]


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
    columns : dict
        The other columns of the row, such as its number; empty where there are none.
    """

    line: int
    text: str
    label: str
    predicted_label: str
    label_score: float
    predicted_score: float
    loss: float
    columns: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def to_dict(self) -> MistakeEntry:
        """Return the mistake as plain values; `columns` only where there are others."""
        entry: MistakeEntry = {
            "line": self.line,
            "text": self.text,
            "label": self.label,
            "predicted_label": self.predicted_label,
            "label_score": self.label_score,
            "predicted_score": self.predicted_score,
            "loss": self.loss,
        }
        if self.columns:
            entry["columns"] = {name: str(value) for name, value in self.columns.items()}
        return entry


class ConfusionEntry(TypedDict):
    """A `Confusion` as JSON holds it."""

    label: str
    predicted_label: str
    n_texts: int
    fraction_of_label: float
    fraction_of_mistakes: float


@dataclass(frozen=True)
class Confusion:
    """Texts of one class that were labelled as one other class.

    Parameters
    ----------
    label, predicted_label : str
    n_texts : int
    fraction_of_label : float
        Share of all texts that truly are `label`.
    fraction_of_mistakes : float
        Share of all mistakes on the split.
    """

    label: str
    predicted_label: str
    n_texts: int
    fraction_of_label: float
    fraction_of_mistakes: float

    def to_dict(self) -> ConfusionEntry:
        """Return the confusion as plain values."""
        return {
            "label": self.label,
            "predicted_label": self.predicted_label,
            "n_texts": self.n_texts,
            "fraction_of_label": self.fraction_of_label,
            "fraction_of_mistakes": self.fraction_of_mistakes,
        }


def worst_mistakes(
    texts: Sequence[str],
    lines: Sequence[int],
    label_ids: np.ndarray,
    probs: np.ndarray,
    label_set: LabelSet,
    *,
    n: int = 20,
) -> list[Mistake]:
    """Return the wrongly labelled texts of highest loss, worst first.

    Texts of equal loss stay in row order.

    Parameters
    ----------
    texts : sequence of str, n_texts long
    lines : sequence of int, n_texts long
        1-based line of each text in its source.
    label_ids : int array of shape (n_texts,)
    probs : float array of shape (n_texts, n_classes)
    label_set : LabelSet
    n : int
        Return at most this many.

    Raises
    ------
    InputError
        The lengths do not fit, or `probs` are not probabilities.
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
        for i in worst.tolist()
    ]


def costly_confusions(
    confusion: Sequence[Sequence[int]], label_set: LabelSet, *, n: int = 10
) -> list[Confusion]:
    """Return the pairs of classes behind most mistakes, most first.

    Pairs with equally many mistakes stay in LabelSet order; pairs without any are left out.

    Parameters
    ----------
    confusion : counts of shape (n_classes, n_classes), rows true, columns predicted
    label_set : LabelSet
    n : int
        Return at most this many.

    Raises
    ------
    InputError
        The matrix does not have one row and one column per label.
    """
    counts = np.array(confusion, dtype=np.int64)
    n_classes = len(label_set)
    if counts.shape != (n_classes, n_classes):
        raise InputError(
            f"the confusion matrix has shape {counts.shape}; {n_classes} rows and columns are "
            "accepted"
        )
    n_true = counts.sum(axis=1)
    np.fill_diagonal(counts, 0)
    n_mistakes = int(counts.sum())
    flat = counts.ravel()
    found = []
    for place in np.argsort(-flat, kind="stable")[:n]:
        true_id, predicted_id = divmod(int(place), n_classes)
        n_texts = int(flat[place])
        if n_texts:
            confused = Confusion(
                label=label_set[true_id],
                predicted_label=label_set[predicted_id],
                n_texts=n_texts,
                fraction_of_label=float(n_texts / n_true[true_id]),
                fraction_of_mistakes=n_texts / n_mistakes,
            )
            found.append(confused)
    return found
