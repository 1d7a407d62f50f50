"""Which texts are most worth a label: uncertain ones that speak for many others and differ.

`choose_texts` is a pure function. It covers the pool greedily (facility location, Wei et al. 2015,
"Submodularity in data subset selection and active learning"): each text of the pool is covered as
well as its most similar labelled text covers it, and counts by how uncertain the model is about it.
What is chosen next is the text that adds most to the sum. Without a model every text counts the
same, which gives the variety to begin with.

The sum is submodular: what a text adds only falls while others are chosen. So a text is looked at
again only while what it added before is the most (Minoux 1978, "Accelerated greedy algorithms").
"""

from __future__ import annotations

import numpy as np

__all__ = ["choose_texts", "to_directions", "uncertainty", "uncertainty_of_several"]

# Similarity falls to 1/e where the cosine falls by this much: "Which texts to label next" in
# dev/LOG.md.
WIDTH = 0.25
MAX_COVERED = 2_000  # texts of the pool that stand for all of them
MAX_CANDIDATES = 4_000  # texts among which is chosen, where no more are wanted
REPEAT = 0.95  # cosine from which a text says the same as one that has been chosen
TAKEN = -1.0  # what a text adds that is chosen, or repeats one that is
LEAST_UNCERTAINTY = 0.02  # weight of a text about which the model is sure


def to_directions(features: np.ndarray) -> np.ndarray:
    """Return features as directions from their mean, so that their cosines tell texts apart.

    Parameters
    ----------
    features : array of shape (n_texts, n_features)

    Returns
    -------
    float32 array of shape (n_texts, n_features)
        Rows of length 1; a text at the mean has a row of zeros.
    """
    centred = np.asarray(features, dtype=np.float32) - features.mean(axis=0, dtype=np.float32)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    directions: np.ndarray = centred / np.maximum(lengths, np.float32(1e-9))
    return directions


def uncertainty(probs: np.ndarray) -> np.ndarray:
    """Return 1 minus the lead of the best label over the second, of shape (n_texts,), 0 to 1.

    Choosing where it is high is called breaking ties (Luo et al. 2005, JMLR 6).
    """
    if probs.shape[1] < 2:
        return np.ones(len(probs))
    best = np.partition(probs, -2, axis=1)[:, -2:]
    lead: np.ndarray = best[:, 1] - best[:, 0]
    return 1.0 - lead


def uncertainty_of_several(probs: np.ndarray, thresholds: np.ndarray | float = 0.5) -> np.ndarray:
    """Return how near the most doubtful label of each text is to its threshold, 0 to 1.

    Parameters
    ----------
    probs : array of shape (n_texts, n_labels)
        Independent probabilities of labels, of which a text can have several.
    thresholds : float or array of shape (n_labels,)
        From which on a label is given.

    Returns
    -------
    array of shape (n_texts,)
        1 at a threshold, 0 where every label is certain.
    """
    room = np.where(probs < thresholds, thresholds, 1.0 - np.asarray(thresholds))
    nearness: np.ndarray = 1.0 - np.abs(probs - thresholds) / np.maximum(room, 1e-9)
    return np.asarray(nearness.max(axis=1))


def choose_texts(
    directions: np.ndarray,
    is_open: np.ndarray,
    *,
    n: int,
    rng: np.random.Generator,
    unsure: np.ndarray | None = None,
    covers: np.ndarray | None = None,
) -> list[int]:
    """Choose texts to label next, the most useful first.

    Parameters
    ----------
    directions : float32 array of shape (n_texts, n_features)
        As `to_directions` returns them.
    is_open : bool array of shape (n_texts,)
        Which texts may be chosen; the others have a label, or were skipped.
    n : int
        How many are wanted.
    rng : numpy.random.Generator
        Draws the texts that are looked at, where there are too many to look at all of them.
    unsure : array of shape (n_texts,), optional
        How unsure the model is about each text, 0 to 1; None while there is no model.
    covers : bool array of shape (n_texts,), optional
        The texts that speak for others like them already. None: all that may not be chosen.

    Returns
    -------
    list of int
        Positions of at most `n` texts, each once; fewer where the others say nearly the same.
    """
    open_rows = np.flatnonzero(is_open)
    if not len(open_rows):
        return []
    weights = np.ones(len(directions)) if unsure is None else unsure
    weights = np.maximum(weights, LEAST_UNCERTAINTY).astype(np.float32)
    candidates = _draw(open_rows, max(MAX_CANDIDATES, n), rng)
    covered = _draw(open_rows, MAX_COVERED, rng)
    similarity = _similarity(directions[candidates], directions[covered])
    labelled = ~is_open if covers is None else covers
    coverage = _coverage(directions[covered], directions[labelled])
    heard = weights[covered]
    gains = (np.maximum(similarity - coverage, 0.0) @ heard) * weights[candidates]
    chosen: list[int] = []
    while len(chosen) < n and gains.max() >= 0.0:
        best = int(gains.argmax())
        own = np.maximum(similarity[best] - coverage, 0.0) @ heard
        gains[best] = own * weights[candidates[best]]
        if gains.argmax() != best:
            continue
        chosen.append(int(candidates[best]))
        coverage = np.maximum(coverage, similarity[best])
        repeats = directions[candidates] @ directions[candidates[best]] >= REPEAT
        gains[repeats] = TAKEN
        gains[best] = TAKEN
    return chosen


def _draw(rows: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return all rows, or `n` of them at random."""
    return rows if len(rows) <= n else rng.choice(rows, n, replace=False)


def _similarity(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return how well each text of the left covers each of the right, 0 to 1."""
    cosines = left @ right.T
    similarity: np.ndarray = np.exp((cosines - 1.0) / np.float32(WIDTH))
    return similarity


def _coverage(directions: np.ndarray, labelled: np.ndarray) -> np.ndarray:
    """Return how well the labelled texts cover each text; 0 where none is labelled."""
    if not len(labelled):
        return np.zeros(len(directions), dtype=np.float32)
    best: np.ndarray = _similarity(directions, labelled).max(axis=1)
    return best
