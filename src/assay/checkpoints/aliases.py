"""The short names of checkpoints that need no network, and how messages list what is accepted."""

from __future__ import annotations

from assay.checkpoints.e5 import E5

__all__ = ["ACCEPTED", "ALIASES", "AUTO", "E5", "MINILM"]

MINILM = "minilm"
AUTO = "auto"  # what it becomes depends on the training texts
ALIASES = (MINILM, E5)
ACCEPTED = f"accepted: {MINILM}, {E5}, a local folder, a Hub id such as distilbert-base-uncased"
