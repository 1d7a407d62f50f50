"""How far one split's classes and text lengths are from another's, and whether chance explains it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from assay._optional import require
from assay.data.texts import Splits

__all__ = ["ClassShift", "LengthShift", "find_class_shifts", "find_length_shifts"]

MIN_DISTANCE = 0.05  # below, no score moves by more than its own interval
# Large splits make the smallest difference "significant", small ones none: both are asked for
MAX_P_VALUE = 0.001


@dataclass(frozen=True)
class ClassShift:
    """The classes of `split` beside those of `reference`.

    Parameters
    ----------
    split, reference : str
    distance : float
        Total variation distance, 0 to 1: the share of texts that would need another label for equal
        shares.
    p_value : float
        Of a chi-squared test that both were drawn from one distribution.
    label : str
        The label whose share differs most.
    fraction, reference_fraction : float
        Its share in the two splits.
    """

    split: str
    reference: str
    distance: float
    p_value: float
    label: str
    fraction: float
    reference_fraction: float

    @property
    def is_notable(self) -> bool:
        """Whether the shift is large, and more than chance."""
        return self.distance >= MIN_DISTANCE and self.p_value <= MAX_P_VALUE

    def to_dict(self) -> dict[str, Any]:
        """Return the shift as plain values."""
        return {**asdict(self), "is_notable": self.is_notable}


@dataclass(frozen=True)
class LengthShift:
    """The text lengths of `split` beside those of `reference`.

    Parameters
    ----------
    split, reference : str
    distance : float
        Kolmogorov-Smirnov statistic of the lengths in characters, 0 to 1.
    p_value : float
        That both were drawn from one distribution.
    median_chars, reference_median_chars : float
    """

    split: str
    reference: str
    distance: float
    p_value: float
    median_chars: float
    reference_median_chars: float

    @property
    def is_notable(self) -> bool:
        """Whether the shift is large, and more than chance."""
        return self.distance >= MIN_DISTANCE and self.p_value <= MAX_P_VALUE

    def to_dict(self) -> dict[str, Any]:
        """Return the shift as plain values."""
        return {**asdict(self), "is_notable": self.is_notable}


def find_class_shifts(splits: Splits) -> list[ClassShift]:
    """Compare the classes of every split with those of the first."""
    counts = {
        name: np.bincount(splits.label_set.ids(part.labels), minlength=len(splits.label_set))
        for name, part in splits.items()
        if len(part)
    }
    if not counts:
        return []
    reference, *others = counts
    return [
        _class_shift(splits, name, reference, counts[name], counts[reference]) for name in others
    ]


def _class_shift(
    splits: Splits, split: str, reference: str, here: np.ndarray, there: np.ndarray
) -> ClassShift:
    fractions, expected = here / here.sum(), there / there.sum()
    most = int(np.argmax(np.abs(fractions - expected)))
    table = np.array([here, there])[:, (here + there) > 0]
    p_value = (
        float(require("scipy.stats").chi2_contingency(table).pvalue) if table.shape[1] > 1 else 1.0
    )
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
    """Compare the text lengths of every split with those of the first."""
    lengths = {
        name: np.fromiter(map(len, part.texts), dtype=np.int64, count=len(part))
        for name, part in splits.items()
        if len(part)
    }
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
