"""Several labels of a text as one cell of a table, joined as in the data of the model."""

from __future__ import annotations

from collections.abc import Sequence

from assay.data.labels import list_labels
from assay.runtime.predictor import Model

__all__ = ["find_joint", "join_for_people"]


def find_joint(model: Model) -> str | None:
    """Return what is between several labels of a cell: what the training data had there.

    None where that is not known, and where it is part of a label.
    """
    if model.label_set.task == "single":
        return None
    separator = model.manifest.training_data.get("reading", {}).get("label_separator")
    if separator is None or any(separator in label for label in model.labels):
        return None
    return str(separator)


def join_for_people(labels: Sequence[str], joint: str | None) -> str:
    """Return labels in one cell of a workbook: without a joint, between commas."""
    if joint is None:
        return list_labels(labels)
    return joint.join(labels)
