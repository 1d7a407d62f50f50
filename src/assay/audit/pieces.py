"""Texts as sets of hashed four-character pieces, all texts at once, and how alike two sets are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assay.tokenization.letters import write_usual
from assay.tokenization.words import separators

__all__ = ["Pieces", "hash_pieces"]

PIECE_CHARS = 4  # with 3, six times as many candidates on short tweets, and more false ones
CODE_POINT_BITS = 21
BLOCK_CHARS = 1 << 20  # of the texts that are hashed at once


@dataclass(frozen=True)
class Pieces:
    """The hashed pieces of texts; each text's are sorted, and each piece is there once.

    Parameters
    ----------
    hashes : uint64 array of shape (n_pieces,)
        The pieces of text `i` are ``hashes[offsets[i]:offsets[i + 1]]``.
    offsets : int64 array of shape (n_texts + 1,)
    """

    hashes: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def similarity(self, one: int, other: int) -> float:
        """Return the Jaccard similarity of two texts, 0 to 1."""
        a = self.hashes[self.offsets[one] : self.offsets[one + 1]]
        b = self.hashes[self.offsets[other] : self.offsets[other + 1]]
        n_shared = len(np.intersect1d(a, b, assume_unique=True))
        return n_shared / (len(a) + len(b) - n_shared)


def hash_pieces(
    normalised: Sequence[str], *, advance: Callable[[int], None] = lambda n_done: None
) -> Pieces:
    """Hash every run of four characters of letters, digits and signs.

    Parameters
    ----------
    normalised : sequence of str
        Texts in the form of `normalise_text`.
    advance : callable
        Is told after each block how many texts it has.
    """
    hashes, offsets = [np.zeros(0, np.uint64)], [np.zeros(1, np.int64)]
    for block in _blocks(normalised):
        found = _hash_block(block)
        hashes.append(found.hashes)
        offsets.append(found.offsets[1:] + offsets[-1][-1])
        advance(len(block))
    return Pieces(np.concatenate(hashes), np.concatenate(offsets))


def _blocks(normalised: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut texts into blocks of about as many characters: sorting takes ten times their memory."""
    ends = np.cumsum(np.fromiter(map(len, normalised), dtype=np.int64, count=len(normalised)))
    start = 0
    while start < len(normalised):
        begun = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, begun + BLOCK_CHARS, side="right")))
        yield normalised[start:stop]
        start = stop


def _hash_block(normalised: Sequence[str]) -> Pieces:
    """Hash texts that are read at once; at least one."""
    padded = [_without_punctuation(text).ljust(PIECE_CHARS, "\0") for text in normalised]
    lengths = np.array(list(map(len, padded)))
    encoded = "".join(padded).encode("utf-32-le", "surrogatepass")
    code_points = np.frombuffer(encoded, dtype="<u4").astype(np.uint64)
    hashes = _hash_windows(code_points)
    # Windows that reach over the end of their text are dropped. Two texts of 5 and 4 characters
    # have windows that start at 0, 1 | 5; those at 2, 3 and 4 would mix both texts.
    text_of_window = np.repeat(np.arange(len(padded)), lengths)[: len(hashes)]
    last_start = np.cumsum(lengths) - PIECE_CHARS
    is_inside = np.arange(len(hashes)) <= last_start[text_of_window]
    return _sort_and_count(hashes[is_inside], text_of_window[is_inside], n_texts=len(padded))


def _without_punctuation(normalised: str) -> str:
    """Return letters, digits and signs with single spaces; a text without any as it is."""
    if not normalised.isascii():
        normalised = write_usual(normalised).casefold()  # of mathematical capitals, too
    return separators().sub(" ", normalised).strip() or normalised


def _hash_windows(code_points: np.ndarray) -> np.ndarray:
    """Return one hash for each run of four characters, uint64."""
    n_windows = len(code_points) - PIECE_CHARS + 1
    hashes = np.zeros(n_windows, dtype=np.uint64)
    for j in range(PIECE_CHARS):
        character = code_points[j : j + n_windows]
        # A code point has 21 bits, so three fit into 64 side by side; the fourth is mixed in.
        if j < 3:
            hashes ^= character << np.uint64(CODE_POINT_BITS * j)
        else:
            hashes ^= _mix(character)
    return _mix(hashes)


def _mix(values: np.ndarray) -> np.ndarray:
    """Spread 64-bit integers evenly (the finaliser of SplitMix64; Steele et al., 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = values ^ (values >> np.uint64(31))
    return mixed


def _sort_and_count(hashes: np.ndarray, text_of_hash: np.ndarray, *, n_texts: int) -> Pieces:
    """Sort the hashes of each text and keep each once."""
    order = np.lexsort((hashes, text_of_hash))
    hashes, text_of_hash = hashes[order], text_of_hash[order]
    is_first = np.ones(len(hashes), dtype=bool)
    is_first[1:] = (hashes[1:] != hashes[:-1]) | (text_of_hash[1:] != text_of_hash[:-1])
    counts = np.bincount(text_of_hash[is_first], minlength=n_texts)
    return Pieces(hashes[is_first], np.concatenate([[0], np.cumsum(counts)]))
