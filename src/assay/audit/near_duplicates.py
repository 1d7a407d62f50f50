"""Near duplicates: texts that differ by a word, a typo, punctuation, or a number only.

Candidates come from MinHash and locality-sensitive hashing (Broder, 1997; `rensa` computes the
hashes) over the sets of four-character pieces of letters, digits and signs; the exact Jaccard
similarity of those sets decides. Short texts have few pieces, so that another number changes most
of them: texts that are equal but for their numbers are joined whatever their similarity is. Time
and memory grow linearly with the number of characters, even where thousands of texts are alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from assay._optional import require
from assay.audit.pieces import Pieces, hash_pieces
from assay.data.duplicates import number_equal
from assay.data.normal_form import normalise_text
from assay.data.texts import LabelledTexts
from assay.errors import InputError
from assay.progress import Progress

__all__ = ["MIN_SIMILARITY", "NearDuplicates", "find_near_duplicates"]

# On tweets, bank questions and Korean headlines, pairs above 0.75 read as one message written
# twice; from 0.7 on, "how do I verify my identity" pairs with "can I verify my identity", and
# opposite feelings in short tweets pair up.
MIN_SIMILARITY = 0.75
# A pair of similarity 0.75 shares at least one of 25 bands of 5 hashes with probability 0.9988, a
# pair of similarity 0.5 with probability 0.55.
N_BANDS, BAND_HASHES = 25, 5
# In larger buckets each text is compared with few others, so that the work stays linear.
FULL_BUCKET = 12
# Digits with the signs within numbers, dates and times: 1,250.00, 2026-11-29, 10:30
NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
# With fewer, texts such as "129 baht" and "670 baht", or two room numbers, say different things
MIN_LETTERS = 8
BLOCK_TEXTS = 8192  # hashed at a time: `rensa` returns its hashes as Python integers


@dataclass(frozen=True)
class NearDuplicates:
    """Groups of texts that say the same.

    Parameters
    ----------
    groups : int64 array of shape (n_texts,)
        Group numbers from 0, in the order in which the groups first occur. Equal texts (see
        `duplicate_groups`) share one too.
    similarity : float64 array of shape (n_texts,)
        Jaccard similarity with the first text of the group, 0 to 1; 1 for that text itself. It can
        be below the threshold if texts between the two join them, or if they are equal but for
        their numbers.
    is_near : bool array of shape (n_texts,)
        Whether the group holds texts that differ.
    """

    groups: np.ndarray
    similarity: np.ndarray
    is_near: np.ndarray


def find_near_duplicates(
    texts: LabelledTexts | Sequence[str],
    *,
    min_similarity: float = MIN_SIMILARITY,
    seed: int = 0,
    progress: Progress | None = None,
) -> NearDuplicates:
    """Group texts so that each is similar to at least one other of its group.

    Two texts are similar if their pieces are, or if they differ in their numbers only and have at
    least eight letters.

    Parameters
    ----------
    texts : LabelledTexts or sequence of str
    min_similarity : float
        Smallest Jaccard similarity of two texts that are joined, between 0.5 and 1.
    seed : int
        Seed of the hashes. A pair near the threshold is missed about once in a thousand.
    progress : Progress, optional
        Is told of the texts that were read, and of the bands that were compared.

    Raises
    ------
    InputError
        `min_similarity` is out of range.

    Examples
    --------
    >>> texts = ["My phone was stolen, what now?", "my phone was stolen - what now", "hi"]
    >>> find_near_duplicates(texts).groups
    array([0, 0, 1])
    """
    if not 0.5 <= min_similarity <= 1:
        raise InputError(f"min_similarity is {min_similarity}; 0.5 to 1 is accepted")
    if isinstance(texts, LabelledTexts):
        normalised: Sequence[str] = texts.normalised
    else:
        normalised = list(map(normalise_text, texts))
    equal = number_equal(normalised)
    _, first_rows = np.unique(equal, return_index=True)
    progress = progress or Progress()
    with progress.track("near duplicates, reading", len(first_rows)) as advance:
        pieces = hash_pieces([normalised[i] for i in first_rows], advance=advance)
    same_words = _equal_but_for_numbers([normalised[i] for i in first_rows])
    with progress.track("near duplicates, comparing", N_BANDS) as advance:
        component = _components(
            pieces, same_words, min_similarity=min_similarity, seed=seed, advance=advance
        )
    groups, first_of_group = _number_by_first_row(component)
    similarity = [pieces.similarity(first_of_group[group], i) for i, group in enumerate(groups)]
    n_differing = np.bincount(groups, minlength=len(first_of_group))
    return NearDuplicates(
        groups=groups[equal],
        similarity=np.array(similarity, dtype=np.float64)[equal],
        is_near=n_differing[groups][equal] > 1,
    )


def _number_by_first_row(component: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give groups numbers by their first row, whatever the order in which pairs were found.

    For example ``[7, 2, 7]`` becomes the groups ``[0, 1, 0]`` with the first rows ``[0, 1]``.
    """
    _, first_rows, positions = np.unique(component, return_index=True, return_inverse=True)
    numbers = np.empty(len(first_rows), dtype=np.int64)
    numbers[np.argsort(first_rows)] = np.arange(len(first_rows))
    return numbers[positions], np.sort(first_rows)


