"""Labels are judged by models that did not see their texts, and by several methods together."""

from __future__ import annotations

import numpy as np
import pytest

from _support.small_models import small_data
from assay.data.duplicates import duplicate_groups
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts, Splits, join_texts
from assay.evaluation.fold_predictions import FoldTexts, predict_folds
from assay.evaluation.judges import JudgedLabels, judge_by_folds, judge_evidence, mix_judges
from assay.models import make_estimator
from assay.progress import Progress

LABELS = LabelSet(("joy", "sadness", "anger"))


def labelled(n_texts, seed):
    """Make texts that a linear model tells apart."""
    texts, labels = small_data(n_texts, labels=LABELS.names, seed=seed)
    return LabelledTexts(tuple(texts), tuple(labels))


@pytest.fixture(scope="module")
def splits():
    """Three splits; the first test text also occurs in train."""
    train, validation, test = labelled(90, 0), labelled(30, 1), labelled(20, 2)
    test = LabelledTexts((train.texts[0], *test.texts[1:]), (train.labels[0], *test.labels[1:]))
    return Splits({"train": train, "validation": validation, "test": test}, LABELS, source="memory")


def test_known_probabilities_of_other_splits_are_taken_but_for_seen_texts(splits):
    """A model that was fitted on a text does not judge it."""
    flat = {name: np.full((len(splits[name]), 3), 1 / 3) for name in ("validation", "test")}
    judged = judge_by_folds(splits, "linear", known=flat, seed=0, progress=Progress())
    assert list(judged.probs) == ["train", "validation", "test"]
    assert judged.probs["test"][0] == pytest.approx(judged.probs["train"][0])
    assert judged.probs["test"][1] == pytest.approx(np.full(3, 1 / 3))
    assert judged.agreement(splits["train"], LABELS, "train") > 0.9


def test_evidence_of_a_run_judges_its_labels(splits):
    """Predictions out of fold are calibrated without a row's own label, and repeats are averaged."""
    both = join_texts([splits["train"], splits["validation"]])
    texts = FoldTexts(both.texts, LABELS.ids(both.labels), duplicate_groups(both), 3)
    found = predict_folds(
        texts, lambda: make_estimator("linear"), n_folds=3, n_repeats=2, seed=0, progress=Progress()
    )
    flat = np.full((len(splits["test"]), 3), 1 / 3)
    judged = judge_evidence(splits, "linear", found, test_probs=flat)
    for name, probs in judged.probs.items():
        assert probs.shape == (len(splits[name]), 3)
        assert probs.sum(axis=1) == pytest.approx(np.ones(len(probs)))
    assert judged.agreement(splits["validation"], LABELS, "validation") > 0.8
    assert judged.probs["test"][0] == pytest.approx(judged.probs["train"][0])


def test_mean_of_judges_leaves_out_one_that_is_much_worse(splits):
    """Two good judges are averaged; one that guesses would only blur what they say."""
    only = Splits({"train": splits["train"]}, LABELS, source="memory")
    label_ids = LABELS.ids(only["train"].labels)
    good = np.eye(3)[label_ids] * 0.6 + 0.4 / 3
    better = np.eye(3)[label_ids] * 0.9 + 0.1 / 3
    guess = np.roll(better, 1, axis=1)
    judges = [
        JudgedLabels((name,), "train", {"train": probs}, 1.0)
        for name, probs in (("a", good), ("b", better), ("c", guess))
    ]
    mixed = mix_judges(judges, only)
    assert (mixed.methods, mixed.fit_s) == (("a", "b"), 3.0)
    expected = np.sqrt(good * better)
    expected /= expected.sum(axis=1, keepdims=True)
    assert mixed.probs["train"] == pytest.approx(expected, abs=1e-6)
