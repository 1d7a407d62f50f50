"""A stock sequence classifier of transformers: loaded with a fresh head, and its last layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor, nn

from assay.checkpoints.resolve import Checkpoint
from assay.checkpoints.torch_state import quiet_transformers
from assay.data.labels import Task
from assay.errors import ModelError
from assay.models.outputs import Outputs
from assay.training.objectives import OBJECTIVES

__all__ = ["StockLogits", "find_last_layer", "fold_outputs", "load_fresh_classifier"]


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


def load_fresh_classifier(checkpoint: Checkpoint, n_labels: int, *, task: Task = "single") -> Any:
    """Load the transformer in float32 with a fresh head, seeded by the caller.

    Parameters
    ----------
    checkpoint : Checkpoint
    n_labels : int
    task : {"single", "multi"}
        What config.json will say.

    Raises
    ------
    ModelError
        transformers cannot put a head on it, or one whose answers depend on the texts that share a
        batch; or the checkpoint lacks weights of the transformer itself.
    """
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
        raise ModelError(f"checkpoint '{checkpoint.name}' cannot be fine-tuned: {err}") from err
    if getattr(network.config, "summary_type", None) == "last":  # as XLNet, whose batches pad left
        raise ModelError(
            f"checkpoint '{checkpoint.name}' cannot be fine-tuned: {checkpoint.model_type} reads "
            "the last place of a batch, which is padding where a text is shorter than another",
            hint="--method features reads it",
        )
    fresh = {*loading["missing_keys"], *(key for key, *_ in loading["mismatched_keys"])}
    inside = f"{network.base_model_prefix}."
    # The head is always fresh, and so may be a pooler, which belongs to it. Anything else would
    # stay random unnoticed.
    lacking = sorted(key for key in fresh if key.startswith(inside) and ".pooler." not in key)
    if lacking:
        raise ModelError(
            f"checkpoint '{checkpoint.name}' lacks {len(lacking)} of the weights that its "
            f"config.json ({checkpoint.model_type}) asks for, among them {lacking[0]}"
        )
    return network


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
