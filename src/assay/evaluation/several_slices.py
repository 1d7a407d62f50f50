"""Scores of the texts with each value of a column, where texts may have several labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NotRequired, TypedDict

import numpy as np

from assay.evaluation.intervals import score_interval
from assay.evaluation.several_scores import AnswerCounts, draw_f1
from assay.runtime.limits.wilson import wilson_interval

__all__ = ["SeveralSlice", "SeveralSliceEntry", "SeveralUnseen", "score_several_slice"]

N_DRAWS = 1000


class SeveralUnseenEntry(TypedDict):
    """A `SeveralUnseen` as JSON holds it; scores are None where there is no text."""

    n_texts: int
    f1_micro: float | None
    f1_micro_interval: list[float] | None
    exact_match: float | None


class SeveralSliceEntry(TypedDict):
    """A `SeveralSlice` as JSON holds it."""

    kind: str
    name: str
    n_texts: int
    f1_micro: float
    f1_micro_interval: list[float]
    exact_match: float
    exact_match_interval: list[float]
    unseen: NotRequired[SeveralUnseenEntry]


@dataclass(frozen=True)
class SeveralUnseen:
    """Scores on those of the texts that the model was not trained on.

    Parameters
    ----------
    n_texts : int
    f1_micro, exact_match : float, optional
        0 to 1. None if there is no text.
    f1_micro_interval : pair of float, optional
        95 % interval, by bootstrap over the texts.
    """

    n_texts: int
    f1_micro: float | None = None
    f1_micro_interval: tuple[float, float] | None = None
    exact_match: float | None = None

    def to_dict(self) -> SeveralUnseenEntry:
        """Return the scores as plain values."""
        interval = self.f1_micro_interval
        return {
            "n_texts": self.n_texts,
            "f1_micro": self.f1_micro,
            "f1_micro_interval": None if interval is None else list(interval),
            "exact_match": self.exact_match,
        }


@dataclass(frozen=True)
class SeveralSlice:
    """Scores on the texts with one value of a column.

    Parameters
    ----------
    kind : str
        The column.
    name : str
        The value.
    n_texts : int
    f1_micro : float
        F1 of all label entries of these texts together, 0 to 1; 0 where no text has or is given a
        label.
    f1_micro_interval : pair of float
        95 % interval, by bootstrap over the texts.
    exact_match : float
        Share of the texts that get exactly their labels.
    exact_match_interval : pair of float
        95 % Wilson interval.
    unseen : SeveralUnseen, optional
        Scores of those of the texts that the model was not trained on. None if that is all.
    """

    kind: str
    name: str
    n_texts: int
    f1_micro: float
    f1_micro_interval: tuple[float, float]
    exact_match: float
    exact_match_interval: tuple[float, float]
    unseen: SeveralUnseen | None = None

    def to_dict(self) -> SeveralSliceEntry:
        """Return the scores as plain values."""
        entry: SeveralSliceEntry = {
            "kind": self.kind,
            "name": self.name,
            "n_texts": self.n_texts,
            "f1_micro": self.f1_micro,
            "f1_micro_interval": list(self.f1_micro_interval),
            "exact_match": self.exact_match,
            "exact_match_interval": list(self.exact_match_interval),
        }
        if self.unseen is not None:
            entry["unseen"] = self.unseen.to_dict()
        return entry


def score_several_slice(
    column: str,
    value: str,
    rows: np.ndarray,
    truth: np.ndarray,
    predicted: np.ndarray,
    *,
    seed: int,
    seen: np.ndarray | None = None,
) -> SeveralSlice:
    """Score some of the texts of a split.

    Parameters
    ----------
    column, value : str
        What these texts have in common.
    rows : int array of shape (n_own,)
        Which texts they are; at least one.
    truth, predicted : int arrays of shape (n_texts, n_labels)
        Zeros and ones.
    seed : int
        Seed of the bootstrap.
    seen : bool array of shape (n_texts,), optional
        Which texts the model was trained on. None if that is not known.
    """
    n_texts = len(rows)
    f1_micro, interval, n_exact = _score_rows(truth[rows], predicted[rows], seed=seed)
    unseen = None
    if seen is not None and seen.any():
        new = rows[~seen[rows]]
        unseen = _score_unseen(truth[new], predicted[new], seed=seed)
    return SeveralSlice(
        kind=column,
        name=value,
        n_texts=n_texts,
        f1_micro=f1_micro,
        f1_micro_interval=interval,
        exact_match=n_exact / n_texts,
        exact_match_interval=wilson_interval(n_exact, n_texts),
        unseen=unseen,
    )


def _score_unseen(truth: np.ndarray, predicted: np.ndarray, *, seed: int) -> SeveralUnseen:
    """Score texts that the model was not trained on, of which there may be none."""
    n_texts = len(truth)
    if n_texts == 0:
        return SeveralUnseen(0)
    f1_micro, interval, n_exact = _score_rows(truth, predicted, seed=seed)
    return SeveralUnseen(n_texts, f1_micro, interval, n_exact / n_texts)


def _score_rows(
    truth: np.ndarray, predicted: np.ndarray, *, seed: int
) -> tuple[float, tuple[float, float], int]:
    """Return micro F1, its interval, and how many texts get exactly their labels."""
    counts = AnswerCounts(truth, predicted)
    own = counts.f1(np.ones((1, len(truth))))
    drawn = draw_f1(counts, seed=seed, n_draws=N_DRAWS)
    f1_micro = float(own.micro[0])
    interval = score_interval(drawn.micro, f1_micro, n_texts=len(truth))
    return f1_micro, interval, int(counts.exact.sum())
