"""Dropout from 16 random bits a number, where torch draws a float: a third of the time on a CPU, one thread or many."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["thin_dropout"]


def thin_dropout(x: Tensor, p: float) -> Tensor:
    """Set a share `p` of the values to zero and divide the others by ``1 - p``, as dropout does; 0 leaves all.

    Four 16-bit numbers are taken from each draw of torch's generator; `p` is rounded to a 65,536th.
    """
    if p == 0.0:
        return x
    if x.is_cuda:  # has a kernel of its own for this
        return functional.dropout(x, p)
    n_draws = -(-x.numel() // 4)
    bits = (
        torch.empty(n_draws, dtype=torch.int64)
        .random_(-(2**63), None)
        .view(torch.int16)[: x.numel()]
    )
    n_dropped = round(p * 65536)
    keeps = bits.ge_(n_dropped - 32768).view(
        x.shape
    )  # 0 and 1, still 16 bits: torch is slow with booleans
    return x * keeps.to(x.dtype).mul_(65536 / (65536 - n_dropped))
