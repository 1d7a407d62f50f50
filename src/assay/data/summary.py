"""`summarise`: a data set in numbers, as one dict of plain values. It draws and prints nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NotRequired, TypedDict

import numpy as np

from assay.data.labels import LabelSet
from assay.data.listed_rows import MendedEntry
from assay.data.spellings import SpellingEntry, split_spellings
from assay.data.texts import LabelledTexts, Splits
from assay.data.together import TogetherSummary, describe_together
from assay.tokenization.words import count_words, word_unit

__all__ = [
    "BoxStatistics",
    "DataSummary",
    "Quantiles",
    "SplitSummary",
    "TokenLengths",
    "box_statistics",
    "quantiles",
    "summarise",
]

QUANTILES = {"min": 0.0, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95, "max": 1.0}
MAX_OUTLIERS = 50  # drawn for one box; more are an unreadable line of dots
WHISKER_IQR = 1.5  # Tukey's rule, matplotlib's default

Quantiles = dict[str, float | None]  # the names of QUANTILES; None where there are no values


class BoxStatistics(TypedDict):
    """What a box plot draws of some values; None where there are no values."""

    n_texts: int
    whisker_low: float | None
    q1: float | None
    median: float | None
    q3: float | None
    whisker_high: float | None
    n_outliers: int
    outliers: list[float]


class LabelledBox(BoxStatistics):
    """The box of one class, with its label."""

    label: str


class ClassCount(TypedDict):
    """How many texts of a split have one label."""

    label: str
    n_texts: int
    fraction: float


class FirstRow(TypedDict):
    """One of the first rows of a split.

    Where a text may have several labels, `label` is its row of the indicator matrix, and
    `label_name` lists its labels. `id` is the cell of the column that names the rows, where one was
    asked for.
    """

    line: int
    text: str
    label: int | list[int]
    label_name: str
    id: NotRequired[str]


class Lengths(TypedDict):
    """Quantiles of lengths over all texts; and by class, each with its ``label``."""

    all: Quantiles
    classes: list[dict[str, str | float | None]]


class TokenLengths(TypedDict):
    """How many tokens of a checkpoint texts have, and how many texts it would cut."""

    checkpoint: str
    max_tokens: int
    n_truncated: int
    all: Quantiles


class SplitSummary(TypedDict):
    """One split in numbers; with tokens if they were counted.

    `together` exists where a text may have several labels.
    """

    n_texts: int
    columns: list[str]
    classes: list[ClassCount]
    chars: Lengths
    words: Lengths
    word_unit: str
    word_boxes: list[LabelledBox]
    first_rows: list[FirstRow]
    tokens: NotRequired[TokenLengths]
    together: NotRequired[TogetherSummary]


class DroppedCount(TypedDict):
    """How many rows of a split were left out for one reason."""

    split: str
    reason: str
    n_rows: int


class DataSummary(TypedDict):
    """A data set in numbers; `features` are the columns as the Hub's libraries describe them."""

    source: str
    labels: list[str]
    features: dict[str, object]
    n_texts: int
    splits: dict[str, SplitSummary]
    dropped: list[DroppedCount]
    mended: list[MendedEntry]
    spellings: list[SpellingEntry]


def summarise(splits: Splits, *, n_first: int = 5) -> DataSummary:
    """Describe a data set.

    Parameters
    ----------
    splits : Splits
    n_first : int
        How many first rows of each split are shown.

    Returns
    -------
    dict
        ``source``, ``labels``, ``features``, ``n_texts``, ``splits``, ``dropped``: counts by
        split and reason, ``mended`` and ``spellings``: labels that are probably other labels,
        written otherwise. Each split has ``n_texts``, ``columns``, ``classes`` (in label order:
        label, n_texts, fraction), ``chars`` and ``words`` (quantiles of the length of a text, over
        all texts and by class), ``word_unit`` (see the function of that name), ``word_boxes`` (one
        box of words per text for each class), ``first_rows``.
    """
    labels = list(splits.label_set)
    described = {}
    for name, labelled in splits.items():
        described[name] = _split_summary(labelled, splits.label_set, n_first=n_first)
    n_dropped = Counter((row.split, row.reason) for row in splits.dropped)
    dropped: list[DroppedCount] = [
        {"split": split, "reason": reason, "n_rows": n_rows}
        for (split, reason), n_rows in n_dropped.items()
    ]
    return {
        "source": splits.source,
        "labels": labels,
        "features": {"text": "string", "label": {"class_names": list(labels)}},
        "n_texts": sum(map(len, splits.values())),
        "splits": described,
        "dropped": dropped,
        "mended": [rows.to_dict() for rows in splits.mended],
        "spellings": [one.to_dict() for one in split_spellings(splits)],
    }


