"""Few texts: n-grams of word pieces are hashed as said, learnt, and computed alike by an ONNX graph.

Also tests assay.models.onnx.ngrams, which writes the graph.
"""

from collections import Counter

import numpy as np
import pytest

from assay.models.machine import Machine
from assay.models.onnx.ngrams import write_ngrams_onnx
from assay.models.outputs import Outputs
from assay.models.piece_ngrams import (
    FACTOR,
    MODULUS,
    SIZES,
    PieceNgrams,
    count_ngrams,
    fit_ngrams,
)
from assay.models.several_machines import SeveralMachines
from assay.runtime.linear import sigmoid
from assay.runtime.session import OnnxSession
from assay.tokenization.batches import EncodedTexts
from assay.training.calibration import ScaleShift, Temperature

RNG = np.random.default_rng(0)
IDS = [[7], [3, 3, 3, 3], [1, 2], [399, 0, 5, 8, 8, 120, 7]]


def bucket_of(pieces, n_buckets):
    """Hash one n-gram as the module says."""
    hashed = 1
    for piece in pieces:
        hashed = (hashed * FACTOR + piece + 1) % MODULUS
    return hashed % n_buckets


def make_texts(n_texts, n_classes):
    """Make up texts whose pieces tell their classes."""
    label_ids = np.arange(n_texts) % n_classes
    lists = []
    for label_id in label_ids:
        length = int(RNG.integers(1, 12))
        lists.append((10 * label_id + RNG.integers(0, 12, length)).tolist())
    return EncodedTexts.from_lists(lists), label_ids


def fit(encoded, label_ids, class_weight=None):
    """Fit the classifier of one class per text."""
    classes = np.unique(label_ids)
    machine = Machine(class_weight, classes, label_ids, 0)
    return fit_ngrams(encoded, machine, sizes=SIZES["single"])


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
def test_ngrams_of_each_text_are_counted_by_bucket(sizes):
    """One to three, or five, pieces in a row, none across the end of a text."""
    n_buckets, longest = sizes.n_buckets, sizes.longest
    counts = count_ngrams(EncodedTexts.from_lists(IDS), longest=longest, n_buckets=n_buckets)
    assert counts.shape == (len(IDS), n_buckets)
    for ids, row in zip(IDS, counts, strict=True):
        expected = Counter()
        for n in range(1, longest + 1):
            starts = range(len(ids) - n + 1)
            expected.update(bucket_of(ids[i : i + n], n_buckets) for i in starts)
        assert dict(zip(row.indices.tolist(), row.data.tolist(), strict=True)) == dict(expected)


@pytest.mark.parametrize("n_classes", [2, 5])
def test_graph_computes_the_same(tmp_path, n_classes):
    """Padding adds nothing, columns are in the order that was asked for, and the temperature counts."""
    encoded, label_ids = make_texts(60, n_classes)
    ngrams = fit(encoded, label_ids)
    logits = ngrams.logits(encoded)
    assert logits.shape == (60, n_classes)
    assert (logits.argmax(axis=1) == label_ids).mean() > 0.9
    order = np.arange(n_classes)[::-1].copy()
    outputs = Outputs(tuple(f"c{i}" for i in order), order, Temperature(0.5))
    write_ngrams_onnx(ngrams, tmp_path / "m.onnx", outputs=outputs)
    given = EncodedTexts.from_lists([*IDS, [], *[[i] for i in range(9)]])
    scaled = np.exp(2 * ngrams.logits(given)[:, order])
    expected = scaled / scaled.sum(axis=1, keepdims=True)
    session = OnnxSession(tmp_path / "m.onnx", pad_id=7, n_threads=1)
    np.testing.assert_allclose(session.predict_proba(given), expected, atol=1e-6)
    alone = session.predict_proba(EncodedTexts.from_lists(IDS[:1]))
    np.testing.assert_allclose(alone, expected[:1], atol=1e-6)


def test_several_labels_are_scaled_one_by_one(tmp_path):
    """The graph returns the logits of all labels, and independent scores."""
    encoded, label_ids = make_texts(60, 3)
    indicator = np.eye(3, dtype=np.int64)[label_ids]
    indicator[::7] = 0
    machines = SeveralMachines(None, np.arange(3), indicator, 0)
    ngrams = fit_ngrams(encoded, machines, sizes=SIZES["multi"])
    order, scale, shift = np.array([1, 2, 0]), np.array([3.0, 2.0, 0.5]), np.array([1.0, -1.0, 0.0])
    outputs = Outputs(("a", "b", "c"), order, ScaleShift(scale, shift), "multi")
    write_ngrams_onnx(ngrams, tmp_path / "m.onnx", outputs=outputs)
    expected = (ngrams.logits(encoded) * scale + shift)[:, order]
    session = OnnxSession(tmp_path / "m.onnx", pad_id=7, n_threads=1)
    np.testing.assert_allclose(session.predict_logits(encoded), expected, atol=1e-5)
    np.testing.assert_allclose(session.predict_proba(encoded), sigmoid(expected), atol=1e-6)


def test_class_weights_move_the_margins():
    """A class that counts more gets higher margins."""
    encoded, label_ids = make_texts(60, 2)
    noisy = np.where(RNG.random(60) < 0.4, 1 - label_ids, label_ids)
    plain = fit(encoded, noisy).logits(encoded)
    weighted = fit(encoded, noisy, {0: 1.0, 1: 9.0}).logits(encoded)
    assert (weighted - plain)[:, 1].mean() > 0


def test_what_is_saved_has_half_precision():
    """The estimator answers with the numbers that its saved model has."""
    encoded, label_ids = make_texts(30, 3)
    ngrams = fit(encoded, label_ids)
    assert isinstance(ngrams, PieceNgrams)
    for values in (ngrams.weights, ngrams.squares):
        np.testing.assert_array_equal(values, values.astype(np.float16).astype(np.float32))
