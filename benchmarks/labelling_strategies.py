"""Which texts to label next: as `assay label` chooses, at random, and as small-text's strategies do.

Those of others are written after small-text 1.4.1 (Schröder et al. 2023, EACL demonstrations), whose
choices they repeat: breaking ties (Luo et al. 2005, JMLR 6), least confidence (Lewis and Gale 1994,
SIGIR), k-means on embeddings (Yuan, Lin and Boyd-Graber 2020, EMNLP, without their surprisal) and
greedy core-set (Sener and Savarese 2018, ICLR). As there, a first batch of those that need a model
is random, and embeddings have length 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assay.review.choosing import choose_texts, uncertainty

__all__ = ["ASK_A_MODEL", "STRATEGIES", "Moment"]

RANDOM_EVERY = 4  # every fourth text of assay is random, as on the page


@dataclass(frozen=True)
class Moment:
    """What a strategy may look at.

    Parameters
    ----------
    points : float32 array of shape (n_texts, n_features)
        Features with rows of length 1.
    directions : float32 array of shape (n_texts, n_features)
        As `to_directions` returns them.
    is_open : bool array of shape (n_texts,)
        Which texts have no label yet.
    probs : array of shape (n_texts, n_labels) or None
        What the model of the labels so far says; None before there is one.
    order : int array of shape (n_texts,)
        The random order from which `assay` takes every fourth text.
    chosen_probs : array of shape (n_texts, n_labels) or None
        What a model says that knows no text of the random order: `assay` chooses by that.
    rng : numpy.random.Generator
    """

    points: np.ndarray
    directions: np.ndarray
    is_open: np.ndarray
    probs: np.ndarray | None
    order: np.ndarray
    rng: np.random.Generator
    chosen_probs: np.ndarray | None = None

    def drawn(self) -> np.ndarray:
        """Return the texts of the random order up to the first that is open."""
        is_open = self.is_open[self.order]
        return self.order[: int(is_open.argmax())] if is_open.any() else self.order


Strategy = Callable[[Moment, int], list[int]]


def choose_randomly(moment: Moment, n: int) -> list[int]:
    """Draw texts at random."""
    rows = np.flatnonzero(moment.is_open)
    chosen: list[int] = moment.rng.choice(rows, min(n, len(rows)), replace=False).tolist()
    return chosen


def choose_as_assay(moment: Moment, n: int) -> list[int]:
    """Choose as the page does: every fourth text is the next of the random order."""
    n_labelled = int((~moment.is_open).sum())
    n_random = (n_labelled + n) // RANDOM_EVERY - n_labelled // RANDOM_EVERY
    drawn = moment.order[moment.is_open[moment.order]][:n_random].tolist()
    is_open = moment.is_open.copy()
    is_open[drawn] = False
    unsure = None if moment.chosen_probs is None else uncertainty(moment.chosen_probs)
    covers = ~moment.is_open
    covers[moment.drawn()] = False
    chosen = choose_texts(
        moment.directions, is_open, n=n - n_random, rng=moment.rng, unsure=unsure, covers=covers
    )
    return [*drawn, *chosen]


def by_highest(score: Callable[[np.ndarray], np.ndarray]) -> Strategy:
    """Return the strategy that takes the texts with the highest score of their probabilities."""

    def choose(moment: Moment, n: int) -> list[int]:
        if moment.probs is None:
            return choose_randomly(moment, n)
        rows = np.flatnonzero(moment.is_open)
        best = np.argsort(-score(moment.probs[rows]), kind="stable")[:n]
        chosen: list[int] = rows[best].tolist()
        return chosen

    return choose


def choose_by_clusters(moment: Moment, n: int) -> list[int]:
    """Take the open text that is nearest to each of n centres of k-means."""
    from sklearn.cluster import KMeans

    rows = np.flatnonzero(moment.is_open)
    points = moment.points[rows]
    seed = int(moment.rng.integers(2**31))
    centres = KMeans(n, random_state=seed).fit(points).cluster_centers_
    chosen: list[int] = []
    for centre in centres:
        similarity = points @ centre
        similarity[chosen] = -np.inf
        chosen.append(int(similarity.argmax()))
    found: list[int] = rows[chosen].tolist()
    return found


def choose_core_set(moment: Moment, n: int) -> list[int]:
    """Take again and again the text that is farthest from all that are labelled."""
    if moment.is_open.all():
        return choose_randomly(moment, n)
    rows = np.flatnonzero(moment.is_open)
    points = moment.points[rows]
    nearest = (points @ moment.points[~moment.is_open].T).max(axis=1)
    chosen: list[int] = []
    for _ in range(min(n, len(rows))):
        farthest = int(nearest.argmin())
        chosen.append(int(rows[farthest]))
        nearest = np.maximum(nearest, points @ points[farthest])
        nearest[farthest] = np.inf
    return chosen


STRATEGIES: dict[str, Strategy] = {
    "random": choose_randomly,
    "assay": choose_as_assay,
    "breaking_ties": by_highest(uncertainty),
    "least_confidence": by_highest(lambda probs: 1.0 - probs.max(axis=1)),
    "k_means": choose_by_clusters,
    "core_set": choose_core_set,
}
ASK_A_MODEL = ("breaking_ties", "least_confidence")  # one of all labels so far
