"""What giving every label to every text would score: a method that learns nothing reaches that.

Thresholds are chosen for F1, so a method without any knowledge gives most labels to most texts. No
method has to be trained to know its score: with a label on a share p of the texts, precision is p
and recall 1, so that F1 is 2p / (1 + p).
"""

from __future__ import annotations

import numpy as np

from assay.catalogue import Fact
from assay.evaluation.several_scores import SEVERAL_METRICS, SeveralScores

__all__ = ["find_several_guess", "score_every_label"]


def score_every_label(scores: SeveralScores, *, metric: str) -> float:
    """Return the macro or micro F1 of giving every label to every one of these texts.

    Parameters
    ----------
    scores : SeveralScores
        Scores of any method; only the numbers of texts per label are used.
    metric : str
        A key of `SEVERAL_METRICS`. Macro F1 leaves out labels that no text has.
    """
    n_given = np.array([one.n_texts for one in scores.per_label])
    if metric == "macro-f1":
        shares = n_given[n_given > 0] / max(1, scores.n_texts)
    else:
        shares = np.array([n_given.sum() / max(1, scores.n_texts * len(n_given))])
    if not len(shares):
        return 0.0
    return float((2 * shares / (1 + shares)).mean())


def find_several_guess(evidence: SeveralScores, *, metric: str) -> list[Fact]:
    """Return the fact that a method is not shown to be better than such a guess; [] if it is.

    Parameters
    ----------
    evidence : SeveralScores
        Scores of texts that methods were chosen on.
    metric : str
        A key of `SEVERAL_METRICS`. Exact match, by which such a guess is next to never right, is
        judged by micro F1.
    """
    judged = metric if metric == "macro-f1" else "micro-f1"
    field = SEVERAL_METRICS[judged]
    guess = score_every_label(evidence, metric=judged)
    if evidence.intervals[field][0] > guess:
        return []
    return [
        Fact.of(
            "caveats.several_guess",
            metric=judged,
            score=float(getattr(evidence, field)),
            n_texts=evidence.n_texts,
            guess=guess,
        )
    ]
