"""A stock sequence classifier of transformers: loaded with a fresh head, and its last layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor, nn

from assay.checkpoints.resolve import Checkpoint
from assay.checkpoints.torch_state import quiet_transformers
from assay.errors import ModelError

__all__ = ["Probabilities", "fold_temperature", "load_fresh_classifier"]


class Probabilities(nn.Module):
    """A sequence classifier followed by a softmax: what the ONNX file holds."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return probabilities of shape (n_texts, n_classes)."""
        logits = self.network(input_ids=input_ids, attention_mask=attention_mask).logits
        return torch.softmax(logits, dim=-1)


def load_fresh_classifier(checkpoint: Checkpoint, labels: list[str]) -> Any:
    """Load the transformer in float32 with a fresh head, seeded by the caller.

    Raises
    ------
    ModelError
        transformers cannot put a head on it, or the checkpoint lacks weights of the transformer
        itself.
    """
    # `FrozenLayers` gives masks of the kind that this implementation takes
    attention = {"attn_implementation": "sdpa"} if checkpoint.model_type == "bert" else {}
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
                **attention,
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
    lacking = sorted(key for key in fresh if key.startswith(inside) and ".pooler." not in key)
    if lacking:
        raise ModelError(
            f"checkpoint '{checkpoint.name}' lacks {len(lacking)} of the weights that its "
            f"config.json ({checkpoint.model_type}) asks for, among them {lacking[0]}"
        )
    return network


def _last_affine(network: nn.Module, n_classes: int) -> nn.Linear:
    """Return the layer that makes the logits: the last affine one with one output per class."""
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


def fold_temperature(network: nn.Module, order: np.ndarray, temperature: float) -> None:
    """Reorder the classes of the last layer and divide its logits by the temperature, in place.

    Parameters
    ----------
    network : nn.Module
    order : int array of shape (n_classes,)
        The present position of each class.
    temperature : float

    Raises
    ------
    ModelError
        The network has no affine layer with one output per class.
    """
    layer = _last_affine(network, len(order))
    rows = torch.from_numpy(np.asarray(order, dtype=np.int64))
    with torch.no_grad():
        layer.weight.copy_(layer.weight[rows] / temperature)
        if layer.bias is not None:
            layer.bias.copy_(layer.bias[rows] / temperature)
