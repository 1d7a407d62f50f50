"""Models of a large vocabulary are saved with the tokens that their texts need, and score the same.

Also tests `vocabulary_parity`, and assay.models.onnx.packed, which writes their frozen weights.
"""

import json
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
import safetensors.numpy
import transformers

from _support.e5_files import SmallE5
from assay.checkpoints import pruning
from assay.checkpoints.e5 import convert_e5_file
from assay.checkpoints.resolve import resolve_checkpoint
from assay.models import Features, Finetune, save_model
from assay.models.onnx import packed
from assay.models.onnx.quantize import quantize_onnx
from assay.models.vocabulary_parity import compare_vocabularies
from assay.runtime import load_model
from assay.runtime.session import OnnxSession

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ["good day", "bad night", "good night good", "bad bad day"] * 6
LABELS = ["good", "bad", "good", "bad"] * 6
HELD_OUT = ["good good", "bad 하루", "", "day night"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """Write a small checkpoint of the kind of e5."""
    folder = tmp_path_factory.mktemp("pruned") / "small-e5"
    folder.mkdir()
    (folder / "small.bin").write_bytes(SmallE5().to_bytes())
    convert_e5_file(folder / "small.bin", folder)
    return resolve_checkpoint(folder)


@pytest.fixture(autouse=True)
def _small_is_large(monkeypatch):
    """Prune and pack even the smallest networks."""
    monkeypatch.setattr(pruning, "MIN_PIECES", 10)
    monkeypatch.setattr(packed, "MIN_VALUES", 64)


def estimator_of(method, checkpoint):
    """Return a small fitted estimator."""
    made = {
        "features": lambda: Features(checkpoint=checkpoint, C=1e-6),
        "finetune": lambda: Finetune(checkpoint=checkpoint, n_epochs=1, frozen_layers=1),
    }
    return made[method]().fit(TEXTS, LABELS, validation=(TEXTS[:8], LABELS[:8]))


@pytest.mark.parametrize("method", ["features", "finetune"])
def test_saved_model_knows_fewer_tokens_and_scores_the_same(method, checkpoint, tmp_path):
    """The estimator keeps the whole vocabulary; the folder says how far the two are apart."""
    estimator = estimator_of(method, checkpoint)
    manifest = save_model(estimator, tmp_path / "m", parity_texts=HELD_OUT)
    assert manifest.parity["max_difference"] <= 1e-5
    facts = manifest.vocabulary
    documented = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    table = documented.partition("### Vocabulary")[2].partition("### ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE)) == set(facts)
    assert facts["n_pieces"] < facts["n_pieces_of_checkpoint"]
    assert facts["n_texts"] == len(HELD_OUT)
    assert manifest.checkpoint["sha256"] == checkpoint.sha256
    vocabulary = json.loads((tmp_path / "m" / "tokenizer.json").read_text(encoding="utf-8"))
    assert len(vocabulary["model"]["vocab"]) == facts["n_pieces"]
    # Texts of kept pieces are read as before: what differs is the rounding of trained weights.
    found = load_model(tmp_path / "m").predict_proba(TEXTS[:4])
    expected = estimator.predict_proba(TEXTS[:4])
    order = [estimator.classes_.tolist().index(name) for name in manifest.labels]
    np.testing.assert_allclose(found, expected[:, order], atol=1e-5)


def test_frozen_weights_are_packed_and_trained_ones_are_not(checkpoint, tmp_path):
    """Token vectors and layers that keep the checkpoint's weights take a byte per value."""
    for method, n_packed in (("features", 13), ("finetune", 7)):
        estimator = estimator_of(method, checkpoint)
        save_model(estimator, tmp_path / method)
        graph = onnx.load(str(tmp_path / method / "onnx" / "model.onnx")).graph
        names = [one.name for one in graph.initializer if one.name.endswith("/numbers")]
        assert len(names) == n_packed  # six matrices per layer, and the token vectors


def test_the_stock_pipeline_gives_the_same_scores(checkpoint, tmp_path):
    """model.safetensors is float32, with as many token vectors as the tokenizer has pieces."""
    save_model(estimator_of("finetune", checkpoint), tmp_path / "m", parity_texts=HELD_OUT)
    model = load_model(tmp_path / "m")
    weights = safetensors.numpy.load_file(tmp_path / "m" / "model.safetensors")
    vectors = weights["bert.embeddings.word_embeddings.weight"]
    assert vectors.dtype == np.float32
    assert len(vectors) == model.manifest.vocabulary["n_pieces"]
    classify = transformers.pipeline(
        "text-classification", model=str(tmp_path / "m"), truncation=True
    )
    for text, probs in zip(HELD_OUT, model.predict_proba(HELD_OUT), strict=True):
        scores = {row["label"]: row["score"] for row in classify(text, top_k=None)}
        assert [scores[label] for label in model.labels] == pytest.approx(probs, abs=1e-5)


def test_the_8_bit_export_starts_from_the_float_graph(checkpoint, tmp_path):
    """Packed layers become plain weights and then 8-bit arithmetic; token vectors stay packed."""
    save_model(estimator_of("features", checkpoint), tmp_path / "m")
    plain = tmp_path / "m" / "onnx" / "model.onnx"
    quantize_onnx(plain, tmp_path / "q.onnx")
    operators = {node.op_type for node in onnx.load(str(tmp_path / "q.onnx")).graph.node}
    assert "MatMulInteger" in operators
    tokenizer = load_model(tmp_path / "m").tokenizer
    encoded = tokenizer.encode_texts(TEXTS)
    probs = OnnxSession(tmp_path / "q.onnx", pad_id=tokenizer.pad_id).predict_proba(encoded)
    np.testing.assert_allclose(probs.sum(axis=1), 1, atol=1e-5)
    assert (tmp_path / "q.onnx").stat().st_size < plain.stat().st_size * 1.5


def test_a_checkpoint_with_a_small_vocabulary_is_saved_whole(tiny_bert, tmp_path):
    """Nothing is pruned, packed or compared."""
    estimator = Features(checkpoint=tiny_bert).fit(TEXTS, LABELS)
    assert estimator.pruned() is estimator
    assert compare_vocabularies(estimator, estimator, HELD_OUT) == {}
    assert save_model(estimator, tmp_path / "m").vocabulary == {}


def test_without_held_out_texts_nothing_is_compared(checkpoint):
    """The sizes of the vocabularies are known all the same."""
    estimator = estimator_of("features", checkpoint)
    facts = compare_vocabularies(estimator, estimator.pruned(), [])
    assert facts["n_texts"] == 0
    assert "changed" not in facts
