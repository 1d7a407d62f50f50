"""What a model records about its limits: when to abstain, and for which texts.

Everything is chosen on validation.
"""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from assay.evaluation.coverage import measure_coverage
from assay.evaluation.scoring import ScoredSplit
from assay.models.term_statistics import make_scope_reference
from assay.runtime.entries import LimitEntries
from assay.runtime.layout import Layout
from assay.runtime.limits.scope import TermStatistics

__all__ = ["measure_limits"]

logger = logging.getLogger(__name__)


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
        shown to reach it, a warning is logged and no rule is recorded: the model always answers.
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
    if Layout(folder).scope.is_file():
        if measured_terms is None:
            statistics = TermStatistics.load(folder, n_classes=validation.probs.shape[1])
            measured_terms = statistics.measure(validation.labelled.texts)
        reference = make_scope_reference(measured_terms, validation.probs, split=split)
        measured["scope"] = reference.to_dict()
    if target_accuracy is not None:
        rule = curve.reaching(target_accuracy)
        if rule is None:
            logger.warning(
                "on %d %s texts no answers can be shown to be right %g of the time: "
                "%.4f is the best; the model was saved without a rule, so that it always answers",
                curve.n_texts,
                split.replace("_", "-"),
                target_accuracy,
                curve.proven_accuracy.max(),
            )
        else:
            measured["abstain"] = rule.to_dict()
    return measured
