"""What a fit may use besides its training texts: held-out rows, class weights, a score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from assay.errors import InputError
from assay.progress import Progress
from assay.tokenization.batches import EncodedTexts
from assay.tokenization.subwords import SubwordTokenizer
from assay.training.states import TrainingStates

__all__ = ["ClassWeight", "FitContext", "Score", "weigh_classes", "weigh_labels"]

# (true class ids, probabilities) -> {"accuracy": ..., "f1_weighted": ...}
Score = Callable[[np.ndarray, np.ndarray], dict[str, float]]
ClassWeight = str | Mapping[Any, float] | None


def weigh_classes(
    class_weight: ClassWeight,
    classes: np.ndarray,
    label_ids: np.ndarray,
    *,
    sample_weight: np.ndarray | None = None,
) -> np.ndarray | None:
    """Return the weight of each class in the loss.

    Parameters
    ----------
    class_weight : "balanced", mapping or None
        Balanced: the weight of a class is ``n_texts / (n_classes * n_texts_of_class)``, so that
        rare classes count as much as frequent ones. The probabilities are then those of data in
        which all classes are equally frequent. A mapping gives the weight of each label; labels
        that it lacks have weight 1.
    classes : array of shape (n_classes,)
        The labels.
    label_ids : int64 array of shape (n_texts,)
        Positions in `classes`; every class has texts.
    sample_weight : float array of shape (n_texts,), optional
        What each text counts where texts are counted. None: 1 each.

    Returns
    -------
    float64 array of shape (n_classes,) or None
        None if `class_weight` is None.

    Raises
    ------
    InputError
        `class_weight` is something else.
    """
    if class_weight is None:
        return None
    _check_kind(class_weight)
    try:
        weights: np.ndarray = compute_class_weight(
            class_weight, classes=classes, y=classes[label_ids], sample_weight=sample_weight
        )
    except ValueError as err:
        raise InputError(f"class_weight cannot be used: {err}") from err
    return weights


def weigh_labels(
    class_weight: ClassWeight, labels: np.ndarray, indicator: np.ndarray
) -> np.ndarray | None:
    """Return the weight in the loss of the texts that have each label.

    Parameters
    ----------
    class_weight : "balanced", mapping or None
        Balanced: the texts with a label count together as much as those without it. A mapping
        gives the weight of each label; labels that it lacks have weight 1.
    labels : array of shape (n_labels,)
    indicator : int64 array of shape (n_texts, n_labels)

    Returns
    -------
    float64 array of shape (n_labels,) or None
        None if `class_weight` is None.

    Raises
    ------
    InputError
        `class_weight` is something else.
    """
    if class_weight is None:
        return None
    _check_kind(class_weight)
    if isinstance(class_weight, Mapping):
        return np.array([float(class_weight.get(label, 1.0)) for label in labels.tolist()])
    n_with = indicator.sum(axis=0)
    n_without = len(indicator) - n_with
    return np.where((n_with > 0) & (n_without > 0), n_without / np.maximum(n_with, 1), 1.0)


def _check_kind(class_weight: ClassWeight) -> None:
    if class_weight != "balanced" and not isinstance(class_weight, Mapping):
        raise InputError(
            f"class_weight is {class_weight!r}; "
            "'balanced', one weight per label, or None is accepted"
        )


@dataclass(frozen=True)
class FitContext:
    """What a fit may use besides its training texts.

    Parameters
    ----------
    validation_texts, validation_ids
        Texts and targets by which the best epoch is chosen. None: the last epoch is kept.
    score : callable, optional
        ``score(label_ids, probs)`` returns what else is reported after each epoch.
    progress : Progress
    states : TrainingStates, optional
        Where a long training saves its state.
    all_texts : sequence of str, optional
        While a model of a fold is fitted: all texts. What kind of model it is follows from them, so
        that folds judge what is saved.
    """

    validation_texts: list[str] | None = None
    validation_ids: np.ndarray | None = None
    score: Score | None = None
    progress: Progress = field(default_factory=Progress)
    states: TrainingStates | None = None
    all_texts: Sequence[str] | None = None

    def encode_validation(
        self, tokenizer: SubwordTokenizer
    ) -> tuple[EncodedTexts, np.ndarray] | None:
        """Return the validation texts as the network reads them, and their targets, if any."""
        if self.validation_texts is None or self.validation_ids is None:
            return None
        return tokenizer.encode_texts(self.validation_texts), self.validation_ids
