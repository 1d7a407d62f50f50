"""A classification head that is fitted before the network is trained.

A fresh head sends random gradients through the network in its first steps, which costs a small
data set more than it can teach again. So the head begins as what logistic regression makes of the
states of the network as it comes (Kumar et al. 2022, arXiv:2202.10054). Measured: "Settings for
e5" in dev/LOG.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from assay.data.labels import Task
from assay.models.head_choice import choose_c
from assay.models.several_heads import HEADS
from assay.tokenization.batches import EncodedTexts
from assay.training.inference import network_logits
from assay.training.processes import ALONE, Processes

__all__ = ["fit_head"]

# The pooler ends in tanh: a state of 3 standard deviations becomes tanh(0.9) = 0.72, so that
# nearly all are where tanh is not flat.
SCALE = 0.3
LEAST_SPREAD = 1e-6  # of a dimension that is the same in all texts


def fit_head(
    network: Any,
    encoded: EncodedTexts,
    label_ids: np.ndarray,
    *,
    pad_id: int,
    class_weights: np.ndarray | None = None,
    task: Task = "single",
    processes: Processes = ALONE,
    seed: int = 0,
) -> None:
    """Fit pooler and classifier to the first tokens' states; the rest of the network stays.

    The pooler standardises a state, ``tanh(0.3 * (state - mean) / spread)``; the classifier is the
    logistic regression on what comes out of it, regularised as its folds want it (`choose_c`).

    Parameters
    ----------
    network : BertForSequenceClassification
        Its head is changed in place; left in evaluation mode.
    encoded : EncodedTexts
        The training texts.
    label_ids : int64 array of shape (n_texts,), or (n_texts, n_labels) of zeros and ones
        Each class of the network at least once.
    pad_id : int
    class_weights : array of shape (n_classes,), optional
        Weight of each class in the loss; None if all count the same.
    task : {"single", "multi"}
        Whether a text has one class, or any number of labels.
    processes : Processes
        The processes that share the batches.
    seed : int
        Seed of the folds.
    """

    def first_states(input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        read = network.bert(input_ids=input_ids, attention_mask=attention_mask)
        states: Tensor = read.last_hidden_state[:, 0]
        return states

    states = network_logits(network, first_states, encoded, pad_id=pad_id, processes=processes)
    mean = states.mean(axis=0)
    slope = SCALE / np.maximum(states.std(axis=0), LEAST_SPREAD)
    weights = None if class_weights is None else dict(enumerate(class_weights.tolist()))
    squashed = np.tanh((states - mean) * slope)
    C = choose_c(squashed, label_ids, task=task, class_weight=weights, seed=seed)
    head = HEADS[task](C=C, class_weight=weights)
    head.fit(squashed, label_ids)
    pooler = network.bert.pooler.dense
    with torch.no_grad():
        _fill(pooler.weight, np.diag(slope))
        _fill(pooler.bias, -mean * slope)
        _fill(network.classifier.weight, head.coef_)
        _fill(network.classifier.bias, head.intercept_)


def _fill(weights: Tensor, values: np.ndarray) -> None:
    weights.copy_(torch.from_numpy(values))
