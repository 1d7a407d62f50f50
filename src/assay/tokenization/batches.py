"""Encoded texts in one flat array, and batches of texts of similar length.

A batch is padded to its own longest text only. Tweets average 20 tokens and the longest has 90, so
padding a whole data set to its longest text would make a transformer do four times the work.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import numpy as np

from assay.errors import InputError

__all__ = ["EncodedTexts", "bucket_batches", "pad_batch"]


@dataclass(frozen=True)
class EncodedTexts:
    """Token ids of many texts, laid end to end.

    Parameters
    ----------
    ids : int32 array of shape (n_tokens_total,)
    offsets : int64 array of shape (n_texts + 1,)
        Text `i` is ``ids[offsets[i]:offsets[i + 1]]``.
    """

    ids: np.ndarray
    offsets: np.ndarray

    @classmethod
    def from_lists(cls, token_ids: list[list[int]]) -> EncodedTexts:
        """Lay lists of token ids end to end."""
        lengths = np.fromiter(map(len, token_ids), dtype=np.int64, count=len(token_ids))
        offsets = np.zeros(len(token_ids) + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        each = chain.from_iterable(token_ids)
        return cls(np.fromiter(each, dtype=np.int32, count=int(offsets[-1])), offsets)

    @property
    def lengths(self) -> np.ndarray:
        """How many tokens each text has, int64 of shape (n_texts,)."""
        return np.diff(self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1


def bucket_batches(
    lengths: np.ndarray,
    *,
    max_texts: int,
    max_tokens: int | None = None,
    rng: np.random.Generator | None = None,
) -> list[np.ndarray]:
    """Group rows of similar length into batches.

    Parameters
    ----------
    lengths : int array of shape (n_texts,)
        How many tokens each text has.
    max_texts : int
        Most texts per batch.
    max_tokens : int, optional
        Most tokens per batch, padding included; a single longer text still makes a batch of its
        own. None: no bound.
    rng : numpy Generator, optional
        For training: rows of nearly equal length are shuffled, and so is the order of the batches.
        None: from short to long, rows of equal length in row order.

    Returns
    -------
    list of int64 arrays
        0-based rows of each batch; every row is in exactly one.

    Raises
    ------
    InputError
        `max_texts` is less than 1.
    """
    if max_texts < 1:
        raise InputError(f"max_texts is {max_texts}; at least 1 is accepted")
    n_texts = len(lengths)
    keys = lengths
    if rng is not None:
        # Up to 2 tokens of jitter, so that batches differ between epochs and are not all of one
        # exact length.
        keys = lengths + rng.uniform(0, 2, n_texts)
    order = np.argsort(keys, kind="stable")
    batches = []
    start = 0
    while start < n_texts:
        stop = min(start + max_texts, n_texts)
        if max_tokens is not None:
            # The first k texts, padded, have k times as many tokens as the longest of them. Texts
            # of 3, 4 and 9 tokens: 3, 8 and 27; with at most 10, the batch takes two.
            longest = np.maximum.accumulate(lengths[order[start:stop]])
            fits = longest * np.arange(1, stop - start + 1) <= max_tokens
            n_fitting = int(np.count_nonzero(np.logical_and.accumulate(fits)))
            stop = start + max(1, n_fitting)
        batches.append(order[start:stop].astype(np.int64))
        start = stop
    if rng is not None:
        batches = [batches[i] for i in rng.permutation(len(batches))]
    return batches


def pad_batch(
    encoded: EncodedTexts, rows: np.ndarray, *, pad_id: int
) -> tuple[np.ndarray, np.ndarray]:
    """Gather `rows` into one padded block.

    Parameters
    ----------
    encoded : EncodedTexts
    rows : int array of shape (n_rows,)
        0-based texts, in the order in which they are wanted.
    pad_id : int
        The id that fills up the shorter texts.

    Returns
    -------
    input_ids, attention_mask : int64 arrays of shape (n_rows, longest of these rows)
    """
    starts = encoded.offsets[rows]
    lengths = encoded.offsets[rows + 1] - starts
    longest = max(1, int(lengths.max(initial=0)))
    columns = np.arange(longest)
    mask = columns < lengths[:, None]
    positions = np.where(mask, starts[:, None] + columns, 0)
    ids = encoded.ids
    if not len(ids):  # padding looks up position 0
        ids = np.zeros(1, dtype=np.int32)
    return np.where(mask, ids[positions], pad_id).astype(np.int64), mask.astype(np.int64)
