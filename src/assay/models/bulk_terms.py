"""Hash the terms of many texts at once, for the statistics of a whole training set.

The plain way is `hash_terms`, text by text. Here each token of a chunk is hashed once, and pairs of
words by arithmetic on arrays: a quarter of the time, where texts are many and short.

The hash of a pair is the CRC of the first word, continued over a space and the second word. To
continue a CRC over some bytes is a linear map of it, which depends on their number alone, combined
(exclusive or) with the CRC of the bytes themselves. So four tables per number of bytes, one for
each byte of a CRC, continue all CRCs of an array.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

import numpy as np

from assay.runtime.hashed_terms import Seen, hash_tokens, split_tokens

__all__ = ["BulkTerms", "FlatLists", "hash_in_bulk"]

CRC_BYTES = 4
Entry = tuple[list[tuple[int, bytes]], list[int]]  # of a token: as `Seen` holds them


@dataclass(frozen=True)
class BulkTerms:
    """Hashes of terms, uint32, and the text of each, int64."""

    hashes: np.ndarray
    rows: np.ndarray


class FlatLists:
    """Lists of so many members each, which are end to end in one array."""

    def __init__(self, lengths: np.ndarray) -> None:
        self.lengths = lengths
        self.starts = np.cumsum(lengths) - lengths

    def places(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return where the members of the chosen lists are, and which choice each belongs to.

        Lists of 2, 1 and 3 members, of which 2 and 0 are chosen: 3 4 5 0 1 and 0 0 0 1 1.
        """
        lengths = self.lengths[chosen]
        owners = np.repeat(np.arange(len(chosen)), lengths)
        first_of_owner = np.cumsum(lengths) - lengths
        within = np.arange(len(owners)) - first_of_owner[owners]
        return self.starts[chosen][owners] + within, owners


def hash_in_bulk(texts: Sequence[str], seen: Seen) -> tuple[BulkTerms, BulkTerms]:
    """Return the terms of texts, as often as they occur: words with pairs, and character n-grams.

    Parameters
    ----------
    texts : sequence of str
    seen : dict
        As `hash_terms` takes it.
    """
    tokens = split_tokens(texts)
    table = hash_tokens(set().union(*tokens), seen)
    number = {token: i for i, token in enumerate(table)}
    n_tokens = _lengths(tokens)
    flat = map(number.__getitem__, chain.from_iterable(tokens))
    numbers = np.fromiter(flat, dtype=np.int64, count=int(n_tokens.sum()))
    rows = np.repeat(np.arange(len(texts)), n_tokens)
    entries = list(table.values())
    return _words(entries, numbers, rows), _characters(entries, numbers, rows)


def _lengths(lists: Sequence[Sequence[object]]) -> np.ndarray:
    return np.fromiter(map(len, lists), dtype=np.int64, count=len(lists))


def _characters(entries: Sequence[Entry], numbers: np.ndarray, rows: np.ndarray) -> BulkTerms:
    grams = [own for _, own in entries]
    places, owners = FlatLists(_lengths(grams)).places(numbers)
    hashes = np.fromiter(chain.from_iterable(grams), dtype=np.uint32)
    return BulkTerms(hashes[places], rows[owners])


def _words(entries: Sequence[Entry], numbers: np.ndarray, rows: np.ndarray) -> BulkTerms:
    words = [own for own, _ in entries]
    places, owners = FlatLists(_lengths(words)).places(numbers)
    each = list(chain.from_iterable(words))
    crcs = np.array([crc for crc, _ in each], dtype=np.uint32)[places]
    # A space and the word, over which the CRC of the word before is continued
    next_crcs = np.array([zlib.crc32(raw) for _, raw in each], dtype=np.uint32)[places]
    lengths = np.array([len(raw) for _, raw in each], dtype=np.int64)[places]
    rows = rows[owners]
    is_pair = rows[1:] == rows[:-1]
    pairs = _continue(crcs[:-1][is_pair], lengths[1:][is_pair]) ^ next_crcs[1:][is_pair]
    return BulkTerms(np.concatenate([crcs, pairs]), np.concatenate([rows, rows[1:][is_pair]]))


def _continue(crcs: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the linear part of CRCs that are continued over so many bytes each."""
    continued = np.zeros(len(crcs), dtype=np.uint32)
    for length in np.unique(lengths).tolist():
        own = np.flatnonzero(lengths == length)
        for place, of_byte in enumerate(_tables(length)):
            continued[own] ^= of_byte[(crcs[own] >> np.uint32(8 * place)) & np.uint32(0xFF)]
    return continued


@cache
def _tables(length: int) -> np.ndarray:
    """Return the linear part for each value of each byte of a CRC, of shape (4, 256)."""
    zeros = bytes(length)
    shift = zlib.crc32(zeros)
    tables = np.zeros((CRC_BYTES, 256), dtype=np.uint32)
    for place in range(CRC_BYTES):
        for value in range(256):
            tables[place, value] = zlib.crc32(zeros, value << (8 * place)) ^ shift
    return tables
