"""A head that is fitted before training: what it predicts, and what it leaves alone."""

import numpy as np
import pytest
import torch

from _support.small_models import small_data
from assay.checkpoints.resolve import load_tokenizer, resolve_checkpoint
from assay.models.classifier_network import load_fresh_classifier
from assay.models.fitted_head import fit_head
from assay.models.head import AffineHead
from assay.models.head_choice import choose_c
from assay.training.inference import network_logits

TEXTS, LABELS = small_data(40)


def _fitted(folder, n_classes):
    """Return a network with a fitted head, its weights before, its texts and class ids."""
    checkpoint = resolve_checkpoint(folder)
    tokenizer = load_tokenizer(checkpoint)
    label_ids = np.unique(LABELS, return_inverse=True)[1] % n_classes
    network = load_fresh_classifier(checkpoint, tokenizer, n_classes)
    before = {name: value.clone() for name, value in network.bert.state_dict().items()}
    encoded = tokenizer.encode_texts(TEXTS)
    fit_head(network, encoded, label_ids, pad_id=tokenizer.pad_id)
    return network, before, encoded, label_ids, tokenizer.pad_id


@pytest.mark.parametrize("n_classes", [2, 3])
def test_logits_are_those_of_the_regression(tiny_bert, n_classes):
    """Through pooler and classifier come the logits of AffineHead on the squashed states."""
    network, _, encoded, label_ids, pad_id = _fitted(tiny_bert, n_classes)

    def first(input_ids, attention_mask):
        read = network.bert(input_ids=input_ids, attention_mask=attention_mask)
        return read.last_hidden_state[:, 0]

    def logits(input_ids, attention_mask):
        return network(input_ids=input_ids, attention_mask=attention_mask).logits

    states = network_logits(network, first, encoded, pad_id=pad_id)
    squashed = np.tanh(0.3 * (states - states.mean(0)) / states.std(0))
    C = choose_c(squashed, label_ids)
    expected = AffineHead(C=C).fit(squashed, label_ids).logits(squashed)
    found = network_logits(network, logits, encoded, pad_id=pad_id)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_everything_but_the_head_keeps_its_weights(tiny_bert):
    """Embeddings and layers are those of the checkpoint."""
    network, before, *_ = _fitted(tiny_bert, 2)
    changed = {
        name
        for name, value in network.bert.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert changed == {"pooler.dense.weight", "pooler.dense.bias"}
