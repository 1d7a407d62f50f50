"""Terms of a single training text, kept as hashes, so that nobody reads them in a saved model.

A small set needs them: a word of one training text is often a word of a text to come. But spelt
out they would give away names and numbers, and word pairs or n-grams that overlap would give away
whole sentences. So a model keeps for each only the number of its bucket. The buckets are so few
that a guess meets a filled one by chance too: about one guess in ten.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["RareTerms", "bucket_of", "bucket_bits"]

HASH_BITS = 32
# Buckets for each rare term: with fewer, unknown words meet the weights of others too often, and
# with more, a guess that meets one is hardly ever wrong. Measured: dev/LOG.md, "Terms of one text".
BUCKETS_PER_TERM = 8


def bucket_bits(n_terms: int) -> int:
    """Return how many bits of the hash tell the buckets of so many rare terms apart."""
    return min((BUCKETS_PER_TERM * max(n_terms, 1) - 1).bit_length(), HASH_BITS)


def bucket_of(term: str, n_bits: int) -> int:
    """Return the bucket of a term: the upper bits of its CRC-32 in UTF-8."""
    return zlib.crc32(term.encode("utf-8", "surrogatepass")) >> (HASH_BITS - n_bits)


@dataclass(frozen=True)
class RareTerms:
    """The filled buckets of one block of terms, in column order.

    Parameters
    ----------
    n_bits : int
        Bits of a bucket's number, 1 to 32.
    buckets : sequence of int
        Each once, between 0 and ``2**n_bits - 1``.

    Raises
    ------
    ValueError
        A number is out of range, or occurs twice.
    """

    n_bits: int = 1
    buckets: Sequence[int] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.n_bits <= HASH_BITS:
            raise ValueError(f"buckets of {self.n_bits} bits; 1 to {HASH_BITS} are accepted")
        if len(set(self.buckets)) < len(self.buckets):
            raise ValueError("a bucket of rare terms occurs twice")
        if self.buckets and not 0 <= min(self.buckets) <= max(self.buckets) < 1 << self.n_bits:
            raise ValueError(f"a bucket of rare terms does not fit into {self.n_bits} bits")

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self.buckets)
