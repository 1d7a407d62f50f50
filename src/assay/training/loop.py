"""The one training loop, for `compact` and `finetune`: batches of like length, linear decay, best epoch kept.

It must not know what a score is: the caller passes `score` in the context.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from assay.checkpoints.torch_state import compute_threads
from assay.runtime.linear import softmax
from assay.tokenization.batches import EncodedTexts, bucket_batches, pad_batch
from assay.tokenization.subwords import SubwordTokenizer
from assay.training.context import FitContext
from assay.training.frozen_states import FrozenStates
from assay.training.processes import ALONE, Ranks
from assay.training.schedule import Schedule, TrainingConfig
from assay.training.state_store import StateStore, TrainingState, random_states, restore_random

__all__ = ["TrainingConfig", "network_logits", "read_long_texts", "seeded", "train_network"]

Forward = Callable[
    [Tensor, Tensor], Tensor
]  # (input_ids or frozen states, attention_mask) -> logits
# Between the dropout of one process and the next: far from any seed that people choose
SEED_STRIDE = 1_000_003
EVALUATION_TOKENS = 8192  # padded tokens a batch when nothing is learnt


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch and set its threads inside the block; restore both after it."""
    with compute_threads(), torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def train_network(
    network: nn.Module,
    forward: Forward,
    train: tuple[EncodedTexts | FrozenStates, np.ndarray],
    validation: tuple[EncodedTexts, np.ndarray] | None,
    *,
    pad_id: int,
    config: TrainingConfig,
    context: FitContext,
    keeper: StateStore | None = None,
    ranks: Ranks = ALONE,
) -> list[dict[str, Any]]:
    """Train `network` in place; leave it with the weights of the best epoch, in evaluation mode.

    Parameters
    ----------
    network : nn.Module
    forward : callable
        ``(input_ids, attention_mask) -> logits`` through that network.
    train, validation : (EncodedTexts, int64 array of class ids)
        Without validation the last epoch is kept. Of train, frozen layers may have read the texts
        already.
    pad_id : int
    config, context
        Settings; where progress and scores go.
    keeper : StateStore, optional
        Keeps the state of the training, and goes on from one that it finds.
    ranks : Ranks
        The processes that share each batch.

    Returns
    -------
    list of dict
        An entry an epoch: `epoch` (a fraction where the time limit ended it), `train_loss`, and
        with validation `validation_loss` and ``validation_<name>`` for each name that the score
        returns.
    """
    encoded, label_ids = train
    targets = torch.from_numpy(label_ids).to(next(network.parameters()).device)
    rng = np.random.default_rng(config.seed)
    n_steps = config.n_epochs * len(bucket_batches(encoded.lengths, max_texts=config.batch_size))
    learner = _Learner(network, forward, config, pad_id, n_steps, ranks)
    place = TrainingState(torch.zeros((), device=targets.device), dict(rng.bit_generator.state))
    place = learner.go_on(keeper, place)
    with context.progress.track(config.name, n_steps) as advance:
        if place.n_steps:
            advance(place.n_steps)
        while place.epoch <= config.n_epochs and not place.is_over:
            rng.bit_generator.state = place.batches_rng
            batches = bucket_batches(encoded.lengths, max_texts=config.batch_size, rng=rng)
            learner.read(encoded, targets, batches, place, keeper, advance)
            if not place.n_seen:
                break
            _close_epoch(network, forward, place, validation, len(encoded), pad_id, context, ranks)
            place.batches_rng = dict(rng.bit_generator.state)
        learner.end(keeper, place)
    if place.best:
        network.load_state_dict(place.best)
    network.eval()
    return place.history


def _close_epoch(
    network: nn.Module,
    forward: Forward,
    place: TrainingState,
    validation: tuple[EncodedTexts, np.ndarray] | None,
    n_texts: int,
    pad_id: int,
    context: FitContext,
    ranks: Ranks,
) -> None:
    """Note what the epoch came to, keep its weights if they are the best, and begin the next one."""
    share = place.n_seen / n_texts
    epoch = place.epoch if share == 1 else place.epoch - 1 + share
    entry: dict[str, Any] = {"epoch": epoch, "train_loss": float(place.loss_sum) / place.n_seen}
    if validation is not None:
        entry |= _evaluate(network, forward, validation, pad_id, context, ranks)
        rank = (entry["validation_accuracy"], -entry["validation_loss"])
        if place.best_rank is None or rank > place.best_rank:
            place.best_rank = rank
            place.best = {
                name: value.detach().clone() for name, value in network.state_dict().items()
            }
    place.history.append(entry)
    place.epoch, place.n_batches, place.n_seen = place.epoch + 1, 0, 0
    place.loss_sum = torch.zeros_like(place.loss_sum)


