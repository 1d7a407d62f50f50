"""The terms of texts as hashes and counts, so that no vocabulary has to be kept.

A term is what `linear` takes for one. There are two blocks: words with pairs of neighbouring words,
and character n-grams inside words.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np

from assay.runtime.linear import TextTerms
from assay.tokenization.words import RULE, RULES

__all__ = [
    "BLOCKS",
    "TERMS",
    "Seen",
    "TermCounts",
    "buckets_of",
    "count_terms",
    "forget_tokens",
    "hash_terms",
    "hash_tokens",
    "split_tokens",
]

# As `linear` has them, a little shorter; by each rule for cutting words.
TERMS = {rule: TextTerms(min_chars=3, max_chars=4, rule=rule) for rule in RULES}
BLOCKS = 2
HASH_BITS = 32
MOST_SEEN = 50_000  # tokens whose hashes are remembered: about 50 MB
# Longer tokens are not remembered: a document without spaces is one token, and hardly comes again
LONGEST_SEEN = 32  # characters
GRAM_SALT = 1  # gives a character n-gram another hash than the word of the same letters

# The hash of a word, and a space with the bytes of the word: the hash of a pair of words is that of
# the first, continued over these bytes of the second.
_Word = tuple[int, bytes]
# By token: its words, and the hashes of its character n-grams.
Seen = dict[str, tuple[list[_Word], list[int]]]


@dataclass(frozen=True)
class TermCounts:
    """The terms of one block of some texts, one text after another.

    Parameters
    ----------
    n_texts : int
    rows : int64 array of shape (n_terms,)
        The text that has the term; ascending.
    hashes : uint32 array of shape (n_terms,)
        Each once per text.
    counts : float64 array of shape (n_terms,)
        How often the text has the term.
    """

    n_texts: int
    rows: np.ndarray
    hashes: np.ndarray
    counts: np.ndarray

    def buckets(self, bits: int) -> np.ndarray:
        """Return the upper bits of each hash, int64 of shape (n_terms,)."""
        return buckets_of(self.hashes, bits)

    def parts(self, max_terms: int) -> Iterator[TermCounts]:
        """Cut the terms into parts of at most so many, wherever a text ends."""
        for start in range(0, len(self.rows), max_terms):
            part = slice(start, start + max_terms)
            rows, hashes, counts = self.rows[part], self.hashes[part], self.counts[part]
            yield TermCounts(self.n_texts, rows, hashes, counts)

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


def forget_tokens(seen: Seen) -> None:
    """Empty the table of tokens that were met if it has become large."""
    if len(seen) > MOST_SEEN:
        seen.clear()


def hash_terms(
    texts: Sequence[str], seen: Seen, *, rule: int = RULE
) -> tuple[list[list[int]], list[list[int]]]:
    """Hash the terms of texts.

    Parameters
    ----------
    texts : sequence of str
    seen : dict
        Hashes of the tokens that were met before, by the same rule: filled and used from call to
        call. Long ones are left out.
    rule : int
        Number of the rule that cuts words.

    Returns
    -------
    words : list of list of int
        For each text, the 32-bit hashes of its words and word pairs, as often as they occur.
    characters : list of list of int
        The same of its character n-grams.
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
                found = _hash_token(token, terms)
                if len(token) <= LONGEST_SEEN:
                    seen[token] = found
            inside += found[0]
            grams += found[1]
        pairs = [zlib.crc32(second, first) for (first, _), (_, second) in pairwise(inside)]
        words.append([hashed for hashed, _ in inside] + pairs)
        characters.append(grams)
    return words, characters


def split_tokens(texts: Sequence[str], *, rule: int = RULE) -> list[list[str]]:
    """Return the tokens of texts, whose terms are hashed one by one."""
    fold = TERMS[rule].fold
    return [fold(text).split() for text in texts]


def hash_tokens(tokens: Iterable[str], seen: Seen, *, rule: int = RULE) -> Seen:
    """Return the words and the hashes of the character n-grams of each token.

    Parameters
    ----------
    tokens : iterable of str
    seen : dict
        As `hash_terms` takes it.
    rule : int
    """
    table: Seen = {}
    for token in tokens:
        found = seen.get(token)
        if found is None:
            found = _hash_token(token, TERMS[rule])
            if len(token) <= LONGEST_SEEN:
                seen[token] = found
        table[token] = found
    return table


def _hash_token(token: str, terms: TextTerms) -> tuple[list[_Word], list[int]]:
    """Return the words of one token, and the hashes of its character n-grams."""
    words = list(map(_encode, terms.pattern.findall(token)))
    grams = [zlib.crc32(_encode(gram), GRAM_SALT) for gram in terms.characters(token)]
    return [(zlib.crc32(word), b" " + word) for word in words], grams


def count_terms(
    texts: Sequence[str], seen: Seen, *, rule: int = RULE
) -> tuple[TermCounts, TermCounts]:
    """Hash and count the terms of texts; takes what `hash_terms` takes.

    Returns
    -------
    words : TermCounts
        Words and word pairs.
    characters : TermCounts
        Character n-grams.
    """
    words, characters = hash_terms(texts, seen, rule=rule)
    return _count(words), _count(characters)


def _count(hashes_of_texts: Sequence[Sequence[int]]) -> TermCounts:
    """Count the hashes of each text."""
    counters = list(map(Counter, hashes_of_texts))
    lengths = list(map(len, counters))
    n_terms = sum(lengths)
    hashes = chain.from_iterable(counters)
    counts = chain.from_iterable(counter.values() for counter in counters)
    return TermCounts(
        n_texts=len(counters),
        rows=np.repeat(np.arange(len(counters)), lengths),
        hashes=np.fromiter(hashes, dtype=np.uint32, count=n_terms),
        counts=np.fromiter(counts, dtype=np.float64, count=n_terms),
    )


def _encode(term: str) -> bytes:
    return term.encode("utf-8", "surrogatepass")
