"""Character n-grams of tokens.

The n-grams are numbers until they are spelt: most are too rare to be kept, and numbers are sorted
and compared many times as fast as strings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse

from assay.runtime.linear import TextTerms

__all__ = ["CharacterGrams", "find_grams"]

KEY_BITS = 63  # of the integer that holds an n-gram


@dataclass(frozen=True)
class CharacterGrams:
    """The character n-grams of tokens; they are spelt only when asked for.

    Parameters
    ----------
    matrix : float32 CSR matrix of shape (n_tokens, n_grams)
        How often each token holds each n-gram.
    text : str
        All tokens end to end, each with a space before and after it.
    starts, sizes : int64 arrays of shape (n_grams,)
        Where in `text` each n-gram begins, and how many characters it has.
    """

    matrix: Any
    text: str
    starts: np.ndarray
    sizes: np.ndarray

    def spell(self, columns: np.ndarray) -> list[str]:
        """Return the n-grams of some columns."""
        starts, sizes = self.starts[columns].tolist(), self.sizes[columns].tolist()
        return [self.text[i : i + size] for i, size in zip(starts, sizes, strict=True)]

    def keep(self, columns: np.ndarray) -> CharacterGrams:
        """Return these n-grams alone, in this order."""
        return CharacterGrams(
            self.matrix[:, columns], self.text, self.starts[columns], self.sizes[columns]
        )

    def add_up(self, target: np.ndarray, n_columns: int) -> CharacterGrams:
        """Return column i added to column ``target[i]`` of `n_columns`; they have no spelling."""
        cells = (self.matrix.data, target[self.matrix.indices], self.matrix.indptr)
        shape = (self.matrix.shape[0], n_columns)
        matrix = scipy.sparse.csr_matrix(cells, shape=shape, copy=True)  # adding up changes it
        matrix.sum_duplicates()
        unspelt = np.zeros(n_columns, dtype=np.int64)
        return CharacterGrams(matrix, self.text, unspelt, unspelt)


def find_grams(tokens: Sequence[str], terms: TextTerms) -> CharacterGrams:
    """Find what `TextTerms.characters` finds in each token.

    All n-grams of one size are found at once, from those that are one character shorter: the
    integer of an n-gram is that of its beginning, shifted by the bits of a character, plus its last
    character. With 2 bits per character and a = 1, b = 2, c = 3, "ab" is 1·4 + 2 = 6, and "abc" is
    6·4 + 3 = 27. Where the bits would exceed `KEY_BITS`, the beginnings are numbered anew from 0.
    """
    text = "".join([f" {token} " for token in tokens])
    n_chars = np.fromiter(map(len, tokens), dtype=np.int64, count=len(tokens)) + 2
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    known, characters = np.unique(points, return_inverse=True)
    n_bits = len(known).bit_length()
    token_of = np.repeat(np.arange(len(tokens)), n_chars)
    # How many characters of its token each character has from itself to the end
    n_left = np.cumsum(n_chars)[token_of] - np.arange(len(points))
    at, keys, width = np.arange(len(points)), np.zeros(len(points), dtype=np.int64), 0
    rows, columns, starts, sizes = [], [], [], []
    n_found = 0
    for size in range(1, terms.max_chars + 1):
        is_inside = n_left[at] >= size
        at, keys = at[is_inside], keys[is_inside]
        if width + n_bits > KEY_BITS:
            keys = np.unique(keys, return_inverse=True)[1]
            width = len(keys).bit_length()
        keys, width = keys << n_bits | characters[at + size - 1], width + n_bits
        taken: Any = slice(None)
        if size < terms.min_chars:  # a token that has no longer n-gram counts as a whole
            taken = n_chars[token_of[at]] == size
        found, firsts, own = np.unique(keys[taken], return_index=True, return_inverse=True)
        rows.append(token_of[at[taken]])
        columns.append(n_found + own)
        starts.append(at[taken][firsts])
        sizes.append(np.full(len(found), size))
        n_found += len(found)
    cells = np.concatenate(rows), np.concatenate(columns)
    ones = np.ones(len(cells[0]), dtype=np.float32)
    matrix = scipy.sparse.csr_matrix((ones, cells), shape=(len(tokens), n_found))
    return CharacterGrams(matrix, text, np.concatenate(starts), np.concatenate(sizes))
