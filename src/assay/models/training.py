"""The one training loop, for `compact` and `finetune`: batches of like length, linear decay, best epoch kept.

It must not know what a score is: the caller passes `score` in the context. A time limit shortens the schedule rather
than cutting it off, so that the learning rate still reaches zero.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from assay.features.torch_state import compute_threads
from assay.models.estimator import FitContext
from assay.runtime.linear import softmax
from assay.tokenization.batches import EncodedTexts, bucket_batches, pad_batch

__all__ = ["TrainingConfig", "network_logits", "seeded", "train_network"]

Forward = Callable[[Tensor, Tensor], Tensor]  # (input_ids, attention_mask) -> logits
EVALUATION_TOKENS = 8192  # padded tokens a batch when nothing is learnt


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of one training.

    Parameters
    ----------
    name : str
        Shown by the progress bar.
    n_epochs, batch_size : int
    learning_rate : float
        Reached after `warmup_fraction` of the steps, then falling to zero in a straight line.
    weight_decay : float
        Not applied to biases and normalisation layers.
    label_smoothing : float
        Share of the target spread evenly over the classes.
    max_gradient_norm : float
    seed : int
    time_limit_s : float, optional
        Wall-clock seconds after which the learning rate has reached zero and training ends. None: no limit.
    """

    name: str
    n_epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    warmup_fraction: float
    label_smoothing: float
    max_gradient_norm: float
    seed: int
    time_limit_s: float | None = None


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch and set its threads inside the block; restore both after it."""
    with compute_threads(), torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def train_network(
    network: nn.Module,
    forward: Forward,
    train: tuple[EncodedTexts, np.ndarray],
    validation: tuple[EncodedTexts, np.ndarray] | None,
    *,
    pad_id: int,
    config: TrainingConfig,
    context: FitContext,
) -> list[dict[str, Any]]:
    """Train `network` in place; leave it with the weights of the best epoch, in evaluation mode.

    Parameters
    ----------
    network : nn.Module
    forward : callable
        ``(input_ids, attention_mask) -> logits`` through that network.
    train, validation : (EncodedTexts, int64 array of class ids)
        Without validation the last epoch is kept.
    pad_id : int
    config, context
        Settings; where progress and scores go.

    Returns
    -------
    list of dict
        An entry an epoch: `epoch` (a fraction where the time limit ended it), `train_loss`, and with validation
        `validation_loss` and ``validation_<name>`` for each name that the score returns.
    """
    encoded, label_ids = train
    device = next(network.parameters()).device
    targets = torch.from_numpy(label_ids).to(device)
    rng = np.random.default_rng(config.seed)
    optimiser = torch.optim.AdamW(_parameter_groups(network, config.weight_decay), lr=config.learning_rate, fused=True)
    n_batches = len(bucket_batches(encoded.lengths, max_texts=config.batch_size))
    schedule = _Schedule(config, n_batches * config.n_epochs)
    history: list[dict[str, Any]] = []
    best: tuple[tuple[float, float], dict[str, Tensor]] | None = None
    with context.progress.track(config.name, n_batches * config.n_epochs) as advance:
        for epoch in range(1, config.n_epochs + 1):
            network.train()
            loss_sum = torch.zeros((), device=device)
            n_seen = 0
            for rows in bucket_batches(encoded.lengths, max_texts=config.batch_size, rng=rng):
                if (rate := schedule.next_rate()) is None:
                    break
                for group in optimiser.param_groups:
                    group["lr"] = rate
                input_ids, mask = _to_tensors(encoded, rows, pad_id, device)
                logits = forward(input_ids, mask).float()
                loss = functional.cross_entropy(logits, targets[rows], label_smoothing=config.label_smoothing)
                optimiser.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(network.parameters(), config.max_gradient_norm)
                optimiser.step()
                loss_sum += loss.detach() * len(rows)
                n_seen += len(rows)
                advance(1)
            if not n_seen:
                break
            share = n_seen / len(encoded)
            entry = {"epoch": epoch if share == 1 else epoch - 1 + share, "train_loss": float(loss_sum) / n_seen}
            if validation is not None:
                scores = _evaluate(network, forward, validation, pad_id, context)
                entry |= scores
                rank = (scores["validation_accuracy"], -scores["validation_loss"])
                if best is None or rank > best[0]:
                    best = rank, {name: value.detach().clone() for name, value in network.state_dict().items()}
            history.append(entry)
    if best is not None:
        network.load_state_dict(best[1])
    network.eval()
    return history


def network_logits(network: nn.Module, forward: Forward, encoded: EncodedTexts, *, pad_id: int) -> np.ndarray:
    """Return logits, float64 of shape (n_texts, n_classes), nothing learnt."""
    device = next(network.parameters()).device
    network.eval()
    batches = bucket_batches(encoded.lengths, max_texts=256, max_tokens=EVALUATION_TOKENS)
    with torch.inference_mode():
        blocks = [forward(*_to_tensors(encoded, rows, pad_id, device)).float().cpu().numpy() for rows in batches]
    together = np.concatenate(blocks).astype(np.float64)
    logits = np.empty_like(together)
    logits[np.concatenate(batches)] = together
    return logits


class _Schedule:
    """Learning rates: up over the warm-up, down to zero at the last step or at the time limit."""

    def __init__(self, config: TrainingConfig, n_steps: int) -> None:
        self.config = config
        self.n_steps = n_steps
        self.step = 0
        self.started_s = time.monotonic()

    def next_rate(self) -> float | None:
        """Return the rate of the next step; None when the time is up."""
        done = self.step / self.n_steps
        if self.config.time_limit_s is not None:
            done = max(done, (time.monotonic() - self.started_s) / self.config.time_limit_s)
            if done >= 1 and self.step:
                return None
        self.step += 1
        warmup = self.config.warmup_fraction
        ahead = (done + 1 / self.n_steps) / warmup if warmup and done < warmup else 1.0
        return self.config.learning_rate * min(1.0, ahead, max(0.0, 1 - done) / (1 - warmup))


def _parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]


def _to_tensors(encoded: EncodedTexts, rows: np.ndarray, pad_id: int, device: torch.device) -> tuple[Tensor, Tensor]:
    input_ids, mask = pad_batch(encoded, rows, pad_id=pad_id)
    return torch.from_numpy(input_ids).to(device), torch.from_numpy(mask).to(device)


def _evaluate(
    network: nn.Module,
    forward: Forward,
    validation: tuple[EncodedTexts, np.ndarray],
    pad_id: int,
    context: FitContext,
) -> dict[str, float]:
    encoded, label_ids = validation
    probs = softmax(network_logits(network, forward, encoded, pad_id=pad_id))
    loss = -np.log(np.maximum(probs[np.arange(len(label_ids)), label_ids], 1e-12)).mean()
    scores = context.score(label_ids, probs)
    accuracy = float(np.mean(probs.argmax(axis=1) == label_ids))
    named = {f"validation_{name}": value for name, value in scores.items()}
    return {"validation_loss": float(loss), "validation_accuracy": accuracy, **named}
