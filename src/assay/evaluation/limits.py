"""What a model records about its limits: when to abstain, and for which texts.

Everything is chosen on validation.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assay.evaluation.coverage import measure_coverage
from assay.evaluation.scoring import ScoredSplit
from assay.evaluation.several_scoring import SeveralScored
from assay.models.term_statistics import make_scope_references
from assay.runtime.entries import LimitEntries, ScopeEntry
from assay.runtime.layout import Layout
from assay.runtime.limits.scope import TermStatistics
from assay.runtime.predictor import Model

__all__ = ["measure_limits", "measure_several_limits"]


def measure_limits(
    folder: Path,
    validation: ScoredSplit,
    *,
    target_accuracy: float | None = None,
    split: str = "validation",
    measured_terms: np.ndarray | None = None,
) -> LimitEntries:
    """Measure what assay.json says about the limits of a model.

    Parameters
    ----------
    folder : Path
        The saved model.
    validation : ScoredSplit
        What the model scores on the validation split.
    target_accuracy : float, optional
        The model is to abstain so that its answers reach this accuracy. Where no threshold can be
        shown to reach it, no rule is recorded: the model always answers.
    split : str
        What the texts are called in the entries.
    measured_terms : array of shape (n_texts, n_measures), optional
        How the texts compare with training texts, where these were not the model's own.

    Returns
    -------
    LimitEntries
        `coverage_curve`, and where they could be measured `scope` and `abstain`.
    """
    curve = measure_coverage(validation.label_ids, validation.probs, split=split).thin()
    measured: LimitEntries = {"coverage_curve": curve.to_dict()}
    scope = _measure_scope(
        folder,
        validation.labelled.texts,
        validation.probs,
        n_classes=validation.probs.shape[1],
        split=split,
        measured_terms=measured_terms,
    )
    if scope is not None:
        measured["scope"] = scope
    if target_accuracy is not None:
        rule = curve.reaching(target_accuracy)
        if rule is not None:
            measured["abstain"] = rule.to_dict()
    return measured


def measure_several_limits(
    model: Model,
    evidence: SeveralScored,
    *,
    split: str,
    measured_terms: np.ndarray | None = None,
) -> LimitEntries:
    """Measure the same of a model of several labels per text: `scope`, where it could be measured.

    Parameters
    ----------
    model : Model
    evidence : SeveralScored
        What models that did not see the texts score on them.
    split, measured_terms
        As in `measure_limits`.
    """
    scope = _measure_scope(
        model.folder,
        evidence.labelled.texts,
        model.answering.outcomes(evidence.probs),
        n_classes=len(model.labels),
        may_have_none=True,
        split=split,
        measured_terms=measured_terms,
    )
    return {} if scope is None else {"scope": scope}


def _measure_scope(
    folder: Path,
    texts: Sequence[str],
    outcomes: np.ndarray,
    *,
    n_classes: int,
    may_have_none: bool = False,
    split: str = "validation",
    measured_terms: np.ndarray | None = None,
) -> ScopeEntry | None:
    """Measure how texts that were not trained on compare with those that were.

    None if the model has no statistics of its training texts. `outcomes` are the model's scores of
    the texts, as `Answering.outcomes` returns them; for `may_have_none` see `TermStatistics.load`.
    """
    if not Layout(folder).scope.is_file():
        return None
    if measured_terms is None:
        statistics = TermStatistics.load(folder, n_classes=n_classes, may_have_none=may_have_none)
        measured_terms = statistics.measure(texts)
    return make_scope_references(measured_terms, outcomes, texts, split=split).to_dict()
