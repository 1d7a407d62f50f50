"""Evidence out of fold for several labels: no text has a say in its own answer."""

import numpy as np
import pytest

from assay.data.labels import LabelSet
from assay.data.several_texts import SeveralLabelledTexts
from assay.evaluation.fold_predictions import FoldPredictions, SeveralFoldTexts, predict_folds
from assay.evaluation.several_folds import SeveralFoldEvidence
from assay.evaluation.several_scores import SEVERAL_METRICS
from assay.models import make_estimator
from assay.progress import Progress
from assay.training.targets import SEVERAL

LABELS = LabelSet(("a", "b", "c"), "multi")
RNG = np.random.default_rng(0)
TRUTH = (RNG.random((90, 3)) < [0.5, 0.3, 0.2]).astype(np.int64)
GROUPS = np.arange(90) // 3


def texts():
    """Return texts of which three in a row are equal."""
    words = tuple(" ".join(LABELS.names[i] * 3 for i in np.flatnonzero(row)) for row in TRUTH)
    return SeveralFoldTexts(words, TRUTH, GROUPS, 3)


def judge(truth):
    """Return the evidence of fixed logits for such labels."""
    logits = np.random.default_rng(1).normal(size=(2, 90, 3)) + 2 * TRUTH - 1
    folds = np.stack([GROUPS % 3, (GROUPS + 1) % 3])
    found = FoldPredictions(logits, folds, np.ones((2, 90), dtype=bool), 1.0)
    own = SeveralFoldTexts(texts().texts, truth, GROUPS, 3)
    names = tuple(tuple(LABELS.names[i] for i in np.flatnonzero(row)) for row in truth)
    labelled = SeveralLabelledTexts(own.texts, names)
    return SeveralFoldEvidence.judge(
        found, own, labelled, LABELS, thresholds=np.full(3, 0.5), is_calibrated=True, seed=0
    )


def test_equal_texts_are_in_one_fold_and_labels_are_shared_out():
    """Every fold has some texts of every label."""
    folds = texts().deal(n_folds=3, seed=0)
    assert all(len(set(folds[group == GROUPS])) == 1 for group in range(30))
    for fold in range(3):
        assert TRUTH[folds == fold].any(axis=0).all()
    assert np.array_equal(folds, texts().deal(n_folds=3, seed=0))


def test_labels_of_a_text_do_not_judge_it():
    """Changing the labels of one fold leaves its own answers as they are."""
    before = judge(TRUTH)
    changed = TRUTH.copy()
    changed[GROUPS % 3 == 0] = 1 - changed[GROUPS % 3 == 0]
    after = judge(changed)
    own = GROUPS % 3 == 0
    np.testing.assert_array_equal(before.probs[0][own], after.probs[0][own])
    np.testing.assert_array_equal(
        before.predictions.predicted[0][own], after.predictions.predicted[0][own]
    )
    assert not np.array_equal(before.probs[0][~own], after.probs[0][~own])


def test_every_division_is_written():
    """With fold and repeat, by which they are told apart."""
    records = list(judge(TRUTH).records(["train"] * 90, LABELS.names))
    assert len(records) == 180
    assert {record["repeat"] for record in records} == {0, 1}
    assert records[0]["group"] == records[1]["group"]


def test_final_model_is_calibrated_by_the_folds_in_its_own_order():
    """The columns of the folds are in LabelSet order, those of the estimator sorted by name."""
    turned = LabelSet(("c", "a", "b"), "multi")
    names = [tuple(LABELS.names[i] for i in np.flatnonzero(row)) for row in TRUTH]
    truth = turned.encode(names)
    own = SeveralFoldTexts(texts().texts, truth, GROUPS, 3)
    found = predict_folds(
        own, lambda: make_estimator("linear"), n_folds=3, n_repeats=1, seed=0, progress=Progress()
    )
    estimator = make_estimator("linear").fit(own.texts, names)
    estimator.calibrate_on(*found.calibration_pairs(truth), names=turned.names)
    expected = SEVERAL.fit(*found.calibration_pairs(truth))
    order = [turned.names.index(name) for name in estimator.classes_.tolist()]
    np.testing.assert_allclose(
        estimator.fitted_.calibration.shift, expected.calibration.shift[order]
    )
    np.testing.assert_allclose(
        estimator.fitted_.thresholds.scores, expected.thresholds.scores[order]
    )


def test_scores_are_those_by_which_methods_are_chosen():
    """Over all divisions, not the first alone; counts are those of one division."""
    evidence = judge(TRUTH)
    scores = evidence.scored.scores
    for metric, field in SEVERAL_METRICS.items():
        expected = evidence.predictions.score(metric)
        assert getattr(scores, field) == pytest.approx(expected, abs=1e-6)
        low, high = scores.intervals[field]
        assert 0 <= low <= expected <= high <= 1
    assert scores.n_texts == 90
    assert [one.n_texts for one in scores.per_label] == TRUTH.sum(axis=0).tolist()
    assert not np.array_equal(evidence.predictions.predicted[0], evidence.predictions.predicted[1])
