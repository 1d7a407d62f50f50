"""What `finetune` does where nothing is asked for: one row per family of checkpoints.

Rows are chosen on validation or on folds of train, never on a test split. To give a checkpoint
settings of its own, change its row here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.checkpoints.aliases import E5
from assay.checkpoints.folder import Checkpoint
from assay.data.labels import Task

__all__ = ["FAMILIES", "FinetuneDefaults", "find_defaults"]

NARROW_HIDDEN_SIZE = 512  # the widest transformer that counts as narrow
FEW_TEXTS = 2_000  # training texts from which on `e5` learns with a fresh head


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
    reads_mean : bool
        Whether one more layer brings the mean of all tokens to the first, and the head is fitted to
        it before the training.
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
    reads_mean: bool = False
    texts_seen: int = 5_000
    least_epochs: int = 2
    least_frozen_epochs: int = 3
    most_epochs: int = 8

    def n_frozen(self, n_layers: int) -> int:
        """Return how many layers keep their weights."""
        if n_layers < self.least_layers_to_freeze:
            return 0
        return int(n_layers * self.frozen_fraction)

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


# Labels that few texts have are learnt late: dev/LOG.md, "Several labels per text"
SEVERAL_TEXTS_SEEN = 18_000

FAMILIES = {
    # Narrow transformers need a higher rate than the 2e-5 to 5e-5 of BERT's authors
    # (arXiv:1810.04805). With the lower half frozen, an epoch takes half of the time and a still
    # higher rate is best: dev/LOG.md, "Freezing the lower half". Only transformers with six layers
    # or more were tried.
    "narrow": FinetuneDefaults(rate=2e-4, frozen_rate=3e-4, frozen_fraction=0.5),
    "narrow, several labels": FinetuneDefaults(
        rate=2e-4, frozen_rate=3e-4, frozen_fraction=0.5, texts_seen=SEVERAL_TEXTS_SEEN
    ),
    "wide": FinetuneDefaults(rate=5e-5, frozen_rate=5e-5),
    # dev/LOG.md, "Settings for e5". Where between 700 and 21,000 texts the one becomes the other
    # was not tried. Frozen layers also keep the 250,037 token vectors, which are most of the
    # weights: moving them would take most of a step.
    "e5": FinetuneDefaults(rate=1e-4, frozen_rate=1.5e-4, frozen_fraction=0.5, texts_seen=7_000),
    "e5 on few texts": FinetuneDefaults(
        rate=1e-4,
        frozen_rate=5e-5,
        frozen_fraction=0.5,
        reads_mean=True,
        texts_seen=3_500,
        most_epochs=5,
    ),
}


def find_defaults(checkpoint: Checkpoint, n_texts: int, task: Task) -> FinetuneDefaults:
    """Return the settings of the family that a checkpoint belongs to, for so many texts."""
    is_narrow = checkpoint.hidden_size <= NARROW_HIDDEN_SIZE
    if checkpoint.name == E5 and is_narrow:
        return FAMILIES["e5 on few texts" if n_texts < FEW_TEXTS else "e5"]
    if is_narrow and task == "multi":
        return FAMILIES["narrow, several labels"]
    return FAMILIES["narrow" if is_narrow else "wide"]
