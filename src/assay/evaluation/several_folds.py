"""The evidence out of fold where texts may have several labels: no text judges its own answer.

The final model's scales, shifts and thresholds are fitted on all predictions out of fold. Judged by
those, each text would have had a say in its own answer; there are three numbers per label, not one
temperature for all. So each fold is judged by numbers that were fitted on the other folds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts
from assay.evaluation.evidence import OUT_OF_FOLD
from assay.evaluation.fold_predictions import FoldPredictions, FoldTexts
from assay.evaluation.several_choice import SeveralAnswersOf
from assay.evaluation.several_scores import score_several
from assay.evaluation.several_scoring import SeveralScored
from assay.training.targets import SEVERAL

__all__ = ["SeveralFoldEvidence", "judge_division"]


@dataclass(frozen=True)
class SeveralFoldEvidence:
    """What models of one method predicted for the texts outside their folds.

    Parameters
    ----------
    scored : SeveralScored
        Scores of the first division into folds.
    answers : SeveralAnswersOf
        The answers of all divisions.
    folds : int64 array of shape (n_repeats, n_texts)
    probs : float64 array of shape (n_repeats, n_texts, n_labels)
    """

    scored: SeveralScored
    answers: SeveralAnswersOf
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
        is_fitted: bool,
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
        is_fitted : bool
            Whether the method fits thresholds; else its logits are taken as they are.
        seed : int
            Seed of the intervals.
        """
        truth = texts.label_ids
        judged = []
        for logits, folds in zip(found.logits, found.folds, strict=True):
            judged.append(judge_division(logits, truth, folds, is_fitted=is_fitted))
        probs = np.stack([one for one, _ in judged])
        predicted = np.stack([one for _, one in judged])
        answers = SeveralAnswersOf(
            OUT_OF_FOLD,
            truth,
            predicted,
            texts.groups,
            rows=np.arange(len(truth)),
            n_folds=found.n_folds,
        )
        scores = score_several(truth, probs[0], predicted[0], label_set, thresholds, seed=seed)
        scored = SeveralScored(labelled, truth, probs[0], predicted[0], scores, found.fit_s)
        return cls(scored, answers, found.folds, probs)

    def records(self, splits: Sequence[str], labels: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Return what is written about each text in each division.

        Parameters
        ----------
        splits : sequence of str
            The split of each text.
        labels : sequence of str
            Names of the columns.
        """
        groups = self.answers.groups.tolist()
        for repeat, own_folds in enumerate(self.folds.tolist()):
            records = self.scored.describe_texts(
                splits, labels, self.probs[repeat], self.answers.predicted[repeat]
            )
            for i, record in enumerate(records):
                yield {**record, "group": groups[i], "fold": own_folds[i], "repeat": repeat}


def judge_division(
    logits: np.ndarray, truth: np.ndarray, folds: np.ndarray, *, is_fitted: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Return scores and answers of one division, each fold by what the others say.

    Parameters
    ----------
    logits, truth : arrays of shape (n_texts, n_labels)
    folds : int array of shape (n_texts,)
    is_fitted : bool
        Whether the method fits scales, shifts and thresholds.
    """
    probs = np.zeros_like(logits)
    predicted = np.zeros_like(truth)
    for fold in np.unique(folds):
        is_own = folds == fold
        fitted = SEVERAL.untrained(truth.shape[1])
        if is_fitted:
            fitted = SEVERAL.fit(logits[~is_own], truth[~is_own])
        probs[is_own] = SEVERAL.probs(fitted.calibration.apply(logits[is_own]))
        predicted[is_own] = probs[is_own] >= fitted.thresholds
    return probs, predicted
