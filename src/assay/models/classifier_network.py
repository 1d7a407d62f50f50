"""A stock sequence classifier of transformers: loaded with a fresh head, and its last layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor, nn

from assay.checkpoints.network import WEIGHTS_HINT
from assay.checkpoints.resolve import Checkpoint
from assay.checkpoints.torch_state import quiet_transformers
from assay.data.labels import Task
from assay.errors import ModelError, first_line
from assay.models.network_probe import find_fault
from assay.models.outputs import Outputs
from assay.tokenization.subwords import PAD_TOKENS, SubwordTokenizer
from assay.training.objectives import OBJECTIVES

__all__ = [
    "StockLogits",
    "find_last_layer",
    "fold_outputs",
    "load_fresh_classifier",
    "load_stock_tokenizer",
]

FEATURES_HINT = (
    "try --method features, which reads more kinds, or another checkpoint, such as minilm or e5"
)


class StockLogits(nn.Module):
    """A sequence classifier that returns its logits alone."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return logits of shape (n_texts, n_classes)."""
        read = self.network(input_ids=input_ids, attention_mask=attention_mask)
        logits: Tensor = read.logits
        return logits


def load_fresh_classifier(
    checkpoint: Checkpoint, tokenizer: SubwordTokenizer, n_labels: int, *, task: Task = "single"
) -> Any:
    """Load the transformer in float32 with a fresh head, seeded by the caller.

    Parameters
    ----------
    checkpoint : Checkpoint
    tokenizer : SubwordTokenizer
        The checkpoint's own. Its padding token becomes that of a checkpoint which names none, as
        those of the GPT kind, whose classifiers look for the last token that is no padding.
    n_labels : int
    task : {"single", "multi"}
        What config.json will say.

    Raises
    ------
    ModelError
        transformers cannot put a head on it, or one whose answers depend on the texts that share a
        batch, or that cannot be saved; or the checkpoint lacks weights of the transformer itself.
    """
    _check_kind(checkpoint)
    # `FrozenLayers` gives masks of the kind that this implementation takes
    attention = {"attn_implementation": "sdpa"} if checkpoint.model_type == "bert" else {}
    try:
        with quiet_transformers():
            network, loading = transformers.AutoModelForSequenceClassification.from_pretrained(
                checkpoint.folder,
                num_labels=n_labels,
                problem_type=OBJECTIVES[task].problem_type,
                # Without it a half precision checkpoint trains in half precision
                dtype=torch.float32,
                local_files_only=True,
                trust_remote_code=False,
                **attention,
                use_safetensors=True,
                # A checkpoint may carry another task's head: it is replaced
                ignore_mismatched_sizes=True,
                output_loading_info=True,
            )
    except (ValueError, RuntimeError, OSError, KeyError, TypeError, ImportError) as err:
        raise _refusal(checkpoint, first_line(err)) from err
    fresh = {*loading["missing_keys"], *(key for key, *_ in loading["mismatched_keys"])}
    inside = f"{network.base_model_prefix}."
    # The head is always fresh, and so may be a pooler, which belongs to it. Anything else would
    # stay random unnoticed.
    lacking = sorted(key for key in fresh if key.startswith(inside) and ".pooler." not in key)
    if lacking:
        raise ModelError(
            f"checkpoint '{checkpoint.name}' lacks {len(lacking)} of the weights that its "
            f"config.json ({checkpoint.model_type}) asks for, among them {lacking[0]}",
            hint=WEIGHTS_HINT,
        )
    _set_padding(network, checkpoint, tokenizer)
    fault = find_fault(StockLogits(network.eval()), checkpoint, tokenizer, n_labels=n_labels)
    if fault is not None:
        raise _refusal(checkpoint, fault)
    return network


def _refusal(checkpoint: Checkpoint, reason: str) -> ModelError:
    return ModelError(
        f"checkpoint '{checkpoint.name}' cannot be fine-tuned: {reason}", hint=FEATURES_HINT
    )


def _check_kind(checkpoint: Checkpoint) -> None:
    """Refuse a kind of transformer that has no text classifier, such as those of images."""
    kind = checkpoint.model_type
    classifiers = transformers.models.auto.modeling_auto
    if kind not in classifiers.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES:
        raise ModelError(
            f"checkpoint '{checkpoint.name}' cannot be fine-tuned: it is of the kind '{kind}', for "
            "which transformers has no text classifier; kinds such as bert, distilbert, roberta, "
            "xlm-roberta, electra and deberta-v2 are accepted",
            hint="--method features reads other kinds of text encoders without fine-tuning",
        )


def _set_padding(network: Any, checkpoint: Checkpoint, tokenizer: SubwordTokenizer) -> None:
    """Give the network the padding token of its tokenizer, where its config.json names none."""
    if getattr(network.config, "pad_token_id", None) is not None:
        return
    if not tokenizer.has_pad_token:
        raise _refusal(
            checkpoint,
            "neither its config.json nor its tokenizer names a padding token, which batches of "
            f"texts need; a pad_token_id in config.json, or one of {', '.join(PAD_TOKENS)} in "
            "tokenizer.json, is accepted",
        )
    network.config.pad_token_id = tokenizer.pad_id


def load_stock_tokenizer(folder: Path, tokenizer: SubwordTokenizer) -> Any:
    """Load a tokenizer as transformers does, with the limit and the padding of `tokenizer`.

    Where the class that config.json leads to cannot read tokenizer.json, the plain class that takes
    it as it is does.
    """
    with quiet_transformers():
        try:
            stock = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except Exception:  # as many errors as there are classes of tokenizers
            stock = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer.tokenizer)
    if stock.pad_token is None and tokenizer.has_pad_token:
        stock.pad_token = tokenizer.tokenizer.id_to_token(tokenizer.pad_id)
    stock.model_max_length = tokenizer.max_tokens
    return stock


def find_last_layer(network: nn.Module, n_classes: int) -> nn.Linear:
    """Return the layer that makes the logits: the last affine one with one output per class.

    Raises
    ------
    ModelError
        There is none.
    """
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


def fold_outputs(network: nn.Module, outputs: Outputs) -> None:
    """Reorder the classes of the last layer and make its logits calibrated, in place.

    Parameters
    ----------
    network : nn.Module
    outputs : Outputs

    Raises
    ------
    ModelError
        The network has no affine layer with one output per class.
    """
    layer = find_last_layer(network, len(outputs.order))
    weights = layer.weight.detach().numpy()
    has_bias = layer.bias is not None
    bias = layer.bias.detach().numpy() if has_bias else np.zeros(len(weights))
    weights, bias = outputs.fold(weights, bias)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weights))
        if has_bias:
            layer.bias.copy_(torch.from_numpy(bias))
