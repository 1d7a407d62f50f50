"""Where a model is wrong: its most confident mistakes, and the classes that it mixes up most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NotRequired, TypedDict

import numpy as np

from assay._display import Brief
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
    "surest_mistakes",
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
    trained_on: NotRequired[bool]
    split: NotRequired[str]


@dataclass(frozen=True, repr=False)
class Mistake(Brief):
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
    is_trained_on : bool
        Whether the model was trained on the text.
    split : str, optional
        The split that the text is of, where texts of several are judged together.
    """

    line: int
    text: str
    label: str
    predicted_label: str
    label_score: float
    predicted_score: float
    loss: float
    columns: Mapping[str, Any] = field(default_factory=dict, compare=False)
    is_trained_on: bool = False
    split: str | None = None

    def to_dict(self) -> MistakeEntry:
        """Return the mistake as plain values; the last three keys only where they say something."""
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
        if self.is_trained_on:
            entry["trained_on"] = True
        if self.split is not None:
            entry["split"] = self.split
        return entry


class ConfusionEntry(TypedDict):
    """A `Confusion` as JSON holds it."""

    label: str
    predicted_label: str
    n_texts: int
    fraction_of_label: float
    fraction_of_mistakes: float
    n_unseen: NotRequired[int]


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
    n_unseen : int, optional
        How many of the texts the model was not trained on. None: all, as far as is known.
    """

    label: str
    predicted_label: str
    n_texts: int
    fraction_of_label: float
    fraction_of_mistakes: float
    n_unseen: int | None = None

    def to_dict(self) -> ConfusionEntry:
        """Return the confusion as plain values."""
        entry: ConfusionEntry = {
            "label": self.label,
            "predicted_label": self.predicted_label,
            "n_texts": self.n_texts,
            "fraction_of_label": self.fraction_of_label,
            "fraction_of_mistakes": self.fraction_of_mistakes,
        }
        if self.n_unseen is not None:
            entry["n_unseen"] = self.n_unseen
        return entry


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
    judged = _Judged.check(texts, lines, label_ids, probs, label_set)
    wrong = judged.wrong
    worst = wrong[np.argsort(-judged.losses[wrong], kind="stable")][:n]
    return [judged.mistake(i) for i in worst.tolist()]


def surest_mistakes(
    texts: Sequence[str],
    lines: Sequence[int],
    label_ids: np.ndarray,
    probs: np.ndarray,
    label_set: LabelSet,
    *,
    n: int = 20,
    splits: Sequence[str] | None = None,
    seen: np.ndarray | None = None,
) -> list[Mistake]:
    """Return the wrongly labelled texts whose predicted label has the highest score, highest first.

    Equal scores are in the order of their losses, then of their rows.

    Parameters
    ----------
    texts, lines, label_ids, probs, label_set, n
        As for `worst_mistakes`.
    splits : sequence of str, optional
        The split of each text, where it has to be told.
    seen : bool array of shape (n_texts,), optional
        Which texts the model was trained on.

    Raises
    ------
    InputError
        The lengths do not fit, or `probs` are not probabilities.
    """
    judged = _Judged.check(texts, lines, label_ids, probs, label_set)
    wrong = judged.wrong
    order = np.lexsort((wrong, -judged.losses[wrong], -judged.top_scores[wrong]))
    found = []
    for i in wrong[order][:n].tolist():
        mistake = judged.mistake(i)
        if splits is not None:
            mistake = replace(mistake, split=splits[i])
        if seen is not None:
            mistake = replace(mistake, is_trained_on=bool(seen[i]))
        found.append(mistake)
    return found


@dataclass(frozen=True)
class _Judged:
    """Texts with their labels and scores; arrays of shape (n_texts,)."""

    texts: Sequence[str]
    lines: Sequence[int]
    label_ids: np.ndarray
    predicted_ids: np.ndarray
    label_scores: np.ndarray
    top_scores: np.ndarray
    label_set: LabelSet

    @classmethod
    def check(
        cls,
        texts: Sequence[str],
        lines: Sequence[int],
        label_ids: np.ndarray,
        probs: np.ndarray,
        label_set: LabelSet,
    ) -> _Judged:
        """Refuse lengths that do not fit, and what is no probability."""
        label_ids, probs = check_predictions(label_ids, probs, label_set)
        if not len(texts) == len(lines) == len(label_ids):
            raise InputError(
                f"{len(texts)} texts, {len(lines)} line numbers and {len(label_ids)} label ids; "
                "the same number of each is accepted"
            )
        predicted_ids = probs.argmax(axis=1)
        rows = np.arange(len(label_ids))
        label_scores, top_scores = probs[rows, label_ids], probs[rows, predicted_ids]
        return cls(texts, lines, label_ids, predicted_ids, label_scores, top_scores, label_set)

    @property
    def wrong(self) -> np.ndarray:
        """The rows that were labelled wrong."""
        return np.flatnonzero(self.predicted_ids != self.label_ids)

    @cached_property
    def losses(self) -> np.ndarray:
        """``-ln(label_score)`` of each text, in nats."""
        losses: np.ndarray = -np.log(np.clip(self.label_scores, SMALLEST_SCORE, 1.0))
        return losses

    def mistake(self, i: int) -> Mistake:
        """Return the text of a row as a mistake."""
        return Mistake(
            line=int(self.lines[i]),
            text=self.texts[i],
            label=self.label_set[int(self.label_ids[i])],
            predicted_label=self.label_set[int(self.predicted_ids[i])],
            label_score=float(self.label_scores[i]),
            predicted_score=float(self.top_scores[i]),
            loss=float(self.losses[i]),
        )


def costly_confusions(
    confusion: Sequence[Sequence[int]],
    label_set: LabelSet,
    *,
    n: int = 10,
    unseen: Sequence[Sequence[int]] | None = None,
) -> list[Confusion]:
    """Return the pairs of classes behind most mistakes, most first.

    Pairs with equally many mistakes stay in LabelSet order; pairs without any are left out.

    Parameters
    ----------
    confusion : counts of shape (n_classes, n_classes), rows true, columns predicted
    label_set : LabelSet
    n : int
        Return at most this many.
    unseen : counts of shape (n_classes, n_classes), optional
        The same of the texts that the model was not trained on. None: that is all of them.

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
                n_unseen=None if unseen is None else int(unseen[true_id][predicted_id]),
            )
            found.append(confused)
    return found
