"""Pre-trained transformers as they are: verified checkpoints, frozen features, the 2-D map.

Names are resolved when they are first used, so that importing this package loads no heavy library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.features.checkpoint import Checkpoint, load_tokenizer, resolve_checkpoint
    from assay.features.frozen import FrozenEncoder
    from assay.features.map2d import project

__all__ = ["Checkpoint", "FrozenEncoder", "load_tokenizer", "project", "resolve_checkpoint"]

HOMES = {
    "Checkpoint": "checkpoint",
    "FrozenEncoder": "frozen",
    "load_tokenizer": "checkpoint",
    "project": "map2d",
    "resolve_checkpoint": "checkpoint",
}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
