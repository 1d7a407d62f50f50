"""Exact paired tests between methods, corrected for their number.

Only what was right and wrong on each text counts, so that texts that are hard for every method do
not hide a difference (McNemar, 1947; exact form: a binomial test on the texts that exactly one of
the two methods labelled right).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from assay._display import Brief
from assay._optional import require
from assay.errors import InputError, did_you_mean
from assay.methods import FLOOR, METHODS

__all__ = ["ALPHA", "Comparison", "ComparisonEntry", "compare_methods", "compare_pair"]

ALPHA = 0.05


class ComparisonEntry(TypedDict):
    """A `Comparison` as results.json holds it."""

    method: str
    best: str
    n_texts: int
    accuracy: float
    best_accuracy: float
    n_only_method_right: int
    n_only_best_right: int
    p_value: float
    p_adjusted: float
    p_over_majority: float | None
    significantly_worse: bool


@dataclass(frozen=True, repr=False)
class Comparison(Brief):
    """One method against the best, text by text, on one split.

    Parameters
    ----------
    method, best : str
        Names of the methods; equal in the row of the best method itself.
    n_texts : int
    accuracy, best_accuracy : float
        Fractions, 0 to 1.
    n_only_method_right, n_only_best_right : int
        Texts that only one of the two labelled right.
    p_value : float
        Two-sided exact McNemar test; 1 in the row of the best.
    p_adjusted : float
        The p value after Holm's correction over all methods but the best.
    p_over_majority : float, optional
        The same test against `majority`, Holm-corrected over all other methods. None if `majority`
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

    def to_dict(self) -> ComparisonEntry:
        """Return the comparison as plain values."""
        return {
            "method": self.method,
            "best": self.best,
            "n_texts": self.n_texts,
            "accuracy": self.accuracy,
            "best_accuracy": self.best_accuracy,
            "n_only_method_right": self.n_only_method_right,
            "n_only_best_right": self.n_only_best_right,
            "p_value": self.p_value,
            "p_adjusted": self.p_adjusted,
            "p_over_majority": self.p_over_majority,
            "significantly_worse": self.significantly_worse,
        }


def compare_methods(
    correct: Mapping[str, np.ndarray],
    *,
    order: Sequence[str] | None = None,
    best: str | None = None,
) -> list[Comparison]:
    """Test every method against the one with the highest accuracy.

    If several methods share the highest accuracy, the cheapest of them is the best.

    Parameters
    ----------
    correct : mapping of method to bool array of shape (n_texts,)
        Whether the method labelled each text right; the same texts in the same order for all.
    order : sequence of str, optional
        Methods from cheapest to most expensive. None: the order of the table of methods.
    best : str, optional
        The method that the others are tested against, where more texts than these say which is
        best. None: the one that is right most often here.

    Returns
    -------
    list of Comparison
        One per method, from cheapest to most expensive.

    Raises
    ------
    InputError
        There is no method or no text, the arrays differ in length, or `order` lacks a method.
    """
    right = _in_order(correct, tuple(METHODS) if order is None else order)
    if best is None:  # max keeps the first of equals, which is the cheapest
        best = max(right, key=lambda method: int(right[method].sum()))
    against_best = _p_values(right, against=best)
    adjusted = _holm(against_best)
    over_floor: dict[str, float] = {}
    if FLOOR in right:
        over_floor = _holm(_p_values(right, against=FLOOR))
    return [
        Comparison(
            method=method,
            best=best,
            n_texts=len(flags),
            accuracy=float(flags.mean()),
            best_accuracy=float(right[best].mean()),
            n_only_method_right=int((flags & ~right[best]).sum()),
            n_only_best_right=int((right[best] & ~flags).sum()),
            p_value=against_best.get(method, 1.0),
            p_adjusted=adjusted.get(method, 1.0),
            p_over_majority=over_floor.get(method),
        )
        for method, flags in right.items()
    ]


def _in_order(correct: Mapping[str, np.ndarray], order: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the arrays as bool, in the order of cost, or say what cannot be compared."""
    for method in correct:
        if method not in order:
            meant = did_you_mean(method, order)
            raise InputError(
                f"no cost is known for '{method}'; methods: {', '.join(order)}.{meant}"
            )
    right = {
        method: np.asarray(correct[method], dtype=bool) for method in order if method in correct
    }
    shapes = {flags.shape for flags in right.values()}
    is_one_shape = len(shapes) == 1
    if not is_one_shape or not _is_list_of_flags(shapes.pop()):
        raise InputError(
            "these methods cannot be compared; one flag per text, for the same texts, is accepted"
        )
    return right


def _is_list_of_flags(shape: tuple[int, ...]) -> bool:
    return len(shape) == 1 and shape[0] > 0


def _p_values(right: Mapping[str, np.ndarray], *, against: str) -> dict[str, float]:
    """Test every other method against one."""
    return {
        method: compare_pair(flags, right[against])
        for method, flags in right.items()
        if method != against
    }


def compare_pair(first: np.ndarray, second: np.ndarray) -> float:
    """Return the two-sided exact p value of both being right equally often (McNemar).

    Parameters
    ----------
    first, second : bool arrays of shape (n_texts,)
        Whether each labels each text right.
    """
    n_first = int((first & ~second).sum())
    n_second = int((second & ~first).sum())
    if n_first + n_second == 0:
        return 1.0
    return float(require("scipy.stats").binomtest(n_first, n_first + n_second, 0.5).pvalue)


def _holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Correct p values for their number, so that false alarms stay as rare as with one test.

    Holm: A simple sequentially rejective multiple test procedure, 1979. The smallest p value is
    multiplied by the number of tests, the next one by one less, and so on; no corrected value is
    below the one before it.
    """
    adjusted: dict[str, float] = {}
    highest = 0.0
    ascending = sorted(p_values.items(), key=lambda item: item[1])
    for i, (method, p_value) in enumerate(ascending):
        n_left = len(p_values) - i
        highest = max(highest, min(1.0, p_value * n_left))
        adjusted[method] = highest
    return adjusted
