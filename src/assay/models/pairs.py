"""Texts and labels as `fit` is given them: one of each, in one order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets

from assay.data.label_array import label_array
from assay.data.label_columns import check_joined_labels
from assay.data.several_arrays import own_labels
from assay.data.texts import check_texts
from assay.errors import InputError
from assay.training.targets import Targets, find_targets

__all__ = ["check_not_joined", "check_pair", "check_task", "pair_texts"]

FITTED_ON = {
    "single": "the labels are several per text, and the estimator was fitted on one per text; "
    "one label per text is accepted",
    "multi": "the labels are one per text, and the estimator was fitted on several per text; "
    "a list of labels per text, or a matrix of zeros and ones, is accepted",
}


def check_pair(given: Any, *, name: str = "validation") -> None:
    """Refuse what is not a pair of texts and labels."""
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise InputError(
            f"{name} is of the type {type(given).__name__}; a pair (texts, labels) is accepted"
        )


def check_task(labels: Any, targets: Targets) -> None:
    """Refuse several labels per text where one is aimed at, and the other way round.

    Raises
    ------
    InputError
        They are no sequence, or of the other task.
    """
    task = find_targets(labels).task
    if _count_rows(labels) and task != targets.task:
        raise InputError(FITTED_ON[targets.task])


def check_not_joined(labels: Any) -> None:
    """Refuse texts such as "joy|fear" where each would be a label of its own.

    Labels that are no texts are looked at elsewhere.

    Raises
    ------
    InputError
        The labels look like several joined ones.
    """
    if getattr(labels, "ndim", 1) != 1 or find_targets(labels).task != "single":
        return
    names = own_labels(labels)
    if names and all(isinstance(name, str) for name in names):
        check_joined_labels(names)


def pair_texts(texts: Sequence[str], labels: Any, *, task: str, name: str) -> tuple[list[str], Any]:
    """Return the texts as a list, and the labels as the targets of the task take them.

    Raises
    ------
    InputError
        The texts are no sequence of str, or another number than the labels.
    """
    as_list = check_texts(texts, name=name)
    if task == "single":
        labels = label_array(labels)
        if labels.ndim != 1:
            raise InputError(
                f"the labels have {labels.ndim} dimensions; one label per text is accepted"
            )
    n_labels = _count_rows(labels)
    if n_labels != len(as_list):
        raise InputError(
            f"{len(as_list):,} texts and {n_labels:,} labels; the same number of each is accepted"
        )
    if task == "single" and not _are_names(labels):
        check_classification_targets(labels)
    return as_list, labels


def _are_names(labels: np.ndarray) -> bool:
    """Tell whether all labels are names: scikit-learn warns where many differ."""
    return all(isinstance(label, str) for label in labels.tolist())


def _count_rows(labels: Any) -> int:
    """Return the number of texts that labels are of; sparse matrices have no length."""
    return int(labels.shape[0]) if hasattr(labels, "shape") else len(labels)