class _Learner:
    """Takes the steps: batch to loss to gradient to weights, at the rates of the schedule."""

    def __init__(
        self,
        network: nn.Module,
        forward: Forward,
        config: TrainingConfig,
        pad_id: int,
        n_steps: int,
        ranks: Ranks,
    ) -> None:
        self.network, self.forward, self.config, self.pad_id, self.ranks = (
            network,
            forward,
            config,
            pad_id,
            ranks,
        )
        self.device = next(network.parameters()).device
        self.schedule = Schedule(config, n_steps, ranks, self.device)
        groups = _parameter_groups(network, config.weight_decay)
        self.parameters = [parameter for group in groups for parameter in group["params"]]
        self.optimiser = _AdamW(groups, lr=config.learning_rate, fused=True)
        self.class_weights: Tensor | None = None
        if config.class_weights is not None:
            self.class_weights = torch.from_numpy(config.class_weights.astype(np.float32)).to(
                self.device
            )

    def read(
        self,
        encoded: EncodedTexts | FrozenStates,
        targets: Tensor,
        batches: list[np.ndarray],
        place: TrainingState,
        keeper: StateStore | None,
        advance: Callable[[int], None],
    ) -> None:
        """Learn from the rest of the batches until they, or the time, end; `place` goes along."""
        self.network.train()
        for rows in batches[place.n_batches :]:
            if (rate := self.schedule.next_rate()) is None:
                place.is_over = True
                break
            place.loss_sum += self._step(encoded, targets, rows, rate) * len(rows)
            place.n_batches += 1
            place.n_seen += len(rows)
            place.n_steps = self.schedule.step
            advance(1)
            if keeper is not None and self.ranks.follow_first([keeper.is_due], self.device)[0]:
                self._keep(keeper, place)

    def _step(
        self, encoded: EncodedTexts | FrozenStates, targets: Tensor, rows: np.ndarray, rate: float
    ) -> Tensor:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        for parameter in self.parameters:
            parameter.grad = None
        loss = (
            self._loss(encoded, targets, rows)
            if self.ranks.n == 1
            else self._share(encoded, targets, rows)
        )
        self._clip()
        self.optimiser.step()
        return loss

    def _clip(self) -> None:
        """Shorten a gradient that is too long: seldom one is, and to look is free where the weights are on the CPU."""
        norm = nn.utils.get_total_norm([p.grad for p in self.parameters if p.grad is not None])
        if self.device.type != "cpu" or not norm <= self.config.max_gradient_norm:
            nn.utils.clip_grads_with_norm_(self.parameters, self.config.max_gradient_norm, norm)

    def _loss(
        self,
        encoded: EncodedTexts | FrozenStates,
        targets: Tensor,
        rows: np.ndarray,
        reduction: str = "mean",
    ) -> Tensor:
        """Return the loss, and leave its gradient in the weights; a sum is divided by what the whole batch counts."""
        own = self.ranks.own(rows)
        ids, mask = _to_tensors(encoded, own, self.pad_id, self.device)
        with torch.autocast(
            self.device.type, dtype=torch.bfloat16, enabled=self.config.precision == "bfloat16"
        ):
            logits = self.forward(ids, mask)
        loss = functional.cross_entropy(
            logits.float(),
            targets[_rows_tensor(own, self.device)],
            weight=self.class_weights,
            label_smoothing=self.config.label_smoothing,
            reduction=reduction,
        )
        if reduction == "sum":
            whole = targets[_rows_tensor(rows, self.device)]
            loss = loss / (
                len(rows) if self.class_weights is None else self.class_weights[whole].sum()
            )
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def _share(
        self, encoded: EncodedTexts | FrozenStates, targets: Tensor, rows: np.ndarray
    ) -> Tensor:
        """Read this process's share of a batch; leave the gradient of the whole of it, and return its loss."""
        loss = torch.zeros((), device=self.device)
        if len(self.ranks.own(rows)):
            loss = self._loss(encoded, targets, rows, "sum")
        return self.ranks.sum_gradients(self.parameters, loss)

    def go_on(self, keeper: StateStore | None, place: TrainingState) -> TrainingState:
        """Return the place of a training that was cut short, all else put back as it was; else the place given."""
        found = keeper.read() if keeper is not None else None
        if keeper is not None and self.ranks.n > 1:
            where = "afresh" if found is None else f"{found[0].epoch}/{found[0].n_batches}"
            digest = hashlib.sha256(
                json.dumps([keeper.identity, where], sort_keys=True).encode()
            ).hexdigest()
            self.ranks.check_alike(digest, self.device, what="settings, data or states")
        if found is None:
            if not self.ranks.is_first:  # the others draw other dropout: their rows are others
                torch.manual_seed(self.config.seed + SEED_STRIDE * self.ranks.rank)
            return place
        place, tensors, elapsed_s = found
        parts = _by_prefix(tensors)
        self.network.load_state_dict(parts["network"])
        whole = self.optimiser.state_dict()
        whole["state"] = {int(i): one for i, one in _by_prefix(parts["optimiser"]).items()}
        self.optimiser.load_state_dict(whole)
        restore_random(_by_prefix(parts["random"])[str(self.ranks.rank)], self.device)
        self.schedule.go_on(place.n_steps, elapsed_s)
        place.loss_sum = place.loss_sum.to(self.device)
        return place

    def end(self, keeper: StateStore | None, place: TrainingState) -> None:
        """Keep the end of a training that took long: what follows it may be cut short too."""
        place.is_over = True
        if keeper is not None and self.ranks.follow_first([keeper.has_taken_long], self.device)[0]:
            self._keep(keeper, place)

    def _keep(self, keeper: StateStore, place: TrainingState) -> None:
        own = random_states(self.device)
        random = {name: self.ranks.gather(state, self.device) for name, state in own.items()}
        if not self.ranks.is_first:
            return
        tensors = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        for i, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{i}.{name}": value for name, value in state.items()}
        for name, states in random.items():
            tensors |= {f"random.{rank}.{name}": state for rank, state in enumerate(states)}
        keeper.write(place, tensors, elapsed_s=self.schedule.elapsed_s)


