"""What `finetune` does where nothing is asked for: one row per family of checkpoints.

Rows are chosen on validation or on folds of train, never on a test split. To give a checkpoint
settings of its own, change its row here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.checkpoints.aliases import E5
from assay.checkpoints.folder import Checkpoint

__all__ = ["FAMILIES", "FinetuneDefaults", "find_defaults"]

NARROW_HIDDEN_SIZE = 512  # the widest transformer that counts as narrow


@dataclass(frozen=True)
class FinetuneDefaults:
    """How checkpoints of one family are trained.

    Parameters
    ----------
    rate, frozen_rate : float
        Highest learning rate where all layers are trained, and where some are frozen.
    frozen_fraction : float
        Fraction of the layers, the lowest ones, that keep their weights.
    least_layers_to_freeze : int
        Checkpoints with fewer layers train all of them.
    least_texts_to_freeze : int
        Data sets with fewer training texts train all layers, from a head that is fitted first.
        0: every set is treated alike, with a fresh head.
    has_frozen_embeddings : bool
        Whether token vectors always keep the weights of the checkpoint.
    texts_seen : int
        A small set is read again until so many texts were seen.
    least_epochs, least_frozen_epochs : int
        Fewest epochs, where all layers are trained, and where some are frozen.
    most_epochs : int
    """

    rate: float
    frozen_rate: float
    frozen_fraction: float = 0.0
    least_layers_to_freeze: int = 6
    least_texts_to_freeze: int = 0
    has_frozen_embeddings: bool = False
    texts_seen: int = 5_000
    least_epochs: int = 2
    least_frozen_epochs: int = 3
    most_epochs: int = 8

    def n_frozen(self, n_layers: int, n_texts: int) -> int:
        """Return how many layers keep their weights."""
        if n_layers < self.least_layers_to_freeze or n_texts < self.least_texts_to_freeze:
            return 0
        return int(n_layers * self.frozen_fraction)

    def fits_head(self, n_texts: int) -> bool:
        """Tell whether the head is fitted before the training."""
        return n_texts < self.least_texts_to_freeze

    def learning_rate(self, *, is_frozen: bool) -> float:
        """Return the highest learning rate."""
        return self.frozen_rate if is_frozen else self.rate

    def n_epochs(self, n_texts: int, *, is_frozen: bool) -> int:
        """Return how often a set of so many texts is read.

        Small sets need more rounds to move a pre-trained model. The fewest suffice for tens of
        thousands of texts; frozen layers make an epoch cheap.
        """
        least = self.least_frozen_epochs if is_frozen else self.least_epochs
        return int(np.clip(round(self.texts_seen / n_texts), least, self.most_epochs))


FAMILIES = {
    # Narrow transformers need a higher rate than the 2e-5 to 5e-5 of BERT's authors
    # (arXiv:1810.04805). With the lower half frozen, an epoch takes half of the time and a still
    # higher rate is best: dev/LOG.md, "Freezing the lower half". Only transformers with six layers
    # or more were tried.
    "narrow": FinetuneDefaults(rate=2e-4, frozen_rate=3e-4, frozen_fraction=0.5),
    "wide": FinetuneDefaults(rate=5e-5, frozen_rate=5e-5),
    # Tens of thousands of texts gain nothing from more than half of the layers, hundreds gain two
    # points from all of them: dev/LOG.md, "Settings for e5". Where between 700 and 21,000 texts
    # the one becomes the other was not tried. 250,037 token vectors are most of the weights: moving
    # them would take most of a step.
    "e5": FinetuneDefaults(
        rate=1e-4,
        frozen_rate=1.5e-4,
        frozen_fraction=0.5,
        least_texts_to_freeze=2_000,
        has_frozen_embeddings=True,
        texts_seen=7_000,
        most_epochs=10,
    ),
}


def find_defaults(checkpoint: Checkpoint) -> FinetuneDefaults:
    """Return the settings of the family that a checkpoint belongs to."""
    is_narrow = checkpoint.hidden_size <= NARROW_HIDDEN_SIZE
    if checkpoint.name == E5 and is_narrow:
        return FAMILIES["e5"]
    return FAMILIES["narrow" if is_narrow else "wide"]
