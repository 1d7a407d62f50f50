"""The network of `features`, and encoders that it refuses; kinds of them: tests of `network_probe`."""

import pytest
import torch
from torch import nn

from assay.checkpoints.frozen import FrozenEncoder
from assay.errors import ModelError
from assay.models import network_probe, pooled_head
from assay.models.pooled_head import PooledHead, check_encoder


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_logits_are_those_of_the_features(tiny_bert, pooling):
    """The layer is put on what the encoder returns."""
    encoder = FrozenEncoder(tiny_bert, pooling=pooling)
    head = nn.Linear(32, 3)
    texts = ["good day"]
    encoded = encoder.tokenizer.encode_texts(texts)
    ids = torch.from_numpy(encoded.ids[None].astype("int64"))
    with torch.inference_mode():
        expected = head(torch.from_numpy(encoder.transform(texts)))
        found = PooledHead(encoder.network, head, pooling)(ids, torch.ones_like(ids))
    torch.testing.assert_close(found, expected)


def test_known_kinds_are_not_even_loaded(tiny_bert, monkeypatch):
    """An encoder whose features are in the cache costs nothing."""
    encoder = FrozenEncoder(tiny_bert)
    check_encoder(encoder)
    assert "_loaded" not in vars(encoder)
    monkeypatch.setattr(pooled_head, "KNOWN_KINDS", frozenset())
    check_encoder(encoder)
    assert "_loaded" in vars(encoder)


def test_fault_is_said_with_the_checkpoint(tiny_bert, monkeypatch):
    """In a sentence, with what to do."""
    monkeypatch.setattr(pooled_head, "KNOWN_KINDS", frozenset())
    monkeypatch.setattr(network_probe, "_found", {})
    monkeypatch.setattr(pooled_head, "find_fault", lambda *args, **more: "it sleeps")
    with pytest.raises(
        ModelError, match="'tiny-bert' cannot be used by features: it sleeps"
    ) as caught:
        check_encoder(FrozenEncoder(tiny_bert))
    assert caught.value.hint == "choose another checkpoint, such as minilm or e5"
