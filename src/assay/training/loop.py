"""The one training loop, for `compact` and `finetune`.

Batches hold texts of similar length, the learning rate decays linearly, the best epoch is kept. The
loop does not know what a score is: the caller passes `score` in the context.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from assay.checkpoints.torch_state import compute_threads
from assay.errors import InputError
from assay.tokenization.batches import EncodedTexts, bucket_batches
from assay.training.context import FitContext
from assay.training.frozen_states import FrozenStates
from assay.training.inference import Forward, network_logits
from assay.training.learner import Learner
from assay.training.objectives import OBJECTIVES, Objective
from assay.training.processes import ALONE, Processes
from assay.training.schedule import TrainingConfig
from assay.training.state_store import StateStore, TrainingState

__all__ = ["TrainingConfig", "seeded", "train_network"]

_taking_turns = threading.RLock()
_trained_in: dict[str, int] = {}  # the process that trained a network first


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch and set its threads inside the block; restore both after it.

    torch draws random numbers for the whole process, so trainings in several threads take turns:
    each gives what it gives alone.

    Raises
    ------
    InputError
        The process was forked from one that has trained: the threads of torch are not there, and it
        would wait for them for ever. Predicting is possible there.
    """
    _refuse_fork()
    with _taking_turns, compute_threads(), torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def _refuse_fork() -> None:
    trained_in = _trained_in.setdefault("process", os.getpid())
    if trained_in != os.getpid():
        raise InputError(
            "this process was forked from one that has trained a network, and cannot train one",
            hint='start it with multiprocessing.get_context("spawn")',
        )


def train_network(
    network: nn.Module,
    forward: Forward,
    train: tuple[EncodedTexts | FrozenStates, np.ndarray],
    validation: tuple[EncodedTexts, np.ndarray] | None,
    *,
    pad_id: int,
    config: TrainingConfig,
    context: FitContext,
    store: StateStore | None = None,
    processes: Processes = ALONE,
) -> list[dict[str, float]]:
    """Train `network` in place; leave it with the weights of the best epoch, in evaluation mode.

    Parameters
    ----------
    network : nn.Module
    forward : callable
        ``(input_ids, attention_mask) -> logits`` through that network.
    train, validation : (texts, int64 array)
        With the targets that `config.task` asks for: see `Targets`. Without validation the last
        epoch is kept. Training texts may be given as what frozen layers made of them.
    pad_id, config, context
        Id that fills up a batch; settings; where progress and scores go.
    store : StateStore, optional
        Where the state of the training is saved; an interrupted training is resumed from it.
    processes : Processes
        The processes that share each batch.

    Returns
    -------
    list of dict of float
        One entry per epoch: `epoch` (a fraction if the time limit ended it), `train_loss`, and
        with validation `validation_loss` and ``validation_<name>`` for each name of a score.
    """
    encoded, label_ids = train
    device = next(network.parameters()).device
    targets = OBJECTIVES[config.task].as_tensor(label_ids).to(device)
    rng = np.random.default_rng(config.seed)
    n_steps = config.n_epochs * len(bucket_batches(encoded.lengths, max_texts=config.batch_size))
    learner = Learner(network, forward, config, pad_id=pad_id, n_steps=n_steps, processes=processes)
    fresh = TrainingState(torch.zeros((), device=device), dict(rng.bit_generator.state))
    state = learner.resume(store, fresh)
    with context.progress.track(config.name, n_steps) as advance:
        if state.n_steps:
            advance(state.n_steps)
        while state.epoch <= config.n_epochs and not state.is_over:
            rng.bit_generator.state = state.batches_rng
            batches = bucket_batches(encoded.lengths, max_texts=config.batch_size, rng=rng)
            learner.read_epoch(encoded, targets, batches, state, store, advance)
            if not state.n_seen:
                break
            scores = _judge(learner, validation, context)
            _close_epoch(state, scores, learner, n_texts=len(encoded))
            state.batches_rng = dict(rng.bit_generator.state)
        learner.finish(store, state)
    if state.best:
        network.load_state_dict(state.best)
    network.eval()
    return state.history


def _close_epoch(
    state: TrainingState, scores: dict[str, float], learner: Learner, *, n_texts: int
) -> None:
    """Record what the epoch achieved, keep its weights if they are the best, begin the next one."""
    fraction = state.n_seen / n_texts
    epoch = state.epoch if fraction == 1 else state.epoch - 1 + fraction
    train_loss = float(state.loss_sum) / state.n_seen
    state.history.append({"epoch": epoch, "train_loss": train_loss, **scores})
    if scores:
        quality = (scores[learner.objective.chosen_by], -scores["validation_loss"])
        if state.best_quality is None or quality > state.best_quality:
            state.best_quality = quality
            state.best = {
                name: value.detach().clone() for name, value in learner.network.state_dict().items()
            }
    state.epoch += 1
    state.n_batches = 0
    state.n_seen = 0
    state.loss_sum = torch.zeros_like(state.loss_sum)


def _judge(
    learner: Learner, validation: tuple[EncodedTexts, np.ndarray] | None, context: FitContext
) -> dict[str, float]:
    """Return the scores of the network as it is on validation, or none without validation."""
    if validation is None:
        return {}
    encoded, label_ids = validation
    logits = network_logits(
        learner.network,
        learner.forward,
        encoded,
        pad_id=learner.pad_id,
        processes=learner.processes,
    )
    return _validation_scores(logits, label_ids, learner.objective, context)


def _validation_scores(
    logits: np.ndarray, label_ids: np.ndarray, objective: Objective, context: FitContext
) -> dict[str, float]:
    """Return the loss, the score by which an epoch is kept, and the caller's scores."""
    entry = objective.judge(logits, label_ids)
    if context.score is not None:
        for name, value in context.score(label_ids, objective.probs(logits)).items():
            entry[f"validation_{name}"] = value
    return entry
