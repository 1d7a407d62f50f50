"""Texts through a network without learning.

Batches are computed on the network's device; logits come back in row order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from assay.checkpoints.torch_state import compute_threads
from assay.data.labels import Task
from assay.tokenization.batches import EncodedTexts, bucket_batches, pad_batch
from assay.tokenization.subwords import SubwordTokenizer
from assay.training.frozen_states import FrozenStates
from assay.training.processes import ALONE, Processes

__all__ = ["Forward", "copy_to", "make_batch", "network_logits", "read_long_texts"]

# (input_ids or frozen states, attention_mask) -> logits of shape (n_texts, n_classes)
Forward = Callable[[Tensor, Tensor], Tensor]
MAX_BATCH_TEXTS, MAX_BATCH_TOKENS = 256, 8192  # padded tokens per batch


def network_logits(
    network: nn.Module,
    forward: Forward,
    encoded: EncodedTexts,
    *,
    pad_id: int,
    processes: Processes = ALONE,
) -> np.ndarray:
    """Return the logits of texts, in evaluation mode.

    Parameters
    ----------
    network : nn.Module
        Left in evaluation mode.
    forward : callable
        ``(input_ids, attention_mask) -> logits`` through that network.
    encoded : EncodedTexts
        At least one text.
    pad_id : int
    processes : Processes
        The processes that share the batches.

    Returns
    -------
    float64 array of shape (n_texts, n_classes)
    """
    device = next(network.parameters()).device
    network.eval()
    batches = bucket_batches(
        encoded.lengths, max_texts=MAX_BATCH_TEXTS, max_tokens=MAX_BATCH_TOKENS
    )
    # The batches are those of one process: which texts share a batch may change the last digits.
    # A process without a batch of its own reads the first one, to learn the shape of the result.
    own_batches = batches[processes.rank :: processes.n]
    has_own = bool(own_batches)
    blocks = []
    # cuDNN's LSTM uses TF32 by default. That costs three digits, which the saved model has.
    full_precision = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
    with torch.inference_mode(), full_precision:
        for rows in own_batches or batches[:1]:
            logits = forward(*make_batch(encoded, rows, pad_id=pad_id, device=device))
            blocks.append((rows, logits.float().cpu().numpy()))
    result = np.zeros((len(encoded), blocks[0][1].shape[1]))
    if has_own:
        for rows, block in blocks:
            result[rows] = block
    return processes.sum_array(result, device)


def read_long_texts(
    tokenizer: SubwordTokenizer,
    texts: Sequence[str],
    logits_of: Callable[[EncodedTexts], np.ndarray],
    *,
    policy: str,
    task: Task,
) -> np.ndarray:
    """Return the logits of texts of any length.

    Parameters
    ----------
    tokenizer : SubwordTokenizer
    texts : sequence of str
    logits_of : callable
        Logits of texts that are at most as long as the network reads.
    policy : {"truncate", "window"}
        Whether longer texts are cut at the end, or read window by window.
    task : {"single", "multi"}
        How the logits of windows become those of a text: see `Windows.join`.

    Returns
    -------
    float64 array of shape (n_texts, n_classes)
    """
    with compute_threads():
        if policy == "truncate":
            return logits_of(tokenizer.encode_texts(texts))
        windows = tokenizer.encode_windows(texts)
        return windows.join(logits_of(windows.encoded), task=task)


def make_batch(
    encoded: EncodedTexts | FrozenStates,
    rows: np.ndarray,
    *,
    pad_id: int,
    device: torch.device,
) -> tuple[Tensor, Tensor]:
    """Return ids (or frozen states) and mask of some texts, padded to the longest of them."""
    if isinstance(encoded, FrozenStates):
        return encoded.batch(rows)
    input_ids, mask = pad_batch(encoded, rows, pad_id=pad_id)
    return copy_to(device, input_ids), copy_to(device, mask)


def copy_to(device: torch.device, array: np.ndarray) -> Tensor:
    """Return the array as a tensor on the device."""
    tensor = torch.from_numpy(array)
    if device.type == "cuda":  # from pinned memory the copy runs while the GPU computes
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
