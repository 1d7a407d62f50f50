"""`CompactNetwork` against torch's own bidirectional LSTM, and against its ONNX form."""

import copy
import json

import numpy as np
import onnx
import pytest
import torch
from torch import nn
from torch.nn import functional

from assay.models.onnx.export import write_compact_onnx, write_transformer_onnx
from assay.models.onnx.quantize import quantize_onnx
from assay.models.outputs import Outputs
from assay.runtime.linear import sigmoid, softmax
from assay.runtime.session import OnnxSession
from assay.tokenization.batches import EncodedTexts
from assay.training.calibration import ScaleShift, Temperature
from assay.training.recurrent import CompactNetwork
from assay.training.side_by_side import side_by_side

LENGTHS = [1, 7, 3, 12, 1, 5]
LABELS = ["2", "10", '화남, "분노"']
PLAIN = Outputs(tuple(LABELS), np.arange(3), Temperature())


@pytest.fixture(scope="module", params=[False, True], ids=["states", "words too"])
def network(request):
    """Make a small network with random weights, that pools what the LSTM says, or the words' vectors too."""
    torch.manual_seed(0)
    network = CompactNetwork(
        n_tokens=30,
        n_classes=3,
        embedding_size=8,
        hidden_size=6,
        dropout=0.5,
        token_dropout=0.5,
        pad_id=0,
        unknown_id=1,
        pools_words=request.param,
    )
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(4)  # fresh weights are so small that all texts would score alike
    return network.eval()


@pytest.fixture(scope="module")
def batch():
    """Draw texts of unlike lengths, padded."""
    ids = torch.randint(
        2, 30, (len(LENGTHS), max(LENGTHS)), generator=torch.Generator().manual_seed(0)
    )
    mask = (torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]).long()
    return ids * mask, mask


def packed_oracle(network, ids, mask):
    """Compute the logits with torch's bidirectional LSTM over packed sequences: slow, and surely right."""
    lstm = nn.LSTM(8, 6, batch_first=True, bidirectional=True)
    ahead, back = network.forward_lstm.state_dict(), network.backward_lstm.state_dict()
    lstm.load_state_dict({**ahead, **{f"{name}_reverse": value for name, value in back.items()}})
    lengths = mask.sum(dim=1)
    packed = nn.utils.rnn.pack_padded_sequence(
        network.embedding(ids), lengths, batch_first=True, enforce_sorted=False
    )
    states, _ = nn.utils.rnn.pad_packed_sequence(lstm(packed)[0], batch_first=True)
    if network.pools_words:
        states = torch.cat([network.embedding(ids), states], dim=2)
    pooled = torch.stack(
        [row[:length].amax(dim=0) for row, length in zip(states, lengths, strict=True)]
    )
    return network.output(pooled), lstm


def test_logits_are_those_of_a_bidirectional_lstm(network, batch):
    """Reversing texts within their length is the same as running an LSTM backwards, without packed sequences."""
    with torch.no_grad():
        torch.testing.assert_close(
            network(*batch), packed_oracle(network, *batch)[0], atol=1e-5, rtol=1e-5
        )


@pytest.mark.parametrize("n_threads", ["1", "2"])
def test_gradients_are_those_of_a_bidirectional_lstm(network, batch, monkeypatch, n_threads):
    """What the maximum and the turning hand back is what torch's own operations do, in one thread and in two."""
    monkeypatch.setenv("ASSAY_THREADS", n_threads)
    targets = torch.arange(len(LENGTHS)) % len(LABELS)
    logits, lstm = packed_oracle(network, *batch)
    wanted = [network.embedding.weight, *lstm.parameters(), *network.output.parameters()]
    expected = torch.autograd.grad(functional.cross_entropy(logits, targets), wanted)
    with side_by_side(targets.device):
        loss = functional.cross_entropy(network(*batch), targets)
        found = torch.autograd.grad(loss, list(network.parameters()))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-4)


