"""Trainings with several labels per text, whose results do not depend on the order of the labels.

The last layer begins with random weights, one row per label, and sums over labels are rounded in
the order of its rows. While a network is trained, the rows are in an order that follows from which
texts have each label, so that labels in another order, or with other names, learn the same. With
one label per text nothing is moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from assay.data.labels import Task
from assay.training.objectives import start_bias

__all__ = ["order_by_texts", "start_last_layer"]


def start_last_layer(layer: nn.Linear, targets: np.ndarray, *, task: Task) -> None:
    """Set the last layer of a fresh network to what a training begins with, in place.

    Each label gets the row of random weights that its texts say, and the bias of its task.

    Parameters
    ----------
    layer : nn.Linear
        With one output per label.
    targets : int64 array of shape (n_texts, n_labels), or (n_texts,)
        Which labels each training text has; of one dimension: one label each.
    task : Task

    Raises
    ------
    ModelError
        The layer has no bias, and the task needs one.
    """
    if targets.ndim == 2:
        _move_rows(layer, to=_columns_by_texts(targets))
    start_bias(layer, targets, task=task)


@contextmanager
def order_by_texts(layer: nn.Linear, targets: np.ndarray) -> Iterator[None]:
    """Keep the rows of the last layer in the order that texts say, while a network is trained.

    Its logits stay in the order of `targets`, and so are its rows afterwards.

    Parameters
    ----------
    layer, targets
        As in `start_last_layer`.
    """
    if targets.ndim == 1:
        yield
        return
    columns = _columns_by_texts(targets)
    places = np.argsort(columns)
    index = torch.from_numpy(places).to(layer.weight.device)

    def reorder(module: nn.Module, given: tuple[Tensor, ...], logits: Tensor) -> Tensor:
        return logits.index_select(-1, index)

    _move_rows(layer, to=places)
    hook = layer.register_forward_hook(reorder)
    try:
        yield
    finally:
        hook.remove()
        _move_rows(layer, to=columns)


def _columns_by_texts(targets: np.ndarray) -> np.ndarray:
    """Return the columns of the labels, sorted by a hash of their texts."""
    rng = np.random.default_rng(0)
    marks = rng.integers(1 << 63, size=len(targets), dtype=np.uint64)
    hashes = (marks @ targets.astype(np.uint64)).astype(np.uint64)  # sums that wrap around
    return np.argsort(hashes, kind="stable")


def _move_rows(layer: nn.Linear, *, to: np.ndarray) -> None:
    """Move row `i` of a layer to row ``to[i]``, in place."""
    index = torch.from_numpy(to).to(layer.weight.device)
    with torch.no_grad():
        for own in (layer.weight, layer.bias):
            if own is not None:
                own[index] = own.clone()
