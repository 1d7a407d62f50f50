"""Pre-trained transformers as they are: verified checkpoints and their frozen features.

Names are resolved when they are first used, so that importing this package loads no heavy library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assay._lazy import resolve_lazily

if TYPE_CHECKING:
    from assay.checkpoints.frozen import FrozenEncoder
    from assay.checkpoints.resolve import Checkpoint, load_tokenizer, resolve_checkpoint

__all__ = ["Checkpoint", "FrozenEncoder", "load_tokenizer", "resolve_checkpoint"]

# Public name -> the module that holds it.
HOMES = {
    "Checkpoint": "resolve",
    "FrozenEncoder": "frozen",
    "load_tokenizer": "resolve",
    "resolve_checkpoint": "resolve",
}

__getattr__, __dir__ = resolve_lazily(__name__, HOMES)
