"""What is said about a choice: why, on what evidence, how sure, and what the alternative is.

Everything is a fact: the sentences are in the catalogue, under ``choice``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from assay._display import percent, points_between
from assay.catalogue import Fact
from assay.evaluation.evidence import HELD_OUT, EvidencePredictions
from assay.evaluation.score_draws import score_evidence
from assay.methods import FLOOR

if TYPE_CHECKING:
    from assay.evaluation.choice import Choice, ExpectedLoss

__all__ = ["NOT_SHOWN", "state_evidence", "state_reasons"]

NOT_SHOWN = "choice.not_shown"  # the kind of the fact that nothing is shown to be learnt yet

WORTH_SAYING = 1.5  # a size that differs by a smaller factor is no reason to choose
FEW_TEXTS = 300  # below, expected losses are mostly noise


def state_reasons(
    choice: Choice, predictions: Mapping[str, EvidencePredictions]
) -> tuple[Fact, ...]:
    """State why a method is recommended, and what else to know about it.

    Parameters
    ----------
    choice : Choice
        Everything but its reasons is read.
    predictions : mapping of method to EvidencePredictions
        All that the choice was made from.

    Returns
    -------
    tuple of Fact
        One sentence each: the reason first, then what is not shown yet, the evidence, the
        alternative, and what few texts mean.
    """
    stated = [
        _reason(choice),
        _doubt(choice),
        state_evidence(choice.evidence),
        _mixed(choice, predictions),
        _alternative(choice),
        _few_texts(choice),
    ]
    return tuple(fact for fact in stated if fact is not None)


def state_evidence(predictions: EvidencePredictions) -> Fact:
    """State what a choice rests on.

    >>> import numpy as np
    >>> state_evidence(EvidencePredictions.held_out(np.zeros(1200), np.zeros(1200))).to_dict()
    {'kind': 'choice.held_out', 'n_texts': 1200}
    """
    if predictions.kind == HELD_OUT:
        return Fact.of("choice.held_out", n_texts=predictions.n_texts)
    kind = "choice.out_of_fold" if predictions.n_repeats == 1 else "choice.out_of_folds"
    return Fact.of(
        kind,
        n_texts=predictions.n_texts,
        n_folds=predictions.n_folds,
        n_repeats=predictions.n_repeats,
    )


def _reason(choice: Choice) -> Fact:
    own = choice.loss(choice.recommended)
    if len(choice.losses) == 1:
        kind = "choice.only"
    elif own.method == FLOOR:
        kind = "choice.floor"
    elif own.method != choice.best:
        kind = "choice.close"
    elif _closest_cheaper(choice) is None:
        tied = _tied(choice, own)
        if tied:
            return Fact.of(
                "choice.tied_and_cheapest",
                method=own.method,
                metric=choice.metric,
                score=own.score,
                n_rivals=len(tied),
                rivals=", ".join(tied),
            )
        kind = "choice.best_and_cheapest"
    else:
        kind = "choice.best"
    rival, loss = _closest_cheaper(choice) or own, own
    if kind == "choice.close":
        rival = choice.loss(choice.best)
    else:
        loss = rival
    if kind == "choice.best" and _points(own.score, rival.score) <= choice.tolerance:
        kind = "choice.best_unsure"  # the scores alone do not explain it
    return Fact.of(
        kind,
        method=own.method,
        metric=choice.metric,
        score=own.score,
        tolerance=choice.tolerance,
        rival=rival.method,
        rival_score=rival.score,
        loss=loss.expected_loss,
    )


def _tied(choice: Choice, own: ExpectedLoss) -> list[str]:
    """Return the other methods whose score is shown as that of the recommended one."""
    others = [one for one in choice.losses if one.method != own.method]
    return [one.method for one in others if percent(one.score) == percent(own.score)]


def _closest_cheaper(choice: Choice) -> ExpectedLoss | None:
    """Return the cheaper method that learns and has the smallest loss."""
    methods = [one.method for one in choice.losses]
    cheaper = choice.losses[: methods.index(choice.recommended)]
    learners = [one for one in cheaper if one.method != FLOOR]
    return min(learners, key=lambda one: one.expected_loss, default=None)


def _doubt(choice: Choice) -> Fact | None:
    """State that nothing is shown to be learnt yet, if that is so."""
    if choice.beats_floor is not False:
        return None
    accuracy = {one.method: one.accuracy for one in choice.comparisons}
    if choice.metric == "accuracy":  # of all divisions into folds, as it is shown beside this
        accuracy = {one.method: one.score for one in choice.losses}
    return Fact.of(
        NOT_SHOWN,
        accuracy=accuracy[choice.recommended],
        floor_accuracy=accuracy[FLOOR],
    )


def _mixed(choice: Choice, predictions: Mapping[str, EvidencePredictions]) -> Fact | None:
    """State which texts the reasons are of, where a table shows other scores of other texts."""
    learners = [one for one in choice.losses if one.method != FLOOR]
    others = [one for one in learners if one.n_texts < predictions[one.method].n_texts]
    if not others:
        return None
    rival = min(others, key=lambda one: one.expected_loss)
    few, whole = rival.n_texts, predictions[rival.method]
    judged = [method for method, one in predictions.items() if one.kind == HELD_OUT]
    return Fact.of(
        "choice.mixed",
        judged=", ".join(judged),
        n_judged=len(judged),
        n_texts=few,
        n_more=whole.n_texts,
        rival=rival.method,
        score=rival.score,
        table_score=score_evidence(whole, choice.metric),
    )


def _alternative(choice: Choice) -> Fact | None:
    """Name the method for those to whom every point, or size, matters more."""
    if choice.recommended == FLOOR:
        return None
    if choice.recommended != choice.best:
        method, kind = choice.best, "choice.every_point"
    else:
        smaller = _smaller(choice)
        if smaller is None:
            return None
        method, kind = smaller.method, "choice.size"
    n_bytes = choice.model_bytes.get(method)
    if not n_bytes:
        kind = "choice.every_point_unsized"
    points = _points(choice.loss(method).score, choice.loss(choice.recommended).score)
    return Fact.of(kind, method=method, n_bytes=n_bytes, points=points)


def _points(first: float, second: float) -> float:
    """Return how far two scores are apart as they are shown, 0 to 1.

    >>> _points(0.84637, 0.85052)
    0.005
    """
    return abs(float(points_between(first, second))) / 100


def _smaller(choice: Choice) -> ExpectedLoss | None:
    """Return the best of the methods whose models are clearly smaller."""
    own_bytes = choice.model_bytes.get(choice.recommended, 0)
    smaller = []
    for one in choice.losses:
        n_bytes = choice.model_bytes.get(one.method, 0)
        is_smaller = 0 < n_bytes * WORTH_SAYING <= own_bytes
        if is_smaller and one.method not in (FLOOR, choice.recommended):
            smaller.append(one)
    return max(smaller, key=lambda one: one.score, default=None)


def _few_texts(choice: Choice) -> Fact | None:
    n_texts = choice.loss(choice.best).n_texts
    if n_texts >= FEW_TEXTS or len(choice.losses) == 1:
        return None
    return Fact.of("choice.few_texts", n_texts=n_texts)
