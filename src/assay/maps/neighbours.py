"""Which training texts are most similar to a text, without a transformer.

Similarity is the cosine of TF-IDF vectors over words and character n-grams.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assay._optional import require
from assay.runtime.linear import TextTerms
from assay.runtime.top_n import largest_columns

__all__ = ["nearest_texts"]


def nearest_texts(
    texts: Sequence[str], references: Sequence[str], *, n: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """Find the references that are most similar to each text.

    Parameters
    ----------
    texts, references : sequences of str
    n : int
        References per text, at most.

    Returns
    -------
    rows : int64 array of shape (n_texts, n)
        Positions in `references`, most alike first; equal ones in their order.
    similarity : float64 array of shape (n_texts, n)
        Cosine, 0 to 1.
    """
    n = min(n, len(references))
    if not len(texts) or not n:
        return np.zeros((len(texts), n), dtype=np.int64), np.zeros((len(texts), n))
    terms = TextTerms()
    vectoriser = require("sklearn.feature_extraction.text").TfidfVectorizer(
        analyzer=lambda text: terms.words(text) + terms.characters(text),
        sublinear_tf=True,
        dtype=np.float32,
    )
    try:
        matrix = vectoriser.fit_transform(references)
    except ValueError:  # the vocabulary is empty: no reference is similar to any text
        return np.tile(np.arange(n), (len(texts), 1)), np.zeros((len(texts), n))
    cosine = np.asarray((vectoriser.transform(texts) @ matrix.T).todense(), dtype=np.float64)
    rows = largest_columns(cosine, n)
    return rows, np.take_along_axis(cosine, rows, axis=1).clip(0.0, 1.0)
