"""`JudgedLabels`: what models that did not see a text say about its label, over several methods.

The geometric mean of two methods that make different mistakes finds more wrong labels than the
better of the two alone: "Wrong labels, judged by two methods" in dev/LOG.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.data.duplicates import shared_groups
from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts, Splits, join_texts
from assay.evaluation.fold_predictions import FoldPredictions
from assay.evaluation.out_of_fold import fit_calibration, predict_out_of_fold
from assay.progress import Progress

__all__ = ["JudgedLabels", "judge_by_folds", "judge_evidence", "mix_judges"]

# Keeps a class that no model knows from deciding alone, in logits and in probabilities
LOGIT_GAP, LEAST_PROBABILITY = 30.0, 1e-9
# A judge that agrees with fewer labels than the best one by this much makes the mean worse
WORSE_BY = 0.2


@dataclass(frozen=True)
class JudgedLabels:
    """Probabilities of every text by models that did not see it.

    Parameters
    ----------
    methods : tuple of str
        Whose models judged.
    split : str
        The split that the models were fitted on, fold by fold.
    probs : mapping of split to float64 array of shape (n_texts, n_classes)
        `split` first. In LabelSet order; rows sum to 1. A row of NaN could not be judged.
    fit_s : float
        Seconds of fitting and predicting for this purpose alone.
    """

    methods: tuple[str, ...]
    split: str
    probs: Mapping[str, np.ndarray]
    fit_s: float = 0.0

    def agreement(self, labelled: LabelledTexts, label_set: LabelSet, split: str) -> float:
        """Return the share of the judged labels that are the most probable; 0 if none is judged."""
        probs = self.probs[split]
        is_judged = ~np.isnan(probs).any(axis=1)
        if not is_judged.any():
            return 0.0
        label_ids = label_set.ids(labelled.labels)[is_judged]
        return float((probs[is_judged].argmax(axis=1) == label_ids).mean())


def judge_by_folds(
    splits: Splits,
    method: str,
    *,
    parameters: Mapping[str, Any] | None = None,
    known: Mapping[str, np.ndarray] | None = None,
    seed: int,
    progress: Progress,
) -> JudgedLabels:
    """Judge the labels of every split by models fitted on folds of train, or of the first split.

    Parameters
    ----------
    splits : Splits
    method : str
        Any method that reads the texts.
    parameters : mapping of str to value, optional
        Parameters of the estimator.
    known : mapping of split to float64 array of shape (n_texts, n_classes), optional
        Probabilities of splits by a model that was fitted on the whole of train: their texts need
        not be read again.
    seed : int
    progress : Progress

    Raises
    ------
    InputError
        The method cannot be used.
    DataError
        The texts hold too few labels to learn from.
    """
    known = known or {}
    fitted = "train" if "train" in splits else next(iter(splits))
    is_read = {fitted, *known}
    others = {split: labelled for split, labelled in splits.items() if split not in is_read}
    judged = predict_out_of_fold(
        splits[fitted],
        splits.label_set,
        method=method,
        parameters=parameters,
        others=others,
        seed=seed,
        progress=progress,
    )
    found = {fitted: judged.probs, **judged.other_probs}
    for split, probs in known.items():
        found[split] = _with_seen_texts(probs, splits[split], judged.probs, splits[fitted])
    in_order = {split: found[split] for split in [fitted, *splits] if split in found}
    return JudgedLabels((method,), fitted, in_order, judged.fit_s)


def judge_evidence(
    splits: Splits,
    method: str,
    found: FoldPredictions,
    *,
    test_probs: np.ndarray,
) -> JudgedLabels:
    """Judge the labels of every split by predictions that are the evidence of a run.

    Parameters
    ----------
    splits : Splits
        Holds train, validation and test.
    method : str
    found : FoldPredictions
        Predictions for the texts of train and validation, one split after the other.
    test_probs : float64 array of shape (n_test_texts, n_classes)
        By a model that was fitted on train and validation.
    """
    n_train = len(splits["train"])
    both = join_texts([splits["train"], splits["validation"]])
    label_ids = splits.label_set.ids(both.labels)
    by_division = []
    for logits, folds, is_known in zip(found.logits, found.folds, found.is_known, strict=True):
        by_division.append(_calibrate_division(logits, label_ids, folds, is_known))
    probs = np.mean(by_division, axis=0)
    probs[~found.is_known.all(axis=0)] = np.nan
    test = _with_seen_texts(test_probs, splits["test"], probs, both)
    of_split = {"train": probs[:n_train], "validation": probs[n_train:], "test": test}
    return JudgedLabels((method,), "train", of_split)


def _calibrate_division(
    logits: np.ndarray, label_ids: np.ndarray, folds: np.ndarray, is_known: np.ndarray
) -> np.ndarray:
    """Turn the logits of one division into probabilities; each fold is calibrated on the others."""
    clipped = np.maximum(logits, logits.max(axis=1, keepdims=True) - LOGIT_GAP)
    probs: np.ndarray = np.empty_like(clipped)
    for fold in range(int(folds.max()) + 1):
        is_own = folds == fold
        rows = ~is_own & is_known
        probs[is_own] = fit_calibration(clipped[rows], label_ids[rows])(clipped[is_own])
    return probs


def _with_seen_texts(
    probs: np.ndarray, labelled: LabelledTexts, fitted_probs: np.ndarray, fitted: LabelledTexts
) -> np.ndarray:
    """Give texts that also occur among the fitted ones the probabilities of those.

    A model that was fitted on a text does not judge it.
    """
    groups, own_groups = shared_groups([fitted, labelled])
    first_row: dict[int, int] = {}
    for row, group in enumerate(groups.tolist()):
        first_row.setdefault(group, row)
    judged = probs.copy()
    for row, group in enumerate(own_groups.tolist()):
        if group in first_row:
            judged[row] = fitted_probs[first_row[group]]
    # Nothing is said of a label that no model knows.
    known_labels = set(fitted.labels)
    is_new = np.array([label not in known_labels for label in labelled.labels], dtype=bool)
    judged[is_new] = np.nan
    return judged


def mix_judges(judges: Sequence[JudgedLabels], splits: Splits) -> JudgedLabels:
    """Return the geometric mean of the judges, without those that are much worse than the best.

    Parameters
    ----------
    judges : sequence of JudgedLabels
        At least one; all of the same splits.
    splits : Splits
    """
    fitted = judges[0].split
    agreements = [one.agreement(splits[fitted], splits.label_set, fitted) for one in judges]
    kept = []
    for one, agreement in zip(judges, agreements, strict=True):
        if agreement > max(agreements) - WORSE_BY:
            kept.append(one)
    mixed = {}
    for split in judges[0].probs:
        logs = [np.log(one.probs[split] + LEAST_PROBABILITY) for one in kept]
        mean = np.exp(np.mean(logs, axis=0))
        mixed[split] = mean / mean.sum(axis=1, keepdims=True)
    methods = tuple(method for one in kept for method in one.methods)
    return JudgedLabels(methods, fitted, mixed, sum(one.fit_s for one in judges))
