"""A stock classifier with a fresh head: what it takes from a checkpoint, and its last layer."""

import json
import shutil

import numpy as np
import pytest
import safetensors.torch
import torch
import transformers
from torch import nn

from _support.checkpoints import write_gpt2
from assay.checkpoints.resolve import load_tokenizer, resolve_checkpoint
from assay.errors import ModelError
from assay.models.classifier_network import (
    StockLogits,
    fold_outputs,
    load_fresh_classifier,
    load_stock_tokenizer,
)
from assay.models.outputs import Outputs
from assay.tokenization.subwords import SubwordTokenizer
from assay.training.calibration import ScaleShift, Temperature


def plain(order, calibration):
    """Return outputs with labels that mean nothing."""
    return Outputs(tuple(map(str, order)), np.array(order), calibration)


def load(folder, task="single"):
    """Load the classifier of a checkpoint, seeded."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        checkpoint = resolve_checkpoint(folder)
        return load_fresh_classifier(checkpoint, load_tokenizer(checkpoint), 3, task=task)


def test_transformer_is_the_checkpoint_and_the_head_is_fresh(tiny_checkpoint):
    """Weights of the transformer are those of the file; the head has one output per label."""
    network = load(tiny_checkpoint)
    saved = safetensors.torch.load_file(tiny_checkpoint / "model.safetensors")
    own = network.state_dict()
    shared = [name for name in own if name in saved]
    assert len(shared) > 10
    for name in shared:
        torch.testing.assert_close(own[name], saved[name].float())
    assert network.config.num_labels == 3
    assert {parameter.dtype for parameter in network.parameters()} == {torch.float32}


def test_logits_alone_are_returned(tiny_bert):
    """What transformers wraps in an output of its own."""
    network = load(tiny_bert).eval()
    input_ids = torch.tensor([[2, 5, 3], [2, 6, 3]])
    mask = torch.ones_like(input_ids)
    with torch.inference_mode():
        logits = network(input_ids=input_ids, attention_mask=mask).logits
        torch.testing.assert_close(StockLogits(network)(input_ids, mask), logits)


@pytest.mark.parametrize("task", ["single", "multi"])
def test_config_says_which_task_it_is(tiny_bert, task):
    """As transformers names it."""
    kinds = {"single": "single_label_classification", "multi": "multi_label_classification"}
    assert load(tiny_bert, task).config.problem_type == kinds[task]


def test_scales_and_shifts_are_folded_into_the_last_layer():
    """Each label has its own."""
    network = nn.Linear(4, 3)
    texts = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    scale, shift = np.array([0.5, 2.0, 3.0]), np.array([1.0, 0.0, -1.0])
    with torch.no_grad():
        expected = network(texts).numpy() * scale + shift
        fold_outputs(network, plain([1, 2, 0], ScaleShift(scale, shift)))
        np.testing.assert_allclose(network(texts).numpy(), expected[:, [1, 2, 0]], atol=1e-6)


def test_temperature_and_order_are_folded_into_the_last_layer():
    """Classes are reordered, their logits divided; earlier layers stay as they are."""
    network = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 3))
    texts = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = network(texts)
        fold_outputs(network, plain([2, 0, 1], Temperature(4.0)))
        torch.testing.assert_close(network(texts), before[:, [2, 0, 1]] / 4.0)


def test_layer_without_bias_is_folded_too():
    """There is nothing to reorder where there is no bias."""
    network = nn.Linear(2, 2, bias=False)
    before = network.weight.detach().clone()
    fold_outputs(network, plain([1, 0], Temperature(0.5)))
    torch.testing.assert_close(network.weight.detach(), before[[1, 0]] / 0.5)


def test_network_without_such_a_layer_is_refused():
    """No affine layer has one output per class."""
    with pytest.raises(ModelError, match=r"^Sequential has no affine layer with 7 outputs to fold"):
        fold_outputs(nn.Sequential(nn.Linear(2, 3)), plain(range(7), Temperature()))


def test_checkpoint_that_lacks_weights_of_its_transformer_is_refused(tiny_bert, tmp_path):
    """They would stay random unnoticed."""
    folder = shutil.copytree(tiny_bert, tmp_path / "lacking")
    weights = safetensors.torch.load_file(folder / "model.safetensors")
    lost = next(name for name in weights if name.endswith("query.weight"))
    del weights[lost]
    safetensors.torch.save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"query\.weight"):
        load(folder)


def test_kind_that_has_no_classifier_is_refused(tiny_bert, tmp_path):
    """The message says which checkpoint, of which kind, what is accepted and what to do."""
    folder = shutil.copytree(tiny_bert, tmp_path / "unknown")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "vit"}), "utf-8")
    with pytest.raises(
        ModelError, match="'unknown' cannot be fine-tuned: it is of the kind 'vit', "
    ):
        load(folder)


def test_what_reads_padding_is_refused(tiny_bert, tmp_path):
    """XLNet reads the last place: a text had another answer alone than among longer ones."""
    config = transformers.XLNetConfig(vocab_size=400, d_model=8, n_layer=1, n_head=2, d_inner=16)
    folder = tmp_path / "xlnet"
    transformers.XLNetModel(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tiny_bert / name, folder / name)
    with pytest.raises(ModelError, match="its answers change when a text is padded"):
        load(folder)


def test_decoder_takes_the_padding_token_of_its_tokenizer(tmp_path):
    """Those of the GPT kind name none, and could not read a batch."""
    network = load(write_gpt2(tmp_path / "gpt2"))
    assert network.config.pad_token_id == 259


def test_decoder_without_any_padding_token_is_refused(tmp_path):
    """Before training: what is accepted is said."""
    folder = write_gpt2(tmp_path / "strange", end="<strange>")
    message = "neither its config.json nor its tokenizer names a padding token"
    with pytest.raises(ModelError, match=message) as caught:
        load(folder)
    assert "--method features" in caught.value.hint


def test_network_that_cannot_read_a_batch_is_refused(tiny_bert, tmp_path):
    """Whatever it raises, such as an index that it has no row for."""
    folder = shutil.copytree(tiny_bert, tmp_path / "short")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(
        json.dumps({**config, "max_position_embeddings": 2}), "utf-8"
    )
    weights = safetensors.torch.load_file(folder / "model.safetensors")
    name = next(name for name in weights if "position_embeddings" in name)
    weights[name] = weights[name][:2].clone()
    safetensors.torch.save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    checkpoint = resolve_checkpoint(folder)
    tokenizer = SubwordTokenizer.from_file(checkpoint.tokenizer_file, max_tokens=64)
    with pytest.raises(ModelError, match="cannot be fine-tuned: "):
        load_fresh_classifier(checkpoint, tokenizer, 3)


def test_tokenizer_that_its_class_cannot_read_is_taken_as_it_is(tiny_bert, tmp_path):
    """config.json leads to a class of tokenizers for another kind of file."""
    folder = shutil.copytree(tiny_bert, tmp_path / "albert")
    (folder / "tokenizer_config.json").unlink()
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "albert"}), "utf-8")
    tokenizer = SubwordTokenizer.from_file(folder / "tokenizer.json", max_tokens=32)
    stock = load_stock_tokenizer(folder, tokenizer)
    assert stock("good day")["input_ids"] == tokenizer.encode("good day")[0]
    assert (stock.pad_token, stock.model_max_length) == ("[PAD]", 32)
