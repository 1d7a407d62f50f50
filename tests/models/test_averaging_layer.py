"""The layer that brings the mean of all tokens to the first: what comes out, and who reads it."""

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification

from _support.small_models import small_data
from assay.checkpoints.resolve import load_tokenizer, resolve_checkpoint
from assay.models.averaging_layer import append_averaging_layer
from assay.models.classifier_network import load_fresh_classifier
from assay.tokenization.batches import pad_batch
from assay.training.first_token import skip_unread_tokens
from assay.training.frozen_layers import FrozenLayers


@pytest.fixture
def network(tiny_bert):
    """Return a classifier without dropout, its layer not yet appended."""
    checkpoint = resolve_checkpoint(tiny_bert)
    return load_fresh_classifier(checkpoint, load_tokenizer(checkpoint), 3).eval()


@pytest.fixture
def batch(tiny_bert):
    """Return ids and mask of texts of different lengths."""
    tokenizer = load_tokenizer(resolve_checkpoint(tiny_bert))
    encoded = tokenizer.encode_texts(["short", *small_data(6)[0]])
    ids, mask = pad_batch(encoded, np.arange(len(encoded)), pad_id=tokenizer.pad_id)
    return torch.from_numpy(ids), torch.from_numpy(mask)


def test_first_state_is_the_scaled_mean_of_all_tokens(network, batch):
    """Padding does not count."""
    ids, mask = batch
    assert mask.sum(1).unique().numel() > 1
    with torch.no_grad():
        states = network.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        append_averaging_layer(network)
        found = network.bert(input_ids=ids, attention_mask=mask).last_hidden_state[:, 0]
    weights = mask[..., None]
    mean = (states * weights).sum(1) / weights.sum(1)
    expected = torch.nn.functional.layer_norm(mean, mean.shape[-1:])
    torch.testing.assert_close(found, expected, atol=0.05, rtol=0)
    alone = torch.nn.functional.layer_norm(states[:, 0], mean.shape[-1:])
    assert (found - alone).abs().max() > 0.5  # it is not the token's own state


def test_stock_tools_and_faster_ways_read_it(network, batch, tmp_path):
    """A saved copy, the layer for the first token only and frozen layers give the same logits."""
    ids, mask = batch
    n_layers = network.config.num_hidden_layers
    append_averaging_layer(network)
    with torch.no_grad():
        expected = network(input_ids=ids, attention_mask=mask).logits
        network.save_pretrained(tmp_path)
        stock = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
        assert stock.config.num_hidden_layers == n_layers + 1
        torch.testing.assert_close(stock(input_ids=ids, attention_mask=mask).logits, expected)
        assert skip_unread_tokens(network)
        torch.testing.assert_close(network(input_ids=ids, attention_mask=mask).logits, expected)
        cut = FrozenLayers(network, n_frozen=1)
        torch.testing.assert_close(cut(ids, mask), expected)


def test_every_part_of_it_learns(network, batch):
    """Nothing is stuck at zero: after two steps all of its matrices have moved."""
    ids, mask = batch
    append_averaging_layer(network)
    layer = network.bert.encoder.layer[-1]
    matrices = {name: one for name, one in layer.named_parameters() if one.ndim == 2}
    before = {name: one.detach().clone() for name, one in matrices.items()}
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.0)
    for _ in range(4):
        logits = network(input_ids=ids, attention_mask=mask).logits
        torch.nn.functional.cross_entropy(logits, torch.arange(len(ids)) % 3).backward()
        optimizer.step()
        optimizer.zero_grad()
    assert [name for name, one in matrices.items() if torch.equal(one, before[name])] == []
