"""What a training aims at: one class per text, or any number of labels per text.

One object per task knows how labels become numbers, logits become scores and scores become
answers, and what is fitted on held-out texts. An estimator asks it and has no case of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from assay.data.cell_values import is_null
from assay.data.label_forms import are_matrix_rows
from assay.data.labels import LabelSet, Task
from assay.errors import DataError, InputError, plural
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
    """

    calibration: Calibration
    thresholds: Thresholds | None = None

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
        matrix = _as_matrix(labels)
        if matrix is not None:
            classes, targets = np.arange(matrix.shape[1]), matrix
        else:
            _check_known(labels)
            names = {str(name) for own in labels for name in own}
            classes = np.array(sorted(names))
            targets = self.encode(labels, classes) if len(names) else np.zeros((len(labels), 0))
            _check_useful(classes, targets)
        if not targets.size or not targets.any():
            raise DataError(
                f"no text of {len(labels):,} has any label; at least one label is accepted"
            )
        return classes, targets

    def encode(self, labels: Any, classes: np.ndarray) -> np.ndarray:
        matrix = _as_matrix(labels)
        if matrix is None:
            return LabelSet(tuple(map(str, classes)), "multi").indicator(labels)
        if matrix.shape[1] != len(classes):
            raise InputError(
                f"the matrix of labels has {matrix.shape[1]} columns; {len(classes)} are accepted"
            )
        return matrix

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
    if getattr(labels, "ndim", 1) == 2:
        return SEVERAL
    are_lists = [isinstance(own, list | tuple | set | frozenset) for own in labels]
    if any(are_lists) and not all(are_lists):
        one, other = are_lists.index(False), are_lists.index(True)
        raise InputError(
            f"text {one} has no list of labels, and text {other} has one; a list for every text, "
            "or one label for every text, is accepted"
        )
    return SEVERAL if any(are_lists) else SINGLE


def _is_counted(labels: object) -> bool:
    """Tell whether labels can be gone through more than once, and have a length."""
    is_sized = hasattr(labels, "__iter__") and hasattr(labels, "__len__")
    return is_sized and getattr(labels, "ndim", 1) > 0


def _check_known(labels: Sequence[Sequence[Any]]) -> None:
    """Refuse lists of labels in which one is not known.

    Raises
    ------
    InputError
        A label is None, NaN or a list, or the lists are rows of a matrix.
    """
    if are_matrix_rows(list(labels)):
        raise InputError(
            "the lists of labels are rows of zeros and ones; lists of names are accepted",
            hint="give a matrix as an array: np.array(labels)",
        )
    for i, own in enumerate(labels):
        for name in own:
            if is_null(name):
                raise InputError(
                    f"a label of text {i} is {name}; names are accepted",
                    hint="leave out texts whose labels are not known; [] says that none fits",
                )
            if isinstance(name, list | tuple | set | frozenset):
                raise InputError(f"a label of text {i} is itself a list; names are accepted")


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
        raise DataError(f"all texts have the label '{label}': there is nothing to learn")


def _as_matrix(labels: Any) -> np.ndarray | None:
    """Return an indicator matrix as int64; None for lists of names.

    Raises
    ------
    InputError
        It holds something else than zeros and ones.
    """
    if getattr(labels, "ndim", 1) != 2:
        return None
    n_labels = labels.shape[1]
    if n_labels < 2:
        column = ", ".join(map(repr, getattr(labels, "columns", ())))
        raise InputError(
            f"the matrix of labels has {plural(n_labels, 'column')}; at least 2 are accepted",
            hint=f"a single column is a label per text: give labels[{column or ':, 0'}]",
        )
    cells = np.asarray(labels.toarray() if hasattr(labels, "toarray") else labels)
    if not np.isin(cells, (0, 1)).all():
        raise InputError("the matrix of labels holds other values; zeros and ones are accepted")
    return cells.astype(np.int64)


def _unknown(err: KeyError, n_labels: int) -> DataError:
    return DataError(f"label '{err.args[0]}' is not among the {n_labels} labels of train")
