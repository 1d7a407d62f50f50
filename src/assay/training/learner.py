"""The steps of a training: batch to loss to gradient to weights, at the rates of the schedule."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TypedDict

import numpy as np
import torch
from torch import Tensor, nn

from assay.tokenization.batches import EncodedTexts
from assay.training.frozen_states import FrozenStates
from assay.training.graphed_steps import GraphedSteps, can_record, repeats_steps
from assay.training.inference import Forward, copy_to, make_batch
from assay.training.objectives import OBJECTIVES
from assay.training.precision import arithmetic
from assay.training.processes import Processes
from assay.training.schedule import Schedule, TrainingConfig
from assay.training.state_store import StateStore, TrainingState, random_states, restore_random

__all__ = ["Learner"]

# Distance between the seeds of two processes' dropout: far from any seed that people choose
SEED_STRIDE = 1_000_003
FUSED_DEVICES = ("cpu", "cuda")  # where AdamW updates all weights in one call

Readable = EncodedTexts | FrozenStates


class Learner:
    """Trains a network batch by batch.

    Parameters
    ----------
    network : nn.Module
        Trained in place, on the device of its weights.
    forward : callable
        ``(input_ids or frozen states, attention_mask) -> logits`` through that network.
    config : TrainingConfig
    pad_id : int
    n_steps : int
        Steps of the whole training.
    processes : Processes
        The processes that share each batch.
    """

    def __init__(
        self,
        network: nn.Module,
        forward: Forward,
        config: TrainingConfig,
        *,
        pad_id: int,
        n_steps: int,
        processes: Processes,
    ) -> None:
        self.network = network
        self.forward = forward
        self.config = config
        self.objective = OBJECTIVES[config.task]
        self.pad_id = pad_id
        self.processes = processes
        self.device = next(network.parameters()).device
        self.schedule = Schedule(config, n_steps, processes, self.device)
        groups = _parameter_groups(network, config.weight_decay)
        self.parameters = [parameter for group in groups for parameter in group["params"]]
        is_fused = self.device.type in FUSED_DEVICES
        is_recorded = can_record(network, self.device, processes)
        rate = torch.tensor(config.learning_rate, device=self.device)
        self.optimiser = torch.optim.AdamW(
            groups,
            lr=rate if is_recorded else config.learning_rate,
            fused=is_fused,
            capturable=is_recorded,
        )
        self.step_alone = GraphedSteps(self._learn, pad_id=pad_id) if is_recorded else self._learn
        self.class_weights: Tensor | None = None
        if config.class_weights is not None:
            self.class_weights = copy_to(self.device, config.class_weights.astype(np.float32))

    def read_epoch(
        self,
        encoded: Readable,
        targets: Tensor,
        batches: list[np.ndarray],
        state: TrainingState,
        store: StateStore | None,
        advance: Callable[[int], None],
    ) -> None:
        """Learn from the batches of this epoch that were not read yet, until the time is up.

        Parameters
        ----------
        encoded : EncodedTexts or FrozenStates
            The training texts, or what the frozen layers made of them.
        targets : tensor, one row per text
        batches : list of int64 arrays
            Rows of each batch.
        state : TrainingState
            Says where to go on; updated with each batch.
        store : StateStore, optional
        advance : callable
            Told of each batch.
        """
        self.network.train()
        for rows in batches[state.n_batches :]:
            rate = self.schedule.next_rate()
            if rate is None:
                state.is_over = True
                break
            state.loss_sum += self._step(encoded, targets, rows, rate) * len(rows)
            state.n_batches += 1
            state.n_seen += len(rows)
            state.n_steps = self.schedule.step
            advance(1)
            if store is not None and self._first_says(is_so=store.is_due):
                self._save(store, state)

    def _step(self, encoded: Readable, targets: Tensor, rows: np.ndarray, rate: float) -> Tensor:
        """Take one step; return the mean loss of the batch."""
        for group in self.optimiser.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate
        if self.processes.n == 1:
            return self.step_alone(*self._batch(encoded, targets, rows))
        self.optimiser.zero_grad()
        loss = self._shared_loss(encoded, targets, rows)
        self._move_weights()
        return loss

    def _batch(
        self, encoded: Readable, targets: Tensor, rows: np.ndarray
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return ids (or frozen states), mask and targets of some texts."""
        input_ids, mask = make_batch(encoded, rows, pad_id=self.pad_id, device=self.device)
        return input_ids, mask, targets[copy_to(self.device, rows)]

    def _learn(self, input_ids: Tensor, mask: Tensor, targets: Tensor) -> Tensor:
        """Take one step without other processes; return the mean loss of the batch."""
        self.optimiser.zero_grad()
        loss = self._loss(self.forward, input_ids, mask, targets, reduction="mean")
        loss.backward()  # type: ignore[no-untyped-call]
        self._move_weights()
        return loss.detach()

    def _move_weights(self) -> None:
        nn.utils.clip_grad_norm_(self.parameters, self.config.max_gradient_norm)
        self.optimiser.step()

    def _loss(
        self, forward: Forward, input_ids: Tensor, mask: Tensor, targets: Tensor, *, reduction: str
    ) -> Tensor:
        with arithmetic(self.device, self.config.precision):
            logits = forward(input_ids, mask)
        return self.objective.loss(
            logits.float(),
            targets,
            weights=self.class_weights,
            smoothing=self.config.label_smoothing,
            reduction=reduction,
        )

    def _shared_loss(self, encoded: Readable, targets: Tensor, rows: np.ndarray) -> Tensor:
        """Return the loss of a batch that processes share; leave the whole batch's gradient.

        Each process computes its share of the batch's mean, so that the shares add up. One without
        rows of its own reads the first row and counts it as nothing: all have to take part.
        """
        own = self.processes.own(rows)
        has_own = len(own) > 0
        batch = self._batch(encoded, targets, own if has_own else rows[:1])
        total = self._loss(self._shared_forward, *batch, reduction="sum")
        whole = targets[copy_to(self.device, rows)]
        share = total / self.objective.total_weight(whole, self.class_weights)
        return self.processes.sum_up(share * has_own)

    @cached_property
    def _shared_forward(self) -> Forward:
        """The way through the network whose gradients belong to all processes."""
        return self.processes.share_gradients(
            self.parameters, self.forward, uses_all=repeats_steps(self.network)
        )

    def _first_says(self, *, is_so: bool) -> bool:
        """Return what the first process says: all processes must decide alike."""
        return bool(self.processes.follow_first([is_so], self.device)[0])

    def resume(self, store: StateStore | None, fresh: TrainingState) -> TrainingState:
        """Return the state of an interrupted training, everything put back as it was; else `fresh`.

        Raises
        ------
        InputError
            The state belongs to other settings or data, or the processes disagree about it.
        """
        found = None if store is None else store.read()
        if store is not None and self.processes.n > 1:
            self._check_alike(store, found[0] if found else None)
        if found is None:
            if not self.processes.is_first:  # other rows, so other dropout
                torch.manual_seed(self.config.seed + SEED_STRIDE * self.processes.rank)
            return fresh
        state, tensors, elapsed_s = found
        groups = _by_prefix(tensors)
        self.network.load_state_dict(groups["network"])
        optimiser = self.optimiser.state_dict()
        optimiser["state"] = {
            int(number): moments for number, moments in _by_prefix(groups["optimiser"]).items()
        }
        self.optimiser.load_state_dict(optimiser)
        own_random = _by_prefix(groups["random"])[str(self.processes.rank)]
        restore_random(own_random, self.device)
        self.schedule.resume(state.n_steps, elapsed_s)
        state.loss_sum = state.loss_sum.to(self.device)
        return state

    def _check_alike(self, store: StateStore, state: TrainingState | None) -> None:
        """Make sure that all processes start from the same settings, data and state."""
        where = "afresh" if state is None else f"{state.epoch}/{state.n_batches}"
        content = json.dumps([store.identity, where], sort_keys=True)
        digest = hashlib.sha256(content.encode()).hexdigest()
        self.processes.check_alike(digest, self.device, what="settings, data or states")

    def finish(self, store: StateStore | None, state: TrainingState) -> None:
        """Save the end of a long training: what follows it may be interrupted too."""
        state.is_over = True
        if store is not None and self._first_says(is_so=store.has_taken_long):
            self._save(store, state)

    def _save(self, store: StateStore, state: TrainingState) -> None:
        """Collect the tensors of the training and write them; only the first process writes."""
        random = {
            name: self.processes.gather(own, self.device)
            for name, own in random_states(self.device).items()
        }
        if not self.processes.is_first:
            return
        tensors = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        for number, moments in self.optimiser.state_dict()["state"].items():
            for name, value in moments.items():
                tensors[f"optimiser.{number}.{name}"] = value
        for name, states in random.items():
            for rank, own in enumerate(states):
                tensors[f"random.{rank}.{name}"] = own
        store.write(state, tensors, elapsed_s=self.schedule.elapsed_s)


class ParameterGroup(TypedDict):
    """Weights that decay alike, as optimisers of torch take them."""

    params: list[nn.Parameter]
    weight_decay: float


def _parameter_groups(network: nn.Module, weight_decay: float) -> list[ParameterGroup]:
    """Return the weights that learn; only matrices decay, not biases and normalisation layers."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if not weight_decay:
        return [{"params": trained, "weight_decay": 0.0}]
    matrices = [parameter for parameter in trained if parameter.ndim >= 2]
    vectors = [parameter for parameter in trained if parameter.ndim < 2]
    return [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]


def _by_prefix(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """Group tensors by the part of their names before the first dot.

    ``{"network.bias": b, "random.0.cpu": r}`` becomes ``{"network": {"bias": b}, "random":
    {"0.cpu": r}}``.
    """
    groups: dict[str, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        prefix, _, rest = name.partition(".")
        groups.setdefault(prefix, {})[rest] = value
    return groups
