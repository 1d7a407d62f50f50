"""Encoded texts in one flat array, batches of texts of like length, padding to the longest of a batch only.

A data set is never padded to its longest text: tweets average 20 tokens and the longest has 90, so
padding to the longest makes a transformer do four times the work.
"""

from __future__ import annotations

from dataclasses import dataclass

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
        lengths = np.fromiter((len(ids) for ids in token_ids), dtype=np.int64, count=len(token_ids))
        offsets = np.zeros(len(token_ids) + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        flat = np.fromiter(
            (i for ids in token_ids for i in ids), dtype=np.int32, count=int(offsets[-1])
        )
        return cls(flat, offsets)

    @property
    def lengths(self) -> np.ndarray:
        """Tokens a text, int64 of shape (n_texts,)."""
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
    """Group rows of like length into batches.

    Parameters
    ----------
    lengths : int array of shape (n_texts,)
    max_texts : int
        Texts a batch, at most.
    max_tokens : int, optional
        Padded tokens a batch, at most; a single longer text still makes a batch of its own. None:
        no bound.
    rng : numpy Generator, optional
        For training: rows of equal length are shuffled among themselves and so is the order of the
        batches. None: from short to long, ties in row order.

    Returns
    -------
    list of int64 arrays
        0-based rows of each batch; every row stands in exactly one.

    Raises
    ------
    InputError
        `max_texts` is less than 1.
    """
    if max_texts < 1:
        raise InputError(f"max_texts is {max_texts}; at least 1 is accepted")
    n_texts = len(lengths)
    if rng is None:
        order = np.argsort(lengths, kind="stable")
    else:
        # Up to 2 tokens of jitter, so that batches differ between epochs and are not all of one
        # exact length.
        order = np.argsort(lengths + rng.uniform(0, 2, n_texts), kind="stable")
    batches = []
    start = 0
    while start < n_texts:
        stop = min(start + max_texts, n_texts)
        if max_tokens is not None:
            longest = np.maximum.accumulate(lengths[order[start:stop]])
            fits = longest * np.arange(1, stop - start + 1) <= max_tokens
            stop = start + max(1, int(np.count_nonzero(np.logical_and.accumulate(fits))))
        batches.append(order[start:stop].astype(np.int64))
        start = stop
    if rng is not None:
        batches = [batches[i] for i in rng.permutation(len(batches))]
    return batches


def pad_batch(
    encoded: EncodedTexts, rows: np.ndarray, *, pad_id: int
) -> tuple[np.ndarray, np.ndarray]:
    """Gather `rows` into one padded block.

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
    ids = encoded.ids if len(encoded.ids) else np.zeros(1, dtype=np.int32)
    return np.where(mask, ids[positions], pad_id).astype(np.int64), mask.astype(np.int64)
