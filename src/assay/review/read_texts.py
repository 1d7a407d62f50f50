"""`ReadTexts`: the features of texts, each read once, in an array that grows by doubling."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from assay.review.vectors import TextVectors

__all__ = ["ReadTexts"]


class ReadTexts:
    """Features by text.

    Parameters
    ----------
    vectors : TextVectors
        How texts are read.
    """

    def __init__(self, vectors: TextVectors) -> None:
        self._vectors = vectors
        self._row_of: dict[str, int] = {}
        self._stored = np.zeros((0, 0), dtype=np.float32)

    def read(self, texts: Iterable[str]) -> None:
        """Read the texts that were not read before."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._row_of]
        if not fresh:
            return
        found = self._vectors.transform(fresh)
        n_before = len(self._row_of)
        n_after = n_before + len(fresh)
        if n_after > len(self._stored):
            larger = np.zeros((max(n_after, 2 * n_before), found.shape[1]), dtype=np.float32)
            if n_before:
                larger[:n_before] = self._stored[:n_before]
            self._stored = larger
        self._stored[n_before:n_after] = found
        for row, text in enumerate(fresh, n_before):
            self._row_of[text] = row

    def __contains__(self, text: str) -> bool:
        """Tell whether a text has been read."""
        return text in self._row_of

    def features(self, texts: Iterable[str]) -> np.ndarray:
        """Return features, float32 of shape (n_texts, n_features); read what is new."""
        texts = list(texts)
        self.read(texts)
        taken: np.ndarray = self._stored[[self._row_of[text] for text in texts]]
        return taken
