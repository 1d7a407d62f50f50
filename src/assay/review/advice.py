"""`give_advice`: which texts come next, and which label each of them probably has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from assay.models.head import AffineHead
from assay.review.choosing import choose_texts, to_directions
from assay.review.estimate import C

__all__ = ["Advice", "Known", "Suggestion", "give_advice"]

N_QUEUED = 12  # texts that are chosen at once
MIN_LABELLED = 8  # texts with a label below which there is no model


@dataclass(frozen=True)
class Suggestion:
    """A label that a text probably has.

    Parameters
    ----------
    label : str
    confidence : float or None
        Probability, 0 to 1; None if only the name of the label suggests it.
    """

    label: str
    confidence: float | None = None


@dataclass(frozen=True)
class Advice:
    """What to show next.

    Parameters
    ----------
    queue : tuple of int
        Positions of texts in the pool, the most useful first.
    suggestions : dict of int to Suggestion
        By position; texts in `queue` have one where there is any.
    is_of_model : bool
        Whether a model was there; otherwise texts are chosen for variety alone.
    """

    queue: tuple[int, ...] = ()
    suggestions: Mapping[int, Suggestion] = field(default_factory=dict)
    is_of_model: bool = False


@dataclass(frozen=True)
class Known:
    """What is known of the labels when advice is asked for.

    Parameters
    ----------
    rows : int array of shape (n_labelled,)
        Rows of the features whose texts have a label.
    labels : tuple of str
        The label of each of them.
    name_vectors : dict of str to array of shape (n_features,)
        The names of the labels, read as texts; empty where vectors hold no meaning.
    """

    rows: np.ndarray
    labels: tuple[str, ...]
    name_vectors: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def can_fit(self) -> bool:
        """Whether there are enough labels for a model."""
        return len(self.labels) >= MIN_LABELLED and len(set(self.labels)) >= 2


def give_advice(
    features: np.ndarray,
    positions: Sequence[int] | np.ndarray,
    is_open: np.ndarray,
    known: Known,
    *,
    rng: np.random.Generator,
) -> Advice:
    """Choose the next texts and suggest their labels.

    Parameters
    ----------
    features : float32 array of shape (n_texts, n_features)
    positions : int array of shape (n_texts,)
        Position in the pool of the text of each row.
    is_open : bool array of shape (n_texts,)
        Which texts wait for a decision.
    known : Known
    rng : numpy.random.Generator
    """
    directions = to_directions(features)
    probs: np.ndarray | None = None
    names: tuple[str, ...] = ()
    if known.can_fit:
        head = AffineHead(C=C).fit(features[known.rows], np.asarray(known.labels, dtype=object))
        probs, names = head.predict_proba(features), tuple(head.classes_.tolist())
    chosen = choose_texts(directions, is_open, n=N_QUEUED, rng=rng, probs=probs)
    if probs is not None:
        found = _suggest_by_model(probs[chosen], names)
    else:
        mean = features.mean(axis=0)
        found = _suggest_by_names(directions[chosen], mean, known.name_vectors)
    places = [int(positions[row]) for row in chosen]
    suggestions = dict(zip(places, found, strict=False))
    return Advice(tuple(places), suggestions, is_of_model=probs is not None)


def _suggest_by_model(probs: np.ndarray, names: Sequence[str]) -> list[Suggestion]:
    return [Suggestion(names[int(row.argmax())], float(row.max())) for row in probs]


def _suggest_by_names(
    directions: np.ndarray, mean: np.ndarray, name_vectors: Mapping[str, np.ndarray]
) -> list[Suggestion]:
    """Suggest the label whose name is nearest to each text; nothing where names say nothing."""
    if not name_vectors:
        return []
    names = list(name_vectors)
    centred = np.stack([name_vectors[name] for name in names]) - mean
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    nearest = (directions @ (centred / np.maximum(lengths, 1e-9)).T).argmax(axis=1)
    return [Suggestion(names[int(i)]) for i in nearest]
