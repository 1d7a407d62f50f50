"""The interval of accuracy where texts were judged out of fold.

It is to hold the accuracy of the saved model on fresh texts. Accuracy out of fold varies more from
one data set to the next than as many fresh texts would make it vary: each text is judged by models
that the others taught, so that their mistakes have a common part. The variance of a mean over
folds is larger by the factor of Nadeau and Bengio (Inference for the generalization error, Machine
Learning 52, 2003). Measured: dev/LOG.md, "Folds with few texts per label".
"""

from __future__ import annotations

import numpy as np

from assay.evaluation.evidence import EvidencePredictions
from assay.runtime.limits.wilson import wilson_bounds

__all__ = ["fold_interval"]


def fold_interval(predictions: EvidencePredictions) -> tuple[float, float]:
    """Return the 95 % interval of accuracy: Wilson's, for fewer texts than there are.

    Equal texts count as one. The variance of the mean of k independent folds would be 1/k of that
    of one fold; it is 1/k plus the share of judged to fitted texts, 1/(k - 1). So with five folds,
    225 texts say as much as 100 fresh ones. That the texts were divided several times makes no
    difference.

    Parameters
    ----------
    predictions : EvidencePredictions
        Out of fold.
    """
    n_distinct = len(np.unique(predictions.groups))
    n_worth = n_distinct / (1 + predictions.n_folds / (predictions.n_folds - 1))
    low, high = wilson_bounds(np.array([predictions.accuracy * n_worth]), np.array([n_worth]))
    return float(low[0]), float(high[0])
