"""Which method to take: the cheapest that is not significantly worse than the best, and why.

The choice is made on validation; the test split has no part in it. The reasons are facts: their
sentences are in the catalogue, under ``choice``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.catalogue import Fact, FactValue
from assay.errors import InputError
from assay.evaluation.compare import ALPHA, Comparison
from assay.methods import FLOOR

__all__ = ["recommend"]

WORTH_SAYING = 1.5  # a price that differs by a smaller factor is no reason to choose


def recommend(
    comparisons: Sequence[Comparison],
    *,
    model_bytes: Mapping[str, int] | None = None,
) -> tuple[str, tuple[Fact, ...]]:
    """Choose a method, and state why.

    The cheapest method that is not significantly worse than the best is chosen; `majority` only if
    no method is significantly better than it.

    Parameters
    ----------
    comparisons : sequence of Comparison
        From cheapest to most expensive, as `compare_methods` returns them.
    model_bytes : mapping of method to int, optional
        Sizes on disk in bytes: a reason says how much smaller or larger the choice is.

    Returns
    -------
    method : str
    reasons : tuple of Fact
        One sentence each.

    Raises
    ------
    InputError
        There is no comparison.
    """
    if not comparisons:
        raise InputError("there is no method to recommend; at least one comparison is accepted")
    floor_is_beaten = _floor_is_beaten(comparisons)
    chosen = next(
        one
        for one in comparisons
        if not one.significantly_worse and not (floor_is_beaten and one.method == FLOOR)
    )
    reasons = [_reason(chosen, comparisons)]
    price = _price(chosen, comparisons, model_bytes or {})
    if price is not None:
        reasons.append(price)
    return chosen.method, tuple(reasons)


def _floor_is_beaten(comparisons: Sequence[Comparison]) -> bool:
    """Tell whether a method is significantly better than always giving the same answer."""
    floor = next((one.accuracy for one in comparisons if one.method == FLOOR), 1.0)
    for one in comparisons:
        is_different = one.p_over_majority is not None and one.p_over_majority < ALPHA
        if is_different and one.accuracy > floor:
            return True
    return False


def _reason(chosen: Comparison, comparisons: Sequence[Comparison]) -> Fact:
    """State why the method was chosen."""
    if len(comparisons) == 1:
        return Fact.of("choice.only", **_scores(chosen))
    if chosen.method == FLOOR:
        rival = max(comparisons, key=lambda one: (one.method != FLOOR, one.accuracy))
        return Fact.of(
            "choice.floor", **_scores(chosen), **_rival_scores(rival, p_value=rival.p_over_majority)
        )
    if not chosen.is_best:
        best = next(one for one in comparisons if one.is_best)
        return Fact.of(
            "choice.not_worse", **_scores(chosen), **_rival_scores(best, p_value=chosen.p_adjusted)
        )
    before = comparisons[: comparisons.index(chosen)]
    cheaper = [one for one in before if one.method != FLOOR]
    if not cheaper:
        return Fact.of("choice.best_and_cheapest", **_scores(chosen))
    closest = max(cheaper, key=lambda one: one.accuracy)
    return Fact.of(
        "choice.best", **_scores(chosen), **_rival_scores(closest, p_value=closest.p_adjusted)
    )


def _scores(chosen: Comparison) -> dict[str, FactValue]:
    return {"method": chosen.method, "accuracy": chosen.accuracy, "n_texts": chosen.n_texts}


def _rival_scores(rival: Comparison, *, p_value: float | None) -> dict[str, FactValue]:
    return {"rival": rival.method, "rival_accuracy": rival.accuracy, "p_value": p_value}


def _price(
    chosen: Comparison, comparisons: Sequence[Comparison], model_bytes: Mapping[str, int]
) -> Fact | None:
    """State how much smaller or larger the choice is than its closest rival; None if by little."""
    rival = _rival(chosen, comparisons)
    if rival is None:
        return None
    own, other = model_bytes.get(chosen.method), model_bytes.get(rival)
    if not own or not other:
        return None
    ratio = max(own, other) / min(own, other)
    if ratio < WORTH_SAYING:
        return None
    kind = "choice.smaller" if own < other else "choice.larger"
    return Fact.of(
        kind,
        method=chosen.method,
        rival=rival,
        ratio=ratio,
        n_bytes=own,
        rival_bytes=other,
    )


def _rival(chosen: Comparison, comparisons: Sequence[Comparison]) -> str | None:
    """Return the method that the choice is weighed against: the best, or the best of the others."""
    if chosen.method == FLOOR:
        return None
    rivals = [one for one in comparisons if one.method not in (chosen.method, FLOOR)]
    if not chosen.is_best:
        rivals = [one for one in rivals if one.is_best]
    if not rivals:
        return None
    return max(rivals, key=lambda one: one.accuracy).method
