"""The last layer of a BERT, computed for the first token only: the classifier reads no other.

Keys and values still come from all tokens; the query, the feed-forward network and the norms are
computed for one token. This leaves out five sixths of the last layer, which is a seventh of a
network of six layers, in training, in prediction and in the exported graph. The logits stay the
same.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["FirstTokenLayer", "skip_unread_tokens"]

# Families whose pooler (BERT) or head (RoBERTa, ELECTRA) reads the first token only, and whose
# layers have the same parts.
FAMILIES = {"bert", "roberta", "xlm-roberta", "electra", "camembert"}
# Between logits, which are about 1; float32 sums in another order differ by 1e-6
MAX_DIFFERENCE = 1e-4


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
        """Return the first token's state, (B, 1, D), from the states of all, (B, T, D).

        B, T, D, H: texts, tokens, width, attention heads.
        """
        inner = cast(Any, self.attention).self
        first = hidden_states[:, :1]

        def by_head(projected: Tensor) -> Tensor:
            """(B, T, D) to (B, H, T, D / H)."""
            return projected.unflatten(-1, (inner.num_attention_heads, -1)).transpose(1, 2)

        mask = None if attention_mask is None else attention_mask[:, :, :1]
        seen = functional.scaled_dot_product_attention(
            by_head(inner.query(first)),
            by_head(inner.key(hidden_states)),
            by_head(inner.value(hidden_states)),
            attn_mask=mask,
            dropout_p=inner.dropout.p if self.training else 0.0,
        )
        attended = self.attention.output(seen.transpose(1, 2).flatten(2), first)
        state: Tensor = self.output(self.intermediate(attended), attended)
        return state


def skip_unread_tokens(network: Any) -> bool:
    """Put a `FirstTokenLayer` in place of the last layer, where that changes no logits.

    Parameters
    ----------
    network : nn.Module
        A sequence classifier of transformers, changed in place. It stays as it is if it is of no
        family in `FAMILIES`, or if its logits for a few tokens would change.

    Returns
    -------
    bool
        Whether the layer was replaced.
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
        pass  # another release of transformers builds it otherwise: the plain layer is as right
    layers[-1] = kept
    return False


def _logits(network: Any) -> Tensor:
    """Return the logits of two texts of different lengths; the network stays as it is."""
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
