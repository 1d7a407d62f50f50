"""The last layer for the first token alone: the same logits and gradients, the same names, or nothing changed."""

import copy

import pytest
import torch
import transformers

from assay.training.first_token import FirstTokenLayer, skip_unread_tokens

SMALL = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "num_labels": 3,
}
FAMILIES = {
    "bert": transformers.BertConfig,
    "roberta": transformers.RobertaConfig,
    "xlm-roberta": transformers.XLMRobertaConfig,
    "electra": transformers.ElectraConfig,
    "camembert": transformers.CamembertConfig,
}


def make(config_class, **settings):
    """Return a small network with random weights of a visible size."""
    torch.manual_seed(0)
    config = config_class(vocab_size=50, max_position_embeddings=40, **settings)
    network = transformers.AutoModelForSequenceClassification.from_config(config).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.3)
    return network


def batch():
    """Return ids and mask of four texts of 1 to 12 tokens."""
    ids = torch.randint(5, 50, (4, 12), generator=torch.Generator().manual_seed(1))
    mask = (torch.arange(12) < torch.tensor([12, 7, 3, 1])[:, None]).long()
    return {"input_ids": ids * mask + (1 - mask), "attention_mask": mask}


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("family", FAMILIES)
def test_same_logits_and_gradients(family, attention):
    """With dropout off, all logits and the gradient of every weight are those of the whole layer."""
    whole = make(FAMILIES[family], attn_implementation=attention, **SMALL)
    short = copy.deepcopy(whole)
    assert skip_unread_tokens(short)
    assert isinstance(short.base_model.encoder.layer[-1], FirstTokenLayer)
    found, expected = short(**batch()).logits, whole(**batch()).logits
    assert (found - expected).abs().max() < 1e-5
    assert expected.std() > 0.01
    found.square().sum().backward()
    expected.square().sum().backward()
    gradients = {name: parameter.grad for name, parameter in whole.named_parameters()}
    assert gradients.keys() == {name for name, _ in short.named_parameters()}
    for name, parameter in short.named_parameters():
        if gradients[name] is not None:
            torch.testing.assert_close(
                parameter.grad, gradients[name], rtol=1e-3, atol=1e-4, msg=name
            )


def test_attention_dropout_is_applied_in_training():
    """Two passes of a network that learns differ by the dropout of the last layer's attention alone."""
    network = make(
        transformers.BertConfig,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.5,
        **{**SMALL, "num_hidden_layers": 1},
    )
    assert skip_unread_tokens(network)
    assert torch.equal(network(**batch()).logits, network(**batch()).logits)
    network.train()
    assert not torch.equal(network(**batch()).logits, network(**batch()).logits)


def test_the_mode_is_left_as_it_was():
    """Trying it on a few tokens leaves a network that learns learning."""
    network = make(transformers.BertConfig, **SMALL).train()
    assert skip_unread_tokens(network)
    assert network.training
    assert network.base_model.encoder.layer[0].training


def test_other_architectures_stay_as_they_are():
    """DistilBERT is built otherwise; a layer that would change the logits is put back."""
    other = make(
        transformers.DistilBertConfig, dim=16, n_layers=1, n_heads=2, hidden_dim=24, num_labels=3
    )
    assert not skip_unread_tokens(other)
    network = make(transformers.BertConfig, **SMALL)
    last = network.base_model.encoder.layer[-1]
    last.attention.self.num_attention_heads = (
        4  # another head count than its weights were read with
    )
    assert not skip_unread_tokens(network)
    assert network.base_model.encoder.layer[-1] is last