def _equal_but_for_numbers(normalised: Sequence[str]) -> np.ndarray:
    """Return pairs of texts that differ in their numbers only, of shape (n_pairs, 2).

    Each text is paired with the first of its kind.
    """
    first_of: dict[str, int] = {}
    pairs = []
    for i, text in enumerate(normalised):
        words, n_numbers = NUMBER.subn("0", text)
        if n_numbers and _has_letters(words):
            first = first_of.setdefault(words, i)
            if first != i:
                pairs.append((first, i))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _has_letters(text: str) -> bool:
    """Tell whether a text has enough letters to say something beside its numbers."""
    found = islice(filter(str.isalpha, text), MIN_LETTERS)  # a long text is not read to its end
    return len(list(found)) == MIN_LETTERS


def _components(
    pieces: Pieces,
    joined_pairs: np.ndarray,
    *,
    min_similarity: float,
    seed: int,
    advance: Callable[[int], None],
) -> np.ndarray:
    """Join texts that are alike, and the given pairs; return a component number per text."""
    n_texts = len(pieces)
    if n_texts < 2:
        return np.arange(n_texts)
    joined = [joined_pairs]
    component = _connected(joined_pairs, n_texts)
    rejected = np.zeros(0, dtype=np.int64)
    for pairs in _candidates(_signatures(pieces, seed=seed)):
        # Most pairs meet in several bands: what is joined already, or was found to differ, is not
        # compared again.
        pairs = pairs[component[pairs[:, 0]] != component[pairs[:, 1]]]
        pairs = pairs[~np.isin(_pair_ids(pairs, n_texts), rejected)]
        similarity = [pieces.similarity(one, other) for one, other in pairs.tolist()]
        is_alike = np.array(similarity) >= min_similarity
        rejected = np.concatenate([rejected, _pair_ids(pairs[~is_alike], n_texts)])
        if is_alike.any():
            joined.append(pairs[is_alike])
            component = _connected(np.concatenate(joined), n_texts)
        advance(1)
    return component


def _pair_ids(pairs: np.ndarray, n_texts: int) -> np.ndarray:
    """Return one number for each pair of texts."""
    ids: np.ndarray = pairs[:, 0] + pairs[:, 1] * n_texts
    return ids


def _connected(edges: np.ndarray, n_texts: int) -> np.ndarray:
    """Return the connected component of each text."""
    sparse, graphs = require("scipy.sparse"), require("scipy.sparse.csgraph")
    ones = np.ones(len(edges))
    graph = sparse.coo_matrix((ones, (edges[:, 0], edges[:, 1])), shape=(n_texts, n_texts))
    component: np.ndarray = graphs.connected_components(graph, directed=False)[1]
    return component


def _signatures(pieces: Pieces, *, seed: int) -> np.ndarray:
    """Return the MinHash of every text, uint32 of shape (n_texts, N_BANDS * BAND_HASHES)."""
    sketch = require("rensa").RMinHash
    blocks = []
    for start in range(0, len(pieces), BLOCK_TEXTS):
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
        # The five hashes of a row as one value of 20 bytes, which `np.unique` can compare.
        as_one = band.view(f"V{band.itemsize * BAND_HASHES}").ravel()
        _, bucket = np.unique(as_one, return_inverse=True)
        order = np.argsort(bucket, kind="stable")
        sizes = np.bincount(bucket)
        starts = np.cumsum(sizes) - sizes
        of_bucket = (order[starts[i] : starts[i] + sizes[i]] for i in np.flatnonzero(sizes > 1))
        none = np.empty((0, 2), dtype=np.int64)
        yield np.concatenate([none, *map(_bucket_pairs, of_bucket)])


def _bucket_pairs(rows: np.ndarray) -> np.ndarray:
    """Return the pairs of a bucket that are compared, of shape (n_pairs, 2).

    All pairs of a small bucket; in a large one each row with the one before it and with the first.
    """
    if len(rows) <= FULL_BUCKET:
        one, other = np.triu_indices(len(rows), k=1)
        return np.column_stack([rows[one], rows[other]])
    with_previous = np.column_stack([rows[:-1], rows[1:]])
    with_first = np.column_stack([np.full(len(rows) - 2, rows[0]), rows[2:]])
    return np.concatenate([with_previous, with_first])
