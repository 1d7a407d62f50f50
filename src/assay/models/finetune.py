"""`finetune`: a pre-trained transformer trained on the texts, through `AutoModelForSequenceClassification`.

Any kind of encoder that transformers can put a classification head on. What it saves is a stock
checkpoint as well: config.json with the label names, model.safetensors with the temperature in the
last layer.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from assay.checkpoints.resolve import Checkpoint, load_tokenizer, resolve_checkpoint
from assay.checkpoints.torch_state import pick_device, quiet_transformers
from assay.errors import InputError, ModelError
from assay.models.estimator import TextClassifier, WrittenParts
from assay.models.onnx.export import write_transformer_onnx
from assay.runtime.layout import Layout
from assay.tokenization.batches import EncodedTexts
from assay.tokenization.window import check_long_texts
from assay.training.context import ClassWeight, FitContext, weigh_classes
from assay.training.fast_bert import LeanBert, can_be_lean
from assay.training.first_token import skip_unread_tokens
from assay.training.frozen_states import FrozenStates, keep_states
from assay.training.loop import (
    Forward,
    TrainingConfig,
    network_logits,
    read_long_texts,
    seeded,
    train_network,
)
from assay.training.processes import Ranks, join_ranks
from assay.training.state_store import StateStore, fingerprint_texts
from assay.training.states import TrainingStates

__all__ = ["Finetune"]

Encoded = tuple[EncodedTexts, np.ndarray]  # texts as the network reads them, and their class ids
# Small sets need more rounds to move a pre-trained model; two suffice for tens of thousands of
# texts, and three where frozen layers make them cheap.
TEXTS_SEEN, MIN_EPOCHS, MIN_FROZEN_EPOCHS, MAX_EPOCHS = 5_000, 2, 3, 8
# Narrow transformers stand, and need, a higher rate than the 2e-5 to 5e-5 that BERT's authors give
# (arXiv:1810.04805).
NARROW_HIDDEN_SIZE, NARROW_RATE, WIDE_RATE = 512, 2e-4, 5e-5
# With the lower half as it was, an epoch of minilm (six layers) takes half of the time and stands a
# higher rate. Right on validation after two epochs of all layers at 2e-4, two of half at 3e-4,
# three of half: tweets 0.9325, 0.9272 and 0.9300 (three seeds; 352, 176, 271 s), bank customers'
# questions 0.886, 0.903 and 0.916, 6,000 Korean headlines 0.512 and 0.542, three not tried (one
# seed each). Shallower transformers were not tried: all of their layers learn.
HALF_FROZEN_RATE, MIN_LAYERS_TO_FREEZE = 3e-4, 6


class Finetune(TextClassifier):
    """A pre-trained transformer, all of it or its upper half trained on the texts at hand.

    Parameters
    ----------
    checkpoint : str, Path or Checkpoint
        `minilm`, `e5`, a local folder or a Hub id.
    n_epochs : int, optional
        None: chosen by the number of texts. The best epoch by validation is kept.
    batch_size : int
    learning_rate : float, optional
        None: chosen by the width of the transformer.
    label_smoothing, weight_decay, warmup_fraction : float
    max_tokens : int or None
        None: as many as the checkpoint takes.
    long_texts : {"truncate", "window"}
        What is longer than that is cut at the end, or predicted window by window; training sees its
        beginning.
    class_weight : "balanced", mapping or None
        See `weigh_classes`.
    frozen_layers : int, optional
        The embeddings and so many of the lowest layers keep the weights of the checkpoint: less to
        compute. Of checkpoints of the BERT kind; 0: everything learns. None: half of the layers of
        narrow checkpoints with six or more, 0 of others.
    lean : bool
        Compute what the logits need and no more, where the kind of transformer is known (BERT): the
        same network.
    precision : {"float32", "bfloat16"}, optional
        Of the arithmetic while training; what is saved is float32. None: bfloat16 on GPUs that have
        it.
    seed : int
    time_limit_s : float, optional
        Wall-clock seconds for training.
    """

    method = "finetune"

    def __init__(
        self,
        *,
        checkpoint: str | Path | Checkpoint = "minilm",
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
        lean: bool = True,
        precision: str | None = None,
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
        self.lean = lean
        self.precision = precision
        self.seed = seed
        self.time_limit_s = time_limit_s

    def _fit(self, texts: list[str], label_ids: np.ndarray, context: FitContext) -> None:
        check_long_texts(self.long_texts)
        class_weights = weigh_classes(self.class_weight, self.classes_, label_ids)
        self.checkpoint_ = resolve_checkpoint(self.checkpoint, progress=context.progress)
        self.tokenizer_ = load_tokenizer(self.checkpoint_, max_tokens=self.max_tokens)
        train = self.tokenizer_.encode_texts(texts), label_ids
        validation = None
        if context.validation_texts is not None and context.validation_ids is not None:
            validation = (
                self.tokenizer_.encode_texts(context.validation_texts),
                context.validation_ids,
            )
        with join_ranks() as ranks, seeded(self.seed):
            self.network_ = _load_classifier(
                self.checkpoint_, [str(name) for name in self.classes_]
            ).to(pick_device())
            self.n_frozen_layers_ = self._choose_frozen()
            if self.lean and not can_be_lean(self.network_):
                skip_unread_tokens(self.network_)
            config = replace(self._config(len(texts)), class_weights=class_weights)
            forward = self._forward()
            keeper = self._keeper(context.states, config, train, validation, ranks)
            with self._read_frozen(forward, train[0], config, context, ranks) as read:
                self.history_ = train_network(
                    self.network_,
                    forward,
                    (train[0] if read is None else read, label_ids),
                    validation,
                    pad_id=self.tokenizer_.pad_id,
                    config=config,
                    context=context,
                    keeper=keeper,
                    ranks=ranks,
                )

    def _forward(self) -> Forward:
        """Return ``(input_ids, attention_mask) -> logits``.

        Raises
        ------
        InputError
            Layers are to be frozen, and the transformer is not of the kind that can.
        """
        n_frozen = self.n_frozen_layers_
        if can_be_lean(self.network_) and (self.lean or n_frozen):
            return LeanBert(self.network_, n_frozen=n_frozen)
        if n_frozen:
            kind = self.checkpoint_.model_type
            raise InputError(
                f"frozen_layers is {n_frozen}; 0 is accepted for checkpoints of the kind {kind}"
            )
        return _forward_through(self.network_)

    def _read_frozen(
        self,
        forward: Forward,
        encoded: EncodedTexts,
        config: TrainingConfig,
        context: FitContext,
        ranks: Ranks,
    ) -> AbstractContextManager[FrozenStates | None]:
        """Keep what the frozen layers make of the texts inside the block, where several epochs will ask for it."""
        # A limit of time counts from the first step on: what comes before it would not be in it.
        is_read_again = (
            self.n_frozen_layers_ and config.n_epochs > 1 and config.time_limit_s is None
        )
        if (
            not is_read_again
            or not isinstance(forward, LeanBert)
            or ranks.n > 1
            or pick_device().type != "cpu"
        ):
            return nullcontext()
        return keep_states(
            encoded,
            forward.lower,
            hidden_size=self.checkpoint_.hidden_size,
            pad_id=self.tokenizer_.pad_id,
            progress=context.progress,
        )

    def _choose_frozen(self) -> int:
        """Return how many layers keep their weights."""
        if self.frozen_layers is not None:
            return self.frozen_layers
        is_narrow = self.checkpoint_.hidden_size <= NARROW_HIDDEN_SIZE
        n_layers = getattr(self.network_.config, "num_hidden_layers", 0)
        half = (
            is_narrow
            and n_layers >= MIN_LAYERS_TO_FREEZE
            and self.lean
            and can_be_lean(self.network_)
        )
        return n_layers // 2 if half else 0

    def _keeper(
        self,
        states: TrainingStates | None,
        config: TrainingConfig,
        train: Encoded,
        validation: Encoded | None,
        ranks: Ranks,
    ) -> StateStore | None:
        """Return what keeps the state of the training, for a training with just these settings and data."""
        if states is None:
            return None
        settings = {
            name: value
            for name, value in asdict(config).items()
            if name not in ("name", "time_limit_s")
        }
        weights = config.class_weights
        identity = {
            **settings,
            "class_weights": None if weights is None else weights.tolist(),
            "labels": [str(name) for name in self.classes_],
            "checkpoint": self.checkpoint_.sha256,
            "frozen_layers": self.n_frozen_layers_,
            "lean": self.lean,
            "training texts": fingerprint_texts(*train),
            "validation texts": None if validation is None else fingerprint_texts(*validation),
            "device": pick_device().type,
            "number of processes": ranks.n,
        }
        return StateStore(
            states.folder, identity=identity, every_s=states.every_s, resume=states.resume
        )

    def _config(self, n_texts: int) -> TrainingConfig:
        narrow_rate = HALF_FROZEN_RATE if self.n_frozen_layers_ else NARROW_RATE
        rate_by_width = (
            narrow_rate if self.checkpoint_.hidden_size <= NARROW_HIDDEN_SIZE else WIDE_RATE
        )
        least = MIN_FROZEN_EPOCHS if self.n_frozen_layers_ else MIN_EPOCHS
        epochs_by_size = int(np.clip(round(TEXTS_SEEN / n_texts), least, MAX_EPOCHS))
        return TrainingConfig(
            name="finetune",
            n_epochs=epochs_by_size if self.n_epochs is None else self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=rate_by_width if self.learning_rate is None else self.learning_rate,
            weight_decay=self.weight_decay,
            warmup_fraction=self.warmup_fraction,
            label_smoothing=self.label_smoothing,
            max_gradient_norm=1.0,
            precision=self.precision or _best_precision(),
            seed=self.seed,
            time_limit_s=self.time_limit_s,
        )

    def decision_logits(self, X: Sequence[str]) -> np.ndarray:
        """Return logits, float64 of shape (n_texts, n_classes)."""
        check_is_fitted(self, "network_")
        forward = self._forward()
        return read_long_texts(
            self.tokenizer_,
            X,
            lambda encoded: network_logits(
                self.network_, forward, encoded, pad_id=self.tokenizer_.pad_id
            ),
            policy=self.long_texts,
        )

    def write_parts(self, root: Path, order: np.ndarray) -> WrittenParts:
        """Write a stock checkpoint (config.json, model.safetensors, tokenizer.json) and onnx/model.onnx."""
        layout = Layout(root)
        labels = [str(self.classes_[i]) for i in order]
        network = copy.deepcopy(self.network_).cpu().eval()
        _fold(_last_affine(network, len(labels)), order, self.temperature_)
        network.config.id2label = dict(enumerate(labels))
        network.config.label2id = {label: i for i, label in enumerate(labels)}
        with quiet_transformers():
            network.save_pretrained(root)
            stock = transformers.AutoTokenizer.from_pretrained(
                self.checkpoint_.folder, local_files_only=True
            )
            stock.model_max_length = self.tokenizer_.max_tokens
            stock.save_pretrained(root)
        self.tokenizer_.save(layout.tokenizer)
        skip_unread_tokens(network)
        write_transformer_onnx(
            _Probabilities(network),
            layout.onnx,
            inputs=["input_ids", "attention_mask"],
            labels=labels,
            n_tokens_max=self.checkpoint_.max_tokens,
        )
        return WrittenParts(
            tokenization={
                "kind": "subwords",
                "max_tokens": self.tokenizer_.max_tokens,
                "truncation": "end",
                "long_texts": self.long_texts,
            },
            parameters={"frozen_layers": self.n_frozen_layers_},
            checkpoint=self.checkpoint_.to_dict(),
        )


def _best_precision() -> str:
    """Return bfloat16 where a GPU computes in it: its exponents are those of float32, so no loss needs scaling."""
    on_gpu = pick_device().type == "cuda" and torch.cuda.is_bf16_supported(
        including_emulation=False
    )
    return "bfloat16" if on_gpu else "float32"


class _Probabilities(nn.Module):
    """A sequence classifier with a softmax behind it: what the ONNX file holds."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        logits = self.network(input_ids=input_ids, attention_mask=attention_mask).logits
        return torch.softmax(logits, dim=-1)


