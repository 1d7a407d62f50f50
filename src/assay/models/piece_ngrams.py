"""`compact` on few texts, or beside its network: n-grams of small pieces, and one linear layer.

Hundreds of texts teach a recurrent network little, and the words of the next text are mostly not
among theirs. Pieces of a few letters are, in every script, and so are several of them in a row: any
two, and up to four of one word. Each n-gram is hashed into a bucket, by arithmetic that an ONNX
graph can do too. Measured: dev/LOG.md, "Few texts", "Words in n-grams of pieces" and "N-grams of
pieces for several labels".
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
    "NgramRule",
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
    """How many pieces and n-grams there are.

    Parameters
    ----------
    n_pieces : int
        Most pieces, as long as there are no more characters.
    longest : int
        Pieces of the longest n-grams.
    across : int
        Pieces of the longest n-grams that reach from one word into the next.
    n_buckets : int
    C : float, optional
        Inverse of the regularisation's strength. None: chosen by the machine.
    """

    n_pieces: int
    longest: int
    across: int
    n_buckets: int
    C: float | None = None


SIZES: dict[Task, NgramSizes] = {
    "single": NgramSizes(200, longest=4, across=2, n_buckets=1 << 17, C=4.0),
    "multi": NgramSizes(200, longest=5, across=5, n_buckets=1 << 17),
}  # by task


@dataclass(frozen=True)
class NgramRule:
    """Which n-grams of a text are counted.

    Parameters
    ----------
    longest, across : int
        As in `NgramSizes`.
    begins : bool array of shape (n_pieces,)
        Whether a word begins with the piece.
    """

    longest: int
    across: int
    begins: np.ndarray

    @property
    def is_bounded(self) -> bool:
        """Whether some n-grams are counted inside of words alone."""
        return self.across < self.longest


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
    rule : NgramRule
    """

    weights: np.ndarray
    squares: np.ndarray
    bias: np.ndarray
    rule: NgramRule

    def logits(self, encoded: EncodedTexts) -> np.ndarray:
        """Return the margins, float64 of shape (n_texts, n_classes)."""
        counts = count_ngrams(encoded, self.rule, n_buckets=len(self.weights))
        lengths = np.sqrt(np.maximum(counts @ self.squares.astype(np.float64), TINY))
        sums = counts @ self.weights.astype(np.float64)
        margins: np.ndarray = sums / lengths[:, None] + self.bias
        return margins


def count_ngrams(
    encoded: EncodedTexts, rule: NgramRule, *, n_buckets: int
) -> scipy.sparse.csr_matrix:
    """Count the n-grams of each text by bucket.

    Returns
    -------
    float64 CSR matrix of shape (n_texts, n_buckets)
    """
    parts = [
        _count_slice(encoded, start, stop, rule, n_buckets=n_buckets)
        for start, stop in cut_texts(encoded.offsets) or [(0, 0)]
    ]
    return scipy.sparse.vstack(parts, format="csr")


def _count_slice(
    encoded: EncodedTexts, start: int, stop: int, rule: NgramRule, *, n_buckets: int
) -> scipy.sparse.csr_matrix:
    """Count the n-grams of texts `start` to `stop`, in five times the memory of the counts."""
    bounds = encoded.offsets[start : stop + 1]
    ids = encoded.ids[bounds[0] : bounds[-1]].astype(np.int64)
    text_of = np.repeat(np.arange(stop - start), np.diff(bounds))
    begins = rule.begins[ids]
    hashes = np.ones(len(ids), dtype=np.int64)
    is_inside = np.ones(len(ids), dtype=bool)
    rows, buckets = [], []
    for n in range(1, rule.longest + 1):
        # Entry i is the n-gram that begins at piece i; some begin in one text and end in the next,
        # or in one word and end in the next
        last = ids[n - 1 :]
        hashes = (hashes[: len(last)] * FACTOR + last + 1) % MODULUS
        if n > 1:
            is_inside = is_inside[: len(last)] & ~begins[n - 1 :]
        is_counted = text_of[: len(last)] == text_of[n - 1 :]
        if n > rule.across:
            is_counted &= is_inside
        rows.append(text_of[: len(last)][is_counted])
        buckets.append(hashes[is_counted] % n_buckets)
    places = (np.concatenate(rows), np.concatenate(buckets))
    ones = np.ones(len(places[0]))
    return scipy.sparse.csr_matrix((ones, places), shape=(stop - start, n_buckets))


def fit_ngrams(
    encoded: EncodedTexts,
    machine: Machine | SeveralMachines,
    *,
    sizes: NgramSizes,
    begins: np.ndarray,
) -> PieceNgrams:
    """Fit the classifier: TF-IDF of the buckets, and linear support vector machines.

    Parameters
    ----------
    encoded : EncodedTexts
        In `sizes.n_pieces` pieces.
    machine : Machine or SeveralMachines
        Knows what each text has of the classes.
    sizes : NgramSizes
    begins : bool array of shape (n_pieces,)
        See `NgramRule`.
    """
    rule = NgramRule(sizes.longest, sizes.across, begins)
    counts = count_ngrams(encoded, rule, n_buckets=sizes.n_buckets)
    n_texts_with = np.bincount(counts.indices, minlength=sizes.n_buckets)
    idf = np.log((1 + len(encoded)) / (1 + n_texts_with)) + 1
    idf[n_texts_with == 0] = 0
    lengths = np.sqrt(np.maximum(counts @ idf**2, TINY))
    # In place: the counts of long texts fill gigabytes
    counts.data *= np.repeat(1 / lengths, np.diff(counts.indptr))
    counts.data *= idf[counts.indices]
    C = machine.choose_c(counts) if sizes.C is None else sizes.C
    coef, bias = machine.fit(counts, C=C)
    return PieceNgrams(_halve(coef.T * idf[:, None]), _halve(idf**2), bias, rule)


def _halve(values: np.ndarray) -> np.ndarray:
    """Round to half precision, as which the values are saved."""
    return values.astype(np.float16).astype(np.float32)
