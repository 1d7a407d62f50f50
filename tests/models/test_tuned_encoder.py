"""`features` with a transformer that is tuned to the labels."""

import pickle

import numpy as np
import pytest

from _support.small_models import EDGE_TEXTS, small_data
from assay.checkpoints import FrozenEncoder
from assay.errors import InputError
from assay.models import Features, save_model, tuned_encoder
from assay.runtime import load_model

TEXTS, LABELS = small_data()


def tuned(folder, **parameters):
    """Fit a few epochs on the small data."""
    return Features(checkpoint=folder, **{"tuned_epochs": 3, **parameters}).fit(TEXTS, LABELS)


def cosines_within_and_between(encoder):
    """Return the mean cosine of two texts with one label, and with two."""
    vectors = encoder.transform(TEXTS)
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    is_same = np.equal.outer(np.array(LABELS), np.array(LABELS))
    cosines = vectors @ vectors.T
    apart = ~np.eye(len(TEXTS), dtype=bool)
    return cosines[is_same & apart].mean(), cosines[~is_same].mean()


def test_texts_of_a_label_come_closer_to_each_other_than_to_others(tiny_bert, monkeypatch):
    """That is what tuning is for; the encoder that was given stays as it was."""
    monkeypatch.setattr(tuned_encoder, "RATE", 3e-3)  # random weights have far to go
    given = FrozenEncoder(tiny_bert)
    before, vectors = cosines_within_and_between(given), given.transform(TEXTS)
    features = Features(encoder=given, tuned_epochs=10).fit(TEXTS, LABELS)
    after = cosines_within_and_between(features.encoder_)
    assert after[0] - after[1] > before[0] - before[1] + 0.05
    np.testing.assert_array_equal(given.transform(TEXTS), vectors)
    assert features.encoder_.resolved.sha256 != given.resolved.sha256
    losses = [epoch["train_loss"] for epoch in features.history_]
    assert losses[-1] < losses[0]
    assert features.C_ is None


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_saved_model_scores_as_the_tuned_estimator(tiny_bert, tmp_path, pooling):
    """The tuned weights are in the graph, and the manifest says that they were tuned."""
    features = tuned(tiny_bert, pooling=pooling)
    manifest = save_model(features, tmp_path / "model")
    model = load_model(tmp_path / "model")
    order = [list(features.classes_).index(label) for label in model.labels]
    np.testing.assert_allclose(
        model.predict_proba(EDGE_TEXTS), features.predict_proba(EDGE_TEXTS)[:, order], atol=1e-5
    )
    assert manifest.parameters["tuned_epochs"] == 3
    assert manifest.parameters["n_readings"] == len(features.history_)


@pytest.mark.parametrize(
    ("batch_texts", "n_epochs", "n_readings"),
    [(1000, 4, 30), (6, 2, 3), (1, 3, 3)],
)
def test_small_sets_are_read_until_enough_steps_are_made(
    tiny_bert, monkeypatch, batch_texts, n_epochs, n_readings
):
    """A reading of 57 texts and three names makes 1, 10 or 60 steps."""
    monkeypatch.setattr(tuned_encoder, "BATCH_TEXTS", batch_texts)
    features = Features(checkpoint=tiny_bert, tuned_epochs=n_epochs).fit(TEXTS[:57], LABELS[:57])
    assert len(features.history_) == n_readings


def test_vectors_of_tokens_stay_as_they_are(tiny_bert):
    """The layers above them learn; most weights of a multilingual network are such vectors."""
    given, tuned_network = FrozenEncoder(tiny_bert).network, tuned(tiny_bert).encoder_.network
    before, after = given.state_dict(), tuned_network.state_dict()
    name = "embeddings.word_embeddings.weight"
    np.testing.assert_array_equal(before[name], after[name])
    name = "encoder.layer.0.output.dense.weight"
    assert not np.array_equal(before[name], after[name])


def test_a_pickled_estimator_keeps_its_tuned_transformer(tiny_bert):
    """No checkpoint on disk holds its weights."""
    features = tuned(tiny_bert)
    again = pickle.loads(pickle.dumps(features))
    np.testing.assert_allclose(
        again.predict_proba(EDGE_TEXTS), features.predict_proba(EDGE_TEXTS), atol=1e-6
    )


def test_answers_are_the_labels_with_the_highest_cosine(tiny_bert):
    """The affine layer of the saved graph divides by no length, and still answers the same."""
    features = tuned(tiny_bert)
    vectors = features.encoder_.transform(TEXTS)
    directions = features.head_.coef_ / np.linalg.norm(features.head_.coef_, axis=1, keepdims=True)
    best = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True) @ directions.T).argmax(axis=1)
    assert features.classes_[best].tolist() == features.predict(TEXTS).tolist()


def test_a_fold_is_tuned_on_its_own_texts(tiny_bert):
    """What is outside of the fold takes no part: other texts there change nothing inside."""
    _, label_ids = np.unique(LABELS, return_inverse=True)
    is_outside = np.arange(len(TEXTS)) % 4 == 0
    estimator = Features(checkpoint=tiny_bert, tuned_epochs=2)
    logits, classes = estimator.predict_fold(TEXTS, label_ids, is_outside)
    assert logits.shape == (is_outside.sum(), len(classes))
    other_ids = np.where(is_outside, 0, label_ids)
    again, _ = estimator.predict_fold(TEXTS, other_ids, is_outside)
    np.testing.assert_allclose(again, logits, atol=1e-5)


def test_the_same_seed_gives_the_same_model(tiny_bert):
    """Results can be made again."""
    first, second = tuned(tiny_bert, seed=3), tuned(tiny_bert, seed=3)
    np.testing.assert_allclose(
        first.predict_proba(EDGE_TEXTS), second.predict_proba(EDGE_TEXTS), atol=1e-6
    )


def test_several_labels_per_text_are_refused(tiny_bert):
    """A text that has several labels cannot come close to each of them."""
    indicator = np.array([[label == "joy", label != "joy"] for label in LABELS], dtype=int)
    with pytest.raises(InputError, match=r"tuned_epochs is 2; 0 is accepted where a text may have"):
        Features(checkpoint=tiny_bert, tuned_epochs=2).fit(TEXTS, indicator)


def test_epochs_are_a_whole_number(tiny_bert):
    """Negative ones are refused before any work."""
    with pytest.raises(InputError, match="tuned_epochs is -1"):
        Features(checkpoint=tiny_bert, tuned_epochs=-1).fit(TEXTS, LABELS)
