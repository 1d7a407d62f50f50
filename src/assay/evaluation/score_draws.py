"""How far scores could be off: the Bayesian bootstrap (Rubin, 1981), in numpy and scipy.sparse.

Every draw gives each group of equal texts a random weight and computes the score of every method
with the same weights. Differences between methods are therefore paired, text by text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from assay._optional import require
from assay.errors import InputError, did_you_mean
from assay.evaluation.evidence import EvidencePredictions

__all__ = ["MACRO_F1", "METRICS", "check_metric", "draw_scores", "score_evidence"]

MACRO_F1 = "macro-f1"
# micro F1 is accuracy where every text has one label
METRICS = ("accuracy", MACRO_F1, "micro-f1")
N_DRAWS = 2000
MAX_WEIGHTS = 2_000_000  # drawn at once: 16 MB


def check_metric(metric: str) -> None:
    """Refuse a metric that methods cannot be chosen by.

    Raises
    ------
    InputError
        The metric is unknown.
    """
    if metric not in METRICS:
        meant = did_you_mean(metric, METRICS)
        raise InputError(f"metric '{metric}' is unknown; {', '.join(METRICS)} are accepted.{meant}")


def score_evidence(predictions: EvidencePredictions, metric: str) -> float:
    """Return the score of a method on its texts, over all divisions into folds."""
    if metric != MACRO_F1:
        return predictions.accuracy
    n_classes = _count_classes([predictions])
    counts = _ClassCounts(predictions, np.arange(predictions.n_texts), n_classes)
    return float(counts.macro_f1(np.ones((1, predictions.n_texts)))[0])


def draw_scores(
    predictions: Mapping[str, EvidencePredictions],
    metric: str,
    *,
    seed: int,
    n_draws: int = N_DRAWS,
) -> dict[str, np.ndarray]:
    """Draw the scores of several methods on the same texts.

    Parameters
    ----------
    predictions : mapping of method to EvidencePredictions
        All of the same rows.
    metric : str
        One of `METRICS`.
    seed : int
    n_draws : int

    Returns
    -------
    dict of method to float64 array of shape (n_draws,)
        Draw i of all methods has the same weights.
    """
    rng = np.random.default_rng(seed)
    if metric == MACRO_F1:
        return _draw_macro_f1(predictions, rng, n_draws)
    return _draw_accuracy(predictions, rng, n_draws)


def _draw_accuracy(
    predictions: Mapping[str, EvidencePredictions], rng: np.random.Generator, n_draws: int
) -> dict[str, np.ndarray]:
    """Draw accuracies.

    A group counts by its number of texts and by how many of them each method labels right. Groups
    that agree in all of these numbers share one weight: the sum of k exponential weights has a
    gamma distribution of shape k.
    """
    units = _group_units(predictions)
    n_right = []
    for one in predictions.values():
        share_right = (one.predicted_ids == one.label_ids).mean(axis=0)
        n_right.append(np.bincount(units, weights=share_right))
    table = np.column_stack([np.bincount(units), *n_right])
    kinds, n_groups = np.unique(table, axis=0, return_counts=True)
    scores = np.empty((n_draws, len(predictions)))
    for chunk in _chunks(n_draws, len(kinds)):
        weights = rng.standard_gamma(n_groups, size=(chunk.stop - chunk.start, len(kinds)))
        sums = weights @ kinds
        scores[chunk] = sums[:, 1:] / sums[:, :1]
    return {method: scores[:, i] for i, method in enumerate(predictions)}


def _draw_macro_f1(
    predictions: Mapping[str, EvidencePredictions], rng: np.random.Generator, n_draws: int
) -> dict[str, np.ndarray]:
    units = _group_units(predictions)
    n_units = int(units.max()) + 1
    n_classes = _count_classes(predictions.values())
    counts = {method: _ClassCounts(one, units, n_classes) for method, one in predictions.items()}
    scores = {method: np.empty(n_draws) for method in predictions}
    for chunk in _chunks(n_draws, n_units):
        weights = rng.standard_exponential((chunk.stop - chunk.start, n_units))
        for method, own in counts.items():
            scores[method][chunk] = own.macro_f1(weights)
    return scores


class _ClassCounts:
    """What F1 needs of one method: for every group, how many texts of each class it has.

    Three sparse matrices of shape (n_classes, n_units): texts that are labelled right, texts that
    truly are of the class, and texts that are predicted to be.
    """

    def __init__(self, predictions: EvidencePredictions, units: np.ndarray, n_classes: int) -> None:
        shape = (n_classes, int(units.max()) + 1)
        true_ids = np.broadcast_to(predictions.label_ids, predictions.predicted_ids.shape)
        columns = np.broadcast_to(units, predictions.predicted_ids.shape)
        is_right = predictions.predicted_ids == true_ids
        self.n_hit = _count(true_ids[is_right], columns[is_right], shape)
        self.n_true = _count(true_ids.ravel(), columns.ravel(), shape)
        self.n_predicted = _count(predictions.predicted_ids.ravel(), columns.ravel(), shape)

    def macro_f1(self, weights: np.ndarray) -> np.ndarray:
        """Return macro F1 for weights of shape (n_draws, n_units): shape (n_draws,).

        As in scikit-learn, the mean is over classes that occur among true or predicted labels.
        """
        hit = self.n_hit @ weights.T
        either = self.n_true @ weights.T + self.n_predicted @ weights.T
        f1 = np.divide(2 * hit, either, out=np.zeros_like(hit), where=either > 0)
        mean: np.ndarray = f1.sum(axis=0) / (either > 0).sum(axis=0)
        return mean


def _count(class_ids: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Count pairs of class and group in a sparse matrix."""
    ones = np.ones(len(class_ids))
    counts: np.ndarray = require("scipy.sparse").csr_array((ones, (class_ids, columns)), shape)
    return counts


def _group_units(predictions: Mapping[str, EvidencePredictions]) -> np.ndarray:
    """Return the groups numbered from 0 without gaps, int64 of shape (n_texts,)."""
    first = next(iter(predictions.values()))
    units: np.ndarray = np.unique(first.groups, return_inverse=True)[1]
    return units


def _count_classes(predictions: Iterable[EvidencePredictions]) -> int:
    largest = 0
    for one in predictions:
        largest = max(largest, int(one.label_ids.max()), int(one.predicted_ids.max()))
    return largest + 1


def _chunks(n_draws: int, n_units: int) -> Iterator[slice]:
    """Divide the draws so that the weights of a chunk fit in memory."""
    step = max(1, MAX_WEIGHTS // n_units)
    for start in range(0, n_draws, step):
        yield slice(start, min(start + step, n_draws))
