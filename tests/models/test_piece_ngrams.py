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
    NgramRule,
    PieceNgrams,
    count_ngrams,
    fit_ngrams,
)
from assay.models.several_machines import SeveralMachines
from assay.runtime.linear import sigmoid, softmax
from assay.runtime.session import OnnxSession
from assay.tokenization.batches import EncodedTexts
from assay.training.calibration import ScaleShift, Temperature

RNG = np.random.default_rng(0)
IDS = [[7], [3, 3, 3, 3, 3, 3], [1, 2], [399, 0, 5, 8, 8, 9, 11, 120, 7]]
BEGINS = np.arange(400) % 3 == 0  # words begin with the pieces 0, 3, 6 ...


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
    return fit_ngrams(encoded, machine, sizes=SIZES["single"], begins=BEGINS)


def list_ngrams(ids, rule):
    """List the n-grams of a text piece by piece: short ones anywhere, longer ones of one word."""
    found = []
    for n in range(1, rule.longest + 1):
        for i in range(len(ids) - n + 1):
            ngram = ids[i : i + n]
            if n <= rule.across or not any(rule.begins[piece] for piece in ngram[1:]):
                found.append(ngram)
    return found


@pytest.mark.parametrize(("longest", "across"), [(3, 3), (4, 2), (5, 1), (5, 5)])
def test_ngrams_of_each_text_are_counted_by_bucket(longest, across):
    """None goes across the end of a text, and long ones not into the next word."""
    rule, n_buckets = NgramRule(longest, across, BEGINS), 1 << 17
    counts = count_ngrams(EncodedTexts.from_lists(IDS), rule, n_buckets=n_buckets)
    assert counts.shape == (len(IDS), n_buckets)
    for ids, row in zip(IDS, counts, strict=True):
        expected = Counter(bucket_of(ngram, n_buckets) for ngram in list_ngrams(ids, rule))
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
    given = EncodedTexts.from_lists([*IDS, [], *[[i] for i in range(9)], [0, 1, 2, 4, 5, 6, 7, 8]])
    scaled = np.exp(2 * ngrams.logits(given)[:, order])
    expected = scaled / scaled.sum(axis=1, keepdims=True)
    session = OnnxSession(tmp_path / "m.onnx", pad_id=7, n_threads=1)
    np.testing.assert_allclose(session.predict_proba(given), expected, atol=1e-6)
    alone = session.predict_proba(EncodedTexts.from_lists(IDS[:1]))
    np.testing.assert_allclose(alone, expected[:1], atol=1e-6)


def test_words_decide_which_ngrams_the_graph_counts(tmp_path):
    """The same pieces in other words have other scores: in the graph as well."""
    encoded, label_ids = make_texts(60, 2)
    found = []
    for begins in (BEGINS, np.ones(400, dtype=bool)):
        machine = Machine(None, np.arange(2), label_ids, 0)
        ngrams = fit_ngrams(encoded, machine, sizes=SIZES["single"], begins=begins)
        outputs = Outputs(("a", "b"), np.arange(2), Temperature())
        write_ngrams_onnx(ngrams, tmp_path / "m.onnx", outputs=outputs)
        session = OnnxSession(tmp_path / "m.onnx", pad_id=7, n_threads=1)
        found.append(session.predict_proba(encoded))
        np.testing.assert_allclose(found[-1], softmax(ngrams.logits(encoded)), atol=1e-6)
    assert np.abs(found[0] - found[1]).max() > 1e-3


def test_several_labels_are_scaled_one_by_one(tmp_path):
    """The graph returns the logits of all labels, and independent scores."""
    encoded, label_ids = make_texts(60, 3)
    indicator = np.eye(3, dtype=np.int64)[label_ids]
    indicator[::7] = 0
    machines = SeveralMachines(None, np.arange(3), indicator, 0)
    ngrams = fit_ngrams(encoded, machines, sizes=SIZES["multi"], begins=BEGINS)
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
