"""When a model says that it does not know: a threshold of the top score, and the measured curve it is taken from.

The curve is measured on validation when a model is saved; choosing a rule from it needs neither
texts nor labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from assay.errors import InputError, ModelError
from assay.runtime.entries import AbstainEntry, CoverageCurveEntry
from assay.runtime.limits.wilson import wilson_bounds

__all__ = ["AbstainRule", "CoverageCurve", "check_target", "choose_rule"]

MAX_POINTS = 101  # of the curve in assay.json: one a percent of the texts


@dataclass(frozen=True)
class AbstainRule:
    """Answer where the top score reaches the threshold, else say nothing.

    Parameters
    ----------
    threshold : float
        From 0 (always answer) to 1.
    target_accuracy : float, optional
        What the answers were to reach; None where the threshold itself was given.
    coverage : float, optional
        Fraction of the measured texts that get an answer; None where nothing was measured.
    accuracy : float, optional
        Fraction of those answers that are right; None also where no measured text gets an answer.
    n_texts : int
        Measured texts, answered or not.
    split : str
        The split they stand in.
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

        Returns
        -------
        bool array of shape (n_texts,)
        """
        # In float64: numpy would round the threshold to float32 beside float32 scores, and let a
        # lower one pass.
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
            The threshold is missing or no number from 0 to 1.
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
    """How many texts are answered, and how many of those right, at each threshold of the top score.

    Parameters
    ----------
    thresholds : tuple of float
        Ascending; the first is 0, where every text is answered.
    n_answered, n_right : tuple of int
        Texts whose top score reaches the threshold, and those of them whose answer is right.
    split : str
        The split they were counted on.
    """

    thresholds: tuple[float, ...]
    n_answered: tuple[int, ...]
    n_right: tuple[int, ...]
    split: str = "validation"

    @property
    def n_texts(self) -> int:
        """Texts that were measured."""
        return self.n_answered[0]

    @property
    def coverage(self) -> np.ndarray:
        """Fraction of the texts that is answered, float64 of shape (n_thresholds,), falling."""
        return np.asarray(self.n_answered, dtype=np.float64) / self.n_texts

    @property
    def accuracy(self) -> np.ndarray:
        """Fraction of the answers that is right, float64 of shape (n_thresholds,)."""
        accuracy: np.ndarray = np.asarray(self.n_right, dtype=np.float64) / np.asarray(
            self.n_answered
        )
        return accuracy

    @property
    def proven_accuracy(self) -> np.ndarray:
        """Lower end of the 95 % interval of `accuracy`, float64 of shape (n_thresholds,)."""
        low, _ = wilson_bounds(np.asarray(self.n_right), np.asarray(self.n_answered))
        return low

    @property
    def area(self) -> float:
        """Area under the risk-coverage curve (Geifman et al., 2019): 0 is best, chance is one minus the accuracy.

        The mean over texts of the share of wrong answers among all texts with a score as high as
        theirs or higher.
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
        """Return the rule with the lowest threshold whose answers are proven to reach the target; None: there is none.

        Proven means that the lower end of the 95 % Wilson interval of the accuracy of the answered
        texts reaches it. The point estimate alone would be a promise kept half the time, and less:
        the lowest of many thresholds is chosen, and luck is what lets one pass early.
        """
        reached = np.flatnonzero(self.proven_accuracy >= target)
        return (
            replace(self._rule(int(reached[0])), target_accuracy=target) if len(reached) else None
        )

    def _rule(self, i: int) -> AbstainRule:
        coverage, accuracy = float(self.coverage[i]), float(self.accuracy[i])
        return AbstainRule(self.thresholds[i], None, coverage, accuracy, self.n_texts, self.split)

    def thin(self, n_points: int = MAX_POINTS) -> CoverageCurve:
        """Return at most `n_points` of the points, evenly spaced in coverage, the first and the last among them."""
        if len(self.thresholds) <= n_points:
            return self
        wanted = np.linspace(self.n_texts, self.n_answered[-1], n_points)
        kept = np.unique(np.searchsorted(-np.asarray(self.n_answered), -wanted, side="left"))
        pick = {
            name: tuple(getattr(self, name)[i] for i in kept)
            for name in ("thresholds", "n_answered", "n_right")
        }
        return CoverageCurve(**pick, split=self.split)

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
            The points are no curve.
        """
        try:
            points = [(float(t), int(n), int(right)) for t, n, right in plain["points"]]
        except (KeyError, TypeError, ValueError, OverflowError) as err:
            raise ModelError(
                f"{where}: coverage_curve holds no points [threshold, n_answered, n_right]"
            ) from err
        rises = all(a[0] < b[0] and a[1] > b[1] for a, b in pairwise(points))
        if (
            not points
            or points[0][0] != 0
            or not rises
            or not all(0 <= right <= n > 0 for _, n, right in points)
        ):
            raise ModelError(
                f"{where}: the points of coverage_curve are not in order, or count more right than answered"
            )
        thresholds, n_answered, n_right = zip(*points, strict=True)
        return cls(thresholds, n_answered, n_right, split=str(plain.get("split", "validation")))


def check_target(target_accuracy: float) -> None:
    """Refuse a target that is no share of right answers, such as 95 for 95 %, with an InputError."""
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
    """Return the rule that a caller asks for; None if nothing was asked.

    Parameters
    ----------
    curve : CoverageCurve, optional
        What the model recorded of itself.
    abstain_below : float, optional
        The threshold itself.
    target_accuracy : float, optional
        What the answers are to reach, by the curve.

    Raises
    ------
    InputError
        Both were asked, a number is out of range, the model has no curve, or the target cannot be
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
        best = int(curve.proven_accuracy.argmax())
        raise InputError(
            f"a target accuracy of {target_accuracy:g} cannot be reached: on the {curve.n_texts:,} texts of "
            f"{curve.split} the best that can be shown is {curve.proven_accuracy[best]:.4f} (lower end of the 95 % "
            f"interval), answering {curve.coverage[best]:.1%} of them, of which {curve.accuracy[best]:.1%} are right",
            hint="aim lower, or train with more validation texts: the interval shrinks with their number",
        )
    return rule
