"""Which method to take: the cheapest that is not significantly worse than the best, and why.

The choice is made on validation; the test split has no part in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.errors import InputError
from assay.evaluation.compare import ALPHA, Comparison
from assay.methods import FLOOR

__all__ = ["recommend"]

WORTH_SAYING = 1.5  # a price that differs by a smaller factor is no reason to choose


def recommend(
    comparisons: Sequence[Comparison],
    *,
    model_bytes: Mapping[str, int] | None = None,
) -> tuple[str, str]:
    """Choose a method, and say why in one sentence.

    The cheapest method that is not significantly worse than the best is chosen; `majority` only if
    no method is significantly better than it.

    Parameters
    ----------
    comparisons : sequence of Comparison
        From cheapest to most expensive, as `compare_methods` returns them.
    model_bytes : mapping of method to int, optional
        Sizes on disk in bytes: the sentence says how much smaller or larger the choice is.

    Returns
    -------
    method : str
    why : str

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
    price = _price(chosen, comparisons, model_bytes or {})
    return chosen.method, f"{_reason(chosen, comparisons)}{price}."


def _floor_is_beaten(comparisons: Sequence[Comparison]) -> bool:
    """Tell whether a method is significantly better than always giving the same answer."""
    floor = next((one.accuracy for one in comparisons if one.method == FLOOR), 1.0)
    for one in comparisons:
        is_different = one.p_over_majority is not None and one.p_over_majority < ALPHA
        if is_different and one.accuracy > floor:
            return True
    return False


def _reason(chosen: Comparison, comparisons: Sequence[Comparison]) -> str:
    """Say why, without the full stop."""
    if len(comparisons) == 1:
        return (
            f"{chosen.method} is the only method that was run "
            f"({_percent(chosen.accuracy)} on validation, {_n_texts(chosen)})"
        )
    if chosen.method == FLOOR:
        return _reason_for_floor(chosen, comparisons)
    if not chosen.is_best:
        best = next(one for one in comparisons if one.is_best)
        return (
            f"{chosen.method} is the cheapest method that is not significantly worse than the best "
            f"on validation ({_percent(chosen.accuracy)} against {_percent(best.accuracy)} of "
            f"{best.method}, {_p(chosen.p_adjusted)}, {_n_texts(chosen)})"
        )
    return _reason_for_best(chosen, comparisons)


def _reason_for_floor(chosen: Comparison, comparisons: Sequence[Comparison]) -> str:
    others = [one for one in comparisons if one.method != FLOOR]
    rival = max(others, key=lambda one: one.accuracy)
    return (
        "no method is significantly better on validation than majority, which always answers the "
        f"most frequent label ({_percent(chosen.accuracy)} against {_percent(rival.accuracy)} of "
        f"{rival.method}, {_p(rival.p_over_majority)}, {_n_texts(chosen)}): more texts or cleaner "
        "labels are needed"
    )


def _reason_for_best(chosen: Comparison, comparisons: Sequence[Comparison]) -> str:
    before = comparisons[: comparisons.index(chosen)]
    cheaper = [one for one in before if one.method != FLOOR]
    is_best = (
        f"{chosen.method} is the best on validation ({_percent(chosen.accuracy)}, "
        f"{_n_texts(chosen)})"
    )
    if not cheaper:
        return f"{is_best} and the cheapest method that learns"
    closest = max(cheaper, key=lambda one: one.accuracy)
    return (
        f"{is_best}, and every cheaper method is significantly worse: the closest, "
        f"{closest.method}, has {_percent(closest.accuracy)} ({_p(closest.p_adjusted)})"
    )


def _price(
    chosen: Comparison, comparisons: Sequence[Comparison], model_bytes: Mapping[str, int]
) -> str:
    """Say what the choice saves or costs against its closest rival; empty if that is little."""
    rival = _rival(chosen, comparisons)
    if rival is None:
        return ""
    sentence = _ratio_of_sizes(model_bytes, chosen.method, rival)
    if not sentence:
        return ""
    if chosen.is_best:
        return f"; against {rival}, it {sentence}"
    return f"; it {sentence}"


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


def _ratio_of_sizes(model_bytes: Mapping[str, int], method: str, rival: str) -> str:
    """Say how many times smaller or larger a model is; empty if a size is unknown or close."""
    own, other = model_bytes.get(method), model_bytes.get(rival)
    if not own or not other:
        return ""
    ratio = max(own, other) / min(own, other)
    if ratio < WORTH_SAYING:
        return ""
    times = f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"
    return f"is {times} times {'smaller' if own < other else 'larger'}"


def _n_texts(one: Comparison) -> str:
    return f"{one.n_texts:,} texts"


def _percent(fraction: float) -> str:
    return f"{fraction:.1%}"


def _p(p_value: float | None) -> str:
    if p_value is None:
        return "not tested"
    if p_value < 0.001:
        return "p < 0.001"
    return f"p = {p_value:.2g}"