def test_padding_changes_nothing(network, batch):
    """A text scores the same alone and padded, whatever is in the padding."""
    ids, mask = batch
    with torch.no_grad():
        logits = network(torch.where(mask == 0, 17, ids), mask)
        for row, n_tokens in enumerate(LENGTHS):
            alone = network(ids[row : row + 1, :n_tokens], mask[row : row + 1, :n_tokens])[0]
            torch.testing.assert_close(logits[row], alone, atol=1e-5, rtol=1e-5)
    assert (logits.max(dim=0).values - logits.min(dim=0).values).min() > 0.1


def test_dropout_is_for_training_only(network, batch):
    """The same text gives the same logits in evaluation mode, and others in training mode."""
    with torch.no_grad():
        assert torch.equal(network(*batch), network(*batch))
        network.train()
        first, second = network(*batch), network(*batch)
        network.eval()
    assert not torch.equal(first, second)


def test_dropout_is_drawn_on_the_device_of_the_network(network, batch):
    """Nothing is drawn on the CPU for a network elsewhere: other devices would refuse to mix."""
    elsewhere = copy.deepcopy(network).train().to("meta")
    logits = elsewhere(*(tensor.to("meta") for tensor in batch))
    assert (logits.device.type, logits.shape) == ("meta", (len(LENGTHS), len(LABELS)))


def test_onnx_scores_are_those_of_torch(network, batch, tmp_path):
    """Reordered and divided by the temperature, the written graph gives torch's probabilities."""
    ids, mask = batch
    path = tmp_path / "onnx" / "model.onnx"
    order = np.array([2, 0, 1])
    network.round_embedding()
    outputs = Outputs(tuple(LABELS), order, Temperature(1.7))
    write_compact_onnx(network, path, outputs=outputs)
    encoded = EncodedTexts.from_lists(
        [row[:n].tolist() for row, n in zip(ids, LENGTHS, strict=True)]
    )
    with torch.no_grad():
        expected = softmax(network(ids, mask).numpy()[:, order] / 1.7)
    session = OnnxSession(path, pad_id=0)
    np.testing.assert_allclose(session.predict_proba(encoded), expected, atol=1e-6)
    assert json.loads(session.metadata["labels"]) == LABELS


def test_graph_of_several_labels_returns_logits_too(network, batch, tmp_path):
    """Each logit is scaled and shifted by itself, and its score is independent of the others."""
    ids, mask = batch
    order, scale, shift = np.array([2, 0, 1]), np.array([0.5, 2.0, 1.0]), np.array([1.0, 0.0, -1.0])
    network.round_embedding()
    outputs = Outputs(tuple(LABELS), order, ScaleShift(scale, shift), "multi")
    write_compact_onnx(network, tmp_path / "model.onnx", outputs=outputs)
    quantize_onnx(tmp_path / "model.onnx", tmp_path / "small.onnx")
    with torch.no_grad():
        expected = (network(ids, mask).numpy() * scale + shift)[:, order]
    encoded = EncodedTexts.from_lists(
        [row[:n].tolist() for row, n in zip(ids, LENGTHS, strict=True)]
    )
    session = OnnxSession(tmp_path / "model.onnx", pad_id=0)
    np.testing.assert_allclose(session.predict_logits(encoded), expected, atol=1e-5)
    np.testing.assert_allclose(session.predict_proba(encoded), sigmoid(expected), atol=1e-6)
    small = OnnxSession(tmp_path / "small.onnx", pad_id=0)
    np.testing.assert_allclose(small.predict_proba(encoded), sigmoid(expected), atol=0.03)


