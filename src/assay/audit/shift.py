"""How far classes and text lengths of the splits differ, and whether chance explains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from assay._optional import require
from assay.catalogue import Fact
from assay.data.texts import Splits

__all__ = [
    "ClassShift",
    "ClassShiftEntry",
    "LengthShift",
    "LengthShiftEntry",
    "find_class_shifts",
    "find_length_shifts",
]

# A shift is worth saying if it is large and more than chance. In large splits the smallest
# difference is significant, in small ones hardly any is.
MIN_DISTANCE = 0.05  # below, no score moves by more than its own interval
MAX_P_VALUE = 0.001


class ShiftEntry(TypedDict):
    """What each kind of shift tells, as JSON holds it."""

    split: str
    reference: str
    distance: float
    p_value: float
    is_notable: bool


class ClassShiftEntry(ShiftEntry):
    """A `ClassShift` as JSON holds it."""

    label: str
    fraction: float
    reference_fraction: float


class LengthShiftEntry(ShiftEntry):
    """A `LengthShift` as JSON holds it."""

    median_chars: float
    reference_median_chars: float


@dataclass(frozen=True)
class Shift:
    """How one split differs from another: how far, and whether chance explains it.

    Parameters
    ----------
    split, reference : str
    distance : float
        From 0 (no difference) to 1.
    p_value : float
        Test that both were drawn from one distribution.
    """

    split: str
    reference: str
    distance: float
    p_value: float

    @property
    def is_notable(self) -> bool:
        """Whether the shift is large, and more than chance."""
        return self.distance >= MIN_DISTANCE and self.p_value <= MAX_P_VALUE

    def _entry(self) -> ShiftEntry:
        return {
            "split": self.split,
            "reference": self.reference,
            "distance": self.distance,
            "p_value": self.p_value,
            "is_notable": self.is_notable,
        }


@dataclass(frozen=True)
class ClassShift(Shift):
    """How the classes of one split differ from those of another.

    Parameters
    ----------
    split, reference : str
    distance : float
        Total variation distance, 0 to 1: the share of texts of `split` that would need another
        label for both splits to have the same shares.
    p_value : float
        Chi-squared test that both were drawn from one distribution.
    label : str
        The label whose share differs most.
    fraction, reference_fraction : float
        Share of that label in `split` and in `reference`.
    """

    label: str
    fraction: float
    reference_fraction: float

    def fact(self) -> Fact:
        """Return what a report says about it."""
        return Fact.of(
            "audit.class_shift",
            split=self.split,
            reference=self.reference,
            label=self.label,
            fraction=self.fraction,
            reference_fraction=self.reference_fraction,
            distance=self.distance,
        )

    def to_dict(self) -> ClassShiftEntry:
        """Return the shift as plain values."""
        return {
            **self._entry(),
            "label": self.label,
            "fraction": self.fraction,
            "reference_fraction": self.reference_fraction,
        }


@dataclass(frozen=True)
class LengthShift(Shift):
    """How the text lengths of one split differ from those of another.

    Parameters
    ----------
    split, reference : str
    distance : float
        Kolmogorov-Smirnov statistic of the lengths in characters, 0 to 1.
    p_value : float
        Kolmogorov-Smirnov test that both were drawn from one distribution.
    median_chars, reference_median_chars : float
        Median length in characters of `split` and of `reference`.
    """

    median_chars: float
    reference_median_chars: float

    def fact(self) -> Fact:
        """Return what a report says about it."""
        return Fact.of(
            "audit.length_shift",
            split=self.split,
            reference=self.reference,
            median=round(self.median_chars),
            reference_median=round(self.reference_median_chars),
            distance=self.distance,
        )

    def to_dict(self) -> LengthShiftEntry:
        """Return the shift as plain values."""
        return {
            **self._entry(),
            "median_chars": self.median_chars,
            "reference_median_chars": self.reference_median_chars,
        }


def find_class_shifts(splits: Splits) -> list[ClassShift]:
    """Compare the classes of every split with those of the first; empty splits are left out.

    Where a text may have several labels, shares are those of all labels that are given.
    """
    counts = {}
    for split, labelled in splits.items():
        own = labelled.counts()
        if own:
            counts[split] = np.array([own.get(label, 0) for label in splits.label_set])
    if not counts:
        return []
    reference, *others = counts
    return [
        _class_shift(splits, split, reference, counts[split], counts[reference]) for split in others
    ]


def _class_shift(
    splits: Splits, split: str, reference: str, here: np.ndarray, there: np.ndarray
) -> ClassShift:
    fractions, expected = here / here.sum(), there / there.sum()
    most = int(np.argmax(np.abs(fractions - expected)))
    table = np.array([here, there])[:, (here + there) > 0]
    p_value = 1.0
    if table.shape[1] > 1:
        p_value = float(require("scipy.stats").chi2_contingency(table).pvalue)
    return ClassShift(
        split=split,
        reference=reference,
        distance=float(np.abs(fractions - expected).sum() / 2),
        p_value=p_value,
        label=splits.label_set[most],
        fraction=float(fractions[most]),
        reference_fraction=float(expected[most]),
    )


def find_length_shifts(splits: Splits) -> list[LengthShift]:
    """Compare the text lengths of every split with those of the first; empty ones are left out."""
    lengths = {}
    for split, labelled in splits.items():
        if len(labelled):
            lengths[split] = np.array(list(map(len, labelled.texts)))
    if not lengths:
        return []
    reference, *others = lengths
    stats = require("scipy.stats")
    shifts = []
    for name in others:
        # The asymptotic distribution: the exact one takes minutes for splits of many thousand rows.
        tested = stats.ks_2samp(lengths[name], lengths[reference], method="asymp")
        shifts.append(
            LengthShift(
                split=name,
                reference=reference,
                distance=float(tested.statistic),
                p_value=float(tested.pvalue),
                median_chars=float(np.median(lengths[name])),
                reference_median_chars=float(np.median(lengths[reference])),
            )
        )
    return shifts
