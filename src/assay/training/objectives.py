"""What a network is trained for: one class per text, or any number of labels per text.

One object per task knows its loss, what its logits become, and by which score of validation the
best epoch is kept. Whatever trains or saves a network asks it and has no case of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from assay.data.labels import Task
from assay.errors import ModelError
from assay.runtime.linear import sigmoid, softmax
from assay.training.thresholds import fit_thresholds

__all__ = ["OBJECTIVES", "Objective", "start_bias"]

MIN_PROB = 1e-12  # keeps the loss of a text that is entirely wrong finite


class Objective(ABC):
    """The loss of one task, and what follows from it.

    Attributes
    ----------
    problem_type : str
        What transformers calls the task in config.json.
    chosen_by : str
        The entry of `judge` with the highest value of which an epoch is kept.
    score_node : str
        The operator of ONNX that turns logits into scores.
    node_attributes : mapping of str to int
        Its attributes.
    graph_outputs : tuple of str
        What a saved graph returns.
    """

    problem_type: ClassVar[str]
    chosen_by: ClassVar[str]
    score_node: ClassVar[str]
    node_attributes: ClassVar[Mapping[str, int]] = {}
    graph_outputs: ClassVar[tuple[str, ...]]

    @abstractmethod
    def as_tensor(self, targets: np.ndarray) -> Tensor:
        """Return targets with the dtype that the loss takes."""

    @abstractmethod
    def loss(
        self,
        logits: Tensor,
        targets: Tensor,
        *,
        weights: Tensor | None,
        smoothing: float,
        reduction: str,
    ) -> Tensor:
        """Return the loss of a batch.

        Parameters
        ----------
        logits : float32 tensor of shape (n_texts, n_classes)
        targets : tensor
            Rows of what `as_tensor` returned.
        weights : float32 tensor of shape (n_classes,), optional
            What `Targets.weigh` returned.
        smoothing : float
            Fraction of the target that is spread evenly over the classes.
        reduction : {"mean", "sum"}
        """

    @abstractmethod
    def total_weight(self, targets: Tensor, weights: Tensor | None) -> Tensor | int:
        """Return what the sum of the losses of a batch is divided by to be its mean."""

    @abstractmethod
    def activate(self, logits: Tensor) -> Tensor:
        """Return the scores of logits, of the same shape."""

    @abstractmethod
    def probs(self, logits: np.ndarray) -> np.ndarray:
        """Return the same of an array."""

    @abstractmethod
    def first_bias(self, targets: np.ndarray) -> np.ndarray | None:
        """Return the bias of the last layer before training; None leaves it to chance."""

    @abstractmethod
    def judge(self, logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Return `validation_loss` and the score named by `chosen_by`."""


class _OneClass(Objective):
    """Cross-entropy of the softmax."""

    problem_type = "single_label_classification"
    chosen_by = "validation_accuracy"
    score_node = "Softmax"
    node_attributes: ClassVar[Mapping[str, int]] = {"axis": 1}
    graph_outputs = ("probs",)

    def as_tensor(self, targets: np.ndarray) -> Tensor:
        return torch.from_numpy(targets)

    def loss(
        self,
        logits: Tensor,
        targets: Tensor,
        *,
        weights: Tensor | None,
        smoothing: float,
        reduction: str,
    ) -> Tensor:
        return functional.cross_entropy(
            logits, targets, weight=weights, label_smoothing=smoothing, reduction=reduction
        )

    def total_weight(self, targets: Tensor, weights: Tensor | None) -> Tensor | int:
        if weights is None:
            return len(targets)
        return weights[targets].sum()

    def activate(self, logits: Tensor) -> Tensor:
        return torch.softmax(logits, dim=-1)

    def probs(self, logits: np.ndarray) -> np.ndarray:
        return softmax(logits)

    def first_bias(self, targets: np.ndarray) -> np.ndarray | None:
        return None

    def judge(self, logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        probs = self.probs(logits)
        prob_of_label = probs[np.arange(len(targets)), targets]
        loss = -np.log(np.maximum(prob_of_label, MIN_PROB)).mean()
        accuracy = np.mean(probs.argmax(axis=1) == targets)
        return {"validation_loss": float(loss), "validation_accuracy": float(accuracy)}


class _AnyLabels(Objective):
    """Binary cross-entropy of each label by itself.

    Most texts lack most labels. So the last layer begins with the log-odds of the labels: training
    need not find out first how rare each is, which takes a small learning rate an epoch or more.
    """

    problem_type = "multi_label_classification"
    chosen_by = "validation_f1_macro"
    score_node = "Sigmoid"
    graph_outputs = ("probs", "logits")

    def as_tensor(self, targets: np.ndarray) -> Tensor:
        return torch.from_numpy(targets.astype(np.float32))

    def loss(
        self,
        logits: Tensor,
        targets: Tensor,
        *,
        weights: Tensor | None,
        smoothing: float,
        reduction: str,
    ) -> Tensor:
        if smoothing:  # a text keeps as many labels as it has
            spread = targets.mean(dim=1, keepdim=True)
            targets = (1 - smoothing) * targets + smoothing * spread
        return functional.binary_cross_entropy_with_logits(
            logits, targets, pos_weight=weights, reduction=reduction
        )

    def total_weight(self, targets: Tensor, weights: Tensor | None) -> Tensor | int:
        return targets.numel()

    def activate(self, logits: Tensor) -> Tensor:
        return torch.sigmoid(logits)

    def probs(self, logits: np.ndarray) -> np.ndarray:
        return sigmoid(logits)

    def first_bias(self, targets: np.ndarray) -> np.ndarray | None:
        n_with = targets.sum(axis=0) + 0.5
        n_without = len(targets) - targets.sum(axis=0) + 0.5
        log_odds: np.ndarray = np.log(n_with / n_without)
        return log_odds

    def judge(self, logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        loss = np.mean(np.logaddexp(0, logits) - targets * logits)
        probs = self.probs(logits)
        given = fit_thresholds(probs, targets).decide(probs)
        n_hit = (given * (targets > 0)).sum(axis=0)
        n_either = given.sum(axis=0) + targets.sum(axis=0)
        f1 = 2 * n_hit / np.maximum(n_either, 1)
        return {"validation_loss": float(loss), "validation_f1_macro": float(f1.mean())}


OBJECTIVES: dict[Task, Objective] = {"single": _OneClass(), "multi": _AnyLabels()}  # by task


def start_bias(layer: nn.Linear, targets: np.ndarray, *, task: Task) -> None:
    """Set the bias of the last layer to what the task begins with, in place.

    Raises
    ------
    ModelError
        The layer has none, and the task needs one.
    """
    bias = OBJECTIVES[task].first_bias(targets)
    if bias is None:
        return
    if layer.bias is None:
        raise ModelError(
            "the last layer of this checkpoint has no bias, which several labels per text need; "
            "another checkpoint is accepted"
        )
    with torch.no_grad():
        layer.bias.copy_(torch.from_numpy(bias))
