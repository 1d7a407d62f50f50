"""What every method shares: a scikit-learn classifier over sequences of `str`.

The logits of each are divided by one temperature before they become probabilities.

A method fills in `_fit`, `decision_logits` and `write_parts`. It must not know how scores are
computed: whoever fits passes `score`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from assay.bounds import Bounds
from assay.checkpoints.pruning import PrunedVocabulary
from assay.data.texts import check_texts
from assay.errors import DataError, InputError
from assay.progress import Progress
from assay.runtime.entries import CheckpointEntry, TokenizationEntry
from assay.runtime.linear import softmax
from assay.training.context import FitContext, Score, score_accuracy
from assay.training.states import TrainingStates
from assay.training.temperature import fit_temperature

__all__ = ["TextClassifier", "WrittenParts"]


@dataclass(frozen=True)
class WrittenParts:
    """What `write_parts` tells the manifest besides the files that it wrote."""

    tokenization: TokenizationEntry = field(default_factory=TokenizationEntry)
    parameters: dict[str, Any] = field(default_factory=dict)
    checkpoint: CheckpointEntry | None = None


class TextClassifier(ClassifierMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """Base of the five methods.

    `accepted` maps the name of a parameter to the numbers that it accepts.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        ``np.unique(y)``: the column order of every array that the estimator returns.
    temperature_ : float
        Divides the logits; 1 until `calibrate`.
    history_ : list of dict
        One entry per epoch, for methods that train in epochs.
    vocabulary_ : PrunedVocabulary, optional
        Which tokens a pruned copy knows; None for every other estimator.
    """

    method: ClassVar[str]
    accepted: ClassVar[Mapping[str, Bounds]] = {}
    vocabulary_: PrunedVocabulary | None = None

    def fit(
        self,
        X: Sequence[str],
        y: Sequence[Any],
        *,
        validation: tuple[Sequence[str], Sequence[Any]] | None = None,
        score: Score | None = None,
        progress: Progress | None = None,
        states: TrainingStates | None = None,
    ) -> Self:
        """Learn from labelled texts, forgetting what was learnt before.

        Parameters
        ----------
        X : sequence of str, of length n_texts
        y : sequence of labels, of length n_texts
        validation : (texts, labels), optional
            Rows that choices may see: which epoch to keep, and the temperature.
        score : callable, optional
            ``score(label_ids, probs) -> dict`` of what is reported for each epoch; accuracy by
            default.
        progress : Progress, optional
        states : TrainingStates, optional
            `finetune` keeps the state of its training there, and goes on from one that it finds.

        Raises
        ------
        InputError
            A parameter is not accepted; the texts are no sequence of str, or another number than
            the labels; a label is None.
        DataError
            Fewer than two classes, or a validation label that train lacks.
        """
        self._forget()
        for name, bounds in self.accepted.items():
            bounds.check(name, getattr(self, name))
        texts, labels = _check_pairs(X, y, name="X")
        check_classification_targets(labels)
        classes, label_ids = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            n_classes = "1 class" if len(classes) else "no class"
            raise DataError(
                f"there is {n_classes} in {len(texts):,} texts; at least 2 classes are accepted"
            )
        self.classes_ = classes
        self.temperature_ = 1.0
        self.history_: list[dict[str, float]] = []
        context = FitContext(
            score=score or score_accuracy, progress=progress or Progress(), states=states
        )
        if validation is not None:
            context = self._with_validation(context, *validation)
        self._fit(texts, label_ids.astype(np.int64), context)
        if validation is not None:
            self.calibrate(*validation)
        return self

    def _forget(self) -> None:
        """Delete what was learnt: a fit that fails must not leave half of the one before."""
        learnt = [name for name in vars(self) if name.endswith("_") and name[0] != "_"]
        for name in learnt:
            delattr(self, name)

    def _with_validation(
        self, context: FitContext, texts: Sequence[str], labels: Sequence[Any]
    ) -> FitContext:
        """Return the context with these rows as validation, if there are any."""
        if not len(texts):
            return context
        held_out, held_out_labels = _check_pairs(texts, labels, name="validation texts")
        return replace(
            context, validation_texts=held_out, validation_ids=self._ids(held_out_labels)
        )

    def _ids(self, labels: np.ndarray) -> np.ndarray:
        """Return the positions of `labels` in `classes_`, int64."""
        position = {name: i for i, name in enumerate(self.classes_.tolist())}
        try:
            return np.array([position[label] for label in labels.tolist()], dtype=np.int64)
        except KeyError as err:
            raise DataError(
                f"label '{err.args[0]}' is not among the {len(position)} labels of train"
            ) from None

    @abstractmethod
    def _fit(self, texts: list[str], label_ids: np.ndarray, context: FitContext) -> None:
        """Learn; `classes_` is set already."""

    @abstractmethod
    def decision_logits(self, X: Sequence[str]) -> np.ndarray:
        """Return logits before the temperature.

        Shape (n_texts, n_classes), columns as `classes_`.
        """

    @abstractmethod
    def write_parts(self, root: Path, order: np.ndarray) -> WrittenParts:
        """Write the files that prediction needs.

        The temperature is folded in, and the classes are in the given order.
        """

    def pruned(self) -> Self:
        """Return what is saved: the estimator itself, or a copy with a smaller vocabulary."""
        return self

    def calibrate(self, X: Sequence[str], y: Sequence[Any]) -> Self:
        """Fit the temperature on texts that were not trained on.

        Source: Guo et al., 2017, arXiv:1706.04599.

        No texts leave it as it is.
        """
        check_is_fitted(self, "classes_")
        texts, labels = _check_pairs(X, y, name="X")
        if texts:
            self.temperature_ = fit_temperature(self.decision_logits(texts), self._ids(labels))
        return self

    def calibrate_on(self, logits: np.ndarray, label_ids: np.ndarray) -> Self:
        """Fit the temperature on logits of models that did not see the texts.

        Parameters
        ----------
        logits : array of shape (n_texts, n_classes)
            The classes may be in any order that `label_ids` share: one temperature is fitted.
        label_ids : int array of shape (n_texts,)
        """
        self.temperature_ = fit_temperature(logits, label_ids)
        return self

    def predict_fold(
        self,
        texts: Sequence[str],
        label_ids: np.ndarray,
        is_outside: np.ndarray,
        *,
        progress: Progress | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Fit on the texts inside, and predict those outside of them.

        Parameters
        ----------
        texts : sequence of str, of length n_texts
            All texts: a method may work out once what it needs of each, for all folds.
        label_ids : int64 array of shape (n_texts,)
        is_outside : bool array of shape (n_texts,)
            The texts that are predicted and not trained on.
        progress : Progress, optional

        Returns
        -------
        logits : float64 array of shape (n_outside, n_known_classes)
        classes : int64 array of shape (n_known_classes,)
            The label ids of the columns: those that occur inside.
        """
        inside = np.flatnonzero(~is_outside).tolist()
        outside = np.flatnonzero(is_outside).tolist()
        self.fit([texts[i] for i in inside], label_ids[~is_outside], progress=progress)
        return self.decision_logits([texts[i] for i in outside]), self.classes_

    def predict_proba(self, X: Sequence[str]) -> np.ndarray:
        """Return probabilities.

        Float64 of shape (n_texts, n_classes). Rows sum to 1; columns are as `classes_`.
        """
        check_is_fitted(self, "classes_")
        texts = check_texts(X, name="X")
        if not texts:
            return np.empty((0, len(self.classes_)))
        return softmax(self.decision_logits(texts) / self.temperature_)

    def predict(self, X: Sequence[str]) -> np.ndarray:
        """Return the most probable class of each text."""
        best = self.predict_proba(X).argmax(axis=1)
        predicted: np.ndarray = self.classes_[best]
        return predicted

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def _label_array(labels: Sequence[Any]) -> np.ndarray:
    """Return labels as an array that scikit-learn takes.

    It takes neither NumPy's texts of any length nor numbers in an array of objects.
    """
    array = np.asarray(labels)
    if array.dtype.kind == "S" or any(isinstance(label, bytes) for label in array[:1].tolist()):
        raise InputError(
            "the labels are bytes; texts and numbers are accepted",
            hint="decode them: label.decode()",
        )
    if array.dtype.kind == "T":
        return array.astype(object)
    kinds = set(map(type, array.tolist())) if array.dtype.kind == "O" and array.ndim == 1 else set()
    if len(kinds) == 1 and kinds <= {int, bool, float}:
        return np.array(array.tolist())
    return array


def _check_pairs(
    texts: Sequence[str], labels: Sequence[Any], *, name: str
) -> tuple[list[str], np.ndarray]:
    """Return the texts as a list and the labels as an array, one per text."""
    as_list, as_array = check_texts(texts, name=name), _label_array(labels)
    if as_array.ndim != 1:
        raise InputError(
            f"the labels have {as_array.ndim} dimensions; one label per text is accepted"
        )
    if len(as_array) != len(as_list):
        raise InputError(
            f"{len(as_list):,} texts and {len(as_array):,} labels; "
            "the same number of each is accepted"
        )
    for i, label in enumerate(as_array.tolist()):
        if label is None:
            raise InputError(f"the label of text {i} is None; one label per text is accepted")
    return as_list, as_array