def _forward_through(network: nn.Module) -> Forward:
    def forward(input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        logits: Tensor = network(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits

    return forward


def _load_classifier(checkpoint: Checkpoint, labels: list[str]) -> Any:
    """Load the transformer in float32 with a fresh head, seeded by the caller.

    Raises
    ------
    ModelError
        transformers cannot put a head on it, or the checkpoint lacks weights of the transformer
        itself.
    """
    try:
        with quiet_transformers():
            network, loading = transformers.AutoModelForSequenceClassification.from_pretrained(
                checkpoint.folder,
                num_labels=len(labels),
                problem_type="single_label_classification",
                # Without it a half precision checkpoint trains in half precision
                dtype=torch.float32,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                # A checkpoint may carry another task's head: it is replaced
                ignore_mismatched_sizes=True,
                output_loading_info=True,
            )
    except (ValueError, RuntimeError, OSError, KeyError, TypeError, ImportError) as err:
        raise ModelError(f"checkpoint '{checkpoint.name}' cannot be fine-tuned: {err}") from err
    fresh = {*loading["missing_keys"], *(key for key, *_ in loading["mismatched_keys"])}
    inside = f"{network.base_model_prefix}."
    # The head is always fresh, and so may be a pooler, which belongs to it. Anything else would
    # stay random unnoticed.
    if lacking := sorted(key for key in fresh if key.startswith(inside) and ".pooler." not in key):
        raise ModelError(
            f"checkpoint '{checkpoint.name}' lacks {len(lacking)} of the weights that its config.json "
            f"({checkpoint.model_type}) asks for, among them {lacking[0]}"
        )
    return network


def _last_affine(network: nn.Module, n_classes: int) -> nn.Linear:
    """Return the layer that makes the logits: the last affine one with an output a class."""
    layers = [
        layer
        for layer in network.modules()
        if isinstance(layer, nn.Linear) and layer.out_features == n_classes
    ]
    if not layers:
        raise ModelError(
            f"{type(network).__name__} has no affine layer with {n_classes} outputs to fold into"
        )
    return layers[-1]


def _fold(layer: nn.Linear, order: np.ndarray, temperature: float) -> None:
    """Reorder the classes of the last layer and divide its logits by the temperature."""
    rows = torch.from_numpy(np.asarray(order, dtype=np.int64))
    with torch.no_grad():
        layer.weight.copy_(layer.weight[rows] / temperature)
        if layer.bias is not None:
            layer.bias.copy_(layer.bias[rows] / temperature)
