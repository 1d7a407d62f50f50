"""When a model says that it does not know: a threshold of its highest score.

The threshold is taken from a curve that is measured on validation when a model is saved; choosing a
rule from it needs neither texts nor labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import floor
from pathlib import Path
from typing import Any

import numpy as np

from assay._display import percent
from assay.errors import InputError, ModelError
from assay.runtime.entries import AbstainEntry, CoverageCurveEntry
from assay.runtime.limits.wilson import wilson_bounds

__all__ = [
    "SEVERAL_HINT",
    "AbstainRule",
    "CoverageCurve",
    "check_target",
    "choose_rule",
    "name_split",
    "refuse_hopeless",
    "say_unreachable",
]

FOLDS = "out_of_fold"  # the split of a curve that was measured in folds of train and validation

SEVERAL_HINT = (  # where texts may have several labels, --target-accuracy has no meaning yet
    "--min-precision asks the same of one label; "
    "--single-label takes the labels of a text together as one label"
)
MAX_POINTS = 101  # points of the curve in assay.json: one for each percent of the texts


@dataclass(frozen=True)
class AbstainRule:
    """Answer where the highest score reaches the threshold, and abstain elsewhere.

    Parameters
    ----------
    threshold : float
        From 0 (always answer) to 1.
    target_accuracy : float, optional
        The accuracy that the answers had to reach; None where the threshold itself was given.
    coverage : float, optional
        Fraction of the measured texts that get an answer; None where nothing was measured.
    accuracy : float, optional
        Fraction of those answers that are right; None also where no measured text gets an answer.
    n_texts : int
        Measured texts, answered or not.
    split : str
        The split that the measured texts are in.
    """

    threshold: float
    target_accuracy: float | None = None
    coverage: float | None = None
    accuracy: float | None = None
    n_texts: int = 0
    split: str = "validation"

    def answers(self, probs: np.ndarray) -> np.ndarray:
        """Tell which texts get an answer.

        Parameters
        ----------
        probs : array of shape (n_texts, n_classes)
            Scores of `Model.predict_proba`; where texts may have several labels, of
            `SeveralAnswers.statements`.

        Returns
        -------
        bool array of shape (n_texts,)
        """
        # In float64: beside float32 scores numpy would round the threshold to float32, and a score
        # just below it would pass.
        is_answered: np.ndarray = np.asarray(probs, dtype=np.float64).max(axis=1) >= self.threshold
        return is_answered

    def to_dict(self) -> AbstainEntry:
        """Return plain values, as they are in assay.json."""
        return {
            "threshold": self.threshold,
            "target_accuracy": self.target_accuracy,
            "coverage": self.coverage,
            "accuracy": self.accuracy,
            "n_texts": self.n_texts,
            "split": self.split,
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], *, where: Path) -> AbstainRule:
        """Read what `to_dict` wrote.

        Raises
        ------
        ModelError
            The threshold is missing or not a number from 0 to 1.
        """
        threshold = plain.get("threshold")
        if (
            isinstance(threshold, bool)
            or not isinstance(threshold, int | float)
            or not 0 <= threshold <= 1
        ):
            raise ModelError(
                f"{where}: abstain.threshold is {threshold!r}; a number from 0 to 1 is accepted"
            )
        return cls(**{name: plain[name] for name in cls.__dataclass_fields__ if name in plain})


@dataclass(frozen=True)
class CoverageCurve:
    """How many texts are answered, and how many of those right, at each threshold.

    Parameters
    ----------
    thresholds : tuple of float
        Ascending; the first is 0, where every text is answered.
    n_answered, n_right : tuple of int
        Texts whose highest score reaches the threshold, and those of them whose answer is right.
    split : str
        The split they were counted on.
    """

    thresholds: tuple[float, ...]
    n_answered: tuple[int, ...]
    n_right: tuple[int, ...]
    split: str = "validation"

    @property
    def n_texts(self) -> int:
        """How many texts were measured."""
        return self.n_answered[0]

    @property
    def coverage(self) -> np.ndarray:
        """Fraction of the texts that is answered, float64 of shape (n_thresholds,), falling."""
        return np.asarray(self.n_answered, dtype=np.float64) / self.n_texts

    @property
    def accuracy(self) -> np.ndarray:
        """Fraction of the answers that is right, float64 of shape (n_thresholds,)."""
        n_right = np.asarray(self.n_right, dtype=np.float64)
        accuracy: np.ndarray = n_right / np.asarray(self.n_answered)
        return accuracy

    @property
    def proven_accuracy(self) -> np.ndarray:
        """Lower end of the 95 % interval of `accuracy`, float64 of shape (n_thresholds,)."""
        low, _ = wilson_bounds(np.asarray(self.n_right), np.asarray(self.n_answered))
        return low

    @property
    def area(self) -> float:
        """Area under the risk-coverage curve (Geifman et al., 2019), from 0 (best) to 1.

        For each text, take the share of wrong answers among all texts with a score at least as
        high; the area is the mean of these shares. Random scores give one minus the accuracy.
        """
        n_leaving = -np.diff([*self.n_answered, 0])
        return float((1 - self.accuracy) @ n_leaving / self.n_texts)

    def at(self, threshold: float) -> AbstainRule:
        """Return the rule of a given threshold, with what was measured at it or just above it."""
        i = int(np.searchsorted(self.thresholds, threshold, side="left"))
        if i == len(self.thresholds):
            return AbstainRule(threshold, None, 0.0, None, self.n_texts, self.split)
        return replace(self._rule(i), threshold=threshold)

    def reaching(self, target: float) -> AbstainRule | None:
        """Return the rule with the lowest threshold whose answers are proven to reach a target.

        None if no threshold is. Proven means that the lower end of the 95 % Wilson interval of the
        accuracy of the answered texts reaches the target. If the accuracy itself were compared, the
        promise would be kept less than half of the time: the lowest of many thresholds is chosen,
        and some thresholds pass by luck.
        """
        reached = np.flatnonzero(self.proven_accuracy >= target)
        if not len(reached):
            return None
        return replace(self._rule(int(reached[0])), target_accuracy=target)

    def _rule(self, i: int) -> AbstainRule:
        coverage, accuracy = float(self.coverage[i]), float(self.accuracy[i])
        return AbstainRule(self.thresholds[i], None, coverage, accuracy, self.n_texts, self.split)

    def thin(self, n_points: int = MAX_POINTS) -> CoverageCurve:
        """Return at most `n_points` of the points, evenly spaced in coverage.

        The first and the last point are among them.
        """
        if len(self.thresholds) <= n_points:
            return self
        wanted = np.linspace(self.n_texts, self.n_answered[-1], n_points)
        kept = np.unique(np.searchsorted(-np.asarray(self.n_answered), -wanted, side="left"))
        return CoverageCurve(
            thresholds=tuple(self.thresholds[i] for i in kept),
            n_answered=tuple(self.n_answered[i] for i in kept),
            n_right=tuple(self.n_right[i] for i in kept),
            split=self.split,
        )

    def to_dict(self) -> CoverageCurveEntry:
        """Return plain values, as they are in assay.json."""
        points: list[list[float]] = [
            [threshold, n_answered, n_right]
            for threshold, n_answered, n_right in zip(
                self.thresholds, self.n_answered, self.n_right, strict=True
            )
        ]
        return {"split": self.split, "n_texts": self.n_texts, "points": points}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], *, where: Path) -> CoverageCurve:
        """Read what `to_dict` wrote.

        Raises
        ------
        ModelError
            The points are not a curve.
        """
        try:
            points = [(float(t), int(n), int(right)) for t, n, right in plain["points"]]
        except (KeyError, TypeError, ValueError, OverflowError) as err:
            raise ModelError(
                f"{where}: coverage_curve holds no points [threshold, n_answered, n_right]"
            ) from err
        if not _is_curve(points):
            raise ModelError(
                f"{where}: the points of coverage_curve are not in order, "
                "or count more right than answered"
            )
        thresholds, n_answered, n_right = zip(*points, strict=True)
        return cls(thresholds, n_answered, n_right, split=str(plain.get("split", "validation")))


def _is_curve(points: Sequence[tuple[float, int, int]]) -> bool:
    """Tell whether thresholds rise from 0 while fewer texts are answered."""
    if not points or points[0][0] != 0:
        return False
    for _, n_answered, n_right in points:
        if not 0 <= n_right <= n_answered or n_answered == 0:
            return False
    return all(low[0] < high[0] and low[1] > high[1] for low, high in pairwise(points))


def check_target(target_accuracy: float) -> None:
    """Refuse a target that is not a fraction of right answers, such as 95 for 95 %.

    Raises
    ------
    InputError
        It is not above 0 and up to 1.
    """
    if not 0 < target_accuracy <= 1:
        raise InputError(
            f"the target accuracy is {target_accuracy:g}; a fraction above 0, up to 1, is accepted"
        )


def choose_rule(
    curve: CoverageCurve | None,
    *,
    abstain_below: float | None = None,
    target_accuracy: float | None = None,
) -> AbstainRule | None:
    """Return the rule that a caller asks for; None if the caller asks for none.

    Parameters
    ----------
    curve : CoverageCurve, optional
        What the model recorded about itself.
    abstain_below : float, optional
        The threshold itself.
    target_accuracy : float, optional
        The accuracy that the answers have to reach; the curve says at which threshold they do.

    Raises
    ------
    InputError
        Both were given, a number is out of range, the model has no curve, or the target cannot be
        reached.
    """
    if abstain_below is not None and target_accuracy is not None:
        raise InputError("a threshold and a target accuracy were given; one of the two is accepted")
    if abstain_below is not None:
        if not 0 <= abstain_below <= 1:
            raise InputError(f"the threshold is {abstain_below}; a score from 0 to 1 is accepted")
        return AbstainRule(abstain_below) if curve is None else curve.at(abstain_below)
    if target_accuracy is None:
        return None
    check_target(target_accuracy)
    if curve is None:
        raise InputError(
            "the model has no coverage curve to take the threshold from",
            hint="give the threshold itself",
        )
    rule = curve.reaching(target_accuracy)
    if rule is None:
        raise InputError(say_unreachable(curve, target_accuracy), hint=_ask_less(curve.split))
    return rule


def name_split(split: str) -> str:
    """Return what messages call the texts that a curve was measured on.

    >>> name_split("validation"), name_split("out_of_fold")
    ('validation', 'train and validation (out of fold)')
    """
    return "train and validation (out of fold)" if split == FOLDS else split


def say_unreachable(curve: CoverageCurve, target_accuracy: float) -> str:
    """Say that no threshold reaches a target, and what could be reached instead."""
    best = int(curve.proven_accuracy.argmax())
    shown = floor(1e4 * curve.proven_accuracy[best]) / 1e4  # never more than what can be shown
    return (
        f"a target accuracy of {target_accuracy:g} cannot be reached: "
        f"on the {curve.n_texts:,} texts of {name_split(curve.split)} the best that can be shown "
        f"is {shown:.4f} (lower end of the 95 % interval), "
        f"answering {percent(curve.coverage[best])} of them, "
        f"of which {percent(curve.accuracy[best])} are right"
    )


def _ask_less(split: str) -> str:
    more = "texts" if split == FOLDS else "validation texts"
    return f"aim lower, or train with more {more}: the interval shrinks with their number"


def refuse_hopeless(target_accuracy: float, n_texts: int, split: str) -> None:
    """Refuse a target that no model can be shown to reach, before any is trained.

    Parameters
    ----------
    target_accuracy : float
    n_texts : int
        Texts that the threshold will be chosen on.
    split : str
        What these are called.

    Raises
    ------
    InputError
        If the model were right on all of them, the interval would still begin below the target.
    """
    low, _ = wilson_bounds(np.array([n_texts]), np.array([n_texts]))
    best = floor(1e4 * low[0]) / 1e4
    if low[0] < target_accuracy:
        raise InputError(
            f"a target accuracy of {target_accuracy:g} cannot be shown on the {n_texts:,} texts of "
            f"{name_split(split)}: even if all answers were right, the 95 % interval would begin "
            f"at {best:.4f}",
            hint=_ask_less(split),
        )
