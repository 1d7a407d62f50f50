"""Which precision a network is trained in: bfloat16 where device and network can, else float32."""

import numpy as np
import pytest
import torch
import transformers

from assay.errors import InputError
from assay.tokenization.batches import EncodedTexts
from assay.training.precision import choose_precision

ENCODED = EncodedTexts.from_lists([[2, 5, 6, 7, 3], [2, 8, 3]])
SIZE = {
    "vocab_size": 12,
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 16,
}


def make_network(config_class, **changes):
    """Return a small network with fresh weights of a kind that transformers knows."""
    return transformers.AutoModelForSequenceClassification.from_config(
        config_class(**SIZE, **changes)
    )


@pytest.fixture(scope="module")
def bert():
    """Return a network that computes in bfloat16."""
    return make_network(transformers.BertConfig)


@pytest.fixture(scope="module")
def deberta():
    """Return one that does not: it masks with the least number of float32, which bfloat16 lacks."""
    return make_network(
        transformers.DebertaConfig,
        relative_attention=True,
        pos_att_type=["p2c", "c2p"],
        pooler_hidden_size=8,
    )


@pytest.fixture(autouse=True)
def _fast(monkeypatch):
    """Let the processor be one that multiplies bfloat16."""
    monkeypatch.setattr("assay.training.precision.multiplies_bfloat16", lambda _: True)


def choose(asked, network):
    """Choose for a network as stock classifiers are called."""

    def forward(input_ids, mask):
        return network(input_ids, attention_mask=mask).logits

    return choose_precision(asked, network, forward, ENCODED, pad_id=0)


def test_networks_that_do_not_compute_in_bfloat16_are_trained_in_float32(bert, deberta):
    """It was an error of torch, on each processor that has instructions for bfloat16."""
    assert (choose(None, bert), choose(None, deberta)) == ("bfloat16", "float32")


def test_bfloat16_that_was_asked_for_and_cannot_be_is_refused(bert, deberta):
    """Who asks for it must not get something else without a word."""
    assert choose("bfloat16", bert) == "bfloat16"
    with pytest.raises(InputError, match="cannot be trained in bfloat16: ") as caught:
        choose("bfloat16", deberta)
    assert caught.value.hint == 'leave precision out, or give precision="float32"'


def test_the_trial_leaves_no_trace(bert):
    """Neither random numbers nor gradients nor the mode of the network: trainings stay repeatable."""
    bert.train()
    torch.manual_seed(0)
    before = torch.get_rng_state()
    choose(None, bert)
    assert bert.training
    assert all(parameter.grad is None for parameter in bert.parameters())
    np.testing.assert_array_equal(torch.get_rng_state(), before)


def test_float32_is_taken_as_asked(deberta):
    """Without a trial: the network is not called."""
    assert choose_precision("float32", deberta, None, ENCODED, pad_id=0) == "float32"
