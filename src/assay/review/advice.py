"""`give_advice`: which texts come next, and which label each of them probably has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from assay.review.choosing import choose_texts, to_directions
from assay.review.guesses import Known, Suggestion, fit_guesses

__all__ = ["Advice", "give_advice"]

N_QUEUED = 12  # texts that are chosen at once


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


def give_advice(
    features: np.ndarray,
    positions: Sequence[int] | np.ndarray,
    is_open: np.ndarray,
    known: Known,
    *,
    rng: np.random.Generator,
) -> Advice:
    """Choose the next texts and suggest their labels.

    Texts that came at random take no part in the choice: only so are they to what was chosen what
    a new text would be, and the accuracy on them is that on new texts. "An honest estimate" in
    dev/LOG.md has the figures.

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
    guesses = fit_guesses(features, known) if known.can_fit else None
    covers = ~is_open
    basis = known.chosen()
    if known.is_random is not None:
        covers[known.rows[known.is_random]] = False
    unsure = fit_guesses(features, basis).unsure() if basis.can_fit else None
    chosen = choose_texts(directions, is_open, n=N_QUEUED, rng=rng, unsure=unsure, covers=covers)
    if guesses is not None:
        found = [guesses.suggest(row) for row in chosen]
    else:
        mean = features.mean(axis=0)
        found = _suggest_by_names(directions[chosen], mean, known.name_vectors)
    places = [int(positions[row]) for row in chosen]
    suggestions = dict(zip(places, found, strict=False))
    return Advice(tuple(places), suggestions, is_of_model=guesses is not None)


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
    return [Suggestion((names[int(i)],)) for i in nearest]