class _AdamW(torch.optim.AdamW):
    """AdamW that does not load torch's compiler, which it would only tell to leave it alone: two seconds a process.

    What loads it are wrappers around two methods; here the methods are called without them.
    """

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        inspect.unwrap(torch.optim.Optimizer.add_param_group)(self, param_group)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        inspect.unwrap(torch.optim.AdamW.step)(self)


def _by_prefix(tensors: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Group by what stands before the first dot of each name."""
    parts: dict[str, dict[str, Any]] = {}
    for name, value in tensors.items():
        prefix, _, rest = name.partition(".")
        parts.setdefault(prefix, {})[rest] = value
    return parts


def network_logits(
    network: nn.Module,
    forward: Forward,
    encoded: EncodedTexts,
    *,
    pad_id: int,
    ranks: Ranks = ALONE,
) -> np.ndarray:
    """Return logits, float64 of shape (n_texts, n_classes), nothing learnt; several processes share the batches."""
    device = next(network.parameters()).device
    network.eval()
    batches = bucket_batches(encoded.lengths, max_texts=256, max_tokens=EVALUATION_TOKENS)
    # No TF32, which cuDNN's LSTM uses by default: on a GPU it costs three digits, and the saved
    # model has them all.
    exact = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
    logits: np.ndarray | None = None
    with torch.inference_mode(), exact:
        # The batches are those of one process: what stands in a batch together may change the last
        # digits.
        for rows in batches[ranks.rank :: ranks.n] or batches[:1]:
            block = forward(*_to_tensors(encoded, rows, pad_id, device)).float().cpu().numpy()
            if logits is None:
                logits = np.zeros((len(encoded), block.shape[1]))
            logits[rows] = block
    assert logits is not None, "there are no texts"
    if ranks.rank >= len(batches):
        logits[:] = 0.0  # the one batch was read for its shape
    return ranks.sum_array(logits, device)


def read_long_texts(
    tokenizer: SubwordTokenizer,
    texts: Sequence[str],
    logits_of: Callable[[EncodedTexts], np.ndarray],
    *,
    policy: str,
) -> np.ndarray:
    """Return a row of logits a text, of which those that are too long are cut, or read window by window."""
    with compute_threads():
        if policy == "truncate":
            return logits_of(tokenizer.encode_texts(texts))
        windows = tokenizer.encode_windows(texts)
        return windows.mean(logits_of(windows.encoded))


def _parameter_groups(network: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    if not weight_decay:  # a call a step in place of two
        return [{"params": trained, "weight_decay": 0.0}]
    return [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]


def _to_tensors(
    encoded: EncodedTexts | FrozenStates, rows: np.ndarray, pad_id: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    if isinstance(encoded, FrozenStates):
        return encoded.batch(rows)
    input_ids, mask = pad_batch(encoded, rows, pad_id=pad_id)
    return _to_device(torch.from_numpy(input_ids), device), _to_device(
        torch.from_numpy(mask), device
    )


def _rows_tensor(rows: np.ndarray, device: torch.device) -> Tensor:
    return _to_device(torch.from_numpy(rows), device)


def _to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """Copy to the device; to a GPU from pinned memory, so that the copy runs beside what it computes."""
    return (
        tensor.pin_memory().to(device, non_blocking=True)
        if device.type == "cuda"
        else tensor.to(device)
    )


def _evaluate(
    network: nn.Module,
    forward: Forward,
    validation: tuple[EncodedTexts, np.ndarray],
    pad_id: int,
    context: FitContext,
    ranks: Ranks,
) -> dict[str, float]:
    encoded, label_ids = validation
    probs = softmax(network_logits(network, forward, encoded, pad_id=pad_id, ranks=ranks))
    loss = -np.log(np.maximum(probs[np.arange(len(label_ids)), label_ids], 1e-12)).mean()
    scores = context.score(label_ids, probs)
    accuracy = float(np.mean(probs.argmax(axis=1) == label_ids))
    named = {f"validation_{name}": value for name, value in scores.items()}
    return {"validation_loss": float(loss), "validation_accuracy": accuracy, **named}
