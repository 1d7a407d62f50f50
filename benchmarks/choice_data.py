"""The data of `benchmarks/choice.py`: whole sets, draws of their train rows, and planted wrong labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["draw_rows", "keep_largest_labels", "load_drawn", "plant_wrong_labels"]


def load_drawn(
    name: str, root: Path, *, n_rows: int | None = None, n_labels: int | None = None, seed: int = 0
) -> Any:
    """Load a data set, with fewer labels and fewer train rows if asked.

    Parameters
    ----------
    name : str
        A folder below `root`, or ``sample``.
    root : Path
    n_rows : int, optional
        Train rows to draw; a validation split is then left out, so that a run cuts its own.
    n_labels : int, optional
        Labels to draw; the others are left out of all splits.
    seed : int
    """
    from assay.data import load_data
    from assay.data.texts import Splits

    if name != "sample" and not (root / name).is_dir():
        raise SystemExit(f"there is no data at {root / name}; give --data")
    splits = load_data("sample" if name == "sample" else root / name)
    rng = np.random.default_rng(seed)
    if n_labels is not None:
        splits = keep_largest_labels(splits, n_labels, rng)
    if n_rows is None:
        return splits
    kept = {"train": draw_rows(splits["train"], n_rows, rng), "test": splits["test"]}
    return Splits(kept, splits.label_set, source=f"{n_rows} of {splits.source}")


def keep_largest_labels(splits: Any, n_labels: int, rng: np.random.Generator) -> Any:
    """Keep the texts of some labels, drawn at random."""
    from assay.data import LabelSet
    from assay.data.texts import Splits

    names = splits.label_set.names
    drawn = {names[i] for i in rng.permutation(len(names))[:n_labels]}
    kept = {}
    for split, labelled in splits.items():
        rows = [i for i, label in enumerate(labelled.labels) if label in drawn]
        kept[split] = labelled.take(rows)
    label_set = LabelSet(tuple(label for label in names if label in drawn))
    return Splits(kept, label_set, source=splits.source)


def draw_rows(labelled: Any, n_rows: int, rng: np.random.Generator) -> Any:
    """Draw rows at random, with at least four of each label, as nobody would label fewer."""
    labels = np.array(labelled.labels)
    order = rng.permutation(len(labels))
    first = []
    for label in np.unique(labels):
        first += order[labels[order] == label][:4].tolist()
    rest = [i for i in order.tolist() if i not in set(first)]
    rows = sorted([*first, *rest][:n_rows])
    return labelled.take(rows)


def plant_wrong_labels(
    label_ids: np.ndarray, n_classes: int, share: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Give a share of the rows another label, all others equally likely.

    Returns
    -------
    planted_ids : int64 array of shape (n_texts,)
    is_planted : bool array of shape (n_texts,)
    """
    n_planted = round(share * len(label_ids))
    rows = rng.choice(len(label_ids), size=n_planted, replace=False)
    planted_ids = label_ids.copy()
    planted_ids[rows] = (label_ids[rows] + rng.integers(1, n_classes, n_planted)) % n_classes
    is_planted = np.zeros(len(label_ids), dtype=bool)
    is_planted[rows] = True
    return planted_ids, is_planted
