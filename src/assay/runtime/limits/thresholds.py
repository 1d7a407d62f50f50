"""From which score each label is given, where a text may have several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Thresholds"]


@dataclass(frozen=True)
class Thresholds:
    """Which labels are given: those whose scores reach their thresholds, and maybe the best.

    Parameters
    ----------
    scores : float64 array of shape (n_labels,)
        The score from which each label is given, 0 to 1.
    min_labels : {0, 1}
        How many labels every text gets at least. With 1 the label with the highest score is always
        given, whatever its threshold: so it is where every text that thresholds were chosen on has
        a label.
    """

    scores: np.ndarray
    min_labels: int = 0

    def decide(self, probs: np.ndarray) -> np.ndarray:
        """Return which labels each text is given.

        Parameters
        ----------
        probs : array of shape (n_texts, n_labels)

        Returns
        -------
        int64 array of the same shape
            Zeros and ones.
        """
        given = (probs >= self.scores).astype(np.int64)
        if self.min_labels and given.size:
            given[np.arange(len(given)), np.asarray(probs).argmax(axis=1)] = 1
        return given

    def take(self, columns: np.ndarray) -> Thresholds:
        """Return the thresholds of labels in another order."""
        return Thresholds(self.scores[columns], self.min_labels)
