"""A BERT classifier's logits from its own weights, without what they do not need.

The head reads the first token alone, so the last layer asks for that token only: its queries, its
output and the whole of its feed-forward part, five sixths of a layer, are computed for one token a
text. A batch without padding has no mask. Dropout draws 16 random bits a number where torch's draws
a float, at a third of the time. The same sums as in transformers otherwise, in the same modules, so
that what is trained is the network that is saved.
"""

from __future__ import annotations

from typing import Any

import torch
import transformers
from torch import Tensor, nn
from torch.nn import functional

from assay.errors import InputError
from assay.training.dropout import thin_dropout

__all__ = ["LeanBert", "can_be_lean"]


def can_be_lean(network: nn.Module) -> bool:
    """Tell whether a network is of the one kind that is known here: BERT, reading in both directions."""
    if type(network) is not transformers.BertForSequenceClassification:
        return False
    config = network.config
    return not (config.is_decoder or config.add_cross_attention or config.chunk_size_feed_forward)


class LeanBert:
    """``(input_ids, attention_mask) -> logits`` through a `BertForSequenceClassification`.

    Parameters
    ----------
    network : BertForSequenceClassification
    n_frozen : int
        The embeddings and so many of the lowest layers learn nothing and drop nothing; 0:
        everything learns. Their backward pass is not computed.

    Raises
    ------
    InputError
        There are not so many layers.
    """

    def __init__(self, network: Any, *, n_frozen: int = 0) -> None:
        layers = list(network.bert.encoder.layer)
        if not 0 <= n_frozen < len(layers):
            raise InputError(
                f"frozen_layers is {n_frozen}; 0 to {len(layers) - 1} is accepted: one layer has to learn"
            )
        self.network, self.layers, self.n_frozen = network, layers, n_frozen
        if n_frozen:
            for part in (network.bert.embeddings, *layers[:n_frozen]):
                part.requires_grad_(requires_grad=False)

    def __call__(self, given: Tensor, attention_mask: Tensor) -> Tensor:
        """Return logits of shape (n_texts, n_classes). B, T, D: texts, tokens, width.

        Parameters
        ----------
        given : Tensor
            Token ids (B, T), int64; or what `lower` made of them, (B, T, D).
        attention_mask : Tensor
            (B, T), int64.
        """
        mask = _hide(attention_mask)
        x = given if given.is_floating_point() else self._read_lower(given, mask)
        drops = self.network.training
        for layer in self.layers[self.n_frozen : -1]:
            x = _layer(layer, x, x, mask, drops=drops)
        first = _layer(self.layers[-1], x[:, :1], x, mask, drops=drops)
        pooled = thin_dropout(
            self.network.bert.pooler(first), self.network.dropout.p if drops else 0.0
        )
        logits: Tensor = self.network.classifier(pooled)
        return logits

    def lower(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the states (B, T, D) behind the frozen layers, which are the same in every epoch."""
        return self._read_lower(input_ids, _hide(attention_mask))

    def _read_lower(self, input_ids: Tensor, mask: Tensor | None) -> Tensor:
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.n_frozen):
            x = self._embed(input_ids)
            for layer in self.layers[: self.n_frozen]:
                x = _layer(layer, x, x, mask, drops=False)
        return x

    def _embed(self, input_ids: Tensor) -> Tensor:
        parts = self.network.bert.embeddings
        x = parts.word_embeddings(input_ids)
        places = parts.position_embeddings.weight[: input_ids.shape[1]]
        x = parts.LayerNorm(x + (places + parts.token_type_embeddings.weight[0]))
        return thin_dropout(
            x, parts.dropout.p if self.network.training and not self.n_frozen else 0.0
        )


def _hide(attention_mask: Tensor) -> Tensor | None:
    """Return what is added to the attention's scores, (B, 1, 1, T); None: nothing is hidden."""
    if not attention_mask.is_cuda and bool(attention_mask.all()):  # to look would make a GPU wait
        return None
    mask = torch.zeros(attention_mask.shape, device=attention_mask.device)
    return mask.masked_fill_(attention_mask == 0, torch.finfo(torch.float32).min)[:, None, None, :]


def _layer(layer: Any, asking: Tensor, x: Tensor, mask: Tensor | None, *, drops: bool) -> Tensor:
    """Return the layer's output for the tokens that ask, (B, Q, D), which attend to all tokens of x, (B, T, D)."""
    own, out = layer.attention.self, layer.attention.output
    context = _attend(own, asking, x, mask, drop=own.dropout.p if drops else 0.0)
    x = out.LayerNorm(thin_dropout(out.dense(context), out.dropout.p if drops else 0.0) + asking)
    last = layer.output
    inner = last.dense(layer.intermediate(x))
    output: Tensor = last.LayerNorm(thin_dropout(inner, last.dropout.p if drops else 0.0) + x)
    return output


def _attend(own: Any, asking: Tensor, x: Tensor, mask: Tensor | None, *, drop: float) -> Tensor:
    """Return the attention's context, (B, Q, D)."""

    def heads(values: Tensor) -> Tensor:
        return values.view(*values.shape[:2], -1, own.attention_head_size).transpose(1, 2)

    query, key, value = heads(own.query(asking)), heads(own.key(x)), heads(own.value(x))
    if drop:
        scores = (query * own.scaling) @ key.transpose(2, 3)
        weights = functional.softmax(scores if mask is None else scores + mask, dim=-1)
        context = thin_dropout(weights, drop) @ value
    else:
        given = None if mask is None else mask.to(query.dtype)
        context = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=given, scale=own.scaling
        )
    return context.transpose(1, 2).flatten(2)
