"""The terms of texts as hashes and counts: no vocabulary to keep, and the same definition of a term as `linear` has.

Two blocks: words with pairs of neighbouring words, and character n-grams inside words.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from assay.runtime.linear import TextTerms
from assay.tokenization.words import RULE, RULES

__all__ = ["BLOCKS", "TERMS", "Seen", "TermCounts", "buckets_of", "count_terms", "hash_terms"]

# As `linear` has them, a little shorter; by each rule for cutting words.
TERMS = {rule: TextTerms(min_chars=3, max_chars=4, rule=rule) for rule in RULES}
BLOCKS = 2
HASH_BITS = 32
GRAM_SALT = 1  # a character n-gram that is a word as well has another hash

# The hash of a word, and the bytes by which that of a pair goes on from its first word's: " " and
# this one.
_Word = tuple[int, bytes]
Seen = dict[str, tuple[list[_Word], list[int]]]


@dataclass(frozen=True)
class TermCounts:
    """The terms of some texts, of one block, end to end.

    Parameters
    ----------
    n_texts : int
    rows : int64 array of shape (n_terms,)
        Which text holds the term; ascending.
    hashes : uint32 array of shape (n_terms,)
        Distinct within a text.
    counts : float64 array of shape (n_terms,)
        How often the text holds it.
    """

    n_texts: int
    rows: np.ndarray
    hashes: np.ndarray
    counts: np.ndarray

    def buckets(self, bits: int) -> np.ndarray:
        """Return the upper bits of each hash, int64 of shape (n_terms,)."""
        return buckets_of(self.hashes, bits)

    def sum_by_text(self, values: np.ndarray) -> np.ndarray:
        """Sum values of terms over each text.

        Parameters
        ----------
        values : array of shape (n_terms,) or (n_terms, n_columns)

        Returns
        -------
        float64 array of shape (n_texts,) or (n_texts, n_columns)
            0 for a text without terms.
        """
        sums = np.zeros((self.n_texts, *values.shape[1:]))
        if len(self.rows):
            starts = np.flatnonzero(np.diff(self.rows, prepend=-1))
            sums[self.rows[starts]] = np.add.reduceat(values, starts, axis=0)
        return sums


def buckets_of(hashes: np.ndarray, bits: int) -> np.ndarray:
    """Return the upper bits of uint32 hashes, int64 of their shape."""
    return (hashes >> np.uint32(HASH_BITS - bits)).astype(np.int64)


def hash_terms(
    texts: Sequence[str], seen: Seen, *, rule: int = RULE
) -> tuple[list[list[int]], list[list[int]]]:
    """Hash the terms of texts.

    Parameters
    ----------
    texts : sequence of str
    seen : dict
        Hashes of what stood between spaces before, by the same rule: filled and used from call to
        call.
    rule : int
        Number of the rule that cuts words.

    Returns
    -------
    words and word pairs, character n-grams
        Each a list a text, of unsigned 32-bit hashes repeated as often as the term occurs.
    """
    terms = TERMS[rule]
    words: list[list[int]] = []
    characters: list[list[int]] = []
    for text in texts:
        inside: list[_Word] = []
        grams: list[int] = []
        for token in terms.fold(text).split():
            found = seen.get(token)
            if found is None:
                found = seen[token] = _hash_token(token, terms)
            inside += found[0]
            grams += found[1]
        pairs = [zlib.crc32(second, first) for (first, _), (_, second) in pairwise(inside)]
        words.append([hashed for hashed, _ in inside] + pairs)
        characters.append(grams)
    return words, characters


def _hash_token(token: str, terms: TextTerms) -> tuple[list[_Word], list[int]]:
    """Return the words of what stands between spaces, and the hashes of its character n-grams."""
    words = [_encode(word) for word in terms.pattern.findall(token)]
    grams = [zlib.crc32(_encode(gram), GRAM_SALT) for gram in terms.characters(token)]
    return [(zlib.crc32(word), b" " + word) for word in words], grams


def count_terms(
    texts: Sequence[str], seen: Seen, *, rule: int = RULE
) -> tuple[TermCounts, TermCounts]:
    """Hash and count the terms of texts; takes what `hash_terms` takes.

    Returns
    -------
    words and word pairs, character n-grams
    """
    words, characters = hash_terms(texts, seen, rule=rule)
    return _end_to_end([*map(Counter, words)]), _end_to_end([*map(Counter, characters)])


def _end_to_end(counters: Sequence[Counter[int]]) -> TermCounts:
    lengths = [len(one) for one in counters]
    n_terms = sum(lengths)
    return TermCounts(
        n_texts=len(counters),
        rows=np.repeat(np.arange(len(counters)), lengths),
        hashes=np.fromiter(chain.from_iterable(counters), dtype=np.uint32, count=n_terms),
        counts=np.fromiter(
            chain.from_iterable(one.values() for one in counters), dtype=np.float64, count=n_terms
        ),
    )


def _encode(term: str) -> bytes:
    return term.encode("utf-8", "surrogatepass")
