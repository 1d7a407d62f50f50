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
from sklearn.utils.validation import check_is_fitted

from assay._arguments import check_parameters, checked
from assay.bounds import Bounds
from assay.checkpoints.pruning import PrunedVocabulary
from assay.data.labels import SINGLE_LABEL_HINT
from assay.data.texts import check_texts
from assay.errors import InputError
from assay.methods import METHODS, join_names, methods_where
from assay.models.outputs import Outputs
from assay.models.pairs import check_not_joined, check_pair, check_task, pair_texts
from assay.progress import Progress
from assay.runtime.entries import CheckpointEntry, TokenizationEntry, TrainingDataEntry
from assay.runtime.limits.scripts import has_emoji, list_scripts
from assay.training.calibration import Temperature
from assay.training.context import FitContext, Score
from assay.training.states import TrainingStates
from assay.training.targets import Fitted, Targets, find_targets

__all__ = ["TextClassifier", "WrittenParts", "describe_subwords"]


@dataclass(frozen=True)
class WrittenParts:
    """What `write_parts` tells the manifest besides the files that it wrote."""

    tokenization: TokenizationEntry = field(default_factory=TokenizationEntry)
    parameters: dict[str, Any] = field(default_factory=dict)
    checkpoint: CheckpointEntry | None = None


def describe_subwords(max_tokens: int, *, long_texts: str) -> TokenizationEntry:
    """Return what a manifest says of texts that a checkpoint's tokenizer cuts."""
    return {
        "kind": "subwords",
        "max_tokens": max_tokens,
        "truncation": "end",
        "long_texts": long_texts,
    }


