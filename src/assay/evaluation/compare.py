"""Which method to take: exact paired tests on validation, corrected for their number, and one sentence that says why.

The test split has no part in it. Only what was right and wrong on each text counts, so that the
same texts being hard for every method does not hide a difference (McNemar 1947; exact form: a
binomial test on the texts that just one of two methods got right).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from assay._optional import require
from assay.errors import InputError, did_you_mean
from assay.methods import FLOOR, METHODS

__all__ = ["ALPHA", "Comparison", "compare_methods", "recommend"]

ALPHA = 0.05
WORTH_SAYING = 1.5  # a price that differs by less is no reason to choose


@dataclass(frozen=True)
class Comparison:
    """One method against the best, text by text, on the validation split.

    Parameters
    ----------
    method, best : str
        The same name in the row of the best method itself.
    n_texts : int
    accuracy, best_accuracy : float
    n_only_method_right, n_only_best_right : int
        Texts that just one of the two got right.
    p_value : float
        Two-sided exact McNemar test; 1 in the row of the best.
    p_adjusted : float
        After Holm's correction over all methods but the best.
    p_over_majority : float, optional
        The same test against `majority`, Holm-corrected over all other methods. None: `majority`
        was not run, or is this method.
    """

    method: str
    best: str
    n_texts: int
    accuracy: float
    best_accuracy: float
    n_only_method_right: int
    n_only_best_right: int
    p_value: float
    p_adjusted: float
    p_over_majority: float | None = None

    @property
    def is_best(self) -> bool:
        """Whether this is the method that the others are compared with."""
        return self.method == self.best

    @property
    def significantly_worse(self) -> bool:
        """Whether chance is an unlikely reason for the gap to the best, after correction."""
        return not self.is_best and self.p_adjusted < ALPHA

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain values."""
        return {**asdict(self), "significantly_worse": self.significantly_worse}


def compare_methods(
    correct: Mapping[str, np.ndarray], *, order: Sequence[str] | None = None
) -> list[Comparison]:
    """Test every method against the one with the highest accuracy; of equals the cheapest is the best.

    Parameters
    ----------
    correct : mapping of method to bool array of shape (n_texts,)
        Whether the method labelled each text of the validation split right; the same texts in the
        same order for all.
    order : sequence of str, optional
        None: the table of methods, from cheapest to most expensive.
        Methods from cheap to dear.

    Returns
    -------
    list of Comparison
        One a method, from cheap to dear.

    Raises
    ------
    InputError
        No method or no text, arrays of different lengths, or a method that `order` does not know.
    """
    right = _in_order(correct, tuple(METHODS) if order is None else order)
    best = max(
        right, key=lambda method: int(right[method].sum())
    )  # max keeps the first of equals: the cheapest
    p_values = {
        method: _mcnemar(flags, right[best]) for method, flags in right.items() if method != best
    }
    p_adjusted = _holm(p_values)
    p_floor = {}
    if FLOOR in right:
        p_floor = _holm(
            {m: _mcnemar(flags, right[FLOOR]) for m, flags in right.items() if m != FLOOR}
        )
    return [
        Comparison(
            method=method,
            best=best,
            n_texts=len(flags),
            accuracy=float(flags.mean()),
            best_accuracy=float(right[best].mean()),
            n_only_method_right=int((flags & ~right[best]).sum()),
            n_only_best_right=int((right[best] & ~flags).sum()),
            p_value=p_values.get(method, 1.0),
            p_adjusted=p_adjusted.get(method, 1.0),
            p_over_majority=p_floor.get(method),
        )
        for method, flags in right.items()
    ]


def recommend(
    comparisons: Sequence[Comparison],
    *,
    fit_s: Mapping[str, float] | None = None,
    model_bytes: Mapping[str, int] | None = None,
) -> tuple[str, str]:
    """Choose the cheapest method that is not significantly worse than the best, and say why in one sentence.

    `majority` is chosen only if no method is significantly better than it.

    Parameters
    ----------
    comparisons : sequence of Comparison
        From cheap to dear, as `compare_methods` returns them.
    fit_s : mapping of method to seconds, optional
        Training times, for the price. They differ from run to run: leave them out where the
        sentence must not.
    model_bytes : mapping of method to int, optional
        Sizes on disk, for the price.

    Returns
    -------
    method : str
    why : str
    """
    if not comparisons:
        raise InputError("there is no method to recommend; at least one comparison is accepted")
    skipped = {FLOOR} if _something_beats_floor(comparisons) else set()
    chosen = next(c for c in comparisons if not c.significantly_worse and c.method not in skipped)
    price = _price(chosen, comparisons, fit_s or {}, model_bytes or {})
    return chosen.method, f"{_reason(chosen, comparisons)}{price}."


