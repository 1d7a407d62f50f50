"""A BERT classifier whose lower layers do not learn, through transformers' own modules.

The network is cut behind its frozen layers: what they make of a text is the same in every epoch, so
that it can be computed once (see `frozen_states`) and given to the upper half instead of token ids.
"""

from __future__ import annotations

from typing import Any

import torch
import transformers
from torch import Tensor, nn

from assay.errors import InputError

__all__ = ["FrozenLayers", "can_freeze"]


def can_freeze(network: nn.Module) -> bool:
    """Tell whether a network is of the kind that can be cut: BERT, reading in both directions."""
    if type(network) is not transformers.BertForSequenceClassification:
        return False
    config = network.config
    return not (config.is_decoder or config.add_cross_attention)


class FrozenLayers:
    """A `BertForSequenceClassification` that takes ids, or states of its frozen layers.

    ``(input_ids or states, attention_mask) -> logits``.

    Parameters
    ----------
    network : BertForSequenceClassification
        Its embeddings and lowest layers are set to learn nothing.
    n_frozen : int
        Number of lowest layers that do not learn, 1 to one less than there are.

    Raises
    ------
    InputError
        `n_frozen` is out of range.
    """

    def __init__(self, network: Any, *, n_frozen: int) -> None:
        layers = list(network.bert.encoder.layer)
        if not 0 < n_frozen < len(layers):
            raise InputError(
                f"frozen_layers is {n_frozen}; 0 to {len(layers) - 1} is accepted: "
                "one layer has to learn"
            )
        self.network = network
        self.embeddings = network.bert.embeddings
        self.lower, self.upper = layers[:n_frozen], layers[n_frozen:]
        for module in (self.embeddings, *self.lower):
            module.requires_grad_(requires_grad=False)

    def __call__(self, given: Tensor, attention_mask: Tensor) -> Tensor:
        """Return logits of shape (n_texts, n_classes). B, T, D: texts, tokens, width.

        Parameters
        ----------
        given : Tensor
            Token ids (B, T), int64; or what `read_lower` made of them, (B, T, D).
        attention_mask : Tensor
            (B, T), int64.
        """
        x = given if given.is_floating_point() else self.read_lower(given, attention_mask)
        mask = _attention(attention_mask)
        for layer in self.upper:
            x = layer(x, mask)
        pooled = self.network.dropout(self.network.bert.pooler(x))
        logits: Tensor = self.network.classifier(pooled)
        return logits

    def read_lower(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the states (B, T, D) behind the frozen layers, without dropout."""
        mask = _attention(attention_mask)
        for module in (self.embeddings, *self.lower):
            module.eval()
        with torch.no_grad():
            x: Tensor = self.embeddings(input_ids=input_ids)
            for layer in self.lower:
                x = layer(x, mask)
        return x


def _attention(attention_mask: Tensor) -> Tensor:
    """Return which tokens each token may attend to, bool of shape (B, 1, T, T)."""
    n_texts, n_tokens = attention_mask.shape
    return (attention_mask != 0)[:, None, None, :].expand(n_texts, 1, n_tokens, n_tokens)
