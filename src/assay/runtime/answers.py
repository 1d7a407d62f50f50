"""How scores become answers: one label per text, or every label above its threshold.

One object per task, made from what a model folder says; the rest of assay asks it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from assay.data.files.row import Record
from assay.runtime.layout import Layout
from assay.runtime.limits.label_rule import LabelRule
from assay.runtime.limits.thresholds import Thresholds
from assay.runtime.linear import sigmoid, softmax
from assay.runtime.manifest import Manifest
from assay.runtime.sane_scores import check_independent, check_probs

__all__ = ["Answering", "SeveralAnswers", "SingleAnswer", "read_answering"]


@dataclass(frozen=True)
class Answering(ABC):
    """What a model answers, given its scores.

    Parameters
    ----------
    labels : tuple of str
        In the order of the score columns.
    """

    labels: tuple[str, ...]
    activation: ClassVar[str]  # what makes scores of logits, as the Hub's clients call it
    answer_column: ClassVar[str]  # in a table of predictions

    @abstractmethod
    def activate(self, logits: np.ndarray) -> np.ndarray:
        """Return the scores of logits, of the same shape (n_texts, n_labels)."""

    @abstractmethod
    def check(self, block: np.ndarray, *, folder: Path) -> np.ndarray:
        """Return scores as they are reported.

        Raises
        ------
        ModelError
            They are no probabilities.
        """

    @abstractmethod
    def decide(self, probs: np.ndarray) -> np.ndarray:
        """Return the answer to each text as `LabelSet.encode` returns labels."""

    @abstractmethod
    def name(self, probs: np.ndarray) -> list[Any]:
        """Return the answer to each text: a label, or a list of labels."""

    @abstractmethod
    def statements(self, probs: np.ndarray) -> np.ndarray:
        """Return the probability of everything that may be said of each text.

        A model that abstains does so where none of it is sure.
        """

    @abstractmethod
    def outcomes(self, probs: np.ndarray) -> np.ndarray:
        """Return the probability of every outcome of each text, of which the entropy is taken."""

    @abstractmethod
    def columns(self, probs: np.ndarray, scores: Sequence[Sequence[float]]) -> list[Record]:
        """Return the columns of the answer to each text, before those of all scores."""


@dataclass(frozen=True)
class SingleAnswer(Answering):
    """The label with the highest score, or the one that a rule gives.

    Parameters
    ----------
    rule : LabelRule, optional
    """

    rule: LabelRule | None = None

    activation = "softmax"
    answer_column = "predicted_label"

    def activate(self, logits: np.ndarray) -> np.ndarray:
        """Return the softmax of each row."""
        return softmax(logits)

    def check(self, block: np.ndarray, *, folder: Path) -> np.ndarray:
        """Return rows that sum to exactly 1; see `check_probs`."""
        return check_probs(block, folder=folder)

    def decide(self, probs: np.ndarray) -> np.ndarray:
        """Return the class id of each text, int64 of shape (n_texts,)."""
        if self.rule is not None:
            return self.rule.choose(probs)
        best: np.ndarray = probs.argmax(axis=1)
        return best

    def name(self, probs: np.ndarray) -> list[Any]:
        """Return the label of each text."""
        return [self.labels[i] for i in self.decide(probs)]

    def statements(self, probs: np.ndarray) -> np.ndarray:
        """Return the scores: a text has one of the labels."""
        return probs

    def outcomes(self, probs: np.ndarray) -> np.ndarray:
        """Return the scores: the labels exclude each other."""
        return probs

    def columns(self, probs: np.ndarray, scores: Sequence[Sequence[float]]) -> list[Record]:
        """Return label and score of each text."""
        return [
            {self.answer_column: self.labels[given], "predicted_score": scores[i][given]}
            for i, given in enumerate(self.decide(probs).tolist())
        ]


@dataclass(frozen=True)
class SeveralAnswers(Answering):
    """Every label whose score is at least its threshold; none is an answer too, where it may be.

    Parameters
    ----------
    thresholds : Thresholds
    """

    thresholds: Thresholds
    activation = "sigmoid"
    answer_column = "predicted_labels"

    def activate(self, logits: np.ndarray) -> np.ndarray:
        """Return the logistic function of each logit: scores are independent."""
        return sigmoid(logits)

    def check(self, block: np.ndarray, *, folder: Path) -> np.ndarray:
        """Return the scores as they are; see `check_independent`."""
        return check_independent(block, folder=folder)

    def decide(self, probs: np.ndarray) -> np.ndarray:
        """Return which labels each text is given, int64 zeros and ones of the same shape."""
        return self.thresholds.decide(probs)

    def name(self, probs: np.ndarray) -> list[Any]:
        """Return the labels of each text, the surest first."""
        given = self.decide(probs)
        order = np.argsort(-probs, axis=1, kind="stable")
        names = []
        for row, own in zip(given, order, strict=True):
            names.append([self.labels[i] for i in own[row[own] > 0]])
        return names

    def statements(self, probs: np.ndarray) -> np.ndarray:
        """Return the scores, and last the probability that a text has none of the labels.

        That is the product of what each score leaves to one: of 0.9 and 0.2 it is 0.08. It is left
        out where every text gets a label.
        """
        if self.thresholds.min_labels:
            return probs
        none = np.prod(1 - np.asarray(probs, dtype=np.float64), axis=1, keepdims=True)
        return np.hstack([probs, none])

    def outcomes(self, probs: np.ndarray) -> np.ndarray:
        """Return that each label is given and that it is not, of shape (n_texts, 2 n_labels)."""
        return np.hstack([probs, 1 - probs])

    def columns(self, probs: np.ndarray, scores: Sequence[Sequence[float]]) -> list[Record]:
        """Return the list of labels of each text."""
        return [{self.answer_column: names} for names in self.name(probs)]


def read_answering(manifest: Manifest, *, folder: Path) -> Answering:
    """Return how a model answers, from what its folder says.

    Raises
    ------
    ModelError
        The rule by which labels are given is damaged.
    """
    return MAKERS[manifest.task](manifest, folder)


def _read_single(manifest: Manifest, folder: Path) -> Answering:
    rule = None
    if manifest.label_rule:
        rule = LabelRule.from_dict(
            manifest.label_rule, n_labels=len(manifest.labels), where=Layout(folder).manifest
        )
    return SingleAnswer(manifest.labels, rule)


def _read_several(manifest: Manifest, folder: Path) -> Answering:
    scores = np.asarray(manifest.thresholds, dtype=np.float64)
    return SeveralAnswers(manifest.labels, Thresholds(scores, manifest.min_labels))


MAKERS = {"single": _read_single, "multi": _read_several}
