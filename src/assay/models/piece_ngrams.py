"""`compact` on few texts: n-grams of small word pieces, and one linear layer.

Hundreds of texts teach a recurrent network little, and the words of the next text are mostly not
among theirs. Pieces of a few letters are, in every script, and so are pairs and triples of them.
Each n-gram is hashed into a bucket, by arithmetic that an ONNX graph can do too. Measured:
dev/LOG.md, "Few texts".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from assay.models.machine import DEFAULT_C, Machine
from assay.models.several_machines import SeveralMachines
from assay.tokenization.batches import EncodedTexts

__all__ = ["FACTOR", "LONGEST", "MODULUS", "PieceNgrams", "count_ngrams", "fit_ngrams"]

LONGEST = 3  # pieces of the longest n-grams
N_BUCKETS = 1 << 17
# The hash of an n-gram is (hash of all but its last piece * FACTOR + last piece + 1) % MODULUS, and
# 1 * FACTOR + piece + 1 for one piece. Products stay below 2 to the power of 63.
FACTOR, MODULUS = 1_000_003, (1 << 31) - 1
TINY = 1e-12


@dataclass(frozen=True)
class PieceNgrams:
    """A linear classifier of n-grams.

    Parameters
    ----------
    weights : float32 array of shape (N_BUCKETS, n_classes)
        What one occurrence of an n-gram adds to the margin of each class, before the margins are
        divided by the length of the text. Rounded to half precision.
    squares : float32 array of shape (N_BUCKETS,)
        What it adds to the square of that length. Rounded likewise.
    bias : float64 array of shape (n_classes,)
    """

    weights: np.ndarray
    squares: np.ndarray
    bias: np.ndarray

    def logits(self, encoded: EncodedTexts) -> np.ndarray:
        """Return the margins, float64 of shape (n_texts, n_classes)."""
        counts = count_ngrams(encoded)
        lengths = np.sqrt(np.maximum(counts @ self.squares.astype(np.float64), TINY))
        sums = counts @ self.weights.astype(np.float64)
        margins: np.ndarray = sums / lengths[:, None] + self.bias
        return margins


def count_ngrams(encoded: EncodedTexts) -> scipy.sparse.csr_matrix:
    """Count the n-grams of 1 to `LONGEST` pieces of each text by bucket.

    Returns
    -------
    float64 CSR matrix of shape (n_texts, N_BUCKETS)
    """
    ids = encoded.ids.astype(np.int64)
    text_of = np.repeat(np.arange(len(encoded)), encoded.lengths)
    hashes = np.ones(len(ids), dtype=np.int64)
    rows, buckets = [], []
    for n in range(1, LONGEST + 1):
        # Entry i is the n-gram that begins at piece i; some begin in one text and end in the next
        last = ids[n - 1 :]
        hashes = (hashes[: len(last)] * FACTOR + last + 1) % MODULUS
        is_whole = text_of[: len(last)] == text_of[n - 1 :]
        rows.append(text_of[: len(last)][is_whole])
        buckets.append(hashes[is_whole] % N_BUCKETS)
    places = (np.concatenate(rows), np.concatenate(buckets))
    ones = np.ones(len(places[0]))
    return scipy.sparse.csr_matrix((ones, places), shape=(len(encoded), N_BUCKETS))


def fit_ngrams(encoded: EncodedTexts, machine: Machine | SeveralMachines) -> PieceNgrams:
    """Fit the classifier: TF-IDF of the buckets, and linear support vector machines.

    Parameters
    ----------
    encoded : EncodedTexts
    machine : Machine or SeveralMachines
        Knows what each text has of the classes.
    """
    counts = count_ngrams(encoded)
    n_texts_with = np.diff(counts.tocsc().indptr)
    idf = np.log((1 + len(encoded)) / (1 + n_texts_with)) + 1
    idf[n_texts_with == 0] = 0
    lengths = np.sqrt(np.maximum(counts @ idf**2, TINY))
    scale = scipy.sparse.diags(1 / lengths)
    matrix = (scale @ counts @ scipy.sparse.diags(idf)).tocsr()
    coef, bias = machine.fit(matrix, C=DEFAULT_C)
    return PieceNgrams(_halve(coef.T * idf[:, None]), _halve(idf**2), bias)


def _halve(values: np.ndarray) -> np.ndarray:
    """Round to half precision, as which the values are saved."""
    return values.astype(np.float16).astype(np.float32)
