"""The choice among methods of several labels: paired draws, rows that all have, majority last."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from assay.evaluation.evidence import HELD_OUT, OUT_OF_FOLD
from assay.evaluation.several_choice import (
    SeveralEvidencePredictions,
    choose_several,
    compare_several,
)

RNG = np.random.default_rng(0)
TRUTH = (RNG.random((300, 4)) < [0.5, 0.3, 0.2, 0.1]).astype(np.int64)


def answer(error: float, *, seed: int, n_repeats: int = 1, rows=None, kind=HELD_OUT):
    """Return predictions of which so many entries are wrong."""
    rows = np.arange(300) if rows is None else rows
    rng = np.random.default_rng(seed)
    is_wrong = rng.random((n_repeats, len(rows), 4)) < error
    predicted = np.where(is_wrong, 1 - TRUTH[rows], TRUTH[rows])
    return SeveralEvidencePredictions(kind, TRUTH[rows], predicted, rows // 2, rows)


@pytest.mark.parametrize(
    ("metric", "average"), [("macro-f1", "macro"), ("micro-f1", "micro"), ("accuracy", None)]
)
def test_scores_are_those_of_scikit_learn(metric, average):
    """Over all divisions into folds; accuracy is the share of exact matches."""
    own = answer(0.2, seed=1, n_repeats=2)
    flat = own.predicted.reshape(600, 4)
    repeated = np.tile(TRUTH, (2, 1))
    expected = (flat == repeated).all(axis=1).mean()
    if average:
        expected = f1_score(repeated, flat, average=average)
    assert own.score(metric) == pytest.approx(expected, abs=1e-6)


def test_cheapest_method_within_the_tolerance_is_recommended():
    """A method that is a little worse is taken, a bad one is not, and majority never beside better ones."""
    evidence = {
        "majority": answer(0.1, seed=0),
        "linear": answer(0.101, seed=1),
        "compact": answer(0.1, seed=2),
        "finetune": answer(0.3, seed=3),
    }
    choice = choose_several(evidence, metric="micro-f1", tolerance=0.05, seed=0)
    cheap = choose_several(
        {**evidence, "linear": answer(0.4, seed=4)}, metric="micro-f1", tolerance=0.05, seed=0
    )
    assert (choice.best, choice.recommended) == ("compact", "linear")
    assert (cheap.best, cheap.recommended) == ("compact", "compact")
    losses = {one["method"]: one["expected_loss"] for one in choice.to_dict()["expected_losses"]}
    assert losses[choice.best] == 0
    assert losses["finetune"] > 0.1


def test_differences_are_paired():
    """Equal predictions differ by nothing, whatever the draw; the interval of a worse one is below zero."""
    good, bad = answer(0.05, seed=1), answer(0.3, seed=2)
    same, other, worse = compare_several(
        {"linear": good, "compact": good, "finetune": bad}, metric="macro-f1", seed=0
    )
    assert (same.difference, other.interval) == (0, (0, 0))
    assert worse.interval[0] <= worse.difference <= worse.interval[1] < 0


def test_methods_are_compared_on_the_rows_that_all_have():
    """One of them was judged on validation alone."""
    folds = answer(0.1, seed=1, n_repeats=2, kind=OUT_OF_FOLD)
    validation = answer(0.1, seed=2, rows=np.arange(200, 300))
    choice = choose_several(
        {"linear": folds, "finetune": validation}, metric="micro-f1", tolerance=0.01, seed=0
    )
    assert (choice.n_texts, choice.kind) == (100, HELD_OUT)
    alone = choose_several({"linear": folds}, metric="micro-f1", tolerance=0.01, seed=0)
    assert (alone.n_texts, alone.kind) == (300, OUT_OF_FOLD)
    assert "models that did not see it" in alone.why
