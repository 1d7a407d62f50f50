"""`finetune`: a pre-trained transformer trained on the texts.

It takes every encoder that transformers can put a classification head on, and saves a stock
checkpoint: config.json with the label names, model.safetensors with the calibration folded in.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from assay.bounds import SEED, Bounds
from assay.checkpoints.aliases import AUTO
from assay.checkpoints.auto import choose_checkpoint
from assay.checkpoints.files import TOKENIZER_CONFIG
from assay.checkpoints.pruning import PieceLimits, prune_vocabulary
from assay.checkpoints.reading import measure_tokens, warn_of_reading
from assay.checkpoints.resolve import Checkpoint, load_tokenizer, resolve_checkpoint
from assay.checkpoints.torch_state import pick_device, quiet_transformers
from assay.errors import InputError
from assay.models.averaging_layer import append_averaging_layer
from assay.models.classifier_network import (
    StockLogits,
    find_last_layer,
    fold_outputs,
    load_fresh_classifier,
    load_stock_tokenizer,
)
from assay.models.estimator import TextClassifier, WrittenParts, describe_subwords
from assay.models.finetune_defaults import FinetuneDefaults, find_defaults
from assay.models.fitted_head import fit_head
from assay.models.onnx.export import write_transformer_onnx
from assay.models.onnx.packed import pack_weights
from assay.models.pruned_network import count_tokens, prune_network
from assay.runtime.layout import Layout
from assay.tokenization.batches import EncodedTexts
from assay.tokenization.window import check_long_texts
from assay.training.context import ClassWeight, FitContext
from assay.training.first_token import skip_unread_tokens
from assay.training.frozen_layers import FrozenLayers, can_freeze
from assay.training.frozen_states import FrozenStates, keep_states
from assay.training.inference import Forward, network_logits, read_long_texts
from assay.training.label_order import order_by_texts, start_last_layer
from assay.training.loop import TrainingConfig, seeded, train_network
from assay.training.precision import choose_precision
from assay.training.processes import Processes, join_processes
from assay.training.state_store import StateStore, fingerprint_texts
from assay.training.states import TrainingStates

__all__ = ["Finetune"]

Encoded = tuple[EncodedTexts, np.ndarray]  # texts as the network reads them, and their class ids


class Finetune(TextClassifier):
    """A pre-trained transformer; all of it, or its upper half, is trained on the texts.

    Parameters
    ----------
    checkpoint : str, Path or Checkpoint
        `auto` (by the language of the training texts), `minilm`, `e5`, a local folder or a Hub id.
    n_epochs : int, optional
        None: chosen by the number of texts. The best epoch on validation is kept.
    batch_size : int
    learning_rate : float, optional
        None: what `finetune_defaults` says of the checkpoint's family.
    label_smoothing, weight_decay, warmup_fraction : float
    max_tokens : int or None
        None: as many as the checkpoint takes.
    long_texts : {"truncate", "window"}
        Whether longer texts are cut at the end or predicted window by window. Training reads only
        their beginning.
    class_weight : "balanced", mapping or None
        See `weigh_classes`; `weigh_labels` where texts may have several labels.
    frozen_layers : int, optional
        Number of lowest layers that keep the weights of the checkpoint, with the embeddings; 0
        trains everything. Other numbers need a checkpoint of the BERT kind. None: what
        `finetune_defaults` says of the checkpoint's family: half of the layers of a narrow BERT
        with six layers or more. On fewer than 2,000 texts `e5` starts from a head that is fitted to
        the mean of all tokens, which one more layer brings to the first.
    precision : {"float32", "bfloat16"}, optional
        Precision of the arithmetic in training; what is saved is float32. None: bfloat16 on GPUs
        and processors that have instructions for it (AVX512_BF16 or AMX), for checkpoints that
        compute in it. A training that is resumed goes on in the precision that it began with.
    device : str, optional
        ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``. None: what `--device` or the environment
        says.
    seed : int
    time_limit_s : float, optional
        Wall-clock seconds for training.
    """

    method = "finetune"
    # The numbers of the training are checked by `TrainingConfig`.
    accepted: ClassVar[Mapping[str, Bounds]] = {"seed": SEED}

    def __init__(
        self,
        *,
        checkpoint: str | Path | Checkpoint = AUTO,
        n_epochs: int | None = None,
        batch_size: int = 32,
        learning_rate: float | None = None,
        label_smoothing: float = 0.0,
        weight_decay: float = 0.01,
        warmup_fraction: float = 0.1,
        max_tokens: int | None = None,
        long_texts: str = "truncate",
        class_weight: ClassWeight = None,
        frozen_layers: int | None = None,
        precision: str | None = None,
        device: str | None = None,
        seed: int = 0,
        time_limit_s: float | None = None,
    ) -> None:
        self.checkpoint = checkpoint
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.label_smoothing = label_smoothing
        self.weight_decay = weight_decay
        self.warmup_fraction = warmup_fraction
        self.max_tokens = max_tokens
        self.long_texts = long_texts
        self.class_weight = class_weight
        self.frozen_layers = frozen_layers
        self.precision = precision
        self.device = device
        self.seed = seed
        self.time_limit_s = time_limit_s

    def _fit(self, texts: list[str], label_ids: np.ndarray, context: FitContext) -> None:
        check_long_texts(self.long_texts)
        device = pick_device(self.device)
        class_weights = self.targets_.weigh(self.class_weight, self.classes_, label_ids)
        checkpoint = self.checkpoint
        if checkpoint == AUTO:
            checkpoint = choose_checkpoint(AUTO, texts, seed=self.seed).checkpoint
        self.checkpoint_ = resolve_checkpoint(checkpoint, progress=context.progress)
        self.tokenizer_ = load_tokenizer(self.checkpoint_, max_tokens=self.max_tokens)
        train = self.tokenizer_.encode_texts(texts), label_ids
        self.token_counts_ = count_tokens(self.tokenizer_, train[0])
        validation = context.encode_validation(self.tokenizer_)
        with join_processes() as processes, seeded(self.seed):
            if processes.is_first:
                warn_of_reading(measure_tokens(self.checkpoint_.name, self.tokenizer_, texts))
            self.network_ = self._fresh_network(label_ids).to(device)
            self.n_frozen_layers_ = self._choose_frozen(len(texts))
            self._prepare(*train, class_weights, processes)
            skip_unread_tokens(self.network_)
            forward = self._forward()
            self.precision_ = choose_precision(
                self.precision,
                self.network_,
                forward,
                train[0],
                pad_id=self.tokenizer_.pad_id,
                states=context.states,
            )
            config = replace(self._config(len(texts)), class_weights=class_weights)
            store = self._store(context.states, config, train, validation, processes)
            last = find_last_layer(self.network_, len(self.classes_))
            frozen = self._frozen_states(forward, train[0], config, context, processes)
            with frozen as states, order_by_texts(last, label_ids):
                self.history_ = train_network(
                    self.network_,
                    forward,
                    (train[0] if states is None else states, label_ids),
                    validation,
                    pad_id=self.tokenizer_.pad_id,
                    config=config,
                    context=context,
                    store=store,
                    processes=processes,
                )

    def _fresh_network(self, label_ids: np.ndarray) -> Any:
        """Load the checkpoint with a fresh head that begins as the task asks for."""
        task, n_labels = self.targets_.task, len(self.classes_)
        network = load_fresh_classifier(self.checkpoint_, self.tokenizer_, n_labels, task=task)
        start_last_layer(find_last_layer(network, n_labels), label_ids, task=task)
        return network

    def _defaults(self, n_texts: int) -> FinetuneDefaults:
        return find_defaults(self.checkpoint_, n_texts, self.targets_.task)

    def _choose_frozen(self, n_texts: int) -> int:
        """Return how many layers keep their weights."""
        if self.frozen_layers is not None:
            return self.frozen_layers
        if not can_freeze(self.network_):
            return 0
        n_layers = int(getattr(self.network_.config, "num_hidden_layers", 0))
        return self._defaults(n_texts).n_frozen(n_layers)

    def _prepare(
        self,
        encoded: EncodedTexts,
        label_ids: np.ndarray,
        class_weights: np.ndarray | None,
        processes: Processes,
    ) -> None:
        """Fit a head to the mean of all tokens, where the checkpoint's family asks for it."""
        if self.frozen_layers is not None or not can_freeze(self.network_):
            return
        if self._defaults(len(encoded)).reads_mean:
            append_averaging_layer(self.network_)
            fit_head(
                self.network_,
                encoded,
                label_ids,
                pad_id=self.tokenizer_.pad_id,
                class_weights=class_weights,
                task=self.targets_.task,
                processes=processes,
                seed=self.seed,
            )

    def _forward(self) -> Forward:
        """Return ``(input_ids, attention_mask) -> logits``.

        Raises
        ------
        InputError
            Layers are to be frozen, and the transformer is not of the kind that can.
        """
        n_frozen = self.n_frozen_layers_
        if not n_frozen:
            return _forward_through(self.network_)
        if not can_freeze(self.network_):
            kind = self.checkpoint_.model_type
            raise InputError(
                f"frozen_layers is {n_frozen}; 0 is accepted for checkpoints of the kind {kind}"
            )
        return FrozenLayers(self.network_, n_frozen=n_frozen)

    def _frozen_states(
        self,
        forward: Forward,
        encoded: EncodedTexts,
        config: TrainingConfig,
        context: FitContext,
        processes: Processes,
    ) -> AbstractContextManager[FrozenStates | None]:
        """Keep what the frozen layers make of the texts, if several epochs will read it."""
        # A time limit counts from the first step on, and would not include this work
        is_read_again = config.n_epochs > 1 and config.time_limit_s is None
        is_here_alone = processes.n == 1 and self._device().type == "cpu"
        if not (isinstance(forward, FrozenLayers) and is_read_again and is_here_alone):
            return nullcontext()
        return keep_states(
            encoded,
            forward.read_lower,
            hidden_size=self.checkpoint_.hidden_size,
            pad_id=self.tokenizer_.pad_id,
            progress=context.progress,
        )

    def _device(self) -> torch.device:
        """Return the device that the network is on."""
        device: torch.device = next(self.network_.parameters()).device
        return device

    def _store(
        self,
        states: TrainingStates | None,
        config: TrainingConfig,
        train: Encoded,
        validation: Encoded | None,
        processes: Processes,
    ) -> StateStore | None:
        """Return where the state of this training is saved, for these settings and data only."""
        if states is None:
            return None
        settings = asdict(config)
        del settings["name"], settings["time_limit_s"]
        weights = config.class_weights
        identity = {
            **settings,
            "class_weights": None if weights is None else weights.tolist(),
            "labels": [*map(str, self.classes_), "in the order of their texts"],
            "checkpoint": self.checkpoint_.sha256,
            "frozen_layers": self.n_frozen_layers_,
            "layers": int(getattr(self.network_.config, "num_hidden_layers", 0)),
            "training texts": fingerprint_texts(*train),
            "validation texts": None if validation is None else fingerprint_texts(*validation),
            "device": self._device().type,
            "number of processes": processes.n,
        }
        return StateStore(
            states.folder, identity=identity, every_s=states.every_s, resume=states.resume
        )

    def _config(self, n_texts: int) -> TrainingConfig:
        defaults = self._defaults(n_texts)
        is_frozen = self.n_frozen_layers_ > 0
        rate = defaults.learning_rate(is_frozen=is_frozen)
        n_epochs = defaults.n_epochs(n_texts, is_frozen=is_frozen)
        return TrainingConfig(
            name="finetune",
            n_epochs=n_epochs if self.n_epochs is None else self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=rate if self.learning_rate is None else self.learning_rate,
            weight_decay=self.weight_decay,
            warmup_fraction=self.warmup_fraction,
            label_smoothing=self.label_smoothing,
            max_gradient_norm=1.0,
            task=self.targets_.task,
            precision=self.precision_,
            seed=self.seed,
            time_limit_s=self.time_limit_s,
        )

    def decision_logits(self, X: Sequence[str]) -> np.ndarray:
        """Return logits, float64 of shape (n_texts, n_classes)."""
        check_is_fitted(self, "network_")
        forward, pad_id = self._forward(), self.tokenizer_.pad_id

        def logits_of(encoded: EncodedTexts) -> np.ndarray:
            return network_logits(self.network_, forward, encoded, pad_id=pad_id)

        return read_long_texts(
            self.tokenizer_, X, logits_of, policy=self.long_texts, task=self.targets_.task
        )

    def pruned(self) -> Self:
        """Return a copy that knows only the tokens that its texts are likely to need."""
        if not self.token_counts_.any():
            return self
        vocabulary = prune_vocabulary(self.tokenizer_, self.token_counts_, limits=PieceLimits())
        frozen = [f"bert.encoder.layer.{i}." for i in range(self.n_frozen_layers_)]
        network = prune_network(self.network_, vocabulary.kept_ids, frozen=frozen)
        pruned = copy.copy(self)
        pruned.network_ = network.to(self._device())
        pruned.tokenizer_ = vocabulary.tokenizer
        pruned.vocabulary_ = vocabulary
        return pruned

    def write_parts(self, root: Path, order: np.ndarray) -> WrittenParts:
        """Write a stock checkpoint (config, weights, tokenizer) and onnx/model.onnx."""
        layout = Layout(root)
        outputs = self.outputs(order)
        network = copy.deepcopy(self.network_).cpu().eval()
        fold_outputs(network, outputs)
        network.config.id2label = dict(enumerate(outputs.labels))
        network.config.label2id = {label: i for i, label in enumerate(outputs.labels)}
        if outputs.thresholds is not None:  # transformers ignores them; other tools may not
            by_label = zip(outputs.labels, outputs.thresholds.scores.tolist(), strict=True)
            network.config.thresholds = dict(by_label)
        with quiet_transformers():
            network.save_pretrained(root)
        self._save_stock_tokenizer(root)
        skip_unread_tokens(network)
        write_transformer_onnx(
            StockLogits(network),
            layout.onnx,
            outputs=outputs,
            n_tokens_max=self.checkpoint_.max_tokens,
        )
        if self.vocabulary_ is not None:
            pack_weights(layout.onnx)
        return WrittenParts(
            tokenization=describe_subwords(self.tokenizer_.max_tokens, long_texts=self.long_texts),
            parameters={"frozen_layers": self.n_frozen_layers_, "precision": self.precision_},
            checkpoint=self.checkpoint_.to_dict(),
        )

    def _save_stock_tokenizer(self, root: Path) -> None:
        """Write the tokenizer as transformers reads it, with this model's limit."""
        layout, source = Layout(root), self.checkpoint_.folder
        if self.vocabulary_ is not None:  # transformers has to read the new ids
            self.tokenizer_.save(layout.tokenizer)
            settings = source / TOKENIZER_CONFIG
            if settings.is_file():
                shutil.copyfile(settings, root / TOKENIZER_CONFIG)
            source = root
        stock = load_stock_tokenizer(source, self.tokenizer_)
        with quiet_transformers():
            stock.save_pretrained(root)
        self.tokenizer_.save(layout.tokenizer)


def _forward_through(network: nn.Module) -> Forward:
    """Return the whole network as ``(input_ids, attention_mask) -> logits``."""

    def forward(input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        logits: Tensor = network(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits

    return forward
