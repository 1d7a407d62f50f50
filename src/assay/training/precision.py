"""The precision in which a network computes while it is trained; its weights are always float32."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from torch import nn

from assay.checkpoints.torch_state import multiplies_bfloat16
from assay.errors import InputError
from assay.tokenization.batches import EncodedTexts
from assay.training.inference import Forward, make_batch
from assay.training.schedule import PRECISIONS
from assay.training.state_store import find_setting
from assay.training.states import TrainingStates

__all__ = ["arithmetic", "choose_precision"]


def arithmetic(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """Return the block in which a network computes in a precision."""
    if precision == "bfloat16":
        # Weights are cast anew in each step: a cast that is kept would be frozen in a recording
        block: AbstractContextManager[Any] = torch.autocast(
            device.type, dtype=torch.bfloat16, cache_enabled=False
        )
        return block
    return nullcontext()


def choose_precision(
    asked: str | None,
    network: nn.Module,
    forward: Forward,
    encoded: EncodedTexts,
    *,
    pad_id: int,
    states: TrainingStates | None = None,
) -> str:
    """Return the precision to train in.

    Parameters
    ----------
    asked : str, optional
        None: what a training that is resumed began with, else bfloat16 where the device multiplies
        it and the network computes in it, which not every transformer does.
    network : nn.Module
    forward : callable
        ``(input_ids, attention_mask) -> logits`` through that network.
    encoded : EncodedTexts
        At least one text.
    pad_id : int
    states : TrainingStates, optional

    Raises
    ------
    InputError
        bfloat16 was asked for, and the network does not compute in it.
    """
    device = next(network.parameters()).device
    before = find_setting(states, "precision")
    if asked is None and before in PRECISIONS:
        return str(before)
    if asked is None and not multiplies_bfloat16(device):
        return "float32"
    if asked not in (None, "bfloat16"):
        return str(asked)
    reason = _try_bfloat16(network, forward, encoded, device, pad_id)
    if reason is not None and asked is not None:
        raise InputError(
            f"the checkpoint cannot be trained in bfloat16: {reason}",
            hint='leave precision out, or give precision="float32"',
        )
    return "bfloat16" if reason is None else "float32"


def _try_bfloat16(
    network: nn.Module, forward: Forward, encoded: EncodedTexts, device: torch.device, pad_id: int
) -> str | None:
    """Return why a network does not read texts in bfloat16; None if it does.

    Drops nothing out, so that no random number is drawn.
    """
    rows = np.argsort(encoded.lengths, kind="stable")[[0, -1]]  # padded, if they differ
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad(), arithmetic(device, "bfloat16"):
            forward(*make_batch(encoded, rows, pad_id=pad_id, device=device))
    except RuntimeError as err:
        return str(err).partition("\n")[0]
    finally:
        network.train(was_training)
    return None
