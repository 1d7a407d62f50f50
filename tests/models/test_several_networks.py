"""`compact`, `features` and `finetune` on texts with several labels: learnt, saved, read by stock tools.

Also tests assay.models.outputs, which says what the columns of a saved network are.
"""

import json
import pickle
import re
import shutil

import numpy as np
import onnx
import onnxruntime
import pytest
import tokenizers
import torch
import transformers
from onnx import numpy_helper
from sklearn.base import clone
from sklearn.metrics import f1_score

from _support.small_models import small_estimator
from assay import load_data
from assay.data.labels import LabelSet
from assay.errors import CheckError
from assay.models import save_model
from assay.models.compact import NETWORK_TEXTS, Compact
from assay.models.stock import load_classifier
from assay.recipes import export
from assay.recipes.evaluate import evaluate_model
from assay.recipes.export import ParityLimits, export_model
from assay.runtime.layout import Layout
from assay.runtime.linear import sigmoid
from assay.runtime.predictor import load_model
from assay.runtime.session import OnnxSession

WORDS = ("happy", "sad", "angry")
FILLERS = ("i", "am", "very", "this", "day", "is", "not", "a")
METHODS = ("compact", "features", "finetune")
LABELS = LabelSet(("sad", "angry", "happy"), "multi")  # not the order of the estimator


def draw(seed: int, n_texts: int = 120) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return texts that hold the words of their labels, some without any label."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for row in rng.random((n_texts, 3)) < [0.5, 0.3, 0.2]:
        own = tuple(np.array(WORDS)[row].tolist())
        texts.append(" ".join(rng.permutation([*own, *rng.choice(FILLERS, size=3)])))
        labels.append(own)
    return texts, labels


@pytest.fixture(scope="module")
def trained(tiny_bert):
    """Fit each method once: method -> estimator."""
    parameters = {
        "compact": {},
        "features": {"long_texts": "window", "max_tokens": 16},
        "finetune": {"n_epochs": 6, "learning_rate": 5e-3, "class_weight": "balanced"},
    }
    return {
        method: small_estimator(method, tiny_bert, **parameters[method]).fit(
            *draw(0), validation=draw(1)
        )
        for method in METHODS
    }


@pytest.fixture(scope="module")
def saved(trained, tmp_path_factory):
    """Save each of them: method -> folder. Saving compares the scores of the folder."""
    root = tmp_path_factory.mktemp("several")
    for method, estimator in trained.items():
        save_model(estimator, root / method, label_set=LABELS, parity_texts=draw(2)[0])
    return {method: root / method for method in METHODS}


@pytest.mark.parametrize("method", METHODS)
def test_several_labels_are_learnt(trained, method) -> None:
    """Scores are independent, and every label is told from the others."""
    estimator, (texts, labels) = trained[method], draw(3)
    probs = estimator.predict_proba(texts)
    assert probs.sum(axis=1).std() > 0.1
    truth = LabelSet(tuple(sorted(WORDS)), "multi").indicator(labels)
    right = (estimator.predict(texts) == truth).mean()
    always = max(truth.mean(), 1 - truth.mean())
    assert right > (0.95 if method == "compact" else always)
    n_epochs = {"compact": 20, "features": 0, "finetune": 6}[method]
    epochs = ["validation_f1_macro" in epoch for epoch in estimator.history_]
    assert epochs == [True] * n_epochs


@pytest.mark.parametrize("method", METHODS)
def test_saved_models_answer_as_trained(trained, saved, method) -> None:
    """In the order of the label set, long texts in windows too, with the thresholds of each label."""
    estimator, model = trained[method], load_model(saved[method])
    texts = [*draw(2)[0][:20], "", "happy day " * 60]
    order = [estimator.classes_.tolist().index(label) for label in LABELS]
    expected = estimator.predict_proba(texts)[:, order]
    np.testing.assert_allclose(model.predict_proba(texts), expected, atol=1e-5)
    given = estimator.fitted_.thresholds.take(order).decide(expected) > 0
    for names, row in zip(model.predict(texts), given, strict=True):
        assert sorted(names) == sorted(np.array(LABELS.names)[row].tolist())


