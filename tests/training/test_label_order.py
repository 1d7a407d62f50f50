"""The order of labels changes nothing of what a network learns of texts with several labels."""

import numpy as np
import pytest
import torch
from torch import nn

from _support.small_models import small_estimator
from assay.training.label_order import order_by_texts, start_last_layer

N_TEXTS = 60
TARGETS = (np.random.default_rng(1).random((N_TEXTS, 5)) < 0.4).astype(np.int64)
OTHER = np.array([3, 0, 4, 2, 1])  # the same labels in another order


def fresh_layer(targets, task="multi"):
    """Return a layer with the random weights of one seed, as a training begins with it."""
    torch.manual_seed(0)
    layer = nn.Linear(4, targets.max() + 1 if targets.ndim == 1 else targets.shape[1])
    start_last_layer(layer, targets, task=task)
    return layer


def test_each_label_begins_with_the_row_that_its_texts_say():
    """Labels in another order get the same rows."""
    one, other = fresh_layer(TARGETS), fresh_layer(TARGETS[:, OTHER])
    assert torch.equal(one.weight[OTHER], other.weight)
    assert torch.equal(one.bias[OTHER], other.bias)


def test_logits_keep_their_order_while_rows_are_moved():
    """What the layer says is the same before, within and after."""
    layer, vectors = fresh_layer(TARGETS), torch.randn(3, 4)
    before, weight = layer(vectors), layer.weight.clone()
    with order_by_texts(layer, TARGETS):
        assert not torch.equal(layer.weight, weight)
        assert torch.equal(layer(vectors), before)
    assert torch.equal(layer.weight, weight)
    assert torch.equal(layer(vectors), before)


def test_rows_return_where_a_training_fails():
    """Nothing stays moved, and no hook is left."""
    layer = fresh_layer(TARGETS)
    weight = layer.weight.clone()
    with pytest.raises(KeyboardInterrupt), order_by_texts(layer, TARGETS):
        raise KeyboardInterrupt
    assert torch.equal(layer.weight, weight)
    assert not layer._forward_hooks


def test_nothing_is_moved_where_each_text_has_one_label():
    """One label per text draws its rows in the order of the labels."""
    label_ids = np.arange(N_TEXTS) % 5
    torch.manual_seed(0)
    plain = nn.Linear(4, 5)
    layer = fresh_layer(label_ids, task="single")
    assert torch.equal(layer.weight, plain.weight)
    with order_by_texts(layer, label_ids):
        assert not layer._forward_hooks


@pytest.mark.parametrize("method", ["linear", "compact", "features", "finetune"])
def test_the_order_of_labels_changes_nothing(method, tiny_bert):
    """Columns in another order give the same probabilities and labels, in that order."""
    words = np.array(["happy", "sad", "angry", "calm", "proud"])
    fillers = np.random.default_rng(2).choice(["i", "am", "very", "this", "day"], size=N_TEXTS)
    texts = [
        f"{filler} {' '.join(words[row > 0])}" for filler, row in zip(fillers, TARGETS, strict=True)
    ]
    own = {"compact": {"n_epochs": 3}, "finetune": {"n_epochs": 2, "learning_rate": 5e-3}}
    one = small_estimator(method, tiny_bert, **own.get(method, {})).fit(texts, TARGETS)
    other = small_estimator(method, tiny_bert, **own.get(method, {})).fit(texts, TARGETS[:, OTHER])
    expected = one.predict_proba(texts)[:, OTHER]
    np.testing.assert_allclose(other.predict_proba(texts), expected, atol=1e-6)
    np.testing.assert_array_equal(other.predict(texts), one.predict(texts)[:, OTHER])
