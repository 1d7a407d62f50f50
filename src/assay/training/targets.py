"""What a training aims at: one class per text, or any number of labels per text.

One object per task knows how labels become numbers, logits become scores and scores become
answers, and what is fitted on held-out texts. An estimator asks it and has no case of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from assay.data.labels import Task, unknown_label
from assay.data.several_arrays import (
    check_lists,
    is_matrix,
    label_lists,
    name_labels,
    own_labels,
    read_matrix,
)
from assay.errors import DataError, InputError
from assay.runtime.entries import ThresholdRuleEntry
from assay.runtime.limits.thresholds import Thresholds
from assay.runtime.linear import sigmoid, softmax
from assay.training.calibration import Calibration, ScaleShift, Temperature, fit_scale_shift
from assay.training.context import ClassWeight, weigh_classes, weigh_labels
from assay.training.temperature import fit_temperature
from assay.training.thresholds import DEFAULT_THRESHOLD, fit_thresholds

__all__ = ["SEVERAL", "SINGLE", "Fitted", "Targets", "find_targets"]


@dataclass(frozen=True)
class Fitted:
    """What is fitted on texts that took no part in training.

    Parameters
    ----------
    calibration : Calibration
        What makes logits calibrated.
    thresholds : Thresholds, optional
        From which score each label is given; None where a text has one label.
    rule : ThresholdRuleEntry
        What they were chosen for; empty: F1.
    """

    calibration: Calibration
    thresholds: Thresholds | None = None
    rule: ThresholdRuleEntry = field(default_factory=ThresholdRuleEntry)

    @property
    def temperature(self) -> float:
        """What all logits are divided by; 1 where each label has a scale of its own."""
        return self.calibration.value if isinstance(self.calibration, Temperature) else 1.0


class Targets(ABC):
    """The labels of one task as numbers."""

    task: ClassVar[Task]

    @abstractmethod
    def learn(self, labels: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the classes, sorted, and what each text has of them.

        Raises
        ------
        DataError
            There is nothing to learn.
        """

    @abstractmethod
    def encode(self, labels: Any, classes: np.ndarray) -> np.ndarray:
        """Return what each text has of known classes.

        Raises
        ------
        DataError
            A label is not among them.
        """

    @abstractmethod
    def are_right(self, labels: Any, predicted: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Return whether what was predicted is what each text has, bool of shape (n_texts,).

        A label that is not among the classes is one that was not predicted.
        """

    @abstractmethod
    def weigh(
        self, class_weight: ClassWeight, classes: np.ndarray, targets: np.ndarray
    ) -> np.ndarray | None:
        """Return the weight of each class in a loss, float64 of shape (n_classes,), if any.

        Raises
        ------
        InputError
            `class_weight` is none of what is accepted.
        """

    @abstractmethod
    def untrained(self, n_classes: int) -> Fitted:
        """Return what changes nothing, for models without held-out texts."""

    @abstractmethod
    def fit(self, logits: np.ndarray, targets: np.ndarray) -> Fitted:
        """Fit the calibration and what follows from it on held-out texts."""

    @abstractmethod
    def choose(self, logits: np.ndarray, targets: np.ndarray) -> Fitted:
        """Fit on held-out texts how scores become answers, and leave the scores as they are."""

    @abstractmethod
    def arrange(
        self, logits: np.ndarray, targets: np.ndarray, columns: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return logits and targets in the order of other columns, for `fit`.

        Parameters
        ----------
        columns : int array of shape (n_classes,)
            The present column of each class.
        """

    @abstractmethod
    def probs(self, logits: np.ndarray) -> np.ndarray:
        """Return scores of calibrated logits, of the same shape."""

    @abstractmethod
    def predict(self, probs: np.ndarray, classes: np.ndarray, fitted: Fitted) -> np.ndarray:
        """Return the answer to each text, as scikit-learn's tools expect it."""


class _Single(Targets):
    """Each text has one label; targets are class ids."""

    task = "single"

    def learn(self, labels: Any) -> tuple[np.ndarray, np.ndarray]:
        classes, label_ids = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            n_classes = "1 class" if len(classes) else "no class"
            raise DataError(
                f"there is {n_classes} in {len(labels):,} texts; at least 2 classes are accepted"
            )
        return classes, label_ids.astype(np.int64)

    def encode(self, labels: Any, classes: np.ndarray) -> np.ndarray:
        position = {name: i for i, name in enumerate(classes.tolist())}
        try:
            return np.array([position[label] for label in labels.tolist()], dtype=np.int64)
        except KeyError as err:
            raise _unknown(err, len(position)) from None

    def are_right(self, labels: Any, predicted: np.ndarray, classes: np.ndarray) -> np.ndarray:
        return np.asarray(labels == predicted, dtype=bool)

    def weigh(
        self, class_weight: ClassWeight, classes: np.ndarray, targets: np.ndarray
    ) -> np.ndarray | None:
        return weigh_classes(class_weight, classes, targets)

    def untrained(self, n_classes: int) -> Fitted:
        return Fitted(Temperature())

    def fit(self, logits: np.ndarray, targets: np.ndarray) -> Fitted:
        return Fitted(Temperature(fit_temperature(logits, targets)))

    def choose(self, logits: np.ndarray, targets: np.ndarray) -> Fitted:
        return Fitted(Temperature())

    def arrange(
        self, logits: np.ndarray, targets: np.ndarray, columns: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        return logits, targets  # one temperature is fitted, whatever the order

    def probs(self, logits: np.ndarray) -> np.ndarray:
        return softmax(logits)

    def predict(self, probs: np.ndarray, classes: np.ndarray, fitted: Fitted) -> np.ndarray:
        predicted: np.ndarray = classes[probs.argmax(axis=1)]
        return predicted


class _Several(Targets):
    """A text has any number of labels; targets are rows of zeros and ones."""

    task = "multi"

    def learn(self, labels: Any) -> tuple[np.ndarray, np.ndarray]:
        if is_matrix(labels):
            classes, targets = read_matrix(labels)
        else:
            lists = label_lists(labels)
            classes = name_labels(lists)
            targets = _indicate(lists, classes)
            _check_useful(classes, targets)
        if not targets.size or not targets.any():
            raise DataError(
                f"no text of {len(targets):,} has any label; at least one label is accepted"
            )
        return classes, targets

    def encode(self, labels: Any, classes: np.ndarray) -> np.ndarray:
        if is_matrix(labels):
            return _in_order(*read_matrix(labels), classes)
        return _indicate(label_lists(labels), classes)

    def are_right(self, labels: Any, predicted: np.ndarray, classes: np.ndarray) -> np.ndarray:
        if is_matrix(labels):
            return np.asarray((self.encode(labels, classes) == predicted).all(axis=1))
        lists = label_lists(labels)
        _check_kind(name_labels(lists), classes)
        known = set(classes.tolist())
        is_known = np.array(list(map(known.issuperset, lists)), dtype=bool)
        targets = _indicate(list(map(known.intersection, lists)), classes)
        return np.asarray(is_known & (targets == predicted).all(axis=1))

    def weigh(
        self, class_weight: ClassWeight, classes: np.ndarray, targets: np.ndarray
    ) -> np.ndarray | None:
        return weigh_labels(class_weight, classes, targets)

    def untrained(self, n_classes: int) -> Fitted:
        thresholds = Thresholds(np.full(n_classes, DEFAULT_THRESHOLD))
        return Fitted(ScaleShift.none(n_classes), thresholds)

    def fit(self, logits: np.ndarray, targets: np.ndarray) -> Fitted:
        calibration = fit_scale_shift(logits, targets)
        probs = self.probs(calibration.apply(logits))
        return Fitted(calibration, fit_thresholds(probs, targets))

    def choose(self, logits: np.ndarray, targets: np.ndarray) -> Fitted:
        calibration = ScaleShift.none(logits.shape[1])
        return Fitted(calibration, fit_thresholds(self.probs(logits), targets))

    def arrange(
        self, logits: np.ndarray, targets: np.ndarray, columns: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        return logits[:, columns], targets[:, columns]

    def probs(self, logits: np.ndarray) -> np.ndarray:
        return sigmoid(logits)

    def predict(self, probs: np.ndarray, classes: np.ndarray, fitted: Fitted) -> np.ndarray:
        assert fitted.thresholds is not None
        return fitted.thresholds.decide(probs)


SINGLE, SEVERAL = _Single(), _Several()
NO_SEQUENCES = (str, bytes, Mapping, Set)  # of which each text has its own


def find_targets(labels: Sequence[Any]) -> Targets:
    """Return what labels aim at: a matrix or lists of names are several labels per text.

    Raises
    ------
    InputError
        They are no sequence, or some texts have a list of labels and others have not.
    """
    if isinstance(labels, NO_SEQUENCES) or not _is_counted(labels):
        shown = "None" if labels is None else f"of the type {type(labels).__name__}"
        if getattr(labels, "ndim", 1) == 0:
            shown += " without dimensions"
        raise InputError(
            f"y, the labels, is {shown}; a sequence with the label of each text is accepted"
        )
    if is_matrix(labels):
        return SEVERAL
    is_column = getattr(labels, "ndim", 1) == 1
    return SEVERAL if is_column and check_lists(own_labels(labels)) else SINGLE


def _is_counted(labels: object) -> bool:
    """Tell whether labels can be gone through more than once, and have a length."""
    is_sized = hasattr(labels, "__iter__") and hasattr(labels, "__len__")
    return is_sized and getattr(labels, "ndim", 1) > 0


def _check_useful(classes: np.ndarray, targets: np.ndarray) -> None:
    """Refuse a label that all texts have.

    A matrix may hold one, as that of a fold may.

    Raises
    ------
    DataError
        There is such a label.
    """
    if targets.size and targets.all(axis=0).any():
        label = classes[targets.all(axis=0).argmax()]
        raise DataError(
            f"all texts have the label '{label}': there is nothing to learn of it; leave it out"
        )


def _indicate(lists: Sequence[Collection[Any]], classes: np.ndarray) -> np.ndarray:
    """Return which of the classes each text has, as int64 zeros and ones.

    Raises
    ------
    DataError
        A label is not among them.
    """
    position = {name: column for column, name in enumerate(classes.tolist())}
    cells = np.zeros((len(lists), len(classes)), dtype=np.int64)
    for row, own in enumerate(lists):
        for name in own:
            if name not in position:
                raise unknown_label(str(name), list(map(str, position)))
            cells[row, position[name]] = 1
    return cells


def _check_kind(names: np.ndarray, classes: np.ndarray) -> None:
    """Refuse names where the classes are numbers, as of a matrix, and numbers where they are names.

    Raises
    ------
    InputError
        They are of different kinds, so that no text would be right.
    """
    if names.size and (names.dtype.kind == "U") != (classes.dtype.kind == "U"):
        given, own = repr(names[0].item()), ", ".join(map(repr, classes[:3].tolist()))
        raise InputError(
            f"the labels are such as {given}, and the estimator was fitted on {own} ...",
            hint="after fitting on a matrix, give a matrix with the same columns",
        )


def _in_order(names: np.ndarray, cells: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the columns of a matrix in the order of the classes: by name, or as they are.

    Raises
    ------
    InputError
        There are more columns than classes, or fewer.
    DataError
        The columns have other names than the classes.
    """
    own, known = names.tolist(), classes.tolist()
    if len(own) != len(known):
        raise InputError(f"the matrix of labels has {len(own)} columns; {len(known)} are accepted")
    if set(own) == set(known):
        return cells[:, [own.index(name) for name in known]]
    if isinstance(own[0], str) and isinstance(known[0], str):
        raise unknown_label(next(name for name in own if name not in known), known)
    return cells


def _unknown(err: KeyError, n_labels: int) -> DataError:
    return DataError(f"label '{err.args[0]}' is not among the {n_labels} labels of train")