@pytest.mark.parametrize("method", METHODS)
def test_windows_show_their_labels(tiny_bert, tmp_path, method) -> None:
    """A long text has every label that one of its windows has, in folder and estimator alike."""
    limits = {"long_texts": "window", "max_tokens": 8}
    if method == "finetune":
        limits |= {"n_epochs": 6, "learning_rate": 5e-3}
    estimator = small_estimator(method, tiny_bert, **limits).fit(*draw(0), validation=draw(1))
    save_model(estimator, tmp_path / "m", label_set=LABELS)
    model = load_model(tmp_path / "m")
    texts = [
        "very " * 20 + "happy " + "very " * 20,
        "sad " * 9 + "day " * 9 + "angry " * 9,
        "happy",
    ]
    windows = model.tokenizer.encode_windows(texts)
    assert windows.counts[:2].min() > 2
    session = OnnxSession(Layout(tmp_path / "m").network, pad_id=model.tokenizer.pad_id)
    of_windows = session.predict_proba(windows.encoded)
    expected = np.maximum.reduceat(of_windows, windows.starts)
    np.testing.assert_allclose(model.predict_proba(texts), expected, atol=1e-5)
    assert np.abs(windows.mean(of_windows) - expected).max() > 0.05
    order = [estimator.classes_.tolist().index(label) for label in LABELS]
    np.testing.assert_allclose(estimator.predict_proba(texts)[:, order], expected, atol=1e-5)


def test_features_judge_long_texts_of_folds_by_their_windows(tiny_bert) -> None:
    """As the saved model will: the head of a fold reads each window of the texts outside of it."""
    texts, labels = draw(0)
    texts[5] = "very " * 30 + "happy " + "very " * 30
    targets = LabelSet(tuple(sorted(WORDS)), "multi").indicator(labels)
    is_outside = np.arange(len(texts)) % 5 == 0
    limits = {"long_texts": "window", "max_tokens": 16, "C": 0.1}
    fold = small_estimator("features", tiny_bert, **limits)
    logits, _ = fold.predict_fold(texts, targets, is_outside)
    rows = np.flatnonzero(~is_outside)
    again = small_estimator("features", tiny_bert, **limits)
    again.fit([texts[i] for i in rows], targets[rows])
    outside = [texts[i] for i in np.flatnonzero(is_outside)]
    np.testing.assert_allclose(logits, again.decision_logits(outside), atol=1e-4)
    cut = again.head_.logits(again.encoder_.transform(outside))
    assert np.abs(logits[1] - cut[1]).max() > 1e-3


def test_network_and_ngrams_together_answer_as_trained(monkeypatch, tmp_path) -> None:
    """Saved, loaded, and read by `tokenizers` and ONNX Runtime alone, with their own padding."""
    monkeypatch.setattr("assay.models.joint.SHARES", (0.5,))
    monkeypatch.setitem(NETWORK_TEXTS, "multi", 0)  # so few texts make no network
    estimator = Compact(max_tokens=16).fit(*draw(0), validation=draw(1))
    assert estimator.beside_ is not None
    save_model(estimator, tmp_path / "m", label_set=LABELS, parity_texts=draw(2)[0])
    order = [estimator.classes_.tolist().index(label) for label in LABELS]
    texts = [*draw(2)[0][:20], "", "happy day " * 60, "unheard 🙂"]
    expected = estimator.predict_proba(texts)[:, order]
    model = load_model(tmp_path / "m")
    np.testing.assert_allclose(model.predict_proba(texts), expected, atol=1e-5)
    tokenizer = tokenizers.Tokenizer.from_file(str(tmp_path / "m" / "tokenizer.json"))
    tokenizer.enable_padding()
    encodings = tokenizer.encode_batch(texts)
    given = {
        "input_ids": np.array([one.ids for one in encodings]),
        "attention_mask": np.array([one.attention_mask for one in encodings]),
    }
    session = onnxruntime.InferenceSession(str(tmp_path / "m" / "onnx" / "model.onnx"))
    (probs,) = session.run(["probs"], given)
    np.testing.assert_allclose(probs, expected, atol=1e-5)


def test_stock_pipeline_gives_the_same_scores(saved) -> None:
    """Read by transformers as the task of config.json says; thresholds are beside it for other tools."""
    folder, texts = saved["finetune"], draw(2)[0][:20]
    model = load_model(folder)
    config = json.loads((folder / "config.json").read_text())
    assert config["problem_type"] == "multi_label_classification"
    assert config["thresholds"] == dict(zip(LABELS, model.manifest.thresholds, strict=True))
    stock = transformers.pipeline("text-classification", model=str(folder), top_k=None)
    expected = model.predict_proba(texts)
    for row, found in zip(expected, stock(texts), strict=True):
        scores = {one["label"]: one["score"] for one in found}
        assert [scores[label] for label in LABELS] == pytest.approx(row.tolist(), abs=1e-5)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    with torch.no_grad():
        logits = network(**tokenizer(texts, padding=True, return_tensors="pt")).logits.numpy()
    np.testing.assert_allclose(sigmoid(logits), expected, atol=1e-5)


