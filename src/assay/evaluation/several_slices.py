"""Scores of the texts with each value of a column, where texts may have several labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from assay.evaluation.intervals import score_interval
from assay.evaluation.several_scores import AnswerCounts, draw_f1
from assay.runtime.limits.wilson import wilson_interval

__all__ = ["SeveralSlice", "SeveralSliceEntry", "score_several_slice"]

N_DRAWS = 1000


class SeveralSliceEntry(TypedDict):
    """A `SeveralSlice` as JSON holds it."""

    kind: str
    name: str
    n_texts: int
    f1_micro: float
    f1_micro_interval: list[float]
    exact_match: float
    exact_match_interval: list[float]


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
    """

    kind: str
    name: str
    n_texts: int
    f1_micro: float
    f1_micro_interval: tuple[float, float]
    exact_match: float
    exact_match_interval: tuple[float, float]

    def to_dict(self) -> SeveralSliceEntry:
        """Return the scores as plain values."""
        return {
            "kind": self.kind,
            "name": self.name,
            "n_texts": self.n_texts,
            "f1_micro": self.f1_micro,
            "f1_micro_interval": list(self.f1_micro_interval),
            "exact_match": self.exact_match,
            "exact_match_interval": list(self.exact_match_interval),
        }


def score_several_slice(
    column: str,
    value: str,
    rows: Sequence[int] | np.ndarray,
    truth: np.ndarray,
    predicted: np.ndarray,
    *,
    seed: int,
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
    """
    n_texts = len(rows)
    counts = AnswerCounts(truth[rows], predicted[rows])
    own = counts.f1(np.ones((1, n_texts)))
    drawn = draw_f1(counts, seed=seed, n_draws=N_DRAWS)
    n_exact = int(counts.exact.sum())
    return SeveralSlice(
        kind=column,
        name=value,
        n_texts=n_texts,
        f1_micro=float(own.micro[0]),
        f1_micro_interval=score_interval(drawn.micro, float(own.micro[0]), n_texts=n_texts),
        exact_match=n_exact / n_texts,
        exact_match_interval=wilson_interval(n_exact, n_texts),
    )
