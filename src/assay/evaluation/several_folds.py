"""The evidence out of fold where texts may have several labels: no text judges its own answer.

The final model's scales, shifts and thresholds are fitted on all predictions out of fold. Judged by
those, each text would have had a say in its own answer; there are three numbers per label, not one
temperature for all. So each fold is judged by numbers that were fitted on the other folds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts
from assay.evaluation.evidence import OUT_OF_FOLD
from assay.evaluation.fold_interval import fold_spread, widen_interval, widen_intervals
from assay.evaluation.fold_predictions import FoldPredictions, FoldTexts
from assay.evaluation.several_choice import SeveralEvidencePredictions
from assay.evaluation.several_scores import SeveralScores, score_several
from assay.evaluation.several_scoring import SeveralScored
from assay.training.targets import SEVERAL

__all__ = ["SeveralFoldEvidence", "judge_division"]


@dataclass(frozen=True)
class SeveralFoldEvidence:
    """What models of one method predicted for the texts outside their folds.

    Parameters
    ----------
    scored : SeveralScored
        Probabilities and predictions of the first division into folds; scores over all divisions,
        of which the intervals are wider than those of fresh texts: see `fold_interval`.
    predictions : SeveralEvidencePredictions
        The predictions of all divisions.
    folds : int64 array of shape (n_repeats, n_texts)
    probs : float64 array of shape (n_repeats, n_texts, n_labels)
    """

    scored: SeveralScored
    predictions: SeveralEvidencePredictions
    folds: np.ndarray
    probs: np.ndarray

    @classmethod
    def judge(
        cls,
        found: FoldPredictions,
        texts: FoldTexts,
        labelled: LabelledTexts,
        label_set: LabelSet,
        *,
        thresholds: np.ndarray,
        is_calibrated: bool,
        seed: int,
    ) -> SeveralFoldEvidence:
        """Score what was predicted out of fold.

        Parameters
        ----------
        found : FoldPredictions
        texts : FoldTexts
            The texts that were divided.
        labelled : LabelledTexts
            The same texts.
        label_set : LabelSet
        thresholds : array of shape (n_labels,)
            Those of the final model, for the table of labels.
        is_calibrated : bool
            Whether the method fits scales and shifts. Thresholds are chosen for every method.
        seed : int
            Seed of the intervals.
        """
        truth = texts.label_ids
        judged = []
        for logits, folds in zip(found.logits, found.folds, strict=True):
            judged.append(judge_division(logits, truth, folds, is_calibrated=is_calibrated))
        probs = np.stack([one for one, _ in judged])
        predicted = np.stack([one for _, one in judged])
        predictions = SeveralEvidencePredictions(
            OUT_OF_FOLD,
            truth,
            predicted,
            texts.groups,
            rows=np.arange(len(truth)),
            n_folds=found.n_folds,
        )
        spread = fold_spread(texts.groups, found.n_folds)
        scores = _score_divisions(
            truth, probs, predicted, label_set, thresholds, spread=spread, seed=seed
        )
        scored = SeveralScored(labelled, truth, probs[0], predicted[0], scores, found.fit_s)
        return cls(scored, predictions, found.folds, probs)

    def records(self, splits: Sequence[str], labels: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Return what is written about each text in each division.

        Parameters
        ----------
        splits : sequence of str
            The split of each text.
        labels : sequence of str
            Names of the columns.
        """
        groups = self.predictions.groups.tolist()
        for repeat, own_folds in enumerate(self.folds.tolist()):
            records = self.scored.describe_texts(
                splits, labels, self.probs[repeat], self.predictions.predicted[repeat]
            )
            for i, record in enumerate(records):
                yield {**record, "group": groups[i], "fold": own_folds[i], "repeat": repeat}


def _score_divisions(
    truth: np.ndarray,
    probs: np.ndarray,
    predicted: np.ndarray,
    label_set: LabelSet,
    thresholds: np.ndarray,
    *,
    spread: float,
    seed: int,
) -> SeveralScores:
    """Score all divisions as one, with intervals as wide as the texts of one division deserve.

    Methods are chosen by the same scores: see `SeveralEvidencePredictions.score`.
    """
    first = score_several(truth, probs[0], predicted[0], label_set, thresholds, seed=seed)
    n_repeats = len(probs)
    repeated = np.tile(truth, (n_repeats, 1))
    probs, predicted = probs.reshape(repeated.shape), predicted.reshape(repeated.shape)
    scores = score_several(
        repeated, probs, predicted, label_set, thresholds, seed=seed, n_resamples=1
    )
    intervals = widen_intervals(first, scores, spread=spread)
    per_label = []
    for own, of_first in zip(scores.per_label, first.per_label, strict=True):
        moved, interval = own.f1 - of_first.f1, of_first.f1_interval
        if interval is not None:
            interval = widen_interval(interval, of_first.f1, spread=spread, moved=moved)
        shown = replace(
            own,
            n_texts=of_first.n_texts,
            n_predicted=round(own.n_predicted / n_repeats),
            f1_interval=interval,
        )
        per_label.append(shown)
    return replace(scores, n_texts=first.n_texts, intervals=intervals, per_label=tuple(per_label))


def score_divisions(
    found: FoldPredictions, truth: np.ndarray, *, is_calibrated: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of all divisions by the calibration of the final model, and what is true.

    Parameters
    ----------
    found : FoldPredictions
    truth : int array of shape (n_texts, n_labels)
    is_calibrated : bool
        See `judge_division`.
    """
    logits, targets = found.calibration_pairs(truth)
    fit = SEVERAL.fit if is_calibrated else SEVERAL.choose
    return SEVERAL.probs(fit(logits, targets).calibration.apply(logits)), targets


def judge_division(
    logits: np.ndarray, truth: np.ndarray, folds: np.ndarray, *, is_calibrated: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Return scores and predictions of one division, each fold by what the others say.

    Parameters
    ----------
    logits, truth : arrays of shape (n_texts, n_labels)
    folds : int array of shape (n_texts,)
    is_calibrated : bool
        Whether scales and shifts are fitted, as well as thresholds.
    """
    fit = SEVERAL.fit if is_calibrated else SEVERAL.choose
    probs = np.zeros_like(logits)
    predicted = np.zeros_like(truth)
    for fold in np.unique(folds):
        is_own = folds == fold
        fitted = fit(logits[~is_own], truth[~is_own])
        probs[is_own] = SEVERAL.probs(fitted.calibration.apply(logits[is_own]))
        assert fitted.thresholds is not None  # texts with several labels have them
        predicted[is_own] = fitted.thresholds.decide(probs[is_own])
    return probs, predicted
