"""What scoring a split yields: frozen results, and how results.json holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, NotRequired, TypedDict

from assay._display import Brief
from assay.evaluation.ratings import RatingScores, score_ratings

__all__ = [
    "HEADLINES",
    "ClassEntry",
    "ClassScores",
    "Headline",
    "ReliabilityBin",
    "ReliabilityEntry",
    "ScoresEntry",
    "SplitScores",
    "WithoutLeaksEntry",
]

Interval = tuple[float, float]


class Headline(NamedTuple):
    """A score that has an interval and is shown wherever a model is described.

    Parameters
    ----------
    title : str
        What people read.
    hub_type : str
        The metric's name on the Hugging Face Hub.
    """

    title: str
    hub_type: str


# Field of SplitScores -> how it is shown. The model folder, the card, tables and the scores without
# leaked texts hold these, in this order.
HEADLINES = {
    "accuracy": Headline("Accuracy", "accuracy"),
    "f1_weighted": Headline("Weighted F1", "f1"),
    "f1_macro": Headline("Macro F1", "f1"),
}


class ClassEntry(TypedDict):
    """A `ClassScores` as results.json holds it."""

    label: str
    n_texts: int
    precision: float
    recall: float
    f1: float
    f1_interval: NotRequired[list[float]]


class ReliabilityEntry(TypedDict):
    """A `ReliabilityBin` as results.json holds it."""

    n_texts: int
    confidence: float
    accuracy: float


class WithoutLeaksEntry(TypedDict):
    """The headline scores of the texts that do not also occur in train; None if there are none."""

    n_leaked: int
    n_texts: int
    accuracy: float | None
    f1_weighted: float | None
    f1_macro: float | None
    intervals: dict[str, list[float]]


class ScoresEntry(TypedDict):
    """A `SplitScores` as results.json holds it."""

    n_texts: int
    accuracy: float
    f1_weighted: float
    f1_macro: float
    intervals: dict[str, list[float]]
    per_class: list[ClassEntry]
    confusion: list[list[int]]
    log_loss: NotRequired[float]
    ece: NotRequired[float]
    reliability: NotRequired[list[ReliabilityEntry]]
    mean_absolute_error: NotRequired[float]
    quadratic_weighted_kappa: NotRequired[float]
    without_leaks: NotRequired[WithoutLeaksEntry]  # of a `ScoredSplit` some of whose texts leaked


@dataclass(frozen=True)
class ClassScores:
    """Precision, recall and F1 of one class, as fractions; 0 where there is nothing to divide by.

    Parameters
    ----------
    label : str
    n_texts : int
        Texts of the split that truly are of this class.
    precision, recall, f1 : float
    f1_interval : pair of float, optional
        95 % interval of `f1`. None if it was not measured.
    """

    label: str
    n_texts: int
    precision: float
    recall: float
    f1: float
    f1_interval: Interval | None = None

    def to_dict(self) -> ClassEntry:
        """Return the scores as plain values."""
        plain: ClassEntry = {
            "label": self.label,
            "n_texts": self.n_texts,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
        }
        if self.f1_interval is not None:
            plain["f1_interval"] = list(self.f1_interval)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ClassScores:
        """Read what `to_dict` wrote."""
        interval: Interval | None = None
        if (bounds := plain.get("f1_interval")) is not None:
            interval = (bounds[0], bounds[1])
        return cls(
            label=plain["label"],
            n_texts=plain["n_texts"],
            precision=plain["precision"],
            recall=plain["recall"],
            f1=plain["f1"],
            f1_interval=interval,
        )


@dataclass(frozen=True)
class ReliabilityBin:
    """Texts whose predicted label got a score in one range: how sure and how often right.

    Parameters
    ----------
    n_texts : int
        At least one: empty bins are left out.
    confidence : float
        Mean score of the predicted label.
    accuracy : float
        Fraction of these texts whose predicted label is the true one.
    """

    n_texts: int
    confidence: float
    accuracy: float

    def to_dict(self) -> ReliabilityEntry:
        """Return the bin as plain values."""
        return {"n_texts": self.n_texts, "confidence": self.confidence, "accuracy": self.accuracy}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ReliabilityBin:
        """Read what `to_dict` wrote."""
        return cls(
            n_texts=plain["n_texts"], confidence=plain["confidence"], accuracy=plain["accuracy"]
        )


@dataclass(frozen=True, repr=False)
class SplitScores(Brief):
    """All scores of one model on one split, as fractions.

    Parameters
    ----------
    n_texts : int
    accuracy, f1_weighted, f1_macro : float
    intervals : dict of str to pair of float
        Name of each of the three metrics above -> its 95 % interval.
    per_class : tuple of ClassScores
        In LabelSet order. A class without texts in the split has zeros.
    confusion : tuple of tuple of int, shape (n_classes, n_classes)
        Counts: rows are the true label, columns the predicted one, both in LabelSet order.
    log_loss : float, optional
        Mean of ``-ln(score of the true label)``, in nats.
    ece : float, optional
        Expected calibration error over 15 equally wide bins.
    reliability : tuple of ReliabilityBin
        The bins that `ece` sums over, from low to high confidence.
    """

    n_texts: int
    accuracy: float
    f1_weighted: float
    f1_macro: float
    intervals: dict[str, Interval]
    per_class: tuple[ClassScores, ...]
    confusion: tuple[tuple[int, ...], ...]
    log_loss: float | None = None
    ece: float | None = None
    reliability: tuple[ReliabilityBin, ...] = ()

    @property
    def ratings(self) -> RatingScores | None:
        """How far off predictions are; None if the labels are no ratings."""
        return score_ratings(self.confusion, [one.label for one in self.per_class])

    @property
    def confusion_by_true(self) -> tuple[tuple[float, ...], ...]:
        """The confusion matrix as fractions of each true class; 0 for a class without texts."""
        return tuple(map(_fractions, self.confusion))

    def to_dict(self) -> ScoresEntry:
        """Return the scores as results.json holds them."""
        plain: ScoresEntry = {
            "n_texts": self.n_texts,
            "accuracy": self.accuracy,
            "f1_weighted": self.f1_weighted,
            "f1_macro": self.f1_macro,
            "intervals": {metric: list(interval) for metric, interval in self.intervals.items()},
            "per_class": [scores.to_dict() for scores in self.per_class],
            "confusion": list(map(list, self.confusion)),
        }
        if self.log_loss is not None:
            plain["log_loss"] = self.log_loss
        if self.ece is not None:
            plain["ece"] = self.ece
        if self.reliability:
            plain["reliability"] = [one.to_dict() for one in self.reliability]
        if (ratings := self.ratings) is not None:
            plain["mean_absolute_error"] = ratings.mean_absolute_error
            plain["quadratic_weighted_kappa"] = ratings.quadratic_weighted_kappa
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> SplitScores:
        """Read what `to_dict` wrote; unknown keys are ignored."""
        bins = plain.get("reliability", ())
        return cls(
            n_texts=plain["n_texts"],
            accuracy=plain["accuracy"],
            f1_weighted=plain["f1_weighted"],
            f1_macro=plain["f1_macro"],
            intervals={metric: (low, high) for metric, (low, high) in plain["intervals"].items()},
            per_class=tuple(ClassScores.from_dict(scores) for scores in plain["per_class"]),
            confusion=tuple(map(tuple, plain["confusion"])),
            log_loss=plain.get("log_loss"),
            ece=plain.get("ece"),
            reliability=tuple(ReliabilityBin.from_dict(one) for one in bins),
        )


def _fractions(counts: tuple[int, ...]) -> tuple[float, ...]:
    """Divide counts by their sum; zeros stay zeros."""
    total = max(1, sum(counts))
    return tuple(count / total for count in counts)
