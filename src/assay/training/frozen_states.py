"""What the frozen layers of a transformer make of every training text, computed once.

The states are a memory-mapped file without a name, which disappears with the process: 16,000 tweets
take 540 MB of float32, which need not fit in memory beside the training. The plain version, which
computes them anew in each epoch, is `FrozenLayers` called with token ids. What this saves is in
dev/LOG.md, "Speed tricks, each alone".
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from assay import _env
from assay.checkpoints.torch_state import compute_threads
from assay.progress import Progress
from assay.runtime.memory import give_back_memory
from assay.runtime.threads import for_each
from assay.tokenization.batches import EncodedTexts, bucket_batches, pad_batch

__all__ = ["FrozenStates", "keep_states"]

logger = logging.getLogger(__name__)

MAX_BYTES = 1 << 31  # of the file; above it, the states are computed anew in each epoch
BATCH_TOKENS = 1024
# (input_ids, attention_mask) -> states of shape (n_texts, n_tokens, hidden_size)
Lower = Callable[[Tensor, Tensor], Tensor]


class FrozenStates:
    """Hidden states of many texts, laid end to end.

    Parameters
    ----------
    states : float32 array of shape (n_tokens_total, hidden_size)
    offsets : int64 array of shape (n_texts + 1,)
        Text `i` has the rows ``offsets[i]`` to ``offsets[i + 1]``.
    """

    def __init__(self, states: np.ndarray, offsets: np.ndarray) -> None:
        self._states, self._offsets = states, offsets

    @property
    def lengths(self) -> np.ndarray:
        """Tokens per text, int64 of shape (n_texts,)."""
        return np.diff(self._offsets)

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def batch(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """Return the states of some texts and their mask.

        Returns
        -------
        states : float32 tensor of shape (n_rows, longest of these texts, hidden_size)
            Zeros after the end of a text.
        mask : int64 tensor of shape (n_rows, longest of these texts)
        """
        starts = self._offsets[rows]
        lengths = self._offsets[rows + 1] - starts
        shape = len(rows), int(lengths.max()), self._states.shape[1]
        states = np.zeros(shape, dtype=np.float32)
        for i, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True)):
            states[i, :length] = self._states[start : start + length]
        mask = np.arange(states.shape[1]) < lengths[:, None]
        return torch.from_numpy(states), torch.from_numpy(mask.astype(np.int64))


@contextmanager
def keep_states(
    encoded: EncodedTexts, lower: Lower, *, hidden_size: int, pad_id: int, progress: Progress
) -> Iterator[FrozenStates | None]:
    """Compute the states of all texts and keep them inside the block, if there is room for them.

    Parameters
    ----------
    encoded : EncodedTexts
        Each text has at least one token.
    lower : callable
        Embeddings and frozen layers, on the CPU.
    hidden_size, pad_id : int
    progress : Progress

    Yields
    ------
    FrozenStates or None
        None if the states are too large, or the disk refuses them.
    """
    kept = None
    try:
        states = _make_file(len(encoded.ids), hidden_size)
        if states is not None:
            _fill(states, encoded, lower, pad_id=pad_id, progress=progress)
            kept = FrozenStates(states, encoded.offsets)
            give_back_memory()  # 300 MB of two threads, beside a training of 1.1 GB
    except OSError as err:
        logger.info("frozen states are not kept: %s", err)
    yield kept


def _make_file(n_tokens: int, hidden_size: int) -> np.ndarray | None:
    """Map a file in the cache's folder as a float32 array; None if there is no room."""
    n_bytes = n_tokens * hidden_size * 4
    if n_bytes > MAX_BYTES:
        return None
    folder = _env.cache_path()
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < 2 * n_bytes:
        return None
    with tempfile.TemporaryFile(dir=folder) as file:  # the map outlives the handle
        if hasattr(os, "posix_fallocate"):  # a full disk would kill the process later
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        return np.memmap(file, dtype=np.float32, mode="w+", shape=(n_tokens, hidden_size))


def _fill(
    states: np.ndarray, encoded: EncodedTexts, lower: Lower, *, pad_id: int, progress: Progress
) -> None:
    """Compute the states of every text and write them to their place, one batch per thread."""

    def compute(rows: np.ndarray) -> None:
        ids, mask = pad_batch(encoded, rows, pad_id=pad_id)
        with torch.inference_mode():
            block = lower(torch.from_numpy(ids), torch.from_numpy(mask)).numpy()
        for i, row in enumerate(rows.tolist()):
            start, stop = encoded.offsets[row], encoded.offsets[row + 1]
            states[start:stop] = block[i, : stop - start]

    batches = bucket_batches(encoded.lengths, max_texts=256, max_tokens=BATCH_TOKENS)
    # Long texts first, so that threads finish at nearly the same time
    batches.reverse()
    with progress.track("frozen layers", len(encoded)) as advance, compute_threads(1):
        n_threads = _env.n_threads()
        for_each(compute, batches, n_threads=n_threads, advance=lambda rows: advance(len(rows)))
