"""The one training loop, for `compact` and `finetune`: batches of like length, linear decay, best epoch kept.

It must not know what a score is: the caller passes `score` in the context. A time limit shortens the schedule rather
than cutting it off, so that the learning rate still reaches zero.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from assay.errors import InputError
from assay.features.torch_state import compute_threads
from assay.models.estimator import FitContext
from assay.runtime.linear import softmax
from assay.tokenization.batches import EncodedTexts, bucket_batches, pad_batch
from assay.tokenization.subwords import SubwordTokenizer

__all__ = ["TrainingConfig", "network_logits", "read_long_texts", "seeded", "train_network"]

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
    class_weights : array of shape (n_classes,), optional
        What a text of each class counts in the loss; None: all the same.

    Raises
    ------
    InputError
        A setting is out of its range.
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
    class_weights: np.ndarray | None = None

    def __post_init__(self) -> None:
        accepted = {
            "n_epochs": (self.n_epochs >= 1, "at least 1"),
            "batch_size": (self.batch_size >= 1, "at least 1"),
            "learning_rate": (self.learning_rate > 0, "more than 0"),
            "warmup_fraction": (0 <= self.warmup_fraction < 1, "0 up to less than 1"),
            "label_smoothing": (0 <= self.label_smoothing <= 1, "0 to 1"),
            "time_limit_s": (self.time_limit_s is None or self.time_limit_s > 0, "more than 0"),
        }
        for name, (is_accepted, what) in accepted.items():
            if not is_accepted:
                raise InputError(f"{name} is {getattr(self, name)}; {what} is accepted")


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
    targets = torch.from_numpy(label_ids).to(next(network.parameters()).device)
    rng = np.random.default_rng(config.seed)
    n_steps = config.n_epochs * len(bucket_batches(encoded.lengths, max_texts=config.batch_size))
    learner = _Learner(network, forward, config, pad_id, n_steps)
    history: list[dict[str, Any]] = []
    best: tuple[tuple[float, float], dict[str, Tensor]] | None = None
    with context.progress.track(config.name, n_steps) as advance:
        for epoch in range(1, config.n_epochs + 1):
            batches = bucket_batches(encoded.lengths, max_texts=config.batch_size, rng=rng)
            n_seen, train_loss = learner.read(encoded, targets, batches, advance)
            if not n_seen:
                break
            share = n_seen / len(encoded)
            entry: dict[str, Any] = {"epoch": epoch if share == 1 else epoch - 1 + share, "train_loss": train_loss}
            if validation is not None:
                entry |= _evaluate(network, forward, validation, pad_id, context)
                rank = (entry["validation_accuracy"], -entry["validation_loss"])
                if best is None or rank > best[0]:
                    best = rank, {name: value.detach().clone() for name, value in network.state_dict().items()}
            history.append(entry)
    if best is not None:
        network.load_state_dict(best[1])
    network.eval()
    return history


class _Learner:
    """Takes the steps: batch to loss to gradient to weights, at the rates of the schedule."""

    def __init__(self, network: nn.Module, forward: Forward, config: TrainingConfig, pad_id: int, n_steps: int) -> None:
        self.network, self.forward, self.config, self.pad_id = network, forward, config, pad_id
        self.schedule = _Schedule(config, n_steps)
        groups = _parameter_groups(network, config.weight_decay)
        self.optimiser = torch.optim.AdamW(groups, lr=config.learning_rate, fused=True)
        self.class_weights: Tensor | None = None
        if config.class_weights is not None:
            device = next(network.parameters()).device
            self.class_weights = torch.from_numpy(config.class_weights.astype(np.float32)).to(device)

    def read(
        self, encoded: EncodedTexts, targets: Tensor, batches: list[np.ndarray], advance: Callable[[int], None]
    ) -> tuple[int, float]:
        """Learn from the batches until they, or the time, end; return how many texts were read and their mean loss."""
        self.network.train()
        loss_sum, n_seen = torch.zeros((), device=targets.device), 0
        for rows in batches:
            if (rate := self.schedule.next_rate()) is None:
                break
            loss_sum += self._step(encoded, targets, rows, rate) * len(rows)
            n_seen += len(rows)
            advance(1)
        return n_seen, float(loss_sum) / max(n_seen, 1)

    def _step(self, encoded: EncodedTexts, targets: Tensor, rows: np.ndarray, rate: float) -> Tensor:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        logits = self.forward(*_to_tensors(encoded, rows, self.pad_id, targets.device)).float()
        loss = functional.cross_entropy(
            logits, targets[rows], weight=self.class_weights, label_smoothing=self.config.label_smoothing
        )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.max_gradient_norm)
        self.optimiser.step()
        return loss.detach()


def network_logits(network: nn.Module, forward: Forward, encoded: EncodedTexts, *, pad_id: int) -> np.ndarray:
    """Return logits, float64 of shape (n_texts, n_classes), nothing learnt."""
    device = next(network.parameters()).device
    network.eval()
    batches = bucket_batches(encoded.lengths, max_texts=256, max_tokens=EVALUATION_TOKENS)
    # No TF32, which cuDNN's LSTM uses by default: on a GPU it costs three digits, and the saved model has them all.
    exact = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
    with compute_threads(), torch.inference_mode(), exact:
        blocks = [forward(*_to_tensors(encoded, rows, pad_id, device)).float().cpu().numpy() for rows in batches]
    together = np.concatenate(blocks).astype(np.float64)
    logits = np.empty_like(together)
    logits[np.concatenate(batches)] = together
    return logits


def read_long_texts(
    tokenizer: SubwordTokenizer, texts: Sequence[str], logits_of: Callable[[EncodedTexts], np.ndarray], *, policy: str
) -> np.ndarray:
    """Return a row of logits a text, of which those that are too long are cut, or read window by window."""
    if policy == "truncate":
        return logits_of(tokenizer.encode_texts(texts))
    windows = tokenizer.encode_windows(texts)
    return windows.mean(logits_of(windows.encoded))


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
