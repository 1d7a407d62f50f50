"""The sets that labelling is simulated on: a pool, and texts that stand for fresh ones.

All texts come from train; none of a test split takes part. Features are computed once, by the
checkpoint that `auto` chooses, and stay in the cache of features.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from house import DATA

from assay.checkpoints.auto import choose_checkpoint
from assay.checkpoints.cache import cached_features
from assay.checkpoints.frozen import FrozenEncoder
from assay.data.load import load_data
from assay.review.choosing import to_directions
from assay.review.vectors import hash_vectors

__all__ = ["SETS", "Cut", "LabelledFeatures", "load_features", "load_sample"]

SETS = ("emotion", "banking77", "sib200/eng_Latn", "sib200/kor_Hang", "wisesight")
MAX_TEXTS = 5_000  # of a set, drawn at random
FRESH_FRACTION = 0.2
SEED = 0


@dataclass(frozen=True)
class Cut:
    """A pool and fresh texts, drawn anew for each seed.

    Parameters
    ----------
    pool, points, directions : float32 arrays of shape (n_pool, n_features)
        Features, the same with length 1, and directions from their mean.
    pool_ids : int array of shape (n_pool,)
    fresh : float32 array of shape (n_fresh, n_features)
    fresh_ids : int array of shape (n_fresh,)
    """

    pool: np.ndarray
    points: np.ndarray
    directions: np.ndarray
    pool_ids: np.ndarray
    fresh: np.ndarray
    fresh_ids: np.ndarray


@dataclass(frozen=True)
class LabelledFeatures:
    """Frozen features and labels of the texts of one set.

    Parameters
    ----------
    features : float32 array of shape (n_texts, n_features)
    ids : int array of shape (n_texts,)
    checkpoint : str
    """

    features: np.ndarray
    ids: np.ndarray
    checkpoint: str

    def cut(self, seed: int) -> Cut:
        """Draw the fresh texts; the others are the pool."""
        order = np.random.default_rng(seed).permutation(len(self.ids))
        n_fresh = round(FRESH_FRACTION * len(order))
        fresh, pool = order[:n_fresh], order[n_fresh:]
        features = self.features[pool]
        lengths = np.linalg.norm(features, axis=1, keepdims=True)
        return Cut(
            pool=features,
            points=features / np.maximum(lengths, np.float32(1e-9)),
            directions=to_directions(features),
            pool_ids=self.ids[pool],
            fresh=self.features[fresh],
            fresh_ids=self.ids[fresh],
        )


def load_features(name: str, data: Path = DATA) -> LabelledFeatures:
    """Return the features of distinct train texts of a set."""
    train = load_data(data / name)["train"]
    first: dict[str, int] = {}
    for i, text in enumerate(train.normalised):
        first.setdefault(text, i)
    rng = np.random.default_rng(SEED)
    rows = rng.permutation(np.array(list(first.values())))[:MAX_TEXTS]
    taken = train.take(rows)
    _, ids = np.unique(taken.labels, return_inverse=True)
    checkpoint = choose_checkpoint("auto", taken.texts).checkpoint
    features = cached_features(FrozenEncoder(checkpoint), taken.texts)
    return LabelledFeatures(features, ids, checkpoint)


def load_sample() -> LabelledFeatures:
    """Return hashed terms of the built-in sample: the smoke mode needs no checkpoint."""
    train = load_data("sample")["train"]
    _, ids = np.unique(train.labels, return_inverse=True)
    return LabelledFeatures(hash_vectors(train.texts), ids, "terms")
