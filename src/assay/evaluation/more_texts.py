"""`MoreTexts`: whether there are enough texts, and what twice as many would bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from assay.catalogue import ENGLISH, Fact, open_language
from assay.evaluation.growth import Growth, GrowthEntry, predict_growth
from assay.evaluation.learning_curve import LearningCurve
from assay.evaluation.score_draws import MACRO_F1
from assay.methods import FLOOR
from assay.runtime.limits.wilson import wilson_interval

__all__ = ["MoreTexts", "MoreTextsEntry", "PointEntry", "StarvedLabelEntry", "expect_more"]

TIMES = 2  # the forecast is of so many times the texts
STARVED = 0.5  # of the texts that a label would have if all had equally many
FEWEST_JUDGED = 10  # texts of a label, below which its recall says nothing
MOST_LABELS = 5
LITTLE = 0.005  # a gain whose upper end is below this is called little
NOTHING = 0.0005  # below this it would be shown as 0.0 points


class PointEntry(TypedDict):
    """A point of a learning curve: models fitted on so many texts, their accuracy, its interval."""

    n_texts: int
    accuracy: float
    interval: list[float]


class CurveEntry(TypedDict):
    """A learning curve as JSON holds it."""

    method: str
    points: list[PointEntry]


class StarvedLabelEntry(TypedDict):
    """A `StarvedLabel` as JSON holds it: `gain`, `low` and `high` are of its recall."""

    label: str
    n_texts: int
    recall: float
    gain: float
    low: float
    high: float


class MoreTextsEntry(TypedDict):
    """A `MoreTexts` as JSON holds it."""

    method: str
    growth: GrowthEntry
    expected: PointEntry
    curves: list[CurveEntry]
    labels: list[StarvedLabelEntry]
    said: str


@dataclass(frozen=True)
class StarvedLabel:
    """A label with few texts whose recall would grow more than the accuracy of all texts.

    Parameters
    ----------
    label : str
    n_texts : int
        Texts of the label that the saved model was fitted on.
    recall : float
        Share of its texts that get the label.
    growth : Growth
        How much the recall grows if all labels have twice as many texts.
    """

    label: str
    n_texts: int
    recall: float
    growth: Growth

    def to_dict(self) -> StarvedLabelEntry:
        """Return plain values."""
        return {
            "label": self.label,
            "n_texts": self.n_texts,
            "recall": self.recall,
            "gain": self.growth.gain,
            "low": self.growth.low,
            "high": self.growth.high,
        }


@dataclass(frozen=True)
class MoreTexts:
    """What twice as many training texts would bring.

    Parameters
    ----------
    method : str
        The cheap method whose growth is told.
    growth : Growth
        How much its accuracy grows, from the texts that the saved model was fitted on.
    from_curve : Growth
        The same from the end of the measured curve: out of fold, its models have fewer texts.
    curves : tuple of LearningCurve
        One per cheap method.
    labels : tuple of StarvedLabel
        Those that gain most, at most five.
    recommended : str
        The method that was chosen. Empty: the one that is told.
    has_near : bool
        Whether many of the texts are nearly the same as others, so that more of them teach little.
    metric : str
        By which methods were chosen.
    is_learnt : bool
        Whether the recommended method is shown to be better than always answering one label.
    """

    method: str
    growth: Growth
    from_curve: Growth
    curves: tuple[LearningCurve, ...]
    labels: tuple[StarvedLabel, ...] = ()
    recommended: str = ""
    has_near: bool = False
    metric: str = "accuracy"
    is_learnt: bool = True

    def facts(self) -> list[Fact]:
        """State what more texts would bring, and for which labels most."""
        growth, kind = self.growth, self._kind()
        facts = [
            Fact.of(
                kind,
                n=growth.n_after,
                n_before=growth.n_before,
                gain=growth.gain,
                low=growth.low,
                high=growth.high,
                method=self.method,
            )
        ]
        if self.metric == MACRO_F1:
            facts.append(Fact.of("more.macro"))
        if self.has_near:
            facts.append(Fact.of("more.near"))
        if self.recommended not in ("", FLOOR, self.method):
            facts.append(Fact.of("more.other", recommended=self.recommended, method=self.method))
        if self.labels and kind != "more.unknown":
            names = ", ".join(one.label for one in self.labels)
            facts.append(Fact.of("more.labels", labels=names))
        return facts

    def _kind(self) -> str:
        """Return which sentence tells the growth."""
        growth = self.growth
        if growth.high < NOTHING:
            return "more.nothing"
        if growth.high < LITTLE:
            return "more.little"
        if growth.low > 0:
            return "more.gain"
        # Where nothing is shown to be learnt, a growth within chance promises nothing
        return {True: "more.maybe", False: "more.unknown"}[self.is_learnt]

    @property
    def said(self) -> str:
        """The facts in English, as results.json and the terminal show them."""
        english = open_language(ENGLISH)
        return " ".join(english.tell(fact) for fact in self.facts())

    def _expected(self) -> PointEntry:
        """Return the point that the curve is expected to reach.

        Its interval is the one that is told: of the growth from all texts on.
        """
        curve = next(one for one in self.curves if one.method == self.method)
        # The gain is of shares a little below 1
        expected = min(1.0, float(curve.accuracy[-1]) + self.from_curve.gain)
        growth, now = self.growth, expected - self.growth.gain
        return {
            "n_texts": growth.n_after,
            "accuracy": expected,
            "interval": [max(0.0, now + growth.low), min(1.0, now + growth.high)],
        }

    def to_dict(self) -> MoreTextsEntry:
        """Return plain values."""
        return {
            "method": self.method,
            "growth": self.growth.to_dict(),
            "expected": self._expected(),
            "curves": [_curve_entry(curve) for curve in self.curves],
            "labels": [one.to_dict() for one in self.labels],
            "said": self.said,
        }


def _curve_entry(curve: LearningCurve) -> CurveEntry:
    points: list[PointEntry] = []
    n_judged = len(curve.label_ids)
    for n_texts, is_right in zip(curve.n_fitted, curve.correct, strict=True):
        n_right = int(is_right.sum())
        interval = list(wilson_interval(n_right, n_judged))
        points.append({"n_texts": n_texts, "accuracy": n_right / n_judged, "interval": interval})
    return {"method": curve.method, "points": points}


def expect_more(
    curves: Sequence[LearningCurve],
    counts: np.ndarray,
    labels: Sequence[str],
    *,
    recommended: str,
    seed: int = 0,
) -> MoreTexts:
    """Work out what twice as many texts would bring.

    Parameters
    ----------
    curves : sequence of LearningCurve
        At least one.
    counts : int array of shape (n_classes,)
        Texts of each label that the saved models were fitted on.
    labels : sequence of str
        In LabelSet order.
    recommended : str
        Its curve is told if it is there, else that of the method with the highest accuracy.
    seed : int
        Seed of the draws behind the intervals.
    """
    told = max(curves, key=lambda one: (one.method == recommended, one.accuracy[-1]))
    n_texts = int(counts.sum())
    n_after = TIMES * n_texts
    growth = predict_growth(told, n_texts, n_after, seed=seed)
    from_curve = predict_growth(told, told.n_fitted[-1], n_after, seed=seed)
    starved = []
    for label_id in np.flatnonzero(counts < STARVED * n_texts / len(counts)).tolist():
        own = told.label_ids == label_id
        if own.sum() < FEWEST_JUDGED or told.recall(label_id)[-1] >= told.accuracy[-1]:
            continue
        of_label = predict_growth(told, n_texts, n_after, rows=own, seed=seed)
        if of_label.gain > growth.gain:
            recall = float(told.recall(label_id)[-1])
            starved.append(StarvedLabel(labels[label_id], int(counts[label_id]), recall, of_label))
    starved.sort(key=lambda one: -one.growth.gain)
    return MoreTexts(
        told.method,
        growth,
        from_curve,
        tuple(curves),
        tuple(starved[:MOST_LABELS]),
        recommended=recommended,
    )
