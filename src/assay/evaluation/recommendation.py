"""The words of the verdict: what is recommended, what it costs, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay.evaluation.evidence import HELD_OUT, Answers
from assay.methods import FLOOR

if TYPE_CHECKING:
    from assay.evaluation.choice import Choice, ExpectedLoss

__all__ = ["describe_choice", "describe_evidence"]

METRIC_NAMES = {"accuracy": "accuracy", "macro-f1": "macro F1", "micro-f1": "micro F1"}
WORTH_SAYING = 1.5  # a size that differs by a smaller factor is no reason to choose
FEW_TEXTS = 300  # below, expected losses are mostly noise, and the tolerance has little effect


def describe_choice(choice: Choice) -> tuple[str, tuple[str, ...]]:
    """Say which method is recommended, on what evidence, and what else to know about it.

    Parameters
    ----------
    choice : Choice
        Everything but its words is read.

    Returns
    -------
    why : str
        One sentence, with its full stop.
    remarks : tuple of str
        Sentences: what is not shown yet, the alternative, what few texts mean.
    """
    remarks = [_doubt(choice), _alternative(choice), _remark_on_few_texts(choice)]
    return f"{_reason(choice)}.", tuple(f"{remark}." for remark in remarks if remark)


def describe_evidence(answers: Answers) -> str:
    """Say what a choice rests on.

    >>> import numpy as np
    >>> describe_evidence(Answers.held_out(np.zeros(1200), np.zeros(1200)))
    '1,200 validation texts'
    """
    n = f"{answers.n_texts:,}"
    if answers.kind == HELD_OUT:
        return f"{n} validation texts"
    times = f", {answers.n_repeats} times over" if answers.n_repeats > 1 else ""
    return (
        f"{n} texts of train and validation, each labelled by a model that was fitted without it, "
        f"in {answers.n_folds} folds{times}"
    )


def _reason(choice: Choice) -> str:
    own = choice.loss(choice.recommended)
    metric = METRIC_NAMES[choice.metric]
    evidence = describe_evidence(choice.evidence)
    if len(choice.losses) == 1:
        return (
            f"{own.method} is the only method that was run "
            f"({metric} {_percent(own.score)} on {evidence})"
        )
    if own.method == FLOOR:
        return (
            f"no method has a higher {metric} than majority, which always answers the most "
            f"frequent label ({_percent(own.score)} on {evidence}): more texts or cleaner labels "
            "are needed"
        )
    if own.method != choice.best:
        best = choice.loss(choice.best)
        return (
            f"{own.method} is the cheapest method within {_points(choice.tolerance)} of the best "
            f"({metric} {_percent(own.score)} against {_percent(best.score)} of {best.method}, "
            f"expected loss {_points(own.expected_loss)}, on {evidence})"
        )
    return _reason_for_best(choice, own, metric=metric, evidence=evidence)


def _reason_for_best(choice: Choice, own: ExpectedLoss, *, metric: str, evidence: str) -> str:
    is_best = f"{own.method} has the highest {metric} ({_percent(own.score)} on {evidence})"
    closest = _closest_cheaper(choice)
    if closest is None:
        return f"{is_best}, and no cheaper method learns"
    tolerance, loss = _points(choice.tolerance), _points(closest.expected_loss)
    return (
        f"{is_best}, and every cheaper method is expected to lose more than {tolerance}: "
        f"{closest.method}, the closest, {loss}"
    )


def _closest_cheaper(choice: Choice) -> ExpectedLoss | None:
    """Return the cheaper method that learns and has the smallest loss."""
    methods = [one.method for one in choice.losses]
    cheaper = choice.losses[: methods.index(choice.recommended)]
    learners = [one for one in cheaper if one.method != FLOOR]
    return min(learners, key=lambda one: one.expected_loss, default=None)


def _doubt(choice: Choice) -> str:
    """Say that nothing is shown to be learnt yet, if that is so."""
    if choice.beats_floor is not False:
        return ""
    compared = {one.method: one for one in choice.comparisons}
    own, floor = compared[choice.recommended], compared[FLOOR]
    return (
        "It is not yet shown to be better than always answering the most frequent label "
        f"(accuracy {_percent(own.accuracy)} against {_percent(floor.accuracy)}): "
        "more texts would tell"
    )


def _alternative(choice: Choice) -> str:
    """Name the method to take by those to whom size, or every point, matters more."""
    if choice.recommended == FLOOR:
        return ""
    if choice.recommended != choice.best and choice.best != FLOOR:
        return _more_accurate(choice)
    return _smaller(choice)


def _more_accurate(choice: Choice) -> str:
    best, own = choice.loss(choice.best), choice.loss(choice.recommended)
    gain = best.score - own.score
    size = _size(choice, best.method)
    return f"If every point matters: {best.method}, {size}{_points(max(gain, 0.0))} more"


def _smaller(choice: Choice) -> str:
    own_bytes = choice.model_bytes.get(choice.recommended, 0)
    smaller = []
    for one in choice.losses:
        n_bytes = choice.model_bytes.get(one.method, 0)
        is_smaller = 0 < n_bytes * WORTH_SAYING <= own_bytes
        if is_smaller and one.method not in (FLOOR, choice.recommended):
            smaller.append(one)
    if not smaller:
        return ""
    one = max(smaller, key=lambda loss: loss.score)
    loss = _points(max(choice.loss(choice.recommended).score - one.score, 0.0))
    return f"If size matters: {one.method}, {_size(choice, one.method)}{loss} fewer"


def _remark_on_few_texts(choice: Choice) -> str:
    n = choice.loss(choice.best).n_texts
    if n >= FEW_TEXTS or len(choice.losses) == 1:
        return ""
    return (
        f"With {n:,} texts the tolerance has little effect: "
        "chance moves the scores by more than that"
    )


def _size(choice: Choice, method: str) -> str:
    n_bytes = choice.model_bytes.get(method)
    if not n_bytes:
        return ""
    megabytes = n_bytes / 1e6
    shown = f"{megabytes:,.0f}" if megabytes >= 10 else f"{megabytes:.1f}"
    return f"{shown} MB, "


def _percent(fraction: float) -> str:
    return f"{fraction:.1%}"


def _points(fraction: float) -> str:
    """Word a difference of two shares in percentage points."""
    shown = f"{100 * fraction:.1f}"
    return f"{shown} point" if shown == "1.0" else f"{shown} points"
