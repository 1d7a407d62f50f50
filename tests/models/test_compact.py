"""`compact`: the same scores each time, any text, and a network that ends where it is told."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from _support.small_models import EDGE_TEXTS, WORDS, small_data, small_estimator
from assay.errors import InputError
from assay.models.compact import (
    MAX_EPOCHS,
    MIN_EPOCHS,
    MOST_CLASSES_BESIDE,
    NETWORK_TEXTS,
    ONCE,
    READ_ONCE,
    SEVERAL_TIMES,
    Compact,
)
from assay.models.joint import FIXED_SHARE
from assay.models.piece_ngrams import SIZES
from assay.training.targets import find_targets

TEXTS, LABELS = small_data()
MANY = NETWORK_TEXTS["single"]
START = threading.Thread.start


def test_same_seed_same_scores():
    """Two fits with one seed agree to the last bit, with another seed they do not."""
    first, second = (small_estimator("compact", seed=3).fit(TEXTS, LABELS) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(EDGE_TEXTS), second.predict_proba(EDGE_TEXTS))
    other = small_estimator("compact", seed=4).fit(TEXTS, LABELS)
    assert np.abs(other.predict_proba(EDGE_TEXTS) - first.predict_proba(EDGE_TEXTS)).max() > 1e-4


def test_one_thread_and_two_learn_the_same(monkeypatch):
    """The two directions are read by a thread each or by one: the network is the same to the last bit."""
    found = []
    for n_threads in ("1", "2"):
        monkeypatch.setenv("ASSAY_THREADS", n_threads)
        found.append(
            small_estimator("compact", n_epochs=2).fit(TEXTS, LABELS).network_.state_dict()
        )
    for name, weights in found[0].items():
        np.testing.assert_array_equal(weights, found[1][name])


def test_few_texts_start_no_thread(monkeypatch):
    """A lone text is predicted by the thread that asks; a batch and one more have another, and the same scores."""
    monkeypatch.setenv("ASSAY_THREADS", "2")
    compact = small_estimator("compact", n_epochs=2).fit(TEXTS, LABELS)
    started = []
    monkeypatch.setattr(
        threading.Thread, "start", lambda self: (started.append(self.name), START(self))[1]
    )
    few = compact.predict_proba(TEXTS[:1])
    assert not started
    many = compact.predict_proba(TEXTS[:1] * 257)
    assert [name.rsplit("_", 1)[0] for name in started] == ["assay-branch"]
    np.testing.assert_allclose(many, np.repeat(few, 257, axis=0), atol=1e-6)


def test_every_text_has_a_token():
    """The empty text and one of unknown characters end in a token of their own; nothing is cut within the limit."""
    compact = small_estimator("compact", n_epochs=1).fit(TEXTS, LABELS)
    lengths = compact.tokenizer_.encode_texts(["", " ", "😀", *TEXTS]).lengths
    assert lengths.min() == 1
    assert list(lengths[:2]) == [1, 1]
    assert compact.tokenizer_.encode("")[1] == ["[END]"]


def test_case_and_normal_form_do_not_matter():
    """Upper case, and Korean in single letters as macOS writes it, are the same text."""
    compact = small_estimator("compact").fit(TEXTS, LABELS)
    same = compact.predict_proba(["happy 행복해요", "HAPPY 행복해요"])
    np.testing.assert_array_equal(same[0], same[1])


def test_texts_are_cut_at_max_tokens():
    """What is past the limit has no say; what is before it has."""
    compact = small_estimator("compact", max_tokens=4, n_epochs=20).fit(TEXTS, LABELS)
    cut, longer, other = compact.predict_proba(
        ["happy happy happy", "happy happy happy sad sad", "sad happy happy"]
    )
    np.testing.assert_allclose(cut, longer, atol=1e-6)
    assert np.abs(cut - other).max() > 0.01


def test_best_epoch_is_reported_with_validation():
    """Each epoch has its validation scores, under the names that the caller's score gives."""
    compact = small_estimator("compact", n_epochs=2)
    compact.fit(
        TEXTS, LABELS, validation=(TEXTS, LABELS), score=lambda label_ids, probs: {"mine": 0.5}
    )
    assert [entry["validation_mine"] for entry in compact.history_] == [0.5, 0.5]
    assert compact.temperature_ != 1.0


