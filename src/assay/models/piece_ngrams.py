"""`compact` on few texts, or beside its network: n-grams of small pieces, and one linear layer.

Hundreds of texts teach a recurrent network little, and the words of the next text are mostly not
among theirs. Pieces of a few letters are, in every script, and so are pairs and triples of them.
Each n-gram is hashed into a bucket, by arithmetic that an ONNX graph can do too. Measured:
dev/LOG.md, "Few texts" and "N-grams of pieces for several labels".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from assay.data.labels import Task
from assay.models.machine import Machine
from assay.models.several_machines import SeveralMachines
from assay.models.term_counts import cut_texts
from assay.tokenization.batches import EncodedTexts

__all__ = [
    "FACTOR",
    "MODULUS",
    "SIZES",
    "NgramSizes",
    "PieceNgrams",
    "count_ngrams",
    "fit_ngrams",
]

# The hash of an n-gram is (hash of all but its last piece * FACTOR + last piece + 1) % MODULUS, and
# 1 * FACTOR + piece + 1 for one piece. Products stay below 2 to the power of 63.
FACTOR, MODULUS = 1_000_003, (1 << 31) - 1
TINY = 1e-12


@dataclass(frozen=True)
class NgramSizes:
    """How many pieces there are, how many the longest n-grams have, and how many buckets."""

    n_pieces: int
    longest: int
    n_buckets: int


SIZES: dict[Task, NgramSizes] = {
    "single": NgramSizes(400, 3, 1 << 17),
    "multi": NgramSizes(200, 5, 1 << 17),
}  # by task


@dataclass(frozen=True)
class PieceNgrams:
    """A linear classifier of n-grams.

    Parameters
    ----------
    weights : float32 array of shape (n_buckets, n_classes)
        What one occurrence of an n-gram adds to the margin of each class, before the margins are
        divided by the length of the text. Rounded to half precision.
    squares : float32 array of shape (n_buckets,)
        What it adds to the square of that length. Rounded likewise.
    bias : float64 array of shape (n_classes,)
    longest : int
        Pieces of the longest n-grams.
    """

    weights: np.ndarray
    squares: np.ndarray
    bias: np.ndarray
    longest: int

    def logits(self, encoded: EncodedTexts) -> np.ndarray:
        """Return the margins, float64 of shape (n_texts, n_classes)."""
        counts = count_ngrams(encoded, longest=self.longest, n_buckets=len(self.weights))
        lengths = np.sqrt(np.maximum(counts @ self.squares.astype(np.float64), TINY))
        sums = counts @ self.weights.astype(np.float64)
        margins: np.ndarray = sums / lengths[:, None] + self.bias
        return margins


def count_ngrams(encoded: EncodedTexts, *, longest: int, n_buckets: int) -> scipy.sparse.csr_matrix:
    """Count the n-grams of 1 to `longest` pieces of each text by bucket.

    Returns
    -------
    float64 CSR matrix of shape (n_texts, n_buckets)
    """
    parts = [
        _count_slice(encoded, start, stop, longest=longest, n_buckets=n_buckets)
        for start, stop in cut_texts(encoded.offsets) or [(0, 0)]
    ]
    return scipy.sparse.vstack(parts, format="csr")


def _count_slice(
    encoded: EncodedTexts, start: int, stop: int, *, longest: int, n_buckets: int
) -> scipy.sparse.csr_matrix:
    """Count the n-grams of texts `start` to `stop`, in five times the memory of the counts."""
    bounds = encoded.offsets[start : stop + 1]
    ids = encoded.ids[bounds[0] : bounds[-1]].astype(np.int64)
    text_of = np.repeat(np.arange(stop - start), np.diff(bounds))
    hashes = np.ones(len(ids), dtype=np.int64)
    rows, buckets = [], []
    for n in range(1, longest + 1):
        # Entry i is the n-gram that begins at piece i; some begin in one text and end in the next
        last = ids[n - 1 :]
        hashes = (hashes[: len(last)] * FACTOR + last + 1) % MODULUS
        is_whole = text_of[: len(last)] == text_of[n - 1 :]
        rows.append(text_of[: len(last)][is_whole])
        buckets.append(hashes[is_whole] % n_buckets)
    places = (np.concatenate(rows), np.concatenate(buckets))
    ones = np.ones(len(places[0]))
    return scipy.sparse.csr_matrix((ones, places), shape=(stop - start, n_buckets))


def fit_ngrams(
    encoded: EncodedTexts, machine: Machine | SeveralMachines, *, sizes: NgramSizes
) -> PieceNgrams:
    """Fit the classifier: TF-IDF of the buckets, and linear support vector machines.

    Parameters
    ----------
    encoded : EncodedTexts
        In `sizes.n_pieces` pieces.
    machine : Machine or SeveralMachines
        Knows what each text has of the classes.
    """
    counts = count_ngrams(encoded, longest=sizes.longest, n_buckets=sizes.n_buckets)
    n_texts_with = np.bincount(counts.indices, minlength=sizes.n_buckets)
    idf = np.log((1 + len(encoded)) / (1 + n_texts_with)) + 1
    idf[n_texts_with == 0] = 0
    lengths = np.sqrt(np.maximum(counts @ idf**2, TINY))
    # In place: the counts of long texts fill gigabytes
    counts.data *= np.repeat(1 / lengths, np.diff(counts.indptr))
    counts.data *= idf[counts.indices]
    coef, bias = machine.fit(counts, C=machine.choose_c(counts))
    return PieceNgrams(_halve(coef.T * idf[:, None]), _halve(idf**2), bias, sizes.longest)


def _halve(values: np.ndarray) -> np.ndarray:
    """Round to half precision, as which the values are saved."""
    return values.astype(np.float16).astype(np.float32)
