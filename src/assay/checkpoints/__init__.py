"""Pre-trained transformers as they are: verified checkpoints and their frozen features.

Names are resolved when they are first used, so that importing this package loads no heavy library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
