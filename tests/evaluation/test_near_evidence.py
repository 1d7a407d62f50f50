"""How many texts of the evidence are nearly the same as a fitted one, and the score without them."""

import numpy as np
import pytest

from assay.catalogue import LANGUAGES, open_language
from assay.evaluation.evidence import HELD_OUT, OUT_OF_FOLD, EvidencePredictions
from assay.evaluation.near_evidence import (
    NearEvidence,
    find_near,
    measure_near_evidence,
)
from assay.evaluation.score_draws import METRICS, score_evidence
from assay.evaluation.several_choice import SeveralEvidencePredictions
from assay.evaluation.several_scores import SEVERAL_METRICS


def measure(predictions, near):
    """Measure it of predictions of one label, as a run does."""
    return measure_near_evidence(predictions, near, metrics=METRICS, score=score_evidence)


def test_a_text_is_near_where_another_one_is_nearly_the_same():
    """Texts 0 and 1 differ by a word; 2 and 3 are equal, and always in one fold; 4 is alone."""
    near = np.array([0, 0, 1, 1, 2])
    groups = np.array([0, 1, 2, 2, 3])
    label_ids = np.array([0, 0, 1, 1, 1])
    predicted = np.array([[0, 0, 1, 0, 0], [0, 0, 1, 1, 0]])
    predictions = EvidencePredictions(
        OUT_OF_FOLD, label_ids, predicted, groups, np.arange(5), n_folds=5
    )
    assert find_near(predictions, near).tolist() == [True, True, False, False, False]
    found = measure(predictions, near)
    assert (found.n_near, found.n_others) == (2, 3)
    assert found.without["accuracy"] == pytest.approx(3 / 6)
    assert found.to_dict()["without"]["macro_f1"] == pytest.approx(found.without["macro-f1"])


def test_texts_of_validation_are_held_against_train():
    """Rows 3 and 4 are validation: one has a near duplicate in train, two that are alike there count as new."""
    near = np.array([0, 1, 2, 0, 5, 5])
    predictions = EvidencePredictions.held_out(
        np.array([0, 1, 1]), np.array([0, 0, 1]), first_row=3
    )
    assert find_near(predictions, near).tolist() == [True, False, False]
    found = measure(predictions, near)
    assert (found.n_near, found.n_others, found.without["accuracy"]) == (1, 2, 0.5)


def test_without_other_texts_there_is_no_score():
    """Every text has its twin."""
    predictions = EvidencePredictions(
        OUT_OF_FOLD, np.array([0, 1]), np.array([[0, 1]]), np.arange(2), np.arange(2), n_folds=2
    )
    found = measure(predictions, np.zeros(2, dtype=int))
    assert (found.n_near, found.n_others, found.without["accuracy"]) == (2, 0, None)
    (fact,) = found.facts(metric="accuracy", score=1.0)
    assert fact.kind == "caveats.near_evidence_all"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("metric", ["accuracy", "macro-f1", "micro-f1"])
def test_both_scores_are_said_from_one_in_twenty_on(language, metric):
    """Fewer are of no account."""
    without = {"accuracy": 0.812, "macro-f1": 0.733, "micro-f1": 0.812}
    found = NearEvidence(140, 220, without)
    (fact,) = found.facts(metric=metric, score=0.954)
    said = open_language(language).tell(fact)
    expected = "73.3%" if metric == "macro-f1" else "81.2%"
    for number in ("140", "360", "220", "95.4%", expected):
        assert number in said
    assert NearEvidence(17, 343, without).facts(metric=metric, score=0.954) == []
    (fact,) = NearEvidence(341, 19, without).facts(metric=metric, score=0.954)
    assert fact.kind == "caveats.near_evidence_all"


def held_out_labels(n_texts):
    """Return predictions of two labels for rows that follow 100 of train: those of even rows are right."""
    truth = np.tile([[1, 0]], (n_texts, 1))
    predicted = truth.copy()
    predicted[1::2] = 0
    rows = 100 + np.arange(n_texts)
    return SeveralEvidencePredictions(HELD_OUT, truth, predicted[None], rows, rows)


def several_facts(predictions, near, metric):
    """Return what is said of predictions of several labels."""
    found = measure_near_evidence(
        predictions, near, metrics=SEVERAL_METRICS, score=SeveralEvidencePredictions.score
    )
    kind = "caveats.several_near_evidence"
    return found.facts(metric=metric, score=predictions.score(metric), kind=kind)


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_with_several_labels_are_scored_without_near_duplicates(language):
    """Of 60 texts, 20 that are right have one in train: without them a quarter is right."""
    predictions = held_out_labels(60)
    near = np.arange(160)
    near[100:140:2] = np.arange(20)
    (fact,) = several_facts(predictions, near, "accuracy")
    assert (fact.kind, fact.values["without"]) == ("caveats.several_near_evidence", 0.25)
    said = open_language(language).tell(fact)
    for number in ("20", "60", "40", "25.0%", "50.0%"):
        assert number in said
    assert several_facts(predictions, np.arange(160), "accuracy") == []
    (fact,) = several_facts(held_out_labels(30), np.arange(130) % 100, "micro-f1")
    assert fact.kind == "caveats.near_evidence_all"


@pytest.mark.parametrize(("n_near", "is_notable"), [(17, False), (18, True)])
def test_many_are_a_twentieth(n_near, is_notable):
    """Of 360 texts; what a model says holds the same numbers."""
    found = NearEvidence(n_near, 360 - n_near, {"accuracy": 0.5, "macro-f1": 0.4})
    assert found.is_notable == is_notable
    assert found.claim() == {"n_near": n_near, "n_others": 360 - n_near, "accuracy": 0.5}