def _in_order(correct: Mapping[str, np.ndarray], order: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the arrays as bool, from cheap to dear, or say what cannot be compared."""
    for method in correct:
        if method not in order:
            raise InputError(
                f"no cost is known for '{method}'; methods: {', '.join(order)}.{did_you_mean(method, order)}"
            )
    right = {
        method: np.asarray(correct[method], dtype=bool) for method in order if method in correct
    }
    shapes = {flags.shape for flags in right.values()}
    if len(shapes) != 1 or len(shape := shapes.pop()) != 1 or shape[0] == 0:
        raise InputError(
            "these methods cannot be compared; one flag a text, for the same texts, is accepted"
        )
    return right


def _mcnemar(first: np.ndarray, second: np.ndarray) -> float:
    """Return the two-sided exact p value of two methods being right equally often on the same texts."""
    n_first = int((first & ~second).sum())
    n_second = int((second & ~first).sum())
    if n_first + n_second == 0:
        return 1.0
    return float(require("scipy.stats").binomtest(n_first, n_first + n_second, 0.5).pvalue)


def _holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Correct p values for their number (Holm 1979): no more false alarms than one test alone would have."""
    adjusted: dict[str, float] = {}
    highest = 0.0
    for rank, (method, p_value) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        highest = max(highest, min(1.0, p_value * (len(p_values) - rank)))
        adjusted[method] = highest
    return adjusted


def _something_beats_floor(comparisons: Sequence[Comparison]) -> bool:
    floor = next((c.accuracy for c in comparisons if c.method == FLOOR), 1.0)
    return any(
        c.p_over_majority is not None and c.p_over_majority < ALPHA and c.accuracy > floor
        for c in comparisons
    )


def _reason(chosen: Comparison, comparisons: Sequence[Comparison]) -> str:
    """Say why, without the full stop."""
    n_texts = f"{chosen.n_texts:,} texts"
    best = next(c for c in comparisons if c.is_best)
    if len(comparisons) == 1:
        return f"{chosen.method} is the only method that was run ({_percent(chosen.accuracy)} on validation, {n_texts})"
    if chosen.method == FLOOR:
        rival = max((c for c in comparisons if c.method != FLOOR), key=lambda c: c.accuracy)
        return (
            f"no method is significantly better on validation than majority, which always answers the most frequent "
            f"label ({_percent(chosen.accuracy)} against {_percent(rival.accuracy)} of {rival.method}, "
            f"{_p(rival.p_over_majority)}, {n_texts}): more texts or cleaner labels are needed"
        )
    if not chosen.is_best:
        return (
            f"{chosen.method} is the cheapest method that is not significantly worse than the best on validation "
            f"({_percent(chosen.accuracy)} against {_percent(best.accuracy)} of {best.method}, "
            f"{_p(chosen.p_adjusted)}, {n_texts})"
        )
    cheaper = [c for c in comparisons[: comparisons.index(chosen)] if c.method != FLOOR]
    if not cheaper:
        return (
            f"{chosen.method} is the best on validation ({_percent(chosen.accuracy)}, {n_texts}) and the cheapest "
            "method that learns"
        )
    closest = max(cheaper, key=lambda c: c.accuracy)
    return (
        f"{chosen.method} is the best on validation ({_percent(chosen.accuracy)}, {n_texts}), and every cheaper method "
        f"is significantly worse: the closest, {closest.method}, has {_percent(closest.accuracy)} "
        f"({_p(closest.p_adjusted)})"
    )


def _price(
    chosen: Comparison,
    comparisons: Sequence[Comparison],
    fit_s: Mapping[str, float],
    model_bytes: Mapping[str, int],
) -> str:
    """Say what the choice saves, or costs, against the method it was weighed against; empty if that is little."""
    rivals = [c for c in comparisons if c.is_best] if not chosen.is_best else list(comparisons)
    rivals = [c for c in rivals if c.method not in (chosen.method, FLOOR)]
    if not rivals or chosen.method == FLOOR:
        return ""
    rival = max(rivals, key=lambda c: c.accuracy).method
    parts = [
        _times(
            fit_s,
            chosen.method,
            rival,
            less="it trains {} times faster",
            more="it takes {} times longer to train",
        ),
        _times(
            model_bytes, chosen.method, rival, less="is {} times smaller", more="is {} times larger"
        ),
    ]
    said = [part for part in parts if part]
    if not said:
        return ""
    sentence = " and ".join(said)
    sentence = sentence if sentence.startswith("it ") else f"it {sentence}"
    return f"; {sentence}" if not chosen.is_best else f"; against {rival}, {sentence}"


def _times(values: Mapping[str, float], method: str, rival: str, *, less: str, more: str) -> str:
    """Word the ratio of two values, in whole numbers from 10 on; empty if one is unknown or they are alike."""
    own, other = values.get(method), values.get(rival)
    if not own or not other or max(own, other) < WORTH_SAYING * min(own, other):
        return ""
    ratio = max(own, other) / min(own, other)
    return (less if own < other else more).format(
        f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.1f}"
    )


def _percent(fraction: float) -> str:
    return f"{fraction:.1%}"


def _p(p_value: float | None) -> str:
    if p_value is None:
        return "not tested"
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"
