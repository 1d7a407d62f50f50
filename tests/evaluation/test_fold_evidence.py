"""Scores out of fold: averaged over divisions, with intervals of one."""

import numpy as np
import pytest

from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts
from assay.evaluation.fold_evidence import FoldEvidence
from assay.evaluation.fold_predictions import FoldPredictions, FoldTexts

LABELS = LabelSet(("a", "b"))


@pytest.fixture(scope="module")
def evidence():
    """Forty texts, two divisions: 32 of them right in the first, 36 in the second."""
    ids = np.arange(40) % 2
    logits = np.zeros((2, 40, 2))
    for repeat, n_right in enumerate((32, 36)):
        is_right = np.arange(40) < n_right
        logits[repeat, np.arange(40), np.where(is_right, ids, 1 - ids)] = 2.0
    labelled = LabelledTexts(tuple(f"text {i}" for i in range(40)), tuple("ab" * 20))
    found = FoldPredictions(
        logits, np.tile(np.arange(40) % 4, (2, 1)), np.ones((2, 40), dtype=bool), fit_s=1.0
    )
    texts = FoldTexts(labelled.texts, ids, np.arange(40), 2)
    return FoldEvidence.judge(found, texts, labelled, LABELS, temperature=2.0, seed=0)


def test_scores_are_over_all_divisions(evidence):
    """Accuracy is the mean; texts are counted once; the confusion matrix is the sum."""
    scores = evidence.scored.scores
    assert (scores.accuracy, scores.n_texts) == (0.85, 40)
    assert np.sum(scores.confusion) == 80
    assert [one.n_texts for one in scores.per_class] == [20, 20]
    assert evidence.predictions.accuracy == 0.85
    assert evidence.predictions.n_folds == 4


def test_intervals_are_as_wide_as_forty_texts_deserve(evidence):
    """In four folds they are worth 17 fresh texts; more divisions are no more texts."""
    low, high = evidence.scored.scores.intervals["accuracy"]
    assert low < 0.85 < high
    assert high - low == pytest.approx(0.331, abs=0.002)


def test_probabilities_have_the_temperature(evidence):
    """That of the final model."""
    assert evidence.probs[0, 0].max() == pytest.approx(1 / (1 + np.exp(-1.0)))


def test_records_carry_fold_repeat_and_group(evidence):
    """One record for each text and division."""
    records = list(evidence.records(["train"] * 30 + ["validation"] * 10, LABELS.names))
    assert len(records) == 80
    assert {key: records[41][key] for key in ("split", "row", "group", "fold", "repeat")} == {
        "split": "train",
        "row": 2,
        "group": 1,
        "fold": 1,
        "repeat": 1,
    }
    assert records[79]["split"] == "validation"
