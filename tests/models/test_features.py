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
    features = Features(checkpoint=tiny_bert, pooling=pooling).fit(TEXTS, labels)
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
