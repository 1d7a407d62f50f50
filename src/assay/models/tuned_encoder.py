"""Tune a sentence encoder to labels of which there are few texts each.

The sentence vectors of a label are pulled to the vector of that label and pushed away from those of
the others (the normalised softmax of Wang et al. 2017, arXiv:1704.06369), which begins as the mean
of its texts. SetFit (Tunstall et al. 2022, arXiv:2209.11055) compares pairs of texts instead, many
times as many of them as there are texts. Measured: "Tuning the encoder to few texts" in dev/LOG.md.
"""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from assay.checkpoints.frozen import FrozenEncoder
from assay.checkpoints.network import pool_states
from assay.models.head import AffineHead
from assay.tokenization.batches import bucket_batches
from assay.training.context import FitContext
from assay.training.loop import TrainingConfig, seeded, train_network

__all__ = ["TunedEncoder", "tune_encoder"]

RATE = 1e-4
BATCH_TEXTS = 32
# Few texts are few steps per reading: they are read as often as it takes to make this many steps.
MIN_STEPS = 30
# Cosines between -1 and 1 times this are logits: with 20, a tenth of the texts end with a loss of
# nearly zero, and the others are less well told apart.
SCALE = 12.0
# The vectors of the labels are kept at this length: a step of the optimiser moves each weight by
# about the rate, so that they turn ten times as fast as if their length were 1.
LENGTH = 0.1


@dataclass(frozen=True)
class TunedEncoder:
    """An encoder that was tuned to labels, and the layer that names them.

    Parameters
    ----------
    encoder : FrozenEncoder
    head : AffineHead
    history : list of dict
        The loss of each epoch.
    """

    encoder: FrozenEncoder
    head: AffineHead
    history: list[dict[str, float]]


def tune_encoder(
    encoder: FrozenEncoder,
    texts: Sequence[str],
    label_ids: np.ndarray,
    *,
    n_epochs: int,
    class_weights: np.ndarray | None,
    seed: int,
    context: FitContext,
) -> TunedEncoder:
    """Train a copy of an encoder so that texts of one label come close to each other.

    Parameters
    ----------
    encoder : FrozenEncoder
        It stays as it is.
    texts : sequence of str
    label_ids : int64 array of shape (n_texts,)
        0 to n_classes - 1, each at least once.
    n_epochs : int
        How often the texts are read, at least; small sets are read until `MIN_STEPS` are made.
    class_weights : array of shape (n_classes,), optional
    seed : int
    context : FitContext
    """
    loaded = encoder.loaded()
    encoded = loaded.tokenizer.encode_texts(texts)
    starts = _means_of_labels(encoder.transform(list(texts)), label_ids)
    n_steps = len(bucket_batches(encoded.lengths, max_texts=BATCH_TEXTS))
    config = TrainingConfig(
        name="features",
        n_epochs=max(n_epochs, math.ceil(MIN_STEPS / n_steps)),
        batch_size=BATCH_TEXTS,
        learning_rate=RATE,
        weight_decay=0.01,
        warmup_fraction=0.1,
        label_smoothing=0.0,
        max_gradient_norm=1.0,
        class_weights=class_weights,
        seed=seed,
    )
    with seeded(seed):
        network = copy.deepcopy(loaded.network)
        # Most weights of a multilingual network are vectors of tokens, which few texts have
        network.get_input_embeddings().requires_grad_(requires_grad=False)
        compared = _ComparedWithLabels(network, starts, pooling=encoder.pooling).to(loaded.device)
        history = train_network(
            compared,
            compared,
            (encoded, label_ids),
            None,
            pad_id=loaded.tokenizer.pad_id,
            config=config,
            context=context,
        )
    checkpoint = replace(loaded.checkpoint, sha256=_fingerprint(network))
    tuned = encoder.with_network(replace(loaded, checkpoint=checkpoint, network=network))
    head = _affine(compared.labels.detach().cpu().numpy(), tuned.transform(list(texts)))
    return TunedEncoder(tuned, head, history)


class _ComparedWithLabels(nn.Module):
    """The cosine of a text's vector with that of each label, times `SCALE`."""

    def __init__(self, network: nn.Module, starts: np.ndarray, *, pooling: str) -> None:
        super().__init__()
        self.network, self.pooling = network, pooling
        self.labels = nn.Parameter(LENGTH * torch.from_numpy(starts))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        read = self.network(input_ids=input_ids, attention_mask=attention_mask)
        pooled = pool_states(read.last_hidden_state, attention_mask, pooling=self.pooling)
        directions = nn.functional.normalize(self.labels, dim=1)
        return SCALE * nn.functional.normalize(pooled, dim=1) @ directions.T


def _normalised(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    normalised: np.ndarray = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return normalised


def _means_of_labels(features: np.ndarray, label_ids: np.ndarray) -> np.ndarray:
    """Return the direction of each label's mean text, float32 of shape (n_classes, hidden_size)."""
    directions = _normalised(features)
    n_classes = int(label_ids.max()) + 1
    means = [directions[label_ids == label_id].mean(axis=0) for label_id in range(n_classes)]
    return _normalised(np.stack(means)).astype(np.float32)


def _affine(labels: np.ndarray, features: np.ndarray) -> AffineHead:
    """Return the layer that puts the labels in the same order as the cosines do.

    The length of a text's vector changes how sure the answer is, not which it is. So the layer
    takes all vectors to be as long as those of the training texts are on average.
    """
    head = AffineHead()
    mean_length = float(np.linalg.norm(features, axis=1).mean())
    head.coef_ = SCALE * _normalised(labels).astype(np.float64) / max(mean_length, 1e-6)
    head.intercept_ = np.zeros(len(labels))
    head.classes_ = np.arange(len(labels))
    head.n_features_in_ = labels.shape[1]
    return head


def _fingerprint(network: nn.Module) -> str:
    """Return the SHA-256 of all weights: features of other weights are other features."""
    digest = hashlib.sha256()
    for name, weights in network.state_dict().items():
        digest.update(name.encode())
        digest.update(weights.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
