"""Scores of the texts of a part that the model was not trained on, beside those of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from assay.runtime.limits.wilson import wilson_interval

__all__ = ["UnseenEntry", "UnseenScores"]


class UnseenEntry(TypedDict):
    """An `UnseenScores` as JSON holds it; accuracy and interval are None where there is no text."""

    n_texts: int
    accuracy: float | None
    interval: list[float] | None


@dataclass(frozen=True)
class UnseenScores:
    """How many texts a model was not trained on, and how many of these it labels right."""

    n_texts: int
    n_right: int

    @classmethod
    def among(
        cls, is_in: np.ndarray, correct: np.ndarray, seen: np.ndarray | None
    ) -> UnseenScores | None:
        """Count the texts of a part that were not trained on.

        Parameters
        ----------
        is_in, correct : bool arrays of shape (n_texts,)
            Which texts are in the part, and which are labelled right.
        seen : bool array of shape (n_texts,), optional
            Which texts the model was trained on. None if that is not known, or it was on none: then
            None is returned.
        """
        if seen is None or not seen.any():
            return None
        is_new = is_in & ~seen
        return cls(int(is_new.sum()), int((is_new & correct).sum()))

    @property
    def accuracy(self) -> float | None:
        """Fraction, 0 to 1; None if there is no text."""
        return self.n_right / self.n_texts if self.n_texts else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % Wilson interval of `accuracy`; None if there is no text."""
        return wilson_interval(self.n_right, self.n_texts) if self.n_texts else None

    def to_dict(self) -> UnseenEntry:
        """Return the scores as plain values."""
        interval = self.interval
        return {
            "n_texts": self.n_texts,
            "accuracy": self.accuracy,
            "interval": None if interval is None else list(interval),
        }