def _split_summary(labelled: LabelledTexts, label_set: LabelSet, *, n_first: int) -> SplitSummary:
    n_texts = len(labelled)
    members = label_set.members(labelled.labels)
    n_chars = np.fromiter(map(len, labelled.texts), dtype=np.int64, count=n_texts)
    n_words = np.fromiter(map(count_words, labelled.texts), dtype=np.int64, count=n_texts)
    word_boxes: list[LabelledBox] = []
    for name, own in _by_class(n_words, members, label_set):
        word_boxes.append({"label": name, **box_statistics(own)})
    summary: SplitSummary = {
        "n_texts": n_texts,
        "columns": ["text", "label"],
        "classes": _class_counts(members, label_set, n_texts=n_texts),
        "chars": _lengths(n_chars, members, label_set),
        "words": _lengths(n_words, members, label_set),
        "word_unit": word_unit(labelled.texts),
        "word_boxes": word_boxes,
        "first_rows": _first_rows(labelled, label_set, n_first=n_first),
    }
    if label_set.task == "multi":
        summary["together"] = describe_together(label_set.encode(labelled.labels), label_set)
    return summary


def _by_class(
    values: np.ndarray, members: Sequence[np.ndarray], label_set: LabelSet
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each label with the values of its texts, in the order of the texts."""
    for name, rows in zip(label_set, members, strict=True):
        yield name, values[rows]


def _class_counts(
    members: Sequence[np.ndarray], label_set: LabelSet, *, n_texts: int
) -> list[ClassCount]:
    counted: list[ClassCount] = []
    for name, rows in zip(label_set, members, strict=True):
        fraction = len(rows) / max(1, n_texts)
        counted.append({"label": name, "n_texts": len(rows), "fraction": fraction})
    return counted


def _first_rows(labelled: LabelledTexts, label_set: LabelSet, *, n_first: int) -> list[FirstRow]:
    n_shown = min(n_first, len(labelled))
    encoded = label_set.encode(labelled.labels[:n_shown]).tolist()
    return [
        {
            "line": labelled.lines[i],
            "text": labelled.texts[i],
            "label": encoded[i],
            "label_name": labelled.shown_label(i),
        }
        for i in range(n_shown)
    ]


def _lengths(values: np.ndarray, members: Sequence[np.ndarray], label_set: LabelSet) -> Lengths:
    classes: list[dict[str, str | float | None]] = []
    for name, own in _by_class(values, members, label_set):
        classes.append({"label": name, **quantiles(own)})
    return {"all": quantiles(values), "classes": classes}


def quantiles(values: np.ndarray) -> Quantiles:
    """Return min, p25, median, p75, p95 and max of `values`, with linear interpolation.

    Returns
    -------
    dict
        Name -> quantile; each is None where there are no values.
    """
    if not len(values):
        return dict.fromkeys(QUANTILES)
    if len(values) == 1:  # most labels of a column that holds no classes
        return dict.fromkeys(QUANTILES, float(values[0]))
    found = np.quantile(values, list(QUANTILES.values())).tolist()
    return dict(zip(QUANTILES, found, strict=True))


def box_statistics(values: np.ndarray) -> BoxStatistics:
    """Return what a box plot draws.

    Returns
    -------
    dict
        ``n_texts``, ``whisker_low``, ``q1``, ``median``, ``q3``, ``whisker_high`` (the outermost
        values within 1.5 times the length of the box from it), ``n_outliers``, and ``outliers``:
        all values beyond the whiskers, or 50 of them evenly spaced in order of size, the lowest
        and the highest included. None and empty where there are no values.
    """
    if not len(values):
        return {
            "n_texts": 0,
            "whisker_low": None,
            "q1": None,
            "median": None,
            "q3": None,
            "whisker_high": None,
            "n_outliers": 0,
            "outliers": [],
        }
    q1 = median = q3 = float(values[0])
    if len(values) > 1:
        q1, median, q3 = np.quantile(values, [0.25, 0.5, 0.75]).tolist()
    reach = WHISKER_IQR * (q3 - q1)
    inside = values[(values >= q1 - reach) & (values <= q3 + reach)].astype(np.float64)
    # Between two far values no value may be within reach: then the whisker ends at the box.
    low = min(q1, float(inside.min(initial=q1)))
    high = max(q3, float(inside.max(initial=q3)))
    outliers = np.sort(values[(values < low) | (values > high)])
    shown = outliers
    if len(outliers) > MAX_OUTLIERS:
        shown = outliers[np.linspace(0, len(outliers) - 1, MAX_OUTLIERS).round().astype(np.int64)]
    return {
        "n_texts": len(values),
        "whisker_low": low,
        "q1": q1,
        "median": median,
        "q3": q3,
        "whisker_high": high,
        "n_outliers": len(outliers),
        "outliers": shown.tolist(),
    }
