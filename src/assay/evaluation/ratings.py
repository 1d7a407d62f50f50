"""Scores of labels that are ratings: how far off predictions are, and not only how often right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.data.label_columns import rating_values

__all__ = ["RatingScores", "score_ratings"]


@dataclass(frozen=True)
class RatingScores:
    """How far off predicted ratings are.

    Parameters
    ----------
    mean_absolute_error : float
        Mean distance between the predicted and the true rating, in steps of the scale.
    quadratic_weighted_kappa : float
        Agreement beyond chance, in which an error counts by the square of its distance: 1 if all
        are right, 0 as good as chance. Source: Cohen, Psychological Bulletin 70, 1968.
    """

    mean_absolute_error: float
    quadratic_weighted_kappa: float


def score_ratings(confusion: Sequence[Sequence[int]], labels: Sequence[str]) -> RatingScores | None:
    """Score predictions of whole ratings.

    Parameters
    ----------
    confusion : sequence of sequence of int, shape (n_classes, n_classes)
        Counts: rows are the true label, columns the predicted one.
    labels : sequence of str
        In the order of the rows.

    Returns
    -------
    RatingScores or None
        None if the labels are no ratings (see `rating_values`), or there are no texts.
    """
    values = rating_values(labels)
    counts = np.asarray(confusion, dtype=np.float64)
    n_texts = counts.sum()
    if values is None or n_texts == 0:
        return None
    ratings = np.asarray(values)
    distance = np.abs(ratings[:, None] - ratings[None, :])
    squared = distance**2
    by_chance = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n_texts
    disagreement = float((squared * counts).sum())
    expected = float((squared * by_chance).sum())
    # Where one rating alone is given and predicted, everything agrees.
    kappa = 1.0 - disagreement / expected if expected else 1.0
    return RatingScores(float((distance * counts).sum() / n_texts), kappa)
