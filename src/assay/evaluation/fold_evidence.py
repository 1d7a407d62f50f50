"""`FoldEvidence`: one method, judged on texts that its models did not see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts
from assay.evaluation.evidence import OUT_OF_FOLD, EvidencePredictions
from assay.evaluation.fold_interval import (
    fold_interval,
    fold_spread,
    widen_interval,
    widen_intervals,
)
from assay.evaluation.fold_predictions import FoldPredictions, FoldTexts
from assay.evaluation.metrics import score_predictions
from assay.evaluation.result import SplitScores
from assay.evaluation.scoring import PredictionEntry, ScoredSplit, prediction_records
from assay.runtime.linear import softmax

__all__ = ["FoldEvidence"]


@dataclass(frozen=True)
class FoldEvidence:
    """What models of one method predicted for the texts outside their folds.

    Parameters
    ----------
    scored : ScoredSplit
        Probabilities of the first division into folds; scores over all divisions, of which the
        confusion matrix is the sum.
    predictions : EvidencePredictions
    probs : float64 array of shape (n_repeats, n_texts, n_classes)
    folds : int64 array of shape (n_repeats, n_texts)
    """

    scored: ScoredSplit
    predictions: EvidencePredictions
    probs: np.ndarray
    folds: np.ndarray

    @classmethod
    def judge(
        cls,
        found: FoldPredictions,
        texts: FoldTexts,
        labelled: LabelledTexts,
        label_set: LabelSet,
        *,
        temperature: float,
        seed: int,
    ) -> FoldEvidence:
        """Score what was predicted out of fold.

        Parameters
        ----------
        found : FoldPredictions
        texts : FoldTexts
            The texts that were divided.
        labelled : LabelledTexts
            The same texts.
        label_set : LabelSet
        temperature : float
            That of the final model, which is fitted on these predictions.
        seed : int
            Seed of the intervals.
        """
        probs = np.stack([softmax(logits / temperature) for logits in found.logits])
        predictions = EvidencePredictions(
            kind=OUT_OF_FOLD,
            label_ids=texts.label_ids,
            predicted_ids=probs.argmax(axis=2),
            groups=texts.groups,
            rows=np.arange(len(labelled)),
            n_folds=found.n_folds,
        )
        scores = _score_divisions(predictions, probs, label_set, seed=seed)
        scored = ScoredSplit(
            labelled, texts.label_ids, probs[0], scores, predict_s=found.fit_s, divisions=probs
        )
        return cls(scored, predictions, probs, found.folds)

    def records(self, splits: Sequence[str], labels: Sequence[str]) -> Iterator[PredictionEntry]:
        """Return what is written about each text in each division.

        Parameters
        ----------
        splits : sequence of str
            The split of each text.
        labels : sequence of str
            Names of the columns.
        """
        groups = self.predictions.groups.tolist()
        for repeat, (probs, folds) in enumerate(zip(self.probs, self.folds, strict=True)):
            records = prediction_records(splits, self.scored.labelled, probs, labels)
            own_folds = folds.tolist()
            for i, record in enumerate(records):
                yield {**record, "group": groups[i], "fold": own_folds[i], "repeat": repeat}


def _score_divisions(
    predictions: EvidencePredictions, probs: np.ndarray, label_set: LabelSet, *, seed: int
) -> SplitScores:
    """Score all divisions as one, with intervals as wide as the texts of one division deserve."""
    first = score_predictions(predictions.label_ids, probs[0], label_set, seed=seed)
    scores = first
    n_repeats = predictions.n_repeats
    if n_repeats > 1:
        repeated_ids = np.tile(predictions.label_ids, n_repeats)
        stacked = probs.reshape(-1, probs.shape[2])
        scores = score_predictions(repeated_ids, stacked, label_set, seed=seed)
    spread = fold_spread(predictions.groups, predictions.n_folds)
    intervals = widen_intervals(first, scores, spread=spread)
    intervals["accuracy"] = fold_interval(predictions)
    per_class = []
    for own, of_first in zip(scores.per_class, first.per_class, strict=True):
        interval, moved = of_first.f1_interval, own.f1 - of_first.f1
        if interval is not None:
            interval = widen_interval(interval, of_first.f1, spread=spread, moved=moved)
        per_class.append(replace(own, n_texts=of_first.n_texts, f1_interval=interval))
    return replace(
        scores, n_texts=predictions.n_texts, intervals=intervals, per_class=tuple(per_class)
    )