@pytest.mark.parametrize(("n_classes", "sizes"), [(32, (96, 64)), (33, (256, 128))])
def test_many_classes_have_a_wider_network(n_classes, sizes):
    """Unless sizes are given, the number of classes chooses the embedding's width and the units of the LSTM.

    It also says whether the words' own vectors are pooled.
    """
    texts, labels = small_data(80, labels=tuple(f"label{i}" for i in range(n_classes)))
    network = Compact(n_epochs=1).fit(texts, labels).network_
    assert network.pools_words == (n_classes > 32)
    assert (network.embedding.embedding_dim, network.forward_lstm.hidden_size) == sizes
    network = Compact(n_epochs=1, embedding_size=8, hidden_size=4).fit(texts, labels).network_
    assert (network.embedding.embedding_dim, network.forward_lstm.hidden_size) == (8, 4)


def test_time_limit_ends_early():
    """With a limit of a fraction of a second, a thousand epochs are not run, and there is a model."""
    compact = small_estimator("compact", n_epochs=1000, time_limit_s=0.3).fit(TEXTS, LABELS)
    assert 1 <= len(compact.history_) < 1000
    assert compact.predict(["good"])[0] in WORDS


def test_training_on_blank_texts_is_legal():
    """There is nothing to learn, and no crash."""
    compact = small_estimator("compact", n_epochs=1).fit(["", " ", "", ""], ["a", "b", "a", "a"])
    np.testing.assert_allclose(compact.predict_proba(["", "x"]).sum(axis=1), 1.0)


@pytest.mark.parametrize(
    ("n_texts", "n_classes", "expected"),
    [
        (100, 2, MAX_EPOCHS),
        (16_000, 6, 4),
        (10_000, 77, 12),
        (READ_ONCE - 1, 2, MIN_EPOCHS),
        (READ_ONCE, 2, 1),
        (1_000_000, 77, MIN_EPOCHS),
    ],
)
def test_epochs_follow_the_number_of_texts_and_classes(n_texts, n_classes, expected):
    """Small sets and many classes get more epochs, within bounds; a number that is given wins."""
    compact = Compact()
    compact.classes_, compact.targets_ = np.arange(n_classes), find_targets(["a", "b"])
    assert compact._pace(n_texts).n_epochs == expected
    assert compact.set_params(n_epochs=5)._pace(n_texts).n_epochs == 5


def test_texts_that_are_read_once_are_read_in_large_batches():
    """With a rate and dropout for that; whatever is given wins, and several epochs have their own."""
    compact = Compact()
    compact.classes_, compact.targets_ = np.arange(3), find_targets(["a", "b"])
    assert compact._pace(READ_ONCE) == ONCE
    assert replace(compact._pace(READ_ONCE - 1), n_epochs=3) == SEVERAL_TIMES
    assert compact.set_params(dropout=0.0)._pace(READ_ONCE) == replace(ONCE, dropout=0.0)
    assert compact.set_params(n_epochs=2, dropout=None)._pace(READ_ONCE).batch_size == 64
    several = Compact()
    several.classes_, several.targets_ = np.arange(3), find_targets([["a"], ["a", "b"]])
    assert several._pace(READ_ONCE) == SEVERAL_TIMES


def test_an_impossible_batch_is_refused():
    """By its name."""
    with pytest.raises(InputError, match="batch_size is 0"):
        small_estimator("compact", batch_size=0).fit(TEXTS, LABELS)


def test_no_epochs_are_refused():
    """Zero is a number that was given, not a way to say "choose"."""
    with pytest.raises(InputError, match="n_epochs is 0; at least 1 is accepted"):
        small_estimator("compact", n_epochs=0).fit(TEXTS, LABELS)


def test_few_texts_are_read_as_ngrams_of_pieces():
    """Unless epochs, sizes or the like are given: those are a network's."""
    texts, labels = small_data(150)
    few = Compact().fit(texts, labels, validation=(texts[:30], labels[:30]))
    assert few.ngrams_ is not None
    assert few.history_ == []
    assert few.tokenizer_.vocabulary_size <= SIZES["single"].n_pieces
    assert few.tokenizer_.max_tokens == 4 * few.max_tokens
    assert (few.predict(texts) == np.array(labels)).mean() > 0.9
    assert few.predict_proba(EDGE_TEXTS).shape == (len(EDGE_TEXTS), len(few.classes_))
    assert Compact(n_epochs=1).fit(texts, labels).ngrams_ is None
    assert few._takes_ngrams(1)
    assert not few._takes_ngrams(MANY)
    for own in ({"hidden_size": 8}, {"batch_size": 16}, {"dropout": 0.1}, {"learning_rate": 0.01}):
        assert not Compact(**own).fit(texts[:20], labels[:20])._takes_ngrams(1)


