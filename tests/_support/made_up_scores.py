"""Scored splits whose probabilities are made up: no model has to be trained for them."""

from __future__ import annotations

import numpy as np

from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts
from assay.evaluation.metrics import score_predictions
from assay.evaluation.scoring import ScoredSplit

LABELS = LabelSet(("joy", "sadness"))


def made_up_split(n_texts: int, *, seed: int, skill: float = 12.0) -> ScoredSplit:
    """Make a split whose scores are roughly the probability of being right.

    Parameters
    ----------
    n_texts : int
    seed : int
    skill : float
        The larger, the surer the made-up model is and the more often it is right.
    """
    rng = np.random.default_rng(seed)
    margin = rng.normal(size=n_texts) * skill
    first = 1 / (1 + np.exp(-margin))
    probs = np.column_stack([first, 1 - first])
    label_ids = (rng.random(n_texts) > first).astype(np.int64)
    texts = tuple(f"text {i}" for i in range(n_texts))
    labelled = LabelledTexts(texts, tuple(LABELS[i] for i in label_ids))
    scores = score_predictions(label_ids, probs, LABELS, seed=0, n_resamples=5)
    return ScoredSplit(labelled, label_ids, probs, scores, 0.1)
