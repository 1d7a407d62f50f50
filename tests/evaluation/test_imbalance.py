"""The warning where accuracy misleads: said where it does, silent where it does not."""

import numpy as np
import pytest

from assay.catalogue import open_language
from assay.data.labels import LabelSet
from assay.evaluation.imbalance import find_few_of_labels, find_imbalance
from assay.evaluation.metrics import score_predictions


def scores(label_ids, predicted_ids, n_classes=2):
    """Score hard predictions of labels named a, b, c ..."""
    labels = LabelSet(tuple("abcdef"[:n_classes]))
    return score_predictions(
        np.asarray(label_ids), np.eye(n_classes)[predicted_ids], labels, seed=0
    )


def sentence(scores, *, split):
    """Return what is said of an imbalance in English; None if there is none."""
    found = find_imbalance(scores, split=split)
    return None if found is None else open_language("en").tell(found)


def test_one_large_label_is_named_with_its_share():
    """Nine texts in ten have one label: always answering it is right nine times in ten."""
    said = sentence(scores([0] * 90 + [1] * 10, [0] * 92 + [1] * 8), split="test")
    assert said == (
        "accuracy misleads here: 90% of the test texts are 'a', so that always answering it is right "
        "for as many; macro F1, in which every label counts the same, is 93.9% where accuracy is 98.0%."
    )


def test_a_large_label_does_not_mislead_where_macro_f1_says_the_same():
    """A model that finds the rare label too: nothing is wrong with its accuracy."""
    assert sentence(scores([0] * 90 + [1] * 10, [0] * 90 + [1] * 10), split="test") is None


def test_a_handful_of_texts_says_nothing_of_labels():
    """Half of six texts have one label by chance, and a label with one text is found or not."""
    assert sentence(scores([0, 0, 0, 1, 1, 2], [0] * 6, 3), split="test") is None
    assert sentence(scores([0] * 30 + [1] * 3, [0] * 33), split="test") is not None


def test_missed_labels_are_named():
    """Even classes, one of which is never found: macro F1 falls behind, and the label is named."""
    said = sentence(
        scores([0] * 40 + [1] * 40 + [2] * 20, [0] * 40 + [1] * 40 + [0] * 20, 3), split="test"
    )
    assert said is not None
    assert "% of the" not in said
    assert said.endswith("'c' does worst: F1 0.0% on 20 texts.")


@pytest.mark.parametrize(
    "counts",
    [(50, 50), (60, 40), (25, 25, 25, 25), (40, 30, 30)],
    ids=["even", "sixty", "four", "three"],
)
def test_balanced_data_give_no_warning(counts):
    """Where labels are about equally frequent and equally well found, nothing is said."""
    label_ids = np.repeat(np.arange(len(counts)), counts)
    predicted = label_ids.copy()
    predicted[::10] = (predicted[::10] + 1) % len(counts)
    assert sentence(scores(label_ids, predicted, len(counts)), split="test") is None


def test_label_without_texts_is_not_the_worst():
    """A label that the split lacks has F1 0 by definition and is not blamed."""
    said = sentence(scores([0] * 90 + [1] * 10, [0] * 100, 3), split="test")
    assert said is not None
    assert "'b' does worst" in said


def test_labels_of_few_texts_are_named_from_the_rarest():
    """Macro F1 rests on them as much as on the others."""
    labels = LabelSet(("a", "b", "c"))
    label_ids = np.repeat([0, 1, 2], [40, 9, 2])
    scores = score_predictions(label_ids, np.eye(3)[label_ids], labels, seed=0, n_resamples=2)
    (fact,) = find_few_of_labels(scores, split="test")
    said = open_language("en").tell(fact)
    assert said.startswith(
        "macro F1 on test texts rests on few texts of some labels: c (2), b (9)."
    )
    enough = np.repeat([0, 1], [40, 10])
    scores = score_predictions(enough, np.eye(3)[enough], labels, seed=0, n_resamples=2)
    assert find_few_of_labels(scores, split="test") == []