def test_few_texts_with_several_labels_are_read_as_ngrams_too():
    """However few they are."""
    texts, labels = small_data(40)
    several = [[label] for label in labels[:-1]] + [[*set(labels)]]
    few = Compact().fit(texts, several, validation=(texts, several))
    assert few.ngrams_ is not None
    assert few.predict_proba(texts[:2]).shape == (2, len(few.classes_))
    assert not few._takes_ngrams(NETWORK_TEXTS["multi"])


def small_task(task):
    """Make texts with one label each, or with several of the last one."""
    texts, labels = small_data(100)
    if task == "single":
        return texts, labels
    return texts, [[label] for label in labels[:-1]] + [[*set(labels)]]


@pytest.fixture(params=["single", "multi"])
def task(request, monkeypatch):
    """Take each task, with a network however few the texts are."""
    monkeypatch.setitem(NETWORK_TEXTS, request.param, 0)
    return request.param


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_validation_says_how_much_ngrams_count_beside_the_network(monkeypatch, task, share):
    """Not where sizes are asked for, or texts or classes are too many."""
    texts, labels = small_task(task)
    held_out = texts[:40], labels[:40]
    monkeypatch.setattr("assay.models.joint.SHARES", (share,))
    both = Compact().fit(texts, labels, validation=held_out)
    assert both.ngrams_ is None
    assert (both.beside_ is not None) == bool(share)
    assert len(both.history_) == 20
    probs = both.predict_proba(texts[:3])
    assert probs.shape == (3, len(both.classes_))
    both.beside_ = None
    assert (np.abs(both.predict_proba(texts[:3]) - probs).max() > 0.01) == bool(share)
    assert Compact(n_epochs=1).fit(texts, labels, validation=held_out).beside_ is None
    monkeypatch.setattr("assay.models.compact.MOST_CHARS", sum(map(len, texts)) - 1)
    assert Compact().fit(texts, labels, validation=held_out).beside_ is None
    monkeypatch.undo()
    monkeypatch.setitem(NETWORK_TEXTS, task, 0)
    monkeypatch.setitem(MOST_CLASSES_BESIDE, task, len(both.classes_) - 1)
    assert Compact().fit(texts, labels, validation=held_out).beside_ is None


def test_ngrams_have_the_same_share_on_folds_and_in_the_model_that_folds_judge(task):
    """Without validation nothing can be chosen: what folds are judged by is what is saved."""
    texts, labels = small_task(task)
    axis = {"single": None, "multi": 0}[task]
    whole = Compact(max_tokens=32).fit(texts, labels)
    targets = whole.targets_.encode(np.array(labels, dtype=object), whole.classes_)
    fold = Compact(max_tokens=32)
    fold.predict_fold(texts, targets, np.arange(len(texts)) % 5 == 0)
    for model, rows in ((whole, range(100)), (fold, [i for i in range(100) if i % 5])):
        own = model.tokenizer_.encode_texts([texts[i] for i in rows])
        network, beside = model._network_logits(own), model.beside_
        spreads = [
            (scale * values).std(axis=axis)
            for scale, values in (
                (beside.network_scale, network),
                (beside.ngram_scale, beside.margins(own)),
            )
        ]
        np.testing.assert_allclose(spreads[1] / (spreads[0] + spreads[1]), FIXED_SHARE[task])
        joined = beside.add(network, own)
        if task == "multi":
            np.testing.assert_allclose(joined.mean(axis=0), network.mean(axis=0), atol=1e-5)
        assert 0.5 < joined.std() / network.std() < 2


def test_many_classes_share_fewer_buckets(monkeypatch):
    """Each bucket has a weight per class: tables of a thousand classes would take gigabytes."""
    texts, labels = small_data(100)
    few = Compact().fit(texts, labels)
    monkeypatch.setattr("assay.models.compact.MANY_CLASSES", 2)
    assert len(Compact().fit(texts, labels).ngrams_.weights) == len(few.ngrams_.weights) // 4


@pytest.mark.parametrize("n_texts", [MANY, MANY - 1])
def test_models_of_folds_are_of_the_kind_of_the_final_model(n_texts):
    """A fifth fewer texts make n-grams where all make n-grams, and a network where all make one."""
    texts, labels = small_data(n_texts)
    label_ids = np.unique(labels, return_inverse=True)[1]
    is_outside = np.arange(n_texts) % 5 == 0
    of_fold = Compact()
    logits, classes = of_fold.predict_fold(texts, label_ids, is_outside)
    assert logits.shape == (is_outside.sum(), len(classes))
    assert (of_fold.ngrams_ is not None) == (n_texts < MANY)
    # What was fitted on a fold says nothing about the next fit
    assert of_fold.fit(texts[:100], labels[:100]).ngrams_ is not None
