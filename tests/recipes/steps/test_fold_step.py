"""Which methods are judged out of fold, by rows alone, and what a short budget does.

`score.py`, `shown.py`, `trained.py` and `label_step.py` of recipes/steps are tested with whole runs, in
tests/recipes/test_run_folds.py and tests/recipes/test_run.py.
"""

import pytest

from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts, Splits
from assay.progress import Progress
from assay.recipes.steps.budget import Budget
from assay.recipes.steps.fit import TrainingSet
from assay.recipes.steps.fold_step import FoldStep
from assay.recipes.steps.run_options import RunOptions


def step_of(tmp_path, *, n_validation=20, budget_s=None, first_label="b", **options):
    """Make the step of a run on sixty texts of train."""

    def labelled(n, word):
        texts = tuple(f"{word} number {i}" for i in range(n))
        return LabelledTexts(texts, (first_label, *("ab"[i % 2] for i in range(n - 1))))

    splits = Splits(
        {"train": labelled(60, "some"), "validation": labelled(n_validation, "other")},
        LabelSet(("a", "b")),
        source="memory",
    )
    return FoldStep(
        tmp_path, TrainingSet(splits), RunOptions(**options), Budget(budget_s), Progress()
    )


@pytest.mark.parametrize(
    ("n_validation", "folds", "asked"),
    [
        (20, 5, ["linear", "features", "finetune"]),
        (199, 5, ["linear", "features", "finetune"]),
        (200, 5, ["linear", "features"]),
        (799, 5, ["linear", "features"]),
        (800, 5, []),
        (20, None, []),
    ],
)
def test_rows_of_validation_decide(tmp_path, n_validation, folds, asked):
    """Folds of the longest training are made of the smallest sets only."""
    step = step_of(tmp_path, n_validation=n_validation, folds=folds)
    methods = ("linear", "features", "finetune")
    assert [method for method in methods if step.asks_for(method)] == asked


def test_predictions_are_kept_for_a_resumed_run(tmp_path):
    """A file beside the models, until the run is complete."""
    step = step_of(tmp_path)
    found = step.predict("majority", {})
    assert found.logits.shape == (5, 80, 2)
    assert step.path("majority").is_file()
    again = step_of(tmp_path, budget_s=1e-6).predict("majority", {})
    assert again.fit_s == found.fit_s
    assert step.notes == {}


def test_a_budget_too_short_for_folds_is_said(tmp_path):
    """The method is judged on validation, and the reader is told why."""
    step = step_of(tmp_path, budget_s=1e-6)
    assert step.predict("linear", {}) is None
    assert step.notes == {"linear": "judged on validation alone: the budget is too short for folds"}
