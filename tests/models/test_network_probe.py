"""Kinds of transformers: what could not be saved, or reads padding, is refused before it is trained."""

import json

import numpy as np
import pytest
import torch
import transformers
from torch import nn

from _support.checkpoints import MAX_TOKENS, bert_tokenizer, tokenizer_settings
from _support.small_models import small_data, small_estimator
from assay.checkpoints.frozen import FrozenEncoder
from assay.checkpoints.resolve import load_tokenizer, resolve_checkpoint
from assay.errors import ModelError
from assay.models import finetune, network_probe, save_model
from assay.models.classifier_network import StockLogits, load_fresh_classifier
from assay.models.network_probe import find_fault
from assay.runtime import load_model

TEXTS, LABELS = small_data(24)
N_TOKENS = bert_tokenizer().get_vocab_size()
SIZE = {
    "vocab_size": N_TOKENS,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": MAX_TOKENS,
    "pad_token_id": 0,
}
CONFIGS = {
    "nomic_bert": transformers.NomicBertConfig(**SIZE),
    "xlm": transformers.XLMConfig(
        vocab_size=N_TOKENS,
        emb_dim=32,
        n_layers=2,
        n_heads=2,
        max_position_embeddings=MAX_TOKENS,
        pad_index=0,
        pad_token_id=0,
    ),
    "fnet": transformers.FNetConfig(**SIZE),
    "funnel": transformers.FunnelConfig(
        vocab_size=N_TOKENS,
        d_model=32,
        n_head=2,
        d_head=16,
        d_inner=64,
        block_sizes=[1, 1],
        architectures=["FunnelModel"],
    ),
    "xmod": transformers.XmodConfig(**{**SIZE, "max_position_embeddings": MAX_TOKENS + 1}),
    "mamba": transformers.MambaConfig(
        vocab_size=N_TOKENS, hidden_size=32, state_size=4, num_hidden_layers=2
    ),
}
PADDED = "its answers change when a text is padded to the length of another one"
NOT_EXPORTED = "cannot be written as ONNX, which saved models answer from"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Write a tiny checkpoint of each kind: kind -> folder."""
    root = tmp_path_factory.mktemp("kinds")
    for kind, config in CONFIGS.items():
        with torch.random.fork_rng():
            torch.manual_seed(0)
            network = transformers.AutoModel.from_config(config)
            for weights in network.parameters():
                if weights.ndim == 2:  # fresh ones are near zero: all texts would look alike
                    nn.init.normal_(weights, std=0.3)
        network.save_pretrained(root / kind)
        bert_tokenizer().save(str(root / kind / "tokenizer.json"))
        settings = {**tokenizer_settings("bert"), "tokenizer_class": "PreTrainedTokenizerFast"}
        (root / kind / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return {kind: root / kind for kind in CONFIGS}


@pytest.mark.parametrize("kind", ["nomic_bert", "xlm"])
@pytest.mark.parametrize("method", ["finetune", "features"])
def test_kinds_that_work_are_saved_and_answer_alike_alone(folders, tmp_path, kind, method):
    """A text has the same scores alone and among longer ones."""
    estimator = small_estimator(method, folders[kind], n_epochs=1).fit(TEXTS, LABELS)
    save_model(estimator, tmp_path / "model")
    model = load_model(tmp_path / "model")
    texts = [*TEXTS, "good", "", "happy day " * 40]
    together = model.predict_proba(texts)
    alone = np.concatenate([model.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "method", "reason"),
    [
        ("fnet", "finetune", PADDED),
        ("fnet", "features", PADDED),
        ("funnel", "finetune", NOT_EXPORTED),
        ("mamba", "features", NOT_EXPORTED),
        ("xmod", "finetune", "its network fails on a text: ValueError, Input language unknown"),
    ],
)
def test_others_are_refused_before_anything_is_trained(folders, monkeypatch, kind, method, reason):
    """One sentence with the kind, and what to do; nothing reads the texts."""
    monkeypatch.setattr(finetune, "train_network", _never)
    monkeypatch.setattr("assay.models.features.cached_features", _never)
    with pytest.raises(ModelError) as caught:
        small_estimator(method, folders[kind]).fit(TEXTS, LABELS)
    message = caught.value.message
    assert message.startswith(f"checkpoint '{kind}' cannot be ")
    assert reason in message
    assert "another checkpoint, such as minilm or e5" in caught.value.hint


def test_encoder_that_fails_on_a_text_is_refused_wherever_it_is_used(folders):
    """`embed` and `map` save nothing, and ended in a traceback."""
    with pytest.raises(ModelError, match="it fails on a text: ValueError, Input language unknown"):
        FrozenEncoder(folders["xmod"]).transform(["a text"])


def _never(*args, **more):
    raise AssertionError("this comes after the refusal")


def test_known_kinds_are_not_exported_and_others_once(tiny_bert, monkeypatch):
    """An export takes a second and more: each fold would pay it."""
    checkpoint = resolve_checkpoint(tiny_bert)
    tokenizer = load_tokenizer(checkpoint)
    exported = []
    whole = network_probe.write_transformer_onnx

    def count(*args, **more):
        exported.append(args)
        whole(*args, **more)

    monkeypatch.setattr(network_probe, "write_transformer_onnx", count)
    monkeypatch.setattr(network_probe, "_found", {})
    load_fresh_classifier(checkpoint, tokenizer, 3)
    assert not exported
    monkeypatch.setattr(network_probe, "_found", {})
    monkeypatch.setattr(network_probe, "KNOWN_KINDS", frozenset())
    for _ in range(2):
        load_fresh_classifier(checkpoint, tokenizer, 3)
    assert len(exported) == 1


def test_the_trial_changes_no_random_number(tiny_bert, monkeypatch):
    """A training goes on as it would have without it."""
    monkeypatch.setattr(network_probe, "KNOWN_KINDS", frozenset())
    monkeypatch.setattr(network_probe, "_found", {})
    checkpoint = resolve_checkpoint(tiny_bert)
    tokenizer = load_tokenizer(checkpoint)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(tiny_bert).eval()
    with torch.random.fork_rng():
        torch.manual_seed(3)
        expected = torch.rand(2)
        torch.manual_seed(3)
        assert find_fault(StockLogits(network), checkpoint, tokenizer, n_labels=2) is None
        torch.testing.assert_close(torch.rand(2), expected)


@pytest.mark.parametrize("method", ["finetune", "features"])
def test_weights_that_fit_no_onnx_file_are_refused(tiny_bert, monkeypatch, method):
    """One message of protobuf holds 2 GB: of a larger one the training ended in a traceback."""
    monkeypatch.setattr(network_probe, "_found", {})
    monkeypatch.setattr(network_probe, "MAX_ONNX_BYTES", 60_000)
    monkeypatch.setattr("assay.models.pooled_head.SURELY_SMALL_BYTES", 0)
    monkeypatch.setattr(finetune, "train_network", _never)
    with pytest.raises(ModelError, match=r": its weights take 0\.0 GB as ONNX, which saved models"):
        small_estimator(method, tiny_bert).fit(TEXTS, LABELS)


def test_token_vectors_that_are_pruned_do_not_count(tiny_bert, monkeypatch):
    """`e5` has a quarter of a million, of which a saved model keeps some thousands."""
    checkpoint = resolve_checkpoint(tiny_bert)
    tokenizer = load_tokenizer(checkpoint)
    module = StockLogits(load_fresh_classifier(checkpoint, tokenizer, 2))
    whole = network_probe._count_bytes(module, tokenizer)
    monkeypatch.setattr(network_probe, "is_prunable", lambda tokenizer: True)
    assert whole - network_probe._count_bytes(module, tokenizer) == 4 * 32 * N_TOKENS
