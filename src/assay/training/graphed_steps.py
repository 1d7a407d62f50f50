"""Steps of a training on an NVIDIA GPU, each sent to the GPU as one recorded piece.

A step of a small transformer is hundreds of small pieces of work, and Python takes longer to send
them than the GPU takes to do them. A CUDA graph records the pieces of one step and sends them all
at once. A graph holds for one shape of batch only, so batches are padded to few widths, and a
shape is recorded when it comes for the second time.

The numbers are those of the plain step: `Learner` holds it, and takes it wherever this file does
not. What was gained: "Training steps as CUDA graphs" in dev/LOG.md.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from assay.errors import first_line
from assay.training.processes import Processes

__all__ = ["GraphedSteps", "can_record", "padded_width", "repeats_steps"]

# Transformers whose step is the same sequence of pieces for every batch of one shape. Others may
# skip layers at random, or look at values, which a recording would freeze.
FAMILIES = {"bert", "distilbert", "roberta", "xlm-roberta", "electra", "camembert", "mpnet"}
N_PLAIN_STEPS = 3  # libraries allocate and choose their kernels in the first steps
N_GRAPHS = 32  # widths of `padded_width` up to 512 tokens are 24

# input_ids, attention_mask and targets of a batch -> its mean loss; the weights have moved
Step = Callable[[Tensor, Tensor, Tensor], Tensor]
logger = logging.getLogger(__name__)


def can_record(network: nn.Module, device: torch.device, processes: Processes) -> bool:
    """Tell whether steps of this network on this device can be recorded."""
    return device.type == "cuda" and processes.n == 1 and repeats_steps(network)


def repeats_steps(network: nn.Module) -> bool:
    """Tell whether a network is known to do the same with every batch, through all its weights."""
    model_type = getattr(getattr(network, "config", None), "model_type", None)
    return model_type in FAMILIES


def padded_width(n_tokens: int) -> int:
    """Return the width in tokens that a batch is padded to: one of few, so that shapes repeat.

    Examples
    --------
    >>> [padded_width(n) for n in (5, 33, 65, 129, 512)]
    [8, 40, 80, 160, 512]
    """
    step = 8
    if n_tokens > 128:
        step = 32
    elif n_tokens > 64:
        step = 16
    return -(-n_tokens // step) * step


@dataclass(frozen=True)
class _Recording:
    """A step that was recorded: the tensors that it reads and the loss that it leaves."""

    graph: torch.cuda.CUDAGraph
    input_ids: Tensor
    attention_mask: Tensor
    targets: Tensor
    loss: Tensor


class GraphedSteps:
    """Takes steps like `plain`; sends those of a shape that it knows to the GPU in one piece.

    Parameters
    ----------
    plain : callable
        One step. Its optimiser has to be capturable, with the learning rate in a tensor.
    pad_id : int
        Fills up the batches.
    """

    def __init__(self, plain: Step, *, pad_id: int) -> None:
        self.plain = plain
        self.pad_id = pad_id
        self.recordings: dict[torch.Size, _Recording] = {}
        self.n_seen: Counter[torch.Size] = Counter()
        self.n_steps = 0
        self.is_off = False

    def __call__(self, input_ids: Tensor, attention_mask: Tensor, targets: Tensor) -> Tensor:
        """Take one step; return the mean loss of the batch, to be read before the next step.

        Parameters
        ----------
        input_ids, attention_mask : int64 tensors of shape (n_texts, n_tokens)
        targets : int64 tensor of shape (n_texts,)
        """
        if self.is_off:
            return self.plain(input_ids, attention_mask, targets)
        more = padded_width(input_ids.shape[1]) - input_ids.shape[1]
        input_ids = functional.pad(input_ids, (0, more), value=self.pad_id)
        attention_mask = functional.pad(attention_mask, (0, more))
        shape = input_ids.shape
        self.n_steps += 1
        self.n_seen[shape] += 1
        if shape not in self.recordings and self._is_worth_recording(shape):
            self._record(input_ids, attention_mask, targets)
        found = self.recordings.get(shape)
        if found is None:
            return self.plain(input_ids, attention_mask, targets)
        found.input_ids.copy_(input_ids)
        found.attention_mask.copy_(attention_mask)
        found.targets.copy_(targets)
        found.graph.replay()
        return found.loss

    def _is_worth_recording(self, shape: torch.Size) -> bool:
        is_warm = self.n_steps > N_PLAIN_STEPS
        is_free = len(self.recordings) < N_GRAPHS
        return is_warm and is_free and self.n_seen[shape] > 1

    def _record(self, input_ids: Tensor, attention_mask: Tensor, targets: Tensor) -> None:
        """Record a step of this shape. Recording computes nothing and draws no random numbers.

        A network that cannot be recorded is trained by plain steps from here on.
        """
        own = (input_ids.clone(), attention_mask.clone(), targets.clone())
        graph = torch.cuda.CUDAGraph()
        known = next(iter(self.recordings.values()), None)
        # Graphs run one after the other, so that they can share their memory.
        pool = None if known is None else known.graph.pool()
        random = torch.cuda.get_rng_state(input_ids.device)
        try:
            with torch.cuda.graph(graph, pool=pool):
                loss = self.plain(*own)
        except RuntimeError as err:
            logger.info("steps are not recorded as CUDA graphs: %s", first_line(err))
            self.is_off = True
            self.recordings.clear()
            torch.cuda.synchronize()
        else:
            self.recordings[input_ids.shape] = _Recording(graph, *own, loss)
        torch.cuda.set_rng_state(random, input_ids.device)
