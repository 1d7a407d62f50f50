"""Labels that may be missing and labels that may be too many.

Where a text may have several labels, each entry (a text and a label, given or not) is held against
the score of a model that did not see the text, calibrated on other folds. How surprising an entry
is, is the probability that it is wrong: the score where the label is not given, and what is left to
one where it is. How many are listed follows from how many of them are expected to be wrong, of
labels that are missing and of labels that are too many each: see `assay.audit.planting`. A label
that was planted on a text by mistake has the scores of the texts that do not have it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.audit.issues import Issue
from assay.audit.label_check import AUTO, NOT_ASKED, LabelCheck
from assay.audit.planting import PROBABLE, count_listed, expect_wrong_among
from assay.data.duplicates import duplicate_groups
from assay.data.texts import LabelledTexts, Splits
from assay.errors import DataError
from assay.methods import LABEL_CHECK
from assay.progress import Progress

__all__ = ["SuspectEntry", "check_several", "count_check_folds", "find_suspect_entries"]

KINDS_OF_ENTRIES = {True: "missing_label", False: "extra_label"}
# Many texts are divided into fewer folds: as much is found in half of the time. Measured:
# dev/LOG.md, "Suspect entries of small and of large sets".
N_FOLDS, N_FOLDS_OF_MANY, MANY_TEXTS = 5, 3, 16_000
# Of fewer given labels, models that call more than this share missing or too many are weak: what
# they list is nearly all right (same heading).
FEW_GIVEN, LARGEST_SHARE_OF_FEW = 1_000, 0.1
LEAST_SCORE = 0.5  # nothing is called wrong that is more likely right than not
LEAST_WITH = 2  # texts with a label, and without it, by which entries of it can be judged


@dataclass(frozen=True)
class SuspectEntry:
    """An entry that may be wrong.

    Parameters
    ----------
    row, label : int
        Positions of text and label.
    is_missing : bool
        The label is not given and should be; else it is given and should not be.
    score : float
        Probability that the entry is wrong, 0 to 1.
    expected_share : float
        Which share of the entries of its kind, down to this one, is expected to be wrong, roughly.
    """

    row: int
    label: int
    is_missing: bool
    score: float
    expected_share: float


def find_suspect_entries(truth: np.ndarray, probs: np.ndarray) -> list[SuspectEntry]:
    """Return the entries that may be wrong, the most suspect first.

    Parameters
    ----------
    truth : int array of shape (n_texts, n_labels)
        Zeros and ones.
    probs : float array of the same shape
        Scores by models that did not see the texts.
    """
    n_with = truth.sum(axis=0)
    n_without = len(truth) - n_with
    can_judge = (n_with >= LEAST_WITH) & (n_without >= LEAST_WITH)
    is_given = truth > 0
    surprise = np.where(is_given, 1 - probs, probs)
    found = []
    for is_own, is_missing in ((is_given, False), (~is_given, True)):
        rows, labels = np.nonzero(is_own & can_judge)
        own = surprise[rows, labels]
        expected = expect_wrong_among(1 - own, surprise[~is_own & can_judge])
        n_given = int((is_given & can_judge).sum())
        if _are_models_weak(expected, n_given):
            continue
        order = np.argsort(-own, kind="stable")[: count_listed(expected, PROBABLE)]
        for place, i in enumerate(order.tolist()):
            if own[i] < LEAST_SCORE:
                break
            entry = SuspectEntry(
                row=int(rows[i]),
                label=int(labels[i]),
                is_missing=is_missing,
                score=float(own[i]),
                expected_share=float(expected[place]),
            )
            found.append(entry)
    return sorted(found, key=lambda one: -one.score)


def _are_models_weak(expected: np.ndarray, n_given: int) -> bool:
    """Tell whether more of few labels may be wrong than is likely: the models know too little.

    Parameters
    ----------
    expected : array of shape (n_entries,)
        As `expect_wrong_among` returns it, of all entries of one kind.
    n_given : int
        Labels that are given, whatever the kind of the entries is.
    """
    if not len(expected) or n_given >= FEW_GIVEN:
        return False
    n_wrong = float(expected[-1]) * len(expected)  # down to the last one: of all entries
    return n_wrong > LARGEST_SHARE_OF_FEW * n_given


def count_check_folds(n_texts: int) -> int:
    """Return into how many folds so many texts are divided to judge their labels."""
    return N_FOLDS if n_texts < MANY_TEXTS else N_FOLDS_OF_MANY


def _expect_wrong(entries: list[SuspectEntry]) -> float:
    """Return which share of all entries is expected to be wrong; 0 if there is none."""
    n_wrong = 0.0
    for is_missing in (False, True):
        own = [one for one in entries if one.is_missing == is_missing]
        if own:
            n_wrong += len(own) * own[-1].expected_share
    return n_wrong / max(1, len(entries))


def check_several(
    splits: Splits, *, method: str | None, seed: int, progress: Progress
) -> tuple[LabelCheck, list[Issue]]:
    """Judge every entry of train, or of the first split, by models of other folds.

    Parameters
    ----------
    splits : Splits
    method : str or None
        Any method that reads the texts; ``auto`` is `linear`. None: nothing is checked.
    seed : int
    progress : Progress

    Returns
    -------
    LabelCheck
        `n_judged` counts texts, `agreement` is the share of them that get exactly their labels.
    list of Issue
        One per text, the most suspect first. The proposed labels are all that the text should have.
    """
    if method is None:
        return LabelCheck(why_not=NOT_ASKED), []
    name = LABEL_CHECK if method == AUTO else method
    split = "train" if "train" in splits else next(iter(splits))
    try:
        probs, predicted, fit_s = _judge(splits, split, name, seed=seed, progress=progress)
    except DataError as err:  # too few texts; the rest of the audit does not need them
        return LabelCheck(why_not=err.message), []
    labelled = splits[split]
    truth = splits.label_set.encode(labelled.labels)
    entries = find_suspect_entries(truth, probs)
    issues = _describe(entries, splits, split)
    check = LabelCheck(
        method=name,
        split=split,
        n_judged={split: len(labelled)},
        n_suspects={split: len(issues)},
        expected_wrong=_expect_wrong(entries),
        agreement={split: float((predicted == truth).all(axis=1).mean())},
        fit_s=fit_s,
        is_several=True,
    )
    return check, issues


def _judge(
    splits: Splits, split: str, method: str, *, seed: int, progress: Progress
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return scores and answers of models that did not see the texts, and the seconds it took."""
    from assay.evaluation.fold_predictions import SeveralFoldTexts, count_folds, predict_folds
    from assay.evaluation.several_folds import judge_division
    from assay.models import make_estimator  # here: they load scikit-learn

    labelled, label_set = splits[split], splits.label_set
    truth = label_set.encode(labelled.labels)
    groups = duplicate_groups(labelled)
    if len(np.unique(groups)) < N_FOLDS or not truth.any():
        raise DataError(f"{split} has too few texts, or no label, to hold labels against models")
    order = label_set.natural_order()
    texts = SeveralFoldTexts(labelled.texts, truth, groups, len(label_set), order)
    found = predict_folds(
        texts,
        lambda: make_estimator(method, seed=seed),
        n_folds=count_folds(texts, count_check_folds(len(labelled))),
        n_repeats=1,
        seed=seed,
        settles=True,
        progress=progress,
    )
    assert found is not None
    probs, predicted = judge_division(found.logits[0], truth, found.folds[0])
    return probs, predicted, found.fit_s


def _describe(entries: list[SuspectEntry], splits: Splits, split: str) -> list[Issue]:
    """Return one issue per text: its most suspect entry says the kind, all of them are proposed."""
    labelled: LabelledTexts = splits[split]
    of_row: dict[int, list[SuspectEntry]] = {}
    for entry in entries:
        of_row.setdefault(entry.row, []).append(entry)
    issues = []
    for row, own in of_row.items():
        names = set(labelled.names(row))
        for entry in own:
            name = splits.label_set[entry.label]
            if entry.is_missing:
                names.add(name)
            else:
                names.discard(name)
        issue = Issue(
            kind=KINDS_OF_ENTRIES[own[0].is_missing],
            split=split,
            row=labelled.lines[row],
            text=labelled.texts[row],
            label=splits.label_set.write_label(labelled.labels[row]),
            proposed_label=splits.label_set.write_label(sorted(names)),
            score=own[0].score,
        )
        issues.append(issue)
    return issues
