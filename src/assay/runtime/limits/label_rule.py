"""Which label is given where mistakes do not all cost the same.

Without a rule the label with the highest score is given. Two rules differ from that: a label with
a threshold is given from that score on and never below it, or the label is given whose mistakes are
expected to cost least.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assay.errors import ModelError
from assay.runtime.entries import LabelRuleEntry

__all__ = ["LabelRule"]

LARGEST = 1e300  # whole numbers of JSON have no limit, those of NumPy have
EQUAL = 1e-9  # costs that differ by a smaller share are equal: sums of floats


@dataclass(frozen=True)
class LabelRule:
    """Which label to give, given the scores of a text. It holds thresholds or costs.

    Parameters
    ----------
    thresholds : tuple of float or None
        In LabelSet order: the score, above 0 and up to 1, from which a label is given. None: the
        label has no threshold.
    costs : tuple of tuple of float, shape (n_classes, n_classes)
        What it costs to give the label of a column to a text that has the label of the row, in
        LabelSet order.
    split : str
        The texts that the rule was chosen on.
    n_texts : int
        How many those were.
    """

    thresholds: tuple[float | None, ...] = ()
    costs: tuple[tuple[float, ...], ...] = ()
    split: str = "validation"
    n_texts: int = 0

    def choose(self, probs: np.ndarray) -> np.ndarray:
        """Return the label that each text is given.

        Where several labels reach their thresholds, it is the one whose score is the most times as
        high as its threshold. Where none does, it is the best of the labels without a threshold; if
        all labels have one, the label that comes closest.

        Parameters
        ----------
        probs : array of shape (n_texts, n_classes)
            Scores of `Model.predict_proba`.

        Returns
        -------
        int64 array of shape (n_texts,)
            Columns of `probs`.

        Examples
        --------
        >>> rule = LabelRule(thresholds=(None, None, 0.2))
        >>> rule.choose(np.array([[0.5, 0.3, 0.2], [0.3, 0.6, 0.1]])).tolist()
        [2, 1]
        >>> LabelRule(costs=((0, 1), (9, 0))).choose(np.array([[0.8, 0.2]])).tolist()
        [1]
        """
        probs = np.asarray(probs, dtype=np.float64)
        if self.costs:
            return _give_cheapest(probs, np.asarray(self.costs, dtype=np.float64))
        thresholds = np.array(self.thresholds, dtype=np.float64)  # None becomes NaN
        has_threshold = ~np.isnan(thresholds)
        ratios = probs / np.where(has_threshold, thresholds, math.inf)
        nearest: np.ndarray = np.where(has_threshold, ratios, -1.0).argmax(axis=1)
        if has_threshold.all():
            return nearest
        is_reached = ratios.max(axis=1) >= 1.0
        others = np.where(has_threshold, -1.0, probs).argmax(axis=1)
        given: np.ndarray = np.where(is_reached, nearest, others)
        return given

    def named_thresholds(self, labels: Sequence[str]) -> dict[str, float]:
        """Return the thresholds by label; labels without one are left out."""
        pairs = zip(labels, self.thresholds, strict=False)
        return {label: threshold for label, threshold in pairs if threshold is not None}

    def to_dict(self) -> LabelRuleEntry:
        """Return plain values, as they are in assay.json."""
        entry: LabelRuleEntry = {"split": self.split, "n_texts": self.n_texts}
        if self.costs:
            entry["costs"] = list(map(list, self.costs))
        else:
            entry["thresholds"] = list(self.thresholds)
        return entry

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], *, n_labels: int, where: Path) -> LabelRule:
        """Read what `to_dict` wrote.

        Raises
        ------
        ModelError
            It holds neither one threshold per label nor a cost for each pair of labels.
        """
        split, n_texts = str(plain.get("split", "validation")), plain.get("n_texts", 0)
        if not isinstance(n_texts, int):
            n_texts = 0
        thresholds, costs = plain.get("thresholds"), plain.get("costs")
        if costs is None and _are_thresholds(thresholds, n_labels):
            return cls(thresholds=tuple(thresholds or ()), split=split, n_texts=n_texts)
        if thresholds is None and _are_costs(costs, n_labels):
            rows = tuple(tuple(map(float, row)) for row in costs or ())
            return cls(costs=rows, split=split, n_texts=n_texts)
        raise ModelError(
            f"{where}: label_rule holds neither one threshold per label, null or above 0 and up "
            "to 1, nor a cost for each pair of labels"
        )


def _give_cheapest(probs: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """Return the label that is expected to cost least; of equal ones, the best."""
    expected = probs @ costs
    is_cheapest = expected <= expected.min(axis=1, keepdims=True) * (1 + EQUAL)
    given: np.ndarray = np.where(is_cheapest, probs, -1.0).argmax(axis=1)
    return given


def _are_thresholds(values: Any, n_labels: int) -> bool:
    if not isinstance(values, list) or len(values) != n_labels:
        return False
    return all(one is None or (_is_number(one) and 0 < one <= 1) for one in values)


def _are_costs(rows: Any, n_labels: int) -> bool:
    if not isinstance(rows, list) or len(rows) != n_labels:
        return False
    return all(_is_row(row, n_labels) for row in rows)


def _is_row(row: Any, n_labels: int) -> bool:
    if not isinstance(row, Sequence) or len(row) != n_labels:
        return False
    return all(_is_number(one) and one >= 0 for one in row)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < LARGEST
