"""Near duplicates: texts that are the same message but for a word, a typo, punctuation, or a number of two.

Candidates come from MinHash and locality-sensitive hashing (Broder, 1997; `rensa` computes the
hashes) over the sets of four-character pieces of letters and digits; the exact Jaccard similarity
of those sets decides. Time and memory grow with the number of characters, also where thousands of
texts are alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assay._optional import require
from assay.data.duplicates import duplicate_groups
from assay.data.normal_form import normalise_text
from assay.errors import InputError

__all__ = ["MIN_SIMILARITY", "NearDuplicates", "find_near_duplicates"]

# On tweets, bank questions and Korean headlines, pairs above 0.75 read as one message written
# twice; from 0.7 on, "how do I verify my identity" pairs with "can I verify my identity", and
# opposite feelings in short tweets pair up.
MIN_SIMILARITY = 0.75
PIECE_CHARS = 4  # with 3, six times as many candidates on short tweets, and more false ones
# A pair of similarity 0.75 meets in one of 25 bands of 5 hashes with probability 0.9988, one of 0.5
# with 0.55.
N_BANDS, BAND_HASHES = 25, 5
FULL_BUCKET = (
    12  # in larger buckets each text is compared with few others, so that the work stays linear
)
BLOCK_TEXTS = 8192  # hashed at a time: `rensa` hands its hashes over as Python integers
NO_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class NearDuplicates:
    """Groups of texts that say the same.

    Parameters
    ----------
    groups : int64 array of shape (n_texts,)
        Group ids from 0 in order of first sight; equal texts (see `duplicate_groups`) share one
        too.
    similarity : float64 array of shape (n_texts,)
        Jaccard similarity with the first text of the group, 0 to 1; 1 for that text itself. It can
        be below the threshold, where texts between the two join them.
    is_near : bool array of shape (n_texts,)
        Whether the group holds texts that differ.
    """

    groups: np.ndarray
    similarity: np.ndarray
    is_near: np.ndarray


@dataclass(frozen=True)
class _Pieces:
    """The hashed pieces of texts, sorted and each once a text; text `i` has ``hashes[offsets[i]:offsets[i + 1]]``."""

    hashes: np.ndarray  # uint64
    offsets: np.ndarray  # int64 of shape (n_texts + 1,)

    def similarity(self, one: int, other: int) -> float:
        """Return the Jaccard similarity of two texts."""
        a = self.hashes[self.offsets[one] : self.offsets[one + 1]]
        b = self.hashes[self.offsets[other] : self.offsets[other + 1]]
        n_shared = len(np.intersect1d(a, b, assume_unique=True))
        return n_shared / (len(a) + len(b) - n_shared)


def find_near_duplicates(
    texts: Sequence[str], *, min_similarity: float = MIN_SIMILARITY, seed: int = 0
) -> NearDuplicates:
    """Group texts of which each is like another of its group.

    Parameters
    ----------
    texts : sequence of str
    min_similarity : float
        Least Jaccard similarity of two texts that are joined, between 0.5 and 1.
    seed : int
        Of the hashes. A pair near the threshold is missed once in a thousand.

    Raises
    ------
    InputError
        `min_similarity` is out of range.

    Examples
    --------
    >>> find_near_duplicates(["My phone was stolen, what now?", "my phone was stolen - what now", "hi"]).groups
    array([0, 0, 1])
    """
    if not 0.5 <= min_similarity <= 1:
        raise InputError(f"min_similarity is {min_similarity}; 0.5 to 1 is accepted")
    equal = duplicate_groups(texts)
    _, first_rows = np.unique(equal, return_index=True)
    pieces = _pieces([texts[i] for i in first_rows])
    component = _components(pieces, min_similarity=min_similarity, seed=seed)
    # Groups are numbered by their first row, so that they do not depend on the order in which pairs
    # were found.
    _, first, numbers = np.unique(component, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    to_first = (
        np.array([pieces.similarity(first[g], i) for i, g in enumerate(numbers)])
        if len(first)
        else np.zeros(0)
    )
    groups = rank[numbers]
    n_differing = np.bincount(groups, minlength=len(first))
    return NearDuplicates(groups[equal], to_first[equal], n_differing[groups][equal] > 1)


def _pieces(texts: Sequence[str]) -> _Pieces:
    """Hash every run of four characters, all texts at once."""
    if not texts:
        return _Pieces(np.zeros(0, np.uint64), np.zeros(1, np.int64))
    comparable = [_comparable(text).ljust(PIECE_CHARS, "\0") for text in texts]
    lengths = np.fromiter(map(len, comparable), dtype=np.int64, count=len(comparable))
    points = np.frombuffer(
        "".join(comparable).encode("utf-32-le", "surrogatepass"), dtype="<u4"
    ).astype(np.uint64)
    n_windows = len(points) - PIECE_CHARS + 1
    hashes = np.zeros(n_windows, dtype=np.uint64)
    for j in range(PIECE_CHARS):
        # A code point has 21 bits: the first three stand side by side, the fourth is multiplied in.
        hashes ^= (
            points[j : j + n_windows] << np.uint64(21 * j)
            if j < 3
            else _mixed(points[j : j + n_windows])
        )
    hashes = _mixed(hashes)
    owner = np.repeat(np.arange(len(comparable)), lengths)[:n_windows]
    ends = np.cumsum(lengths)
    inside = np.arange(n_windows) <= ends[owner] - PIECE_CHARS
    hashes, owner = hashes[inside], owner[inside]
    order = np.lexsort((hashes, owner))
    hashes, owner = hashes[order], owner[order]
    is_first = np.ones(len(hashes), dtype=bool)
    is_first[1:] = (hashes[1:] != hashes[:-1]) | (owner[1:] != owner[:-1])
    counts = np.bincount(owner[is_first], minlength=len(comparable))
    return _Pieces(hashes[is_first], np.concatenate([[0], np.cumsum(counts)]))


def _comparable(text: str) -> str:
    """Return letters and digits with single spaces; a text without any is compared as it is."""
    plain = normalise_text(text)
    return NO_WORDS.sub(" ", plain).strip() or plain


def _mixed(values: np.ndarray) -> np.ndarray:
    """Spread 64-bit integers evenly (the finaliser of SplitMix64; Steele et al., 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = values ^ (values >> np.uint64(31))
    return mixed


def _components(pieces: _Pieces, *, min_similarity: float, seed: int) -> np.ndarray:
    """Join texts that are alike; return a component number a text."""
    sparse, graphs = require("scipy.sparse"), require("scipy.sparse.csgraph")
    n_texts = len(pieces.offsets) - 1
    component = np.arange(n_texts)
    if n_texts < 2:
        return component
    joined: list[np.ndarray] = []
    rejected = np.zeros(0, dtype=np.int64)  # pairs as one + other * n_texts
    for pairs in _candidates(_signatures(pieces, seed=seed)):
        # Most pairs meet in several bands: what is joined already, or was found unlike, is not
        # looked at twice.
        pairs = pairs[component[pairs[:, 0]] != component[pairs[:, 1]]]
        pairs = pairs[~np.isin(pairs[:, 0] + pairs[:, 1] * n_texts, rejected)]
        is_like = np.array(
            [pieces.similarity(i, j) >= min_similarity for i, j in pairs.tolist()], dtype=bool
        )
        rejected = np.concatenate([rejected, (pairs[:, 0] + pairs[:, 1] * n_texts)[~is_like]])
        if is_like.any():
            joined.append(pairs[is_like])
            edges = np.concatenate(joined)
            graph = sparse.coo_matrix(
                (np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(n_texts, n_texts)
            )
            component = graphs.connected_components(graph, directed=False)[1]
    return component


def _signatures(pieces: _Pieces, *, seed: int) -> np.ndarray:
    """Return the MinHash of every text, uint32 of shape (n_texts, N_BANDS * BAND_HASHES)."""
    sketch = require("rensa").RMinHash
    blocks = []
    for start in range(0, len(pieces.offsets) - 1, BLOCK_TEXTS):
        offsets = pieces.offsets[start : start + BLOCK_TEXTS + 1]
        hashes = pieces.hashes[offsets[0] : offsets[-1]]
        made = sketch.digest_matrix_from_flat_token_hashes(
            hashes, (offsets - offsets[0]).astype(np.uint64), N_BANDS * BAND_HASHES, seed
        )
        blocks.append(np.array(made.to_rows(), dtype=np.uint32))
    return np.concatenate(blocks)


def _candidates(signatures: np.ndarray) -> Iterator[np.ndarray]:
    """Yield for each band the pairs of texts, the earlier first, that share all its hashes."""
    for start in range(0, signatures.shape[1], BAND_HASHES):
        band = np.ascontiguousarray(signatures[:, start : start + BAND_HASHES])
        _, bucket = np.unique(
            band.view(f"V{band.itemsize * BAND_HASHES}").ravel(), return_inverse=True
        )
        order = np.argsort(bucket, kind="stable")
        sizes = np.bincount(bucket)
        starts = np.cumsum(sizes) - sizes
        pairs = [np.empty((0, 2), dtype=np.int64)]
        pairs += [
            _bucket_pairs(order[starts[b] : starts[b] + sizes[b]])
            for b in np.flatnonzero(sizes > 1)
        ]
        yield np.concatenate(pairs)


def _bucket_pairs(rows: np.ndarray) -> np.ndarray:
    """Return all pairs of a small bucket; of a large one each row with the one before it and with the first."""
    if len(rows) <= FULL_BUCKET:
        one, other = np.triu_indices(len(rows), k=1)
        return np.column_stack([rows[one], rows[other]])
    chain = np.column_stack([rows[:-1], rows[1:]])
    return np.concatenate([chain, np.column_stack([np.full(len(rows) - 2, rows[0]), rows[2:]])])
