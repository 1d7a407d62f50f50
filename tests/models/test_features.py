"""`features`: an affine layer that is scikit-learn's scaler and regression, on the encoder's features."""

import json
import shutil

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from _support.small_models import EDGE_TEXTS, small_data
from assay.checkpoints import FrozenEncoder
from assay.errors import InputError
from assay.models import Features, save_model
from assay.models.head_choice import choose_c
from assay.runtime import load_model

TEXTS, LABELS = small_data()


@pytest.mark.parametrize(
    "labels", [LABELS, [label == "joy" for label in LABELS]], ids=["three", "two"]
)
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_scores_are_those_of_a_scikit_learn_pipeline(tiny_bert, labels, pooling):
    """Scaling, regression and, with two classes, the lone row of weights are folded into one affine layer."""
    encoder = FrozenEncoder(tiny_bert, pooling=pooling)
    features = Features(checkpoint=tiny_bert, pooling=pooling, label_names=()).fit(TEXTS, labels)
    pipeline = make_pipeline(
        StandardScaler(), LogisticRegression(C=features.C_, max_iter=500, tol=1e-3, random_state=0)
    )
    pipeline.fit(encoder.transform(TEXTS), labels)
    expected = pipeline.predict_proba(encoder.transform(EDGE_TEXTS))
    np.testing.assert_allclose(features.predict_proba(EDGE_TEXTS), expected, atol=1e-6)


def test_shared_encoder_is_used(tiny_bert):
    """An encoder that is loaded already is taken as it is, its pooling and limit included."""
    encoder = FrozenEncoder(tiny_bert, pooling="cls", max_tokens=8)
    shared = Features(encoder=encoder).fit(TEXTS, LABELS)
    assert shared.encoder_ is encoder
    own = Features(checkpoint=tiny_bert, pooling="cls", max_tokens=8).fit(TEXTS, LABELS)
    np.testing.assert_allclose(
        shared.predict_proba(EDGE_TEXTS), own.predict_proba(EDGE_TEXTS), atol=1e-6
    )


def test_regularisation_is_chosen_unless_it_is_given(tiny_bert):
    """None is chosen by `choose_c` on the training texts; a number is taken."""
    features = Features(checkpoint=tiny_bert).fit(TEXTS, LABELS)
    _, ids = np.unique(LABELS, return_inverse=True)
    assert choose_c(features.encoder_.transform(TEXTS), ids) == features.C_
    given = Features(checkpoint=tiny_bert, C=0.5).fit(TEXTS, LABELS)
    assert given.C_ == given.head_.C == 0.5


def test_names_of_labels_are_learnt_from_if_they_help(tiny_bert):
    """Labels that are named like their texts help, and letters do not; numbers get their names from outside."""
    words = ("sun beach holiday", "invoice bill payment", "goal match referee")
    texts = [f"{words[i % 3].split()[i // 3 % 3]} {i}" for i in range(30)]
    ids = np.arange(30) % 3
    named = Features(checkpoint=tiny_bert).fit(texts, [words[i] for i in ids])
    assert named.uses_names_
    by_number = Features(checkpoint=tiny_bert, label_names=words).fit(texts, ids)
    assert by_number.uses_names_
    order = [list(named.classes_).index(word) for word in words]
    np.testing.assert_allclose(
        by_number.predict_proba(texts), named.predict_proba(texts)[:, order], atol=1e-5
    )
    letters = Features(checkpoint=tiny_bert).fit(texts, ["ABC"[i] for i in ids])
    assert not letters.uses_names_
    assert not Features(checkpoint=tiny_bert, label_names=()).fit(texts, ids).uses_names_


def test_folds_learn_from_names_too(tiny_bert):
    """What is predicted out of fold is what such a model would predict, names included."""
    words = ("sun beach holiday", "invoice bill payment", "goal match referee")
    texts = [f"{words[i % 3].split()[i // 3 % 3]} {i}" for i in range(40)]
    ids, is_outside = np.arange(40) % 3, np.arange(40) >= 30
    fold = Features(checkpoint=tiny_bert, label_names=words)
    logits, classes = fold.predict_fold(texts, ids, is_outside)
    assert fold.uses_names_
    assert classes.tolist() == [0, 1, 2]
    plain, _ = Features(checkpoint=tiny_bert).predict_fold(texts, ids, is_outside)
    assert np.abs(logits - plain).max() > 1e-3


def test_unknown_pooling_is_refused(tiny_bert):
    """A pooling that is none is named in `fit`."""
    with pytest.raises(InputError, match="pooling is 'max'; mean and cls are accepted"):
        Features(checkpoint=tiny_bert, pooling="max").fit(TEXTS, LABELS)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_saved_model_scores_as_the_estimator(tiny_checkpoint, tmp_path, pooling):
    """Encoder, pooling and head in one graph score to 1e-5 as they do apart, for every kind of checkpoint."""
    features = Features(checkpoint=tiny_checkpoint, pooling=pooling).fit(TEXTS, LABELS)
    manifest = save_model(features, tmp_path / "model")
    model = load_model(tmp_path / "model")
    order = [list(features.classes_).index(label) for label in model.labels]
    np.testing.assert_allclose(
        model.predict_proba(EDGE_TEXTS), features.predict_proba(EDGE_TEXTS)[:, order], atol=1e-5
    )
    assert manifest.parameters["pooling"] == pooling
    assert manifest.checkpoint["name"] == tiny_checkpoint.name
    assert manifest.tokenization == {
        "kind": "subwords",
        "max_tokens": 64,
        "truncation": "end",
        "long_texts": "truncate",
    }


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_tokenizer_without_special_tokens_can_be_saved(tiny_bert, tmp_path, pooling):
    """Then the empty text has no token at all: trainer and saved model agree that its features are zeros."""
    folder = shutil.copytree(tiny_bert, tmp_path / "plain")
    content = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    (folder / "tokenizer.json").write_text(json.dumps({**content, "post_processor": None}))
    features = Features(checkpoint=folder, pooling=pooling).fit(TEXTS, LABELS)
    manifest = save_model(features, tmp_path / "model")
    assert manifest.parity["max_difference"] < 1e-5


def test_saving_leaves_the_estimator_as_it_was(tiny_bert, tmp_path):
    """The network that is exported is a copy: the estimator can go on predicting where it computed before."""
    features = Features(checkpoint=tiny_bert).fit(TEXTS, LABELS)
    before = features.predict_proba(EDGE_TEXTS)
    network, parameters = (
        features.encoder_.network,
        {id(p) for p in features.encoder_.network.parameters()},
    )
    save_model(features, tmp_path / "model")
    assert features.encoder_.network is network
    assert {id(parameter) for parameter in network.parameters()} == parameters
    np.testing.assert_array_equal(features.predict_proba(EDGE_TEXTS), before)
