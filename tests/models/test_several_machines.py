"""Estimators and saved models of several labels per text: `majority` and `linear`."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from assay.data.labels import LabelSet
from assay.errors import DataError, InputError, ModelError
from assay.methods import METHODS
from assay.models import make_estimator, save_model
from assay.models.machine import NOISY_C
from assay.runtime.predictor import load_model

WORDS = ("rude", "fun", "sad", "calm")


def draw(seed: int, n_texts: int = 400) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return texts that hold the words of their labels among others, some without any label."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for row in rng.random((n_texts, 4)) < [0.4, 0.3, 0.2, 0.1]:
        own = tuple(sorted(np.array(WORDS)[row].tolist()))
        others = rng.choice(["the", "day", "we", "saw", "it", "and"], size=4).tolist()
        texts.append(" ".join(rng.permutation([*own, *others])))
        labels.append(own)
    return texts, labels


@pytest.fixture(scope="module")
def trained():
    """Return `linear` fitted with validation, and its texts for a test."""
    estimator = make_estimator("linear").fit(*draw(0), validation=draw(1))
    return estimator


def test_linear_learns_several_labels(trained) -> None:
    """Independent scores, and zeros and ones as predictions."""
    texts, labels = draw(2)
    truth = LabelSet(tuple(trained.classes_.tolist()), "multi").indicator(labels)
    probs, predicted = trained.predict_proba(texts), trained.predict(texts)
    assert (probs.shape, predicted.dtype) == ((400, 4), np.int64)
    assert f1_score(truth, predicted, average="macro") > 0.95
    assert probs.sum(axis=1).std() > 0.1
    assert np.array_equal(predicted, trained.fitted_.thresholds.decide(probs))


def test_huge_data_are_learnt_by_gradient_descent(monkeypatch) -> None:
    """As well as by LIBLINEAR."""
    monkeypatch.setattr("assay.models.machine.LIBLINEAR_CELLS", 100)
    estimator = make_estimator("linear").fit(*draw(0), validation=draw(1))
    texts, labels = draw(2)
    truth = LabelSet(tuple(estimator.classes_.tolist()), "multi").indicator(labels)
    assert estimator.C_ == NOISY_C
    assert f1_score(truth, estimator.predict(texts), average="macro") > 0.95


def test_majority_is_a_floor_for_f1() -> None:
    """Shares stay as they are; a label that many texts have is given to all, as its F1 says."""
    texts, labels = draw(2)
    estimator = make_estimator("majority").fit(*draw(0), validation=draw(1))
    truth = LabelSet(tuple(estimator.classes_.tolist()), "multi").indicator(labels)
    predicted = estimator.predict(texts)
    assert (predicted == predicted[0]).all()
    share = truth.mean(axis=0)
    expected = np.where(predicted[0] > 0, 2 * share / (1 + share), 0.0)
    assert predicted[0].sum() >= 3
    np.testing.assert_allclose(f1_score(truth, predicted, average=None), expected)
    before = make_estimator("majority").fit(*draw(0))
    np.testing.assert_array_equal(estimator.predict_proba(texts), before.predict_proba(texts))


def test_matrix_and_names_train_the_same_model(trained) -> None:
    """The order of labels in a text changes nothing either."""
    texts, labels = draw(0)
    matrix = LabelSet(tuple(sorted(WORDS)), "multi").indicator(labels)
    other = make_estimator("linear").fit(texts, matrix)
    turned = make_estimator("linear").fit(texts, [own[::-1] for own in labels])
    expected = make_estimator("linear").fit(texts, labels).decision_logits(texts[:20])
    assert np.array_equal(other.decision_logits(texts[:20]), expected)
    assert np.array_equal(turned.decision_logits(texts[:20]), expected)


@pytest.mark.parametrize("method", ["linear", "compact"])
def test_one_label_each_read_as_several_is_as_good(method: str) -> None:
    """A set with one label per text comes within two points of its accuracy."""
    rng = np.random.default_rng(5)
    labels = rng.choice(WORDS, size=600).tolist()
    noise = rng.choice(["day", "week", "rude", "fun", "sad", "calm"], size=600).tolist()
    texts = [f"{label} {word}" for label, word in zip(labels, noise, strict=True)]
    single = make_estimator(method).fit(
        texts[:300], labels[:300], validation=(texts[300:450], labels[300:450])
    )
    sets = [(label,) for label in labels]
    several = make_estimator(method).fit(
        texts[:300], sets[:300], validation=(texts[300:450], sets[300:450])
    )
    accuracy = np.mean(single.predict(texts[450:]) == labels[450:])
    truth = LabelSet(tuple(sorted(WORDS)), "multi").indicator(sets[450:])
    assert f1_score(truth, several.predict(texts[450:]), average="micro") > accuracy - 0.02


@pytest.mark.parametrize("method", ["majority", "linear"])
def test_saved_models_answer_as_trained(tmp_path: Path, method: str) -> None:
    """In the order of the label set; the folder says the task and the thresholds."""
    estimator = make_estimator(method).fit(*draw(0), validation=draw(1))
    label_set = LabelSet(WORDS, "multi")
    save_model(estimator, tmp_path / "m", label_set=label_set)
    model = load_model(tmp_path / "m")
    assert model.label_set == label_set
    texts = draw(2)[0][:50]
    order = [estimator.classes_.tolist().index(word) for word in WORDS]
    assert np.allclose(model.predict_proba(texts), estimator.predict_proba(texts)[:, order])
    given = estimator.predict(texts)[:, order]
    for names, row in zip(model.predict(texts), given, strict=True):
        assert sorted(names) == sorted(np.array(WORDS)[row > 0].tolist())


def test_broken_thresholds_are_refused(tmp_path: Path, trained) -> None:
    """One number from 0 to 1 per label."""
    save_model(trained, tmp_path / "m")
    path = tmp_path / "m" / "assay.json"
    manifest = json.loads(path.read_text())
    manifest["thresholds"] = manifest["thresholds"][:-1]
    path.write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="thresholds is not one number from 0 to 1 per label"):
        load_model(tmp_path / "m")


def test_methods_that_take_one_label_say_so(monkeypatch) -> None:
    """The sentence names those that take several."""
    alone = replace(METHODS["compact"], takes_several=False)
    monkeypatch.setitem(METHODS, "compact", alone)
    able = "majority, linear, features or finetune"
    with pytest.raises(InputError, match=f"'compact' takes one label per text; {able} takes"):
        make_estimator("compact").fit(*draw(0, 20))


def test_unknown_labels_of_validation_are_named() -> None:
    """As for one label per text."""
    with pytest.raises(DataError, match="'other' is not one of the 4 known labels"):
        make_estimator("linear").fit(*draw(0), validation=(["x"], [("other",)]))
