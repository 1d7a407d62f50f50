"""What the frozen layers of a transformer make of every token, computed once and read again in every epoch.

It stands in a file that has no name and goes with the process: 16,000 tweets take 540 MB of
float32, which need not fit in memory beside the training. Batches are the same each time, so that a
training that goes on reads the same numbers.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

import numpy as np
import torch
from torch import Tensor

from assay import _env
from assay.checkpoints.torch_state import compute_threads
from assay.errors import OutsideError
from assay.progress import Progress
from assay.runtime.memory import give_back_memory
from assay.runtime.threads import for_each
from assay.tokenization.batches import EncodedTexts, bucket_batches, pad_batch

__all__ = ["FrozenStates", "keep_states"]

logger = logging.getLogger(__name__)

MAX_BYTES = 1 << 31  # of the file: above, what is frozen is computed anew each time
BATCH_TOKENS = 1024
Lower = Callable[
    [Tensor, Tensor], Tensor
]  # (input_ids, attention_mask) -> states (n_texts, n_tokens, hidden_size)


class FrozenStates:
    """Hidden states of many texts, laid end to end in a file.

    Parameters
    ----------
    file : binary file
        float32 of shape (n_tokens_total, hidden_size).
    offsets : int64 array of shape (n_texts + 1,)
        Text `i` has the rows ``offsets[i]`` to ``offsets[i + 1]``.
    hidden_size : int
    """

    def __init__(self, file: IO[bytes], offsets: np.ndarray, hidden_size: int) -> None:
        self._file, self._offsets, self._hidden_size = file, offsets, hidden_size

    @property
    def lengths(self) -> np.ndarray:
        """Tokens a text, int64 of shape (n_texts,)."""
        return np.diff(self._offsets)

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def batch(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """Return states, float32 of shape (n_rows, longest of these rows, hidden_size), zeros behind, and their mask.

        Raises
        ------
        OutsideError
            The disk does not give back what was written.
        """
        starts = self._offsets[rows]
        lengths = self._offsets[rows + 1] - starts
        states = np.zeros((len(rows), int(lengths.max()), self._hidden_size), dtype=np.float32)
        for i, (start, n) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True)):
            wanted = states[i, :n]
            if (
                os.preadv(self._file.fileno(), [wanted.data], start * self._hidden_size * 4)
                != wanted.nbytes
            ):
                raise OutsideError(
                    "the file of frozen states cannot be read", hint="look at the disk of the cache"
                )
        mask = np.arange(states.shape[1]) < lengths[:, None]
        return torch.from_numpy(states), torch.from_numpy(mask.astype(np.int64))


@contextmanager
def keep_states(
    encoded: EncodedTexts, lower: Lower, *, hidden_size: int, pad_id: int, progress: Progress
) -> Iterator[FrozenStates | None]:
    """Compute the states of all texts, a batch a thread, and keep them inside the block; None: there is no room.

    Parameters
    ----------
    encoded : EncodedTexts
        Each with at least one token.
    lower : callable
        Embeddings and frozen layers, on the CPU.
    hidden_size, pad_id : int
    progress : Progress
    """
    n_bytes = len(encoded.ids) * hidden_size * 4
    with ExitStack() as stack:
        kept = None
        try:
            if (file := _make_file(n_bytes)) is not None:
                stack.enter_context(file)
                _fill(
                    file, encoded, lower, hidden_size=hidden_size, pad_id=pad_id, progress=progress
                )
                kept = FrozenStates(file, encoded.offsets, hidden_size)
                give_back_memory()  # 300 MB of two threads, beside a training of 1.1 GB
        except OSError as err:
            logger.info("frozen states are not kept: %s", err)
        yield kept


def _make_file(n_bytes: int) -> IO[bytes] | None:
    """Make a file of that size in the cache's folder; None: it would be too large, or the system has no `preadv`."""
    if not hasattr(os, "preadv") or n_bytes > MAX_BYTES:
        return None
    folder = _env.cache_dir()
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < 2 * n_bytes:
        return None
    return tempfile.TemporaryFile(dir=folder)


def _fill(
    file: IO[bytes],
    encoded: EncodedTexts,
    lower: Lower,
    *,
    hidden_size: int,
    pad_id: int,
    progress: Progress,
) -> None:
    """Write the states of every text to its place."""

    def read(rows: np.ndarray) -> None:
        ids, mask = pad_batch(encoded, rows, pad_id=pad_id)
        with torch.inference_mode():
            states = lower(torch.from_numpy(ids), torch.from_numpy(mask)).numpy()
        for i, row in enumerate(rows.tolist()):
            start, stop = encoded.offsets[row], encoded.offsets[row + 1]
            own = np.ascontiguousarray(states[i, : stop - start], dtype=np.float32)
            if os.pwrite(file.fileno(), own.data, int(start) * hidden_size * 4) != own.nbytes:
                raise OSError("the disk took a part of them only")

    batches = bucket_batches(encoded.lengths, max_texts=256, max_tokens=BATCH_TOKENS)
    # Long texts first: what is left at the end, where threads wait for each other, is short
    batches.reverse()
    with progress.track("frozen layers", len(encoded)) as advance, compute_threads(1):
        for_each(read, batches, n_threads=_env.n_threads(), advance=lambda rows: advance(len(rows)))