def test_eight_bit_copy_scores_nearly_alike(network, batch, tmp_path):
    """What the last layer multiplies has one size in all columns, so that 8 bits have digits for each of them."""
    ids, _ = batch
    path, small = tmp_path / "model.onnx", tmp_path / "small.onnx"
    network.round_embedding()
    write_compact_onnx(network, path, outputs=PLAIN)
    quantize_onnx(path, small)
    encoded = EncodedTexts.from_lists(
        [row[:n].tolist() for row, n in zip(ids, LENGTHS, strict=True)]
    )
    expected, found = (OnnxSession(one, pad_id=0).predict_proba(encoded) for one in (path, small))
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_embedding_is_rounded_to_eight_bits_once(network):
    """No number moves by more than half a step of its column; zeros stay; rounding again changes nothing."""
    with torch.no_grad():
        network.embedding.weight[:, 1] = 0.0
    before = network.embedding.weight.detach().clone()
    network.round_embedding()
    after = network.embedding.weight.detach().clone()
    packed, scales = network.pack_embedding()
    assert (packed.dtype, packed.shape, scales.shape) == (
        torch.int8,
        before.shape,
        before.shape[1:],
    )
    assert torch.equal(packed.abs().amax(dim=0) == 127, before.any(dim=0))
    assert ((after - before).abs() <= scales * 0.501).all()
    assert not after[:, 1].any()
    assert torch.equal(packed * scales, after)
    network.round_embedding()
    assert torch.equal(network.embedding.weight, after)


def test_onnx_keeps_its_contract(network, tmp_path):
    """int64 ids and mask of free size in, float `probs` of a fixed number of classes out; an old enough file format."""
    path = tmp_path / "model.onnx"
    write_compact_onnx(network, path, outputs=PLAIN)
    assert_contract(path, ["input_ids", "attention_mask"])


def assert_contract(path, inputs):
    model = onnx.load(str(path))
    onnx.checker.check_model(model, full_check=True)
    for value in model.graph.input:
        assert value.type.tensor_type.elem_type == onnx.TensorProto.INT64
        assert [dim.dim_param for dim in value.type.tensor_type.shape.dim] == [
            "n_texts",
            "n_tokens",
        ]
    assert [value.name for value in model.graph.input] == inputs
    (probs,) = model.graph.output
    assert (probs.name, probs.type.tensor_type.elem_type) == ("probs", onnx.TensorProto.FLOAT)
    assert probs.type.tensor_type.shape.dim[1].dim_value == 3
    assert model.ir_version <= 10
    assert (
        json.loads({entry.key: entry.value for entry in model.metadata_props}["labels"]) == LABELS
    )
    assert str(path.parent.parent) not in str(model)  # no path of this machine


class Classifier(nn.Module):
    """Embeds, averages, classifies; fails while it is traced if told to."""

    def __init__(self, *, is_traceable: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embedding, self.head = nn.Embedding(30, 8), nn.Linear(8, 3)
        self.is_traceable = is_traceable

    def forward(self, input_ids, attention_mask):
        """Return logits."""
        if torch.jit.is_tracing() and not torch.compiler.is_exporting() and not self.is_traceable:
            raise RuntimeError("this architecture cannot be traced")
        mask = attention_mask.unsqueeze(-1).float()
        pooled = (self.embedding(input_ids) * mask).sum(dim=1) / mask.sum(dim=1)
        return self.head(pooled)


@pytest.mark.parametrize("is_traceable", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_module_is_written_by_either_exporter(batch, tmp_path, capfd, is_traceable):
    """What cannot be traced goes through the other exporter: same contract, same scores, not a word on the terminal."""
    module = Classifier(is_traceable=is_traceable)
    path = tmp_path / "onnx" / "model.onnx"
    write_transformer_onnx(module, path, outputs=PLAIN, n_tokens_max=64)
    assert capfd.readouterr() == ("", "")
    assert_contract(path, ["input_ids", "attention_mask"])
    ids, mask = batch
    module.is_traceable = True
    with torch.no_grad():
        expected = softmax(module(ids, mask).numpy())
    encoded = EncodedTexts.from_lists(
        [row[:n].tolist() for row, n in zip(ids, LENGTHS, strict=True)]
    )
    np.testing.assert_allclose(
        OnnxSession(path, pad_id=0).predict_proba(encoded), expected, atol=1e-5
    )