def test_checkpoints_of_others_give_several_labels_too(saved, tmp_path) -> None:
    """Scores and thresholds of config.json; a half where it has none."""
    folder, texts = saved["finetune"], draw(2)[0][:20]
    expected = load_model(folder)
    stock = load_classifier(folder)
    np.testing.assert_allclose(stock.predict_proba(texts), expected.predict_proba(texts), atol=1e-5)
    assert stock.manifest.thresholds == expected.manifest.thresholds
    found = evaluate_model(stock, load_data(draw(4, 30)))
    assert found.scores.n_texts == 30
    other = shutil.copytree(folder, tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    del config["thresholds"]
    (other / "config.json").write_text(json.dumps(config))
    assert load_classifier(other).manifest.thresholds == (0.5, 0.5, 0.5)


def test_copy_in_eight_bits_is_compared_by_its_sets(saved, tmp_path) -> None:
    """Accuracy is micro F1."""
    texts, labels = draw(4, 60)
    report = export_model(
        saved["compact"],
        tmp_path / "small",
        export_format="onnx-int8",
        data=(texts, labels),
    )
    truth = LABELS.indicator(labels)
    predicted = LABELS.indicator(load_model(saved["compact"]).predict(texts))
    assert report.accuracy_name == "micro F1"
    expected = f1_score(truth, predicted, average="micro")
    assert report.accuracy_before == pytest.approx(expected)
    claims = json.loads((tmp_path / "small" / "assay.json").read_text())["scores"]
    assert {claim["metric"] for claim in claims} >= {"f1_macro", "exact_match"}
    card = (tmp_path / "small" / "README.md").read_text()
    assert "independent `probs`" in card
    assert "| micro F1 |" in card


def test_copy_in_eight_bits_that_differs_is_refused(saved, tmp_path) -> None:
    """With micro F1 before and after, and how many texts get other labels; nothing is left."""
    texts, labels = draw(4, 60)
    given = {"export_format": "onnx-int8", "data": (texts, labels)}
    limits = ParityLimits(max_difference=1e-9, max_accuracy_loss=-1.0)
    with pytest.raises(CheckError, match=r"a score differs by [\d.e-]+ \(1e-09 is") as caught:
        export_model(saved["compact"], tmp_path / "small", limits=limits, **given)
    assert re.search(
        r"micro F1 falls by -?[\d.]+ \(-1.* is accepted\); micro F1 \d\.\d{4} before, "
        r"\d\.\d{4} after; \d+ of \d+ texts \([\d.]+%\) get other labels\. Nothing was written",
        caught.value.message,
    )
    assert not (tmp_path / "small").exists()


def test_copy_whose_small_weights_are_lost_is_refused_where_no_text_gets_exactly_its_labels(
    saved, tmp_path, monkeypatch
) -> None:
    """As with many labels: the share of exact matches cannot fall, but micro F1 does."""
    texts, labels = draw(4, 60)
    predicted = load_model(saved["compact"]).predict(texts)
    rows = [i for i, own in enumerate(predicted) if 0 < len(own) < len(LABELS)]
    texts = [texts[i] for i in rows]
    # One label more than the model gives, each
    labels = [[*predicted[i], next(one for one in LABELS if one not in predicted[i])] for i in rows]
    # What eight bits do to weights that are far apart: the small ones are lost.
    quantize = export.quantize_onnx

    def quantize_coarsely(source, target):
        network = onnx.load(source)
        for tensor in network.graph.initializer:
            values = numpy_helper.to_array(tensor)
            if values.ndim == 2 and values.dtype == np.float32:
                spread = np.where(np.abs(values) < np.abs(values).max(), 0, values)
                tensor.CopyFrom(numpy_helper.from_array(spread.astype(np.float32), tensor.name))
        coarse = tmp_path / "coarse.onnx"
        onnx.save(network, coarse)
        quantize(coarse, target)

    monkeypatch.setattr(export, "quantize_onnx", quantize_coarsely)
    with pytest.raises(CheckError, match=r"micro F1 falls by 0\.\d+ \(0\.005 is accepted\)"):
        export_model(
            saved["compact"], tmp_path / "small", export_format="onnx-int8", data=(texts, labels)
        )
    assert not (tmp_path / "small").exists()


@pytest.mark.parametrize("method", METHODS)
def test_fitted_estimators_are_shown_and_pickled(trained, method) -> None:
    """As those of one label per text; a clone is not fitted."""
    estimator, texts = trained[method], draw(2)[0][:5]
    again = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(again.predict(texts), estimator.predict(texts))
    assert type(estimator).__name__ in repr(estimator)
    assert estimator.__sklearn_tags__().classifier_tags.multi_label
    assert not hasattr(clone(estimator), "classes_")