class TextClassifier(ClassifierMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """Base of the five methods.

    `accepted` maps the name of a parameter to the numbers that it accepts.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
        The column order of every array that the estimator returns: ``np.unique(y)``; of lists of
        labels all names, sorted; of a frame its columns, and of a matrix their numbers.
    temperature_ : float
        Divides the logits; 1 until `calibrate`.
    targets_ : Targets
        Whether a text has one label or several, and what follows from that.
    fitted_ : Fitted
        What `calibrate` fitted.
    history_ : list of dict
        One entry per epoch, for methods that train in epochs.
    vocabulary_ : PrunedVocabulary, optional
        Which tokens a pruned copy knows; None for every other estimator.
    training_data_ : dict, optional
        What a saved model says of the texts that `fit` learnt from: how many they are, the scripts
        that they are written in, and whether they have emoji.
    """

    method: ClassVar[str]
    accepted: ClassVar[Mapping[str, Bounds]] = {}
    classes_: np.ndarray
    targets_: Targets
    fitted_: Fitted
    vocabulary_: PrunedVocabulary | None = None
    training_data_: TrainingDataEntry | None = None

    @checked
    def fit(
        self,
        X: Sequence[str],
        y: Sequence[Any],
        *,
        validation: tuple[Sequence[str], Sequence[Any]] | None = None,
        score: Score | None = None,
        progress: Progress | None = None,
        states: TrainingStates | None = None,
        single_label: bool = False,
    ) -> Self:
        """Learn from labelled texts, forgetting what was learnt before.

        Parameters
        ----------
        X : sequence of str, of length n_texts
        y : sequence of labels, of length n_texts
            Several labels per text: a list, tuple or set of names for each, or a column of lists;
            or zeros and ones of shape (n_texts, n_labels): an array, a sparse matrix, or a frame
            whose columns are called as the labels.
        validation : (texts, labels), optional
            Rows that choices may see: which epoch to keep, and the temperature.
        score : callable, optional
            ``score(label_ids, probs) -> dict`` of what else is reported for each epoch.
        progress : Progress, optional
        states : TrainingStates, optional
            `finetune` keeps the state of its training there, and goes on from one that it finds.
        single_label : bool
            Take names that look like several joined ones, such as "joy|fear", as one label each.

        Raises
        ------
        InputError
            A parameter or an argument is not of an accepted type, or a number out of range; there
            are more texts than labels, or fewer; a label is None; or labels look like several
            joined ones.
        DataError
            Fewer than two classes, or a validation label that train lacks.
        """
        context = FitContext(score=score, progress=progress or Progress(), states=states)
        if not single_label:
            check_not_joined(y)
        self._learn(X, y, context, validation)
        texts = check_texts(X, name="X")
        self.training_data_ = {
            "n_texts": len(texts),
            "scripts": list_scripts(texts),
            "emoji": has_emoji(texts),
        }
        return self

    def _learn(
        self, X: Sequence[str], y: Sequence[Any], context: FitContext, held_out: Any
    ) -> Self:
        """Fit on texts, and calibrate on held-out ones, if any."""
        self._forget()
        for name, bounds in self.accepted.items():
            bounds.check(name, getattr(self, name))
        check_parameters(self)
        self.targets_ = find_targets(y)
        texts, labels = self._check_pairs(X, y, name="X")
        self.classes_, label_ids = self.targets_.learn(labels)
        self.fitted_ = self.targets_.untrained(len(self.classes_))
        self.history_: list[dict[str, float]] = []
        if held_out is not None:
            check_pair(held_out)
            context = self._with_validation(context, *held_out)
        self._fit(texts, label_ids, context)
        if held_out is not None:
            self.calibrate(*held_out)
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
        check_task(labels, self.targets_)
        held_out, held_out_labels = self._check_pairs(texts, labels, name="validation texts")
        held_out_ids = self.targets_.encode(held_out_labels, self.classes_)
        return replace(context, validation_texts=held_out, validation_ids=held_out_ids)

    def _check_pairs(
        self, texts: Sequence[str], labels: Sequence[Any], *, name: str
    ) -> tuple[list[str], Any]:
        """Return texts and labels, one per text, as the targets take them.

        Raises
        ------
        InputError
            The texts are no sequence of str, or another number than the labels; or a text has
            several labels, which the method does not take.
        """
        task = self.targets_.task
        if task == "multi" and not METHODS[self.method].takes_several:
            able = join_names(methods_where(lambda method: method.takes_several), "or")
            raise InputError(
                f"method '{self.method}' takes one label per text; {able} takes several",
                hint=SINGLE_LABEL_HINT,
            )
        return pair_texts(texts, labels, task=task, name=name)

    def outputs(self, order: np.ndarray) -> Outputs:
        """Return what the columns of a saved network are.

        Parameters
        ----------
        order : int array of shape (n_classes,)
            The position in `classes_` of each column.
        """
        labels = tuple(str(self.classes_[i]) for i in order)
        thresholds = self.fitted_.thresholds
        return Outputs(
            labels,
            order,
            calibration=self.fitted_.calibration,
            task=self.targets_.task,
            thresholds=None if thresholds is None else thresholds.take(order),
        )

    @property
    def temperature_(self) -> float:
        """What the logits are divided by; 1 where each label has a scale of its own."""
        return self.fitted_.temperature

    @temperature_.setter
    def temperature_(self, value: float) -> None:
        self.fitted_ = replace(self.fitted_, calibration=Temperature(value))

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

    @checked
    def calibrate(self, X: Sequence[str], y: Sequence[Any]) -> Self:
        """Fit what makes scores probabilities on texts that were not trained on.

        One label per text: the temperature (Guo et al., 2017, arXiv:1706.04599). Several: a scale,
        a shift and a threshold per label.

        No texts leave it as it is.
        """
        check_is_fitted(self, "classes_")
        check_task(y, self.targets_)
        texts, labels = self._check_pairs(X, y, name="X")
        if texts:
            targets = self.targets_.encode(labels, self.classes_)
            self.fitted_ = self._fit_held_out(self.decision_logits(texts), targets)
        return self

    def calibrate_on(
        self, logits: np.ndarray, label_ids: np.ndarray, *, names: Sequence[str]
    ) -> Self:
        """Fit what `calibrate` fits on logits of models that did not see the texts.

        Parameters
        ----------
        logits : array of shape (n_texts, n_classes)
        label_ids : int array of shape (n_texts,), or (n_texts, n_labels) of zeros and ones
        names : sequence of str
            The classes, in the order of the columns of `logits`.
        """
        position = {name: column for column, name in enumerate(names)}
        columns = np.array([position[str(name)] for name in self.classes_.tolist()])
        self.fitted_ = self._fit_held_out(*self.targets_.arrange(logits, label_ids, columns))
        return self

    def _fit_held_out(self, logits: np.ndarray, targets: np.ndarray) -> Fitted:
        """Return what is fitted on logits of texts that were not trained on."""
        return self.targets_.fit(logits, targets)

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
        context = FitContext(progress=progress or Progress(), all_texts=texts)
        self._learn([texts[i] for i in inside], label_ids[~is_outside], context, None)
        return self.decision_logits([texts[i] for i in outside]), self.classes_

    def settled(self) -> dict[str, float]:
        """Return parameters that fitting chose, which fits on nearly the same texts may be given.

        None, unless a method says otherwise.
        """
        return {}

    def predict_proba(self, X: Sequence[str]) -> np.ndarray:
        """Return probabilities.

        Float64 of shape (n_texts, n_classes), columns as `classes_`. Rows sum to 1, unless a text
        may have several labels.
        """
        check_is_fitted(self, "classes_")
        texts = check_texts(X, name="X")
        if not texts:
            return np.empty((0, len(self.classes_)))
        return self.targets_.probs(self.fitted_.calibration.apply(self.decision_logits(texts)))

    def predict(self, X: Sequence[str]) -> np.ndarray:
        """Return the most probable class of each text.

        Where a text may have several labels: int64 zeros and ones of shape (n_texts, n_labels), 1
        where the score is at least the label's threshold, and for the best label where each text
        that thresholds were chosen on has one.
        """
        return self.answer(self.predict_proba(X))  # refuses an estimator that is not fitted

    def score(
        self, X: Sequence[str], y: Sequence[Any], sample_weight: Sequence[float] | None = None
    ) -> float:
        """Return the accuracy; where a text may have several labels, the share of exact matches.

        A label that train lacks counts as one that was not predicted.
        """
        check_is_fitted(self, "classes_")
        check_task(y, self.targets_)
        texts, labels = self._check_pairs(X, y, name="X")
        if not texts:
            raise InputError("X holds no text; at least one is accepted")
        is_right = self.targets_.are_right(labels, self.predict(texts), self.classes_)
        return float(np.average(is_right, weights=sample_weight))

    def answer(self, probs: np.ndarray) -> np.ndarray:
        """Return what `predict` answers, given what `predict_proba` returned."""
        return self.targets_.predict(probs, self.classes_, self.fitted_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_label = METHODS[self.method].takes_several
        return tags
