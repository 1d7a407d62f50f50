"""Texts as vectors, to choose texts and to suggest labels: of a transformer, or of their terms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from assay.checkpoints.aliases import AUTO
from assay.checkpoints.auto import choose_checkpoint
from assay.errors import AssayError
from assay.progress import Progress
from assay.runtime.hashed_terms import Seen, TermCounts, count_terms

__all__ = ["TextVectors", "hash_vectors", "open_vectors"]

WIDTH_BITS = 9  # hashed terms share 512 columns per block
N_SAMPLED = 1_000  # texts that decide the language


@dataclass(frozen=True)
class TextVectors:
    """A way to turn texts into vectors.

    Parameters
    ----------
    name : str
        The checkpoint, or ``terms``.
    transform : callable
        Texts to a float32 array of shape (n_texts, n_features).
    why_terms : str
        Why no checkpoint is used; empty if one is.
    """

    name: str
    transform: Callable[[Sequence[str]], np.ndarray]
    why_terms: str = ""

    @property
    def reads_meaning(self) -> bool:
        """Whether vectors of a label's name and of a text can be compared."""
        return self.name != "terms"


def open_vectors(
    texts: Sequence[str],
    *,
    checkpoint: str = AUTO,
    seed: int = 0,
    progress: Progress | None = None,
) -> TextVectors:
    """Return the vectors of a checkpoint, or hashed terms where it cannot be used.

    Parameters
    ----------
    texts : sequence of str
        Texts that decide what `auto` is.
    checkpoint : str
        `auto`, what `resolve_checkpoint` accepts, or ``terms``.
    seed : int
    progress : Progress, optional
        Told after every batch that a checkpoint reads; what it raises ends the reading.
    """
    if checkpoint == "terms":
        return TextVectors("terms", hash_vectors)
    name = choose_checkpoint(checkpoint, texts[:N_SAMPLED], seed=seed).checkpoint
    try:
        from assay.checkpoints.frozen import FrozenEncoder  # here: it loads scikit-learn

        encoder = FrozenEncoder(name)
        encoder.loaded()
    except AssayError as err:
        return TextVectors("terms", hash_vectors, why_terms=str(err))
    return TextVectors(name, partial(encoder.transform, progress=progress))


def hash_vectors(texts: Sequence[str]) -> np.ndarray:
    """Return the hashed terms of texts, float32 of shape (n_texts, 1024).

    Words with pairs of words are in the first half, character n-grams in the second. Counts are
    damped by a square root, and each half of a text has length 1, or 0 if it has no terms.
    """
    seen: Seen = {}
    blocks = list(map(_folded, count_terms(texts, seen)))
    return np.concatenate(blocks, axis=1)


def _folded(terms: TermCounts) -> np.ndarray:
    """Add up the terms of each text that share a column, with the sign that their hash gives."""
    width = 1 << WIDTH_BITS
    signs = np.where(terms.hashes & 1, 1.0, -1.0)
    places = terms.rows * width + terms.buckets(WIDTH_BITS)
    values = np.sqrt(terms.counts) * signs
    folded = np.bincount(places, values, minlength=terms.n_texts * width)
    matrix = folded.reshape(terms.n_texts, width).astype(np.float32)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    unit: np.ndarray = matrix / np.maximum(lengths, np.float32(1e-9))
    return unit
