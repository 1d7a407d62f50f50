"""`FoldStep`: which methods of a run are judged out of fold, and their predictions."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from assay.errors import DataError
from assay.evaluation.evidence import OUT_OF_FOLD, SHORT_BUDGET
from assay.evaluation.fold_predictions import (
    FOLD_TEXTS,
    FoldPredictions,
    FoldTexts,
    count_folds,
    count_repeats,
    predict_folds,
)
from assay.methods import METHODS
from assay.models import make_estimator, name_labels
from assay.progress import Progress
from assay.recipes.steps.budget import Budget
from assay.recipes.steps.fit import TrainingSet
from assay.recipes.steps.run_options import RunOptions
from assay.recipes.steps.run_state import FOLDS

__all__ = ["FoldStep", "find_evidence"]

logger = logging.getLogger(__name__)

ENOUGH_TEXTS = 800  # with so many validation texts, they are the evidence
# With so many validation texts, the folds of a method whose training is resumable (it is that
# long) cost more than they tell.
ENOUGH_FOR_LONG_TRAININGS = 200
MANY_REPEATS = 5  # of the fewest texts, where even a training in epochs is short
BUDGET_FRACTION = 0.4  # of the time that is left, for the folds of one method


@dataclass(frozen=True)
class FoldStep:
    """Decides by numbers of rows whether validation is enough, and fits on folds where it is not.

    Parameters
    ----------
    root : Path
        The run's folder.
    data : TrainingSet
    options : RunOptions
    budget : Budget
    progress : Progress
    notes : dict
        Method -> why it was not judged out of fold though the rows asked for it; filled in here.
    """

    root: Path
    data: TrainingSet
    options: RunOptions
    budget: Budget
    progress: Progress
    notes: dict[str, str] = field(default_factory=dict)

    @cached_property
    def texts(self) -> FoldTexts:
        """The texts of train and validation."""
        whole, label_set = self.data.whole, self.data.splits.label_set
        return FOLD_TEXTS[label_set.task](
            whole.train.texts,
            whole.label_ids,
            whole.groups,
            len(label_set),
            label_set.natural_order(),
        )

    @cached_property
    def measured_terms(self) -> np.ndarray:
        """How the terms of each text compare with those of other folds: see `measure_by_folds`."""
        from assay.models.term_statistics import measure_by_folds  # loads scikit-learn

        n_folds = count_folds(self.texts, self.options.folds or 2)
        folds = self.texts.deal(n_folds=n_folds, seed=self.options.seed)
        return measure_by_folds(
            self.texts.texts, self.texts.label_ids, folds, n_classes=self.texts.n_classes
        )

    def asks_for(self, method: str) -> bool:
        """Tell whether validation is too small to judge this method."""
        return _needs_folds(self.data, method, n_folds=self.options.folds)

    def predict(self, method: str, parameters: Mapping[str, Any]) -> FoldPredictions | None:
        """Return a method's predictions out of fold; None if it is judged on validation."""
        if not self.asks_for(method):
            return None
        before = FoldPredictions.load(self.path(method))
        if before is not None:  # of an interrupted run with the same data and options
            return before
        n_folds = count_folds(self.texts, self.options.folds or 2)
        n_repeats = count_repeats(len(self.texts.texts))
        is_long = METHODS[method].keeps_states
        if is_long or (METHODS[method].trains_in_epochs and n_repeats < MANY_REPEATS):
            n_repeats = 1  # a second division would cost a run more time than all the rest
        deadline_s = self._deadline_s()
        given = {**name_labels(method, self.data.splits.label_set), **parameters}
        try:
            found = predict_folds(
                self.texts,
                lambda: make_estimator(method, seed=self.options.seed, **given),
                n_folds=n_folds,
                n_repeats=n_repeats,
                seed=self.options.seed,
                may_go_on=lambda: time.monotonic() < deadline_s,
                progress=self.progress,
            )
        except DataError as err:
            self._note(method, f"judged on validation alone, because {err.message}")
            return None
        if found is None:
            self._note(method, SHORT_BUDGET)
            return None
        found.save(self.path(method))
        return found

    def path(self, method: str) -> Path:
        """Return where the predictions of a method are kept until the run is complete."""
        return self.root / FOLDS / f"{method}.npz"

    def _deadline_s(self) -> float:
        """Return when the folds of a method have to be done, in seconds of the monotonic clock."""
        left_s = self.budget.left_s
        if left_s is None:
            return math.inf
        return time.monotonic() + BUDGET_FRACTION * left_s

    def _note(self, method: str, note: str) -> None:
        self.notes[method] = note
        self.progress.say(f"{method}: {note}")
        logger.info("%s: %s", method, note)


def find_evidence(
    data: TrainingSet, method: str, *, n_folds: int | None
) -> tuple[Sequence[str | Sequence[str]], str]:
    """Return the labels of the texts that a method will be judged on, and what these are called.

    Parameters
    ----------
    data : TrainingSet
    method : str
    n_folds : int, optional
        None: validation is always the evidence.
    """
    if _needs_folds(data, method, n_folds=n_folds):
        return data.whole.train.labels, OUT_OF_FOLD
    return data.splits["validation"].labels, "validation"


def _needs_folds(data: TrainingSet, method: str, *, n_folds: int | None) -> bool:
    """Tell whether validation is too small to judge a method."""
    enough = ENOUGH_TEXTS
    if METHODS[method].keeps_states:
        enough = ENOUGH_FOR_LONG_TRAININGS
    return n_folds is not None and len(data.splits["validation"]) < enough
