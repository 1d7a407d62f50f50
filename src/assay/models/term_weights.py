"""TF-IDF of the terms of all training texts, in one matrix that is filled piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse
from sklearn.feature_extraction.text import TfidfTransformer

from assay.models.term_counts import TermCounts

__all__ = ["weigh_terms"]


def weigh_terms(counted: Sequence[TermCounts], lengths: Sequence[float]) -> tuple[Any, np.ndarray]:
    """Return the TF-IDF of all kinds of terms side by side, and the IDF of each term.

    Parameters
    ----------
    counted : sequence of TermCounts
        Their texts and slices are the same. At least one has a term.
    lengths : sequence of float
        The length of each kind's vector of a text.

    Returns
    -------
    matrix : float32 CSR of shape (n_texts, n_terms)
    idf : float64 array of shape (n_terms,)

    Notes
    -----
    The matrix is the largest thing that training holds. Its size is known before it is filled, so
    that it is never copied: the texts that hold each term are its cells.
    """
    # scikit-learn refuses a matrix without columns: words that all texts share leave no n-grams
    counted, lengths = _with_terms(counted, lengths)
    weighers = list(map(_weigher, counted))
    n_terms = sum(counts.n_terms for counts in counted)
    n_cells = sum(int(counts.n_texts_with.sum()) for counts in counted)
    n_texts = counted[0].n_texts
    index_type = scipy.sparse.get_index_dtype(maxval=max(n_cells, n_terms))
    data = np.empty(n_cells, dtype=np.float32)
    columns = np.empty(n_cells, dtype=index_type)
    bounds = np.zeros(n_texts + 1, dtype=index_type)
    n_filled = 0
    for start, stop in counted[0].slices:
        weighed = [
            weigher.transform(counts.rows(start, stop), copy=False) * np.float32(length)
            for weigher, counts, length in zip(weighers, counted, lengths, strict=True)
        ]
        rows = scipy.sparse.hstack(weighed, format="csr")
        filled = slice(n_filled, n_filled + rows.nnz)
        data[filled], columns[filled] = rows.data, rows.indices
        bounds[start + 1 : stop + 1] = n_filled + rows.indptr[1:]
        n_filled = filled.stop
    matrix = scipy.sparse.csr_matrix((data, columns, bounds), shape=(n_texts, n_terms), copy=False)
    return matrix, np.concatenate([weigher.idf_ for weigher in weighers])


def _with_terms(
    counted: Sequence[TermCounts], lengths: Sequence[float]
) -> tuple[list[TermCounts], list[float]]:
    """Leave out the kinds that no term is left of."""
    kept = [i for i, counts in enumerate(counted) if counts.n_terms]
    return [counted[i] for i in kept], [lengths[i] for i in kept]


def _weigher(counts: TermCounts) -> TfidfTransformer:
    """Return scikit-learn's weights, as if it had been fitted to all texts at once."""
    weigher = TfidfTransformer(sublinear_tf=True)
    weigher.idf_ = np.log((1 + counts.n_texts) / (1 + counts.n_texts_with)) + 1
    return weigher
