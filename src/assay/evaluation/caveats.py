"""Reasons to read a score with care: leaked texts, and labels of very uneven size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from assay.catalogue import Fact
from assay.catalogue.fact import FactValue
from assay.evaluation.evidence import OUT_OF_FOLD, EvidencePredictions
from assay.evaluation.imbalance import find_imbalance
from assay.evaluation.result import SplitScores
from assay.evaluation.scoring import ScoredSplit
from assay.evaluation.several_scores import SEVERAL_METRICS, SeveralScores
from assay.evaluation.several_scoring import SeveralScored

__all__ = [
    "find_caveats",
    "find_cut_short",
    "find_fall",
    "find_few_given",
    "find_leaked",
    "find_near_leaks",
    "find_several_fall",
    "find_several_leaks",
    "find_several_small_test",
    "find_small_test",
    "find_too_clear",
    "find_unknowable",
    "is_below",
    "says_more",
]

WHOLE_FILE = "all"  # the split of a file that is not cut
# Kinds of facts where other texts are left, and where none is.
LEAKED_FROM_TRAIN = ("caveats.leaked", "caveats.all_leaked")
LEAKED_FROM_BOTH = ("caveats.leaked_both", "caveats.all_leaked_both")
SEVERAL_FROM_TRAIN = ("caveats.several_leaked", "caveats.all_leaked")
SEVERAL_FROM_BOTH = ("caveats.several_leaked_both", "caveats.all_leaked_both")
TRAINED_ON = ("caveats.trained_on", "caveats.all_trained_on")
Z_95 = 1.96  # a fall that chance explains less often than once in 40 is said
MIN_NEAR = 0.02  # a smaller share of texts that are nearly the same is of no account
MOST_LABELS = 5  # that a sentence lists
# A score on fewer test texts says little; it is said beside that of at least twice as many
FEW_TEST_TEXTS = 100
FEW_GIVEN = 50  # labels that all texts of a split have together: F1 counts no other texts
TOO_CLEAR = 0.995  # a score from which the texts themselves are doubted
FEWEST_CLEAR = 50  # texts: fewer can all be right by chance
MIN_FALL = 0.02  # less is of no account, however many texts show it


def find_caveats(
    scored: ScoredSplit, *, split: str, fitted_on: Sequence[str] = ("train",)
) -> list[Fact]:
    """Return one fact for each reason to read the scores of a split with care.

    Parameters
    ----------
    scored : ScoredSplit
    split : str
        Its name, for the sentences.
    fitted_on : sequence of str
        The splits that the model was fitted on.
    """
    caveats = find_leaked(scored, split=split, fitted_on=fitted_on)
    imbalance = find_imbalance(scored.scores, split=split)
    if imbalance is not None:
        caveats.append(imbalance)
    return caveats


def find_leaked(
    scored: ScoredSplit, *, split: str, fitted_on: Sequence[str] = ("train",)
) -> list[Fact]:
    """Return the fact that the model was trained on texts of a split, if it was.

    Parameters
    ----------
    scored, split, fitted_on
        As in `find_caveats`.
    """
    if not scored.n_leaked:
        return []
    return [_leaks(scored, split=split, fitted_on=fitted_on)]


def find_near_leaks(
    near_leaks: Mapping[tuple[str, str], int],
    *,
    split: str,
    n_texts: int,
    fitted_on: Sequence[str] = ("train",),
    alike: np.ndarray | None = None,
    n_equal: int = 0,
    correct: np.ndarray | None = None,
) -> list[Fact]:
    """Return the fact that texts of a split are nearly those that were trained on, if many are.

    Parameters
    ----------
    near_leaks : mapping of (str, str) to int
        As of `Audit`: texts of the first split that are like one of the second, and equal to none.
    split : str
    n_texts : int
        Texts of the split.
    fitted_on : sequence of str
        The splits that the model was fitted on.
    alike : bool array of shape (n_texts,), optional
        Which texts of the split are the same as one of those splits, or nearly. None: not known;
        then the split with the most of them says how many there are.
    n_equal : int
        How many of the alike are the same.
    correct : bool array of shape (n_texts,), optional
        Whether the model is right for each text of the split.
    """
    n_near = max((near_leaks.get((split, one), 0) for one in fitted_on), default=0)
    if alike is not None:
        n_near = max(n_near, int(alike.sum()) - n_equal)
    if not n_near or n_near < MIN_NEAR * n_texts:
        return []
    known: dict[str, FactValue] = {"n": n_near, "n_texts": n_texts, "split": split}
    if alike is None or correct is None or alike.all():
        return [Fact("caveats.near_leaks", known)]
    without = correct[~alike]
    others: dict[str, FactValue] = {"n_others": len(without), "without": float(without.mean())}
    return [Fact("caveats.near_leaks_without", {**known, **others})]


def find_fall(evidence: SplitScores, test: SplitScores) -> Fact | None:
    """Return the fact that test is below what the evidence promised; None if chance explains it.

    Parameters
    ----------
    evidence, test : SplitScores
        Scores of the same method.
    """
    promised, reached = (evidence.accuracy, evidence.n_texts), (test.accuracy, test.n_texts)
    if not is_below(promised, reached):
        return None
    return Fact.of(
        "caveats.fall",
        accuracy=test.accuracy,
        promised=evidence.accuracy,
        n_texts=test.n_texts,
    )


def is_below(promised: tuple[float, int], reached: tuple[float, int]) -> bool:
    """Tell whether an accuracy on so many texts is below another one by more than chance.

    >>> is_below((0.792, 540), (0.333, 60)), is_below((0.792, 54), (0.667, 6))
    (True, False)
    """
    (first, n_first), (second, n_second) = promised, reached
    # Of both together: that of texts without any right answer would be 0
    share = (first * n_first + second * n_second) / (n_first + n_second)
    error = (share * (1 - share) * (1 / n_first + 1 / n_second)) ** 0.5
    return first - second >= MIN_FALL and first - second > Z_95 * error


def find_small_test(evidence: SplitScores, test: SplitScores) -> Fact | None:
    """Return the fact that test is small and the evidence says more; None if that is not so.

    Parameters
    ----------
    evidence, test : SplitScores
        Scores of the same method.
    """
    if not says_more(evidence.n_texts, test.n_texts):
        return None
    low, high = evidence.intervals["accuracy"]
    return Fact.of(
        "caveats.small_test",
        n_texts=test.n_texts,
        accuracy=test.accuracy,
        n_evidence=evidence.n_texts,
        promised=evidence.accuracy,
        low=low,
        high=high,
    )


def find_too_clear(score: float, n_texts: int, *, kind: str = "caveats.too_clear") -> list[Fact]:
    """Return the fact that nearly all texts are right, as those of a template are; [] if not so.

    Of ten well-known test sets 3.3 % of the labels are wrong on average (Northcutt et al., 2021,
    "Pervasive label errors in test sets"), so that texts of people seldom score so high.

    Parameters
    ----------
    score : float
        Accuracy, or micro F1 where texts may have several labels, of the texts that methods were
        chosen on.
    n_texts : int
    kind : str
        Kind of the fact, which says what the score is.
    """
    if n_texts < FEWEST_CLEAR or score < TOO_CLEAR:
        return []
    return [Fact.of(kind, n_texts=n_texts, score=score)]


def find_cut_short(method: str, history: Sequence[Mapping[str, float]]) -> list[Fact]:
    """Return the fact that a time limit ended a training within an epoch, if one did.

    Parameters
    ----------
    method : str
    history : sequence of mapping
        The epochs of the training. No epoch is part of one but for such an end.
    """
    epoch = history[-1]["epoch"] if history else 0
    if epoch == int(epoch):
        return []
    return [Fact.of("caveats.cut_short", method=method, epoch=math.ceil(epoch))]


def find_several_fall(evidence: SeveralScores, test: SeveralScores, *, metric: str) -> Fact | None:
    """Return the same fact where texts may have several labels, of the metric of the choice.

    Parameters
    ----------
    evidence, test : SeveralScores
        Scores of the same method.
    metric : str
        A key of `SEVERAL_METRICS`.
    """
    field = SEVERAL_METRICS[metric]
    promised, reached = float(getattr(evidence, field)), float(getattr(test, field))
    variance = 0.0
    for one in (evidence, test):
        low, high = one.intervals[field]
        variance += ((high - low) / (2 * Z_95)) ** 2
    fall = promised - reached
    if fall < MIN_FALL or fall <= Z_95 * variance**0.5:
        return None
    return Fact.of(
        "caveats.several_fall",
        metric=metric,
        score=reached,
        promised=promised,
        n_texts=test.n_texts,
    )


def find_several_small_test(
    evidence: SeveralScores, test: SeveralScores, *, metric: str
) -> Fact | None:
    """Return that test is small and the evidence says more, of the metric of the choice.

    Parameters
    ----------
    evidence, test : SeveralScores
        Scores of the same method.
    metric : str
        A key of `SEVERAL_METRICS`.
    """
    if not says_more(evidence.n_texts, test.n_texts):
        return None
    field = SEVERAL_METRICS[metric]
    low, high = evidence.intervals[field]
    return Fact.of(
        "caveats.several_small_test",
        metric=metric,
        n_texts=test.n_texts,
        score=float(getattr(test, field)),
        n_evidence=evidence.n_texts,
        promised=float(getattr(evidence, field)),
        low=low,
        high=high,
    )


def find_few_given(test: SeveralScores) -> Fact | None:
    """Return that the texts of test have few labels in all; None if they have enough.

    However many texts have none: F1 is of those that have labels, or are given some.
    """
    n_given = sum(row.n_texts for row in test.per_label)
    if n_given >= FEW_GIVEN:
        return None
    return Fact.of("caveats.few_given", n_texts=test.n_texts, n_given=n_given)


def find_several_leaks(
    scored: SeveralScored, *, split: str, fitted_on: Sequence[str] = ("train",), metric: str
) -> Fact | None:
    """Return how many texts the model was trained on, and what it scores on the others.

    Parameters
    ----------
    scored : SeveralScored
    split : str
        One that the model was not fitted on.
    fitted_on : sequence of str
        The splits that the model was fitted on.
    metric : str
        A key of `SEVERAL_METRICS`.
    """
    if not scored.n_leaked:
        return None
    with_others, without_others = SEVERAL_FROM_TRAIN
    if len(fitted_on) > 1:
        with_others, without_others = SEVERAL_FROM_BOTH
    n_leaked, n_texts = scored.n_leaked, scored.scores.n_texts
    if scored.without_leaks is None:
        return Fact.of(without_others, n_leaked=n_leaked, n_texts=n_texts, split=split)
    field = SEVERAL_METRICS[metric]
    return Fact.of(
        with_others,
        n_leaked=n_leaked,
        n_texts=n_texts,
        split=split,
        metric=metric,
        without=float(getattr(scored.without_leaks, field)),
        score=float(getattr(scored.scores, field)),
    )


def says_more(n_evidence: int, n_test: int) -> bool:
    """Tell whether the evidence says more than a test split of so few texts.

    Then its scores come first wherever a model is shown.

    >>> says_more(54, 6), says_more(4500, 500)
    (True, False)
    """
    return n_test < FEW_TEST_TEXTS and n_evidence >= 2 * n_test


def find_unknowable(predictions: EvidencePredictions, labels: Sequence[str]) -> list[Fact]:
    """Return the fact that out of fold no model knew some labels, if that is so.

    Equal texts are in one fold: where all texts of a label are equal, the models that are fitted
    without them have not met the label.

    Parameters
    ----------
    predictions : EvidencePredictions
    labels : sequence of str
        In LabelSet order.
    """
    if predictions.kind != OUT_OF_FOLD:
        return []
    unknowable = []
    for label_id, label in enumerate(labels):
        groups = predictions.groups[predictions.label_ids == label_id]
        if len(np.unique(groups)) == 1:
            unknowable.append(label)
    if not unknowable:
        return []
    listed = ", ".join(unknowable[:MOST_LABELS])
    return [Fact.of("caveats.unknowable", n_labels=len(unknowable), listed=listed)]


def _leaks(scored: ScoredSplit, *, split: str, fitted_on: Sequence[str]) -> Fact:
    """State how many texts the model was trained on, and how right it is on the others.

    The texts of a split that the model was fitted on, and of a whole file, are its training texts
    themselves; those of another split are equal to some.
    """
    kinds = LEAKED_FROM_TRAIN
    if split == WHOLE_FILE or split in fitted_on:
        kinds = TRAINED_ON
    elif len(fitted_on) > 1:
        kinds = LEAKED_FROM_BOTH
    with_others, without_others = kinds
    n_leaked, n_texts = scored.n_leaked, len(scored.labelled)
    if scored.without_leaks is None:
        return Fact.of(without_others, n_leaked=n_leaked, n_texts=n_texts, split=split)
    return Fact.of(
        with_others,
        n_leaked=n_leaked,
        n_texts=n_texts,
        split=split,
        n_others=scored.without_leaks.n_texts,
        without=scored.without_leaks.accuracy,
        accuracy=scored.scores.accuracy,
    )
