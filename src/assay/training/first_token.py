"""The last layer of a BERT, for the first token alone: no other token of it reaches the classifier.

Keys and values still come from all tokens; queries, the feed-forward network and the norms are
computed for one. That is five sixths of the last layer not computed, a seventh of a network of six
layers, in training, in prediction and in the exported graph alike, and the same logits.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["FirstTokenLayer", "skip_unread_tokens"]

# Who reads the first token only: `pooler` (BERT) or the head (RoBERTa, ELECTRA). Their layers are
# built alike.
FAMILIES = {"bert", "roberta", "xlm-roberta", "electra", "camembert"}
MAX_DIFFERENCE = 1e-4  # of logits, which are about 1; float32 sums in another order differ by 1e-6


class FirstTokenLayer(nn.Module):
    """Replaces the last layer, with its weights under their own names.

    Parameters
    ----------
    layer : nn.Module
        A `BertLayer`, or one built like it.
    """

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.attention = layer.attention
        self.intermediate = layer.intermediate
        self.output = layer.output

    def forward(
        self, hidden_states: Tensor, attention_mask: Tensor | None = None, *args: Any, **more: Any
    ) -> Tensor:
        """Return the first token's state, (B, 1, D), from the states of all, (B, T, D)."""
        inner = cast(Any, self.attention).self
        first = hidden_states[:, :1]
        query, key, value = (
            projection(states).unflatten(-1, (inner.num_attention_heads, -1)).transpose(1, 2)
            for projection, states in (
                (inner.query, first),
                (inner.key, hidden_states),
                (inner.value, hidden_states),
            )
        )
        seen = functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=None if attention_mask is None else attention_mask[:, :, :1],
            dropout_p=inner.dropout.p if self.training else 0.0,
        )
        attended = self.attention.output(seen.transpose(1, 2).flatten(2), first)
        state: Tensor = self.output(self.intermediate(attended), attended)
        return state


def skip_unread_tokens(network: Any) -> bool:
    """Put a `FirstTokenLayer` in place of the last layer, where that changes nothing.

    Return whether it was done.

    Parameters
    ----------
    network : nn.Module
        A sequence classifier of transformers, changed in place. Anything else than `FAMILIES`, or a
        network whose logits would change (tried on a few tokens), stays as it is.
    """
    config = network.config
    if config.model_type not in FAMILIES or getattr(config, "is_decoder", False):
        return False
    layers = network.base_model.encoder.layer
    before, kept = _logits(network), layers[-1]
    try:
        layers[-1] = FirstTokenLayer(kept)
        if (before - _logits(network)).abs().max() <= MAX_DIFFERENCE:
            return True
    except (AttributeError, TypeError, ValueError, RuntimeError, IndexError):
        pass  # built otherwise in another release of transformers: slower, and as right
    layers[-1] = kept
    return False


def _logits(network: Any) -> Tensor:
    """Return the logits of two texts of unlike length, nothing learnt and no state changed."""
    device = next(network.parameters()).device
    ids = torch.arange(1, 11, device=device).reshape(2, 5) % network.config.vocab_size
    mask = torch.ones_like(ids)
    mask[1, 3:] = 0
    was_training = network.training
    try:
        with torch.inference_mode():
            logits: Tensor = network.eval()(input_ids=ids, attention_mask=mask).logits
            return logits
    finally:
        network.train(was_training)
