"""`EvidencePredictions`: what one method predicted for the texts on which methods are compared.

`held_out`: the validation split, which the method was not trained on. `out_of_fold`: texts of train
and validation, each labelled by a model that was fitted on the other folds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["HELD_OUT", "OUT_OF_FOLD", "SHORT_BUDGET", "EvidencePredictions"]

HELD_OUT, OUT_OF_FOLD = "held_out", "out_of_fold"
# Why a method has no folds; a report knows it by that
SHORT_BUDGET = "judged on validation alone: the budget is too short for folds"


@dataclass(frozen=True)
class EvidencePredictions:
    """The labels that a method predicted for texts that it was not trained on.

    Parameters
    ----------
    kind : {"held_out", "out_of_fold"}
    label_ids : int64 array of shape (n_texts,)
        True labels in LabelSet order.
    predicted_ids : int64 array of shape (n_repeats, n_texts)
        One row for each division into folds; a single row where the texts are held out.
    groups : int64 array of shape (n_texts,)
        Equal numbers mark equal texts.
    rows : int64 array of shape (n_texts,)
        Which text each is: two methods are compared on the rows that both have.
    n_folds : int
        Folds of each division; 0 where the texts are held out.
    """

    kind: str
    label_ids: np.ndarray
    predicted_ids: np.ndarray
    groups: np.ndarray
    rows: np.ndarray
    n_folds: int = 0

    @classmethod
    def held_out(
        cls,
        label_ids: np.ndarray,
        predicted_ids: np.ndarray,
        *,
        groups: np.ndarray | None = None,
        first_row: int = 0,
    ) -> EvidencePredictions:
        """Return the predictions for held-out texts, in row order.

        Parameters
        ----------
        label_ids, predicted_ids : int arrays of shape (n_texts,)
        groups : int array of shape (n_texts,), optional
            None: all texts are different.
        first_row : int
            The row of the first text.
        """
        rows = np.arange(len(label_ids)) + first_row
        return cls(
            kind=HELD_OUT,
            label_ids=np.asarray(label_ids, dtype=np.int64),
            predicted_ids=np.asarray(predicted_ids, dtype=np.int64)[None, :],
            groups=rows if groups is None else np.asarray(groups, dtype=np.int64),
            rows=rows,
        )

    @property
    def n_texts(self) -> int:
        """Number of texts."""
        return len(self.label_ids)

    @property
    def n_repeats(self) -> int:
        """How often the texts were divided into folds; 1 where they are held out."""
        return len(self.predicted_ids)

    @property
    def correct(self) -> np.ndarray:
        """Whether each text got its label in the first division, bool of shape (n_texts,)."""
        is_right: np.ndarray = self.predicted_ids[0] == self.label_ids
        return is_right

    @property
    def accuracy(self) -> float:
        """Accuracy over all divisions."""
        return float((self.predicted_ids == self.label_ids).mean())

    def only(self, rows: np.ndarray) -> EvidencePredictions:
        """Return the predictions for those texts that are among `rows`."""
        is_kept = np.isin(self.rows, rows)
        return EvidencePredictions(
            kind=self.kind,
            label_ids=self.label_ids[is_kept],
            predicted_ids=self.predicted_ids[:, is_kept],
            groups=self.groups[is_kept],
            rows=self.rows[is_kept],
            n_folds=self.n_folds,
        )
