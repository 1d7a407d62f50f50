"""What lets a model that is saved in Python tell texts unlike its training texts.

Their terms are counted, and texts that were not trained on are compared with them. Models of
`assay train` get the same from their splits: see `evaluation/limits.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from assay.errors import InputError
from assay.models.estimator import TextClassifier
from assay.models.pairs import check_pair, check_task, pair_texts
from assay.models.term_statistics import (
    fit_term_statistics,
    make_scope_references,
    measure_by_folds,
)
from assay.runtime.entries import ScopeEntry
from assay.runtime.limits.scope import TermStatistics
from assay.runtime.predictor import Model

__all__ = ["CountedTraining"]

# Of 50 texts that look like train, 5 % are 2.5 texts: fewer held-out texts tell no threshold.
MIN_HELD_OUT = 50
MAX_HELD_OUT = 2000  # more make the threshold no better, and are scored one by one
N_FOLDS = 5
HELD_OUT, OUT_OF_FOLD = "held_out", "out_of_fold"


@dataclass(frozen=True)
class CountedTraining:
    """The texts that an estimator learnt from, and what they are labelled.

    Parameters
    ----------
    texts : list of str
    label_ids : int64 array of shape (n_texts,), or (n_texts, n_labels) of zeros and ones
        In LabelSet order.
    n_classes : int
    """

    texts: list[str]
    label_ids: np.ndarray
    n_classes: int

    @classmethod
    def of(cls, training: Any, estimator: TextClassifier, order: np.ndarray) -> CountedTraining:
        """Read what `fit` was given.

        Parameters
        ----------
        training : (texts, labels)
        estimator : TextClassifier
            Fitted on them.
        order : int64 array of shape (n_classes,)
            The position in `classes_` of each label, in LabelSet order.

        Raises
        ------
        InputError
            It is no such pair, or the estimator learnt from another number of texts.
        DataError
            A label is none of the estimator's.
        """
        check_pair(training, name="training")
        given, labels = training
        targets = estimator.targets_
        check_task(labels, targets)
        texts, labels = pair_texts(given, labels, task=targets.task, name="training texts")
        n_learnt = (estimator.training_data_ or {}).get("n_texts", len(texts))
        if len(texts) != n_learnt:
            raise InputError(
                f"training has {len(texts):,} texts, and the estimator learnt from {n_learnt:,}; "
                "the texts and labels that fit was given are accepted"
            )
        label_ids = targets.encode(labels, estimator.classes_)
        if label_ids.ndim == 2:
            return cls(texts, label_ids[:, order], len(order))
        return cls(texts, np.argsort(order)[label_ids], len(order))

    @cached_property
    def statistics(self) -> TermStatistics:
        """How often each class has which terms."""
        return fit_term_statistics(self.texts, self.label_ids, n_classes=self.n_classes)

    def measure_scope(self, model: Model, held_out: Sequence[str]) -> ScopeEntry | None:
        """Measure how texts that were not trained on compare with those that were.

        These are the held-out texts if there are `MIN_HELD_OUT` that are no training texts. If not,
        training texts of each fold are compared with those of the others, and how sure the model is
        of a text is left out: it is surer of texts that it learnt from than of new ones.

        Parameters
        ----------
        model : Model
            The saved one.
        held_out : sequence of str

        Returns
        -------
        ScopeEntry or None
            None where all training texts are the same.
        """
        known = set(self.texts)
        new = [text for text in held_out if text not in known]
        new = new[:: -(-len(new) // MAX_HELD_OUT) or 1]  # every third of 6,000
        if len(new) >= MIN_HELD_OUT:
            outcomes = model.answering.outcomes(model.predict_proba(new))
            measured = self.statistics.measure(new)
            return make_scope_references(measured, outcomes, new, split=HELD_OUT).to_dict()
        by_folds = self._measure_by_folds()
        if by_folds is None:
            return None
        certain = np.ones((len(by_folds), 1))  # a measure without spread counts for nothing
        return make_scope_references(by_folds, certain, self.texts, split=OUT_OF_FOLD).to_dict()

    def _measure_by_folds(self) -> np.ndarray | None:
        """Compare the texts of each fold with those of the others; equal texts share a fold."""
        distinct, own = np.unique(np.array(self.texts, dtype=object), return_inverse=True)
        if len(distinct) < 2:
            return None
        shuffled = np.random.default_rng(0).permutation(len(distinct))
        folds = shuffled[own] % min(N_FOLDS, len(distinct))
        return measure_by_folds(self.texts, self.label_ids, folds, n_classes=self.n_classes)
