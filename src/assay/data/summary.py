"""`summarise`: a data set in numbers, as one dict of plain values. It draws and prints nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from assay.data.labels import LabelSet
from assay.data.texts import LabelledTexts, Splits

__all__ = ["box_statistics", "quantiles", "summarise"]

MAX_OUTLIERS = 50  # drawn for one box; more are an unreadable line of dots
WHISKER_IQR = 1.5  # Tukey's rule, matplotlib's default


def summarise(splits: Splits, *, n_first: int = 5) -> dict[str, Any]:
    """Describe a data set.

    Parameters
    ----------
    splits : Splits
    n_first : int
        First rows of each split that are shown.

    Returns
    -------
    dict
        ``source``, ``labels``, ``features``, ``n_texts``, ``splits``, and ``dropped``: rows by
        split and reason. A split has ``n_texts``, ``columns``, ``classes`` (in label order: label,
        n_texts, fraction), ``chars`` and ``words`` (quantiles over all texts and a class),
        ``word_boxes`` (words a text, a box a class), ``first_rows``.
    """
    return {
        "source": splits.source,
        "labels": list(splits.label_set),
        "features": {"text": "string", "label": {"class_names": list(splits.label_set)}},
        "n_texts": sum(len(part) for part in splits.values()),
        "splits": {
            name: _split_summary(part, splits.label_set, n_first=n_first)
            for name, part in splits.items()
        },
        "dropped": [
            {"split": split, "reason": reason, "n_rows": n_rows}
            for (split, reason), n_rows in Counter(
                (row.split, row.reason) for row in splits.dropped
            ).items()
        ],
    }


def _split_summary(part: LabelledTexts, label_set: LabelSet, *, n_first: int) -> dict[str, Any]:
    label_ids = label_set.ids(part.labels)
    counts = np.bincount(label_ids, minlength=len(label_set))
    n_chars = np.fromiter(map(len, part.texts), dtype=np.int64, count=len(part))
    n_words = np.fromiter(
        (len(text.split()) for text in part.texts), dtype=np.int64, count=len(part)
    )
    return {
        "n_texts": len(part),
        "columns": ["text", "label"],
        "classes": [
            {"label": name, "n_texts": int(n), "fraction": float(n / max(1, len(part)))}
            for name, n in zip(label_set, counts, strict=True)
        ],
        "chars": _lengths(n_chars, label_ids, label_set),
        "words": _lengths(n_words, label_ids, label_set),
        "word_boxes": [
            {"label": name, **box_statistics(n_words[label_ids == i])}
            for i, name in enumerate(label_set)
        ],
        "first_rows": [
            {
                "line": part.lines[i],
                "text": part.texts[i],
                "label": int(label_ids[i]),
                "label_name": part.labels[i],
            }
            for i in range(min(n_first, len(part)))
        ],
    }


def _lengths(values: np.ndarray, label_ids: np.ndarray, label_set: LabelSet) -> dict[str, Any]:
    return {
        "all": quantiles(values),
        "classes": [
            {"label": name, **quantiles(values[label_ids == i])} for i, name in enumerate(label_set)
        ],
    }


def quantiles(values: np.ndarray) -> dict[str, float | None]:
    """Return min, p25, median, p75, p95 and max of `values`, linear between ranks; None where there are none."""
    names = ("min", "p25", "median", "p75", "p95", "max")
    if not len(values):
        return dict.fromkeys(names)
    return dict(
        zip(names, np.quantile(values, [0, 0.25, 0.5, 0.75, 0.95, 1]).tolist(), strict=True)
    )


def box_statistics(values: np.ndarray) -> dict[str, Any]:
    """Return what a box plot draws.

    Returns
    -------
    dict
        ``n_texts``, ``whisker_low``, ``q1``, ``median``, ``q3``, ``whisker_high`` (the outermost
        values within 1.5 times the box from it), ``n_outliers``, and ``outliers``: all beyond the
        whiskers, or 50 spread over their ranks with the lowest and the highest among them. None and
        empty where there are no values.
    """
    if not len(values):
        names = ("whisker_low", "q1", "median", "q3", "whisker_high")
        return {"n_texts": 0, **dict.fromkeys(names), "n_outliers": 0, "outliers": []}
    q1, median, q3 = np.quantile(values, [0.25, 0.5, 0.75]).tolist()
    reach = WHISKER_IQR * (q3 - q1)
    inside = values[(values >= q1 - reach) & (values <= q3 + reach)].astype(np.float64)
    # Between two far values no value may lie within reach: then the whisker ends at the box.
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
