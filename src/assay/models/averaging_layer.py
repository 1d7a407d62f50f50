"""A last layer with which a stock BERT classifier reads the mean of all tokens.

Encoders of sentences are trained so that the mean of their tokens' states says what a text is
about. A stock classifier reads the first token alone, which a few hundred texts cannot teach it to
do as well. One more layer, built from the parts of a `BertLayer`, brings the mean to the first
token: its attention looks at all tokens alike. Measured: "Settings for e5" in dev/LOG.md.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["append_averaging_layer"]

# How much heavier the mean is than the token's own state, which a layer always adds to what it
# attends to. Then both are scaled to unit variance.
WEIGHT_OF_MEAN = 100.0


def append_averaging_layer(network: Any) -> None:
    """Append a layer behind which each token's state is the mean of all, scaled to unit variance.

    It is an ordinary layer, which can be trained: keys and the way into its feed-forward network
    are those of the layer before it, and learn as soon as the rest of it moves.

    Parameters
    ----------
    network : BertForSequenceClassification
        Changed in place, and so is the number of layers in its config.
    """
    layers = network.bert.encoder.layer
    layer = copy.deepcopy(layers[-1])
    attention = layer.attention
    same = torch.eye(network.config.hidden_size)
    with torch.no_grad():
        _fill(attention.self.query, torch.zeros_like(same))  # all tokens are looked at alike
        _fill(attention.self.value, same)
        _fill(attention.output.dense, WEIGHT_OF_MEAN * same)
        for norm in (attention.output.LayerNorm, layer.output.LayerNorm):
            norm.weight.fill_(1.0)
            norm.bias.zero_()
        layer.output.dense.weight.zero_()  # the feed-forward network adds nothing yet
        layer.output.dense.bias.zero_()
    layers.append(layer)
    network.config.num_hidden_layers = len(layers)


def _fill(linear: nn.Linear, weights: Tensor) -> None:
    linear.weight.copy_(weights)
    linear.bias.zero_()
