"""`OnnxSession`: the contract of the graph, and batches that change nothing."""

import threading

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from assay.errors import ModelError
from assay.runtime.layout import Layout
from assay.runtime.session import LSTM_BATCHES, TRANSFORMER_BATCHES, OnnxSession
from assay.tokenization.batches import EncodedTexts


@pytest.fixture(scope="module")
def session(compact_folder):
    """Open the network of a small model."""
    return OnnxSession(Layout(compact_folder).onnx, pad_id=0, n_threads=1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(1, 20), min_size=1, max_size=30), max_size=12))
def test_scores_do_not_depend_on_the_batch(session, token_ids):
    """Texts of any lengths, together or alone, score the same and keep their order."""
    together = session.predict_proba(EncodedTexts.from_lists(token_ids))
    assert together.shape == (len(token_ids), session.n_classes)
    for row, ids in zip(together, token_ids, strict=True):
        np.testing.assert_allclose(
            row, session.predict_proba(EncodedTexts.from_lists([ids]))[0], atol=1e-6
        )


def test_a_thousand_texts_are_scored_in_bounded_batches(session):
    """More texts than one batch holds, some longer than a batch's tokens, each get their row."""
    lengths = [*np.random.default_rng(0).integers(1, 40, size=300).tolist(), 5000]
    encoded = EncodedTexts.from_lists([[5 + n % 7] * n for n in lengths])
    probs = session.predict_proba(encoded)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-5)
    for n in (1, 20):
        same = probs[[i for i, length in enumerate(lengths) if length == n]]
        np.testing.assert_allclose(same, np.tile(same[0], (len(same), 1)), atol=1e-6)


@pytest.mark.parametrize("batches", [LSTM_BATCHES, TRANSFORMER_BATCHES])
def test_scores_do_not_depend_on_the_threads(compact_folder, batches):
    """Batches in turn or a thread each: the same rows; and few texts are shared out where that is worth it."""
    lengths = np.random.default_rng(1).integers(1, 60, size=200).tolist()
    encoded = EncodedTexts.from_lists([[5 + n % 7] * n for n in lengths])
    path = Layout(compact_folder).onnx
    alone, shared = (
        OnnxSession(path, pad_id=0, n_threads=n, batches=batches).predict_proba(encoded)
        for n in (1, 3)
    )
    np.testing.assert_allclose(shared, alone, atol=1e-6)


def test_error_in_one_thread_reaches_the_caller_and_ends_the_others(compact_folder):
    """What one batch raises is raised; batches that had not begun are left."""
    session = OnnxSession(Layout(compact_folder).onnx, pad_id=0, n_threads=2)
    done = []

    def fail(input_ids, mask, output):
        done.append(len(input_ids))
        raise ValueError("no memory for this batch")

    session._run = fail
    n_before = threading.active_count()
    with pytest.raises(ValueError, match="no memory for this batch"):
        session.predict_proba(EncodedTexts.from_lists([[5] * 300] * 200))
    assert len(done) < 200
    assert threading.active_count() == n_before


def write_graph(path, *, inputs=("input_ids", "attention_mask"), output="probs", n_classes=2):
    """Write a graph that casts and sums, with the given names."""
    nodes = [
        helper.make_node("Cast", [name], [f"{name}_float"], to=TensorProto.FLOAT) for name in inputs
    ]
    nodes.append(helper.make_node("Sum", [f"{name}_float" for name in inputs], [output]))
    shape = ["n_texts", "n_tokens"]
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in inputs],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n_texts", n_classes])],
    )
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10),
        str(path),
    )
    return path


def test_segments_are_given_where_the_network_takes_them(tmp_path):
    """A checkpoint that has segments gets zeros: a lone text is segment 0 throughout."""
    path = write_graph(
        tmp_path / "model.onnx", inputs=("input_ids", "attention_mask", "token_type_ids")
    )
    probs = OnnxSession(path, pad_id=0).predict_proba(EncodedTexts.from_lists([[3, 4]]))
    np.testing.assert_array_equal(probs, [[4.0, 5.0]])  # id + mask + 0


@pytest.mark.parametrize(
    "names",
    [
        {"inputs": ("ids", "attention_mask")},
        {"inputs": ("input_ids",)},
        {"inputs": ("input_ids", "attention_mask", "position_ids")},
        {"output": "logits"},
        {"n_classes": "n_classes"},
    ],
)
def test_graph_of_another_contract_is_refused(tmp_path, names):
    """Other inputs, another output, or no fixed number of classes: said when it is loaded."""
    path = write_graph(tmp_path / "model.onnx", **names)
    with pytest.raises(
        ModelError,
        match=r"input_ids and attention_mask to probs of shape \(n_texts, n_classes\) is",
    ):
        OnnxSession(path, pad_id=0)


@pytest.mark.parametrize("content", [b"", b"no network"])
def test_file_that_is_no_network_is_refused(tmp_path, content):
    """What ONNX Runtime cannot load is named."""
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.onnx cannot be loaded by ONNX Runtime"):
        OnnxSession(path, pad_id=0)


def test_missing_file_is_refused(tmp_path):
    """So is a path where nothing is."""
    with pytest.raises(ModelError, match=r"none\.onnx cannot be loaded by ONNX Runtime"):
        OnnxSession(tmp_path / "none.onnx", pad_id=0)
