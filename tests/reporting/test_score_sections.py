"""Mistakes, calibration, slices and epochs: computed from what was saved and measured."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from assay.evaluation.scoring import ScoredSplit, score_parts, score_split
from assay.reporting.score_sections import (
    describe_calibration,
    describe_epochs,
    describe_mistakes,
    describe_slices,
)
from assay.runtime.linear import softmax

HISTORY = [
    {
        "epoch": 1,
        "train_loss": 1.0,
        "validation_loss": 0.9,
        "validation_accuracy": 0.5,
        "validation_f1_weighted": 0.4,
    },
    {
        "epoch": 2,
        "train_loss": 0.7,
        "validation_loss": 0.8,
        "validation_accuracy": 0.7,
        "validation_f1_weighted": 0.6,
    },
    {
        "epoch": 3,
        "train_loss": 0.5,
        "validation_loss": 0.7,
        "validation_accuracy": 0.7,
        "validation_f1_weighted": 0.7,
    },
    {
        "epoch": 4,
        "train_loss": 0.1,
        "validation_loss": 0.9,
        "validation_accuracy": 0.7,
        "validation_f1_weighted": 0.7,
    },
]


def test_kept_epoch_is_the_one_that_training_kept():
    """The highest accuracy, of equals the lowest loss; of all equals the first."""
    assert [epoch.kept for epoch in describe_epochs(HISTORY)] == [False, False, True, False]
    equal = [HISTORY[1], {**HISTORY[1], "epoch": 3}]
    assert [epoch.kept for epoch in describe_epochs(equal)] == [True, False]


def test_calibration_compares_with_the_scores_before_the_temperature():
    """A power of the shipped scores gives back those of the trainer: the same ECE as from its logits."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(300, 3)) * 4
    label_ids = np.where(rng.random(300) < 0.6, logits.argmax(axis=1), rng.integers(0, 3, 300))
    shipped = ScoredSplit(None, label_ids, softmax(logits / 2.5), None, 0.1)
    raw = ScoredSplit(None, label_ids, softmax(logits), None, 0.1)
    found = describe_calibration(shipped, 2.5)
    assert found.ece_before == pytest.approx(describe_calibration(raw, 1.0).ece_after)
    assert found.ece_after < found.ece_before
    assert sum(one.n_texts for one in found.bins) == 300
    assert sum(one.n_texts for one in found.bins_before) == 300


def test_mistakes_stand_beside_the_nearest_train_text(cheap_run):
    """Every method has its mistakes out of fold, each with a text of train and its label."""
    results, _ = cheap_run
    train = results.splits["train"]
    shown = describe_mistakes(results)
    assert list(shown) == ["majority", "linear"]
    sure = [one.mistake.predicted_score for one in shown["linear"]]
    assert sure == sorted(sure, reverse=True)
    assert {one.mistake.split for one in shown["majority"]} == {"train", "validation"}
    for one in shown["majority"]:
        assert one.mistake.label != one.mistake.predicted_label
        (near,) = one.nearest
        assert train.labels[train.texts.index(near.text)] == near.label
        assert 0 <= near.similarity <= 1


def test_text_of_train_is_not_its_own_neighbour(cheap_run):
    """Texts that are judged out of fold are in train: beside each is another text."""
    results, _ = cheap_run
    train = results.splits["train"]
    majority = results.methods[0]
    scored = score_split(majority.model, train, seed=0)
    folds = SimpleNamespace(scored=scored)
    judged = replace(results, methods=(replace(majority, out_of_fold=folds),))
    shown = describe_mistakes(judged)["majority"]
    assert shown
    assert {one.mistake.split for one in shown} == {"train"}
    for one in shown:
        same = [near for near in one.nearest if near.text == one.mistake.text]
        assert all(near.label != one.mistake.label for near in same)


def test_slices_are_of_the_shown_split(cheap_run):
    """They are those of the recommended method on test, with the language of each text."""
    results, _ = cheap_run
    scored = results.recommended.scored["test"]
    main = results.audit.languages["test"].main
    languages = None if main is None else [main] * len(scored.labelled)
    model = results.recommended.model
    assert describe_slices(results) == score_parts(model, scored, languages=languages)
